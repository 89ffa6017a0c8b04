"""What routes ask for: the runtime, one short transaction, who is asking, and what every page's header shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.labels import LABELS
from api.security import SignInNeeded, session_account
from evidence.access import DECIDERS, UPLOADERS, Access
from evidence.errors import NotFound
from evidence.instrument import Instrument, load_instrument
from evidence.models import Account, Institution, Period, RoleGrant
from evidence.report import current_period
from ingest.runtime import Runtime


def session_cookie(request: Request) -> str:
    """The cookie's name; browsers keep `__Host-` cookies to this very host, but only over https."""
    return "__Host-bukti" if request.url.scheme == "https" else "bukti"


def get_runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


RuntimeDep = Annotated[Runtime, Depends(get_runtime)]


def reading(runtime: RuntimeDep) -> Iterator[Session]:
    with runtime.db.reading() as session:
        yield session


def transaction(runtime: RuntimeDep) -> Iterator[Session]:
    with runtime.db.transaction() as session:
        yield session


# Scope "function": a transaction is committed before its answer leaves, so that the next request sees it.
SessionDep = Annotated[Session, Depends(reading, scope="function")]
TransactionDep = Annotated[Session, Depends(transaction, scope="function")]


def find_access(request: Request, session: SessionDep, runtime: RuntimeDep) -> Access | None:
    """Who is asking: a signed-in account, on a demonstration a visitor who may only read, else nobody."""
    token = request.cookies.get(session_cookie(request))
    account = session_account(session, token) if token else None
    if account is not None:
        return access_of(session, account)
    if runtime.settings.guest:
        first = session.scalar(select(Institution.id).order_by(Institution.id).limit(1))
        if first is not None:
            return Access(institution=first, account=None, roles=frozenset({"viewer"}), confidentiality=0)
    return None


def access_of(session: Session, account: Account) -> Access | None:
    """The account's sight of the first institution it has a role in; None where it has none."""
    grants = session.scalars(
        select(RoleGrant).where(RoleGrant.account_id == account.id).order_by(RoleGrant.institution_id)
    ).all()
    if not grants:
        return None
    here = [grant for grant in grants if grant.institution_id == grants[0].institution_id]
    units = frozenset(grant.unit_id for grant in here if grant.unit_id is not None)
    everywhere = any(grant.unit_id is None for grant in here)
    return Access(
        institution=grants[0].institution_id,
        account=account.id,
        roles=frozenset(grant.role for grant in here),
        units=None if everywhere else units,
        name=account.name,
    )


MaybeAccessDep = Annotated[Access | None, Depends(find_access, scope="function")]


def need_access(access: MaybeAccessDep) -> Access:
    if access is None:
        raise SignInNeeded()
    return access


AccessDep = Annotated[Access, Depends(need_access)]


def need_account(access: AccessDep) -> Access:
    if access.account is None:
        raise SignInNeeded("Masuk dahulu untuk mengubah data.")
    return access


MemberDep = Annotated[Access, Depends(need_account)]


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds every page: whose data, which period, who looks, and what they may do."""

    access: Access
    institution: Institution
    period: Period
    instrument: Instrument

    @property
    def guest(self) -> bool:
        return self.access.account is None

    @property
    def may_decide(self) -> bool:
        return bool(self.access.roles & DECIDERS)

    @property
    def may_upload(self) -> bool:
        return bool(self.access.roles & UPLOADERS)

    @property
    def role(self) -> str:
        """The role with the most rights."""
        return next(role for role in LABELS["role"] if role in self.access.roles)

    def doc_type(self, code: str) -> str:
        """The document type as people call it."""
        known = self.instrument.document_types.get(code)
        return known.label if known else code


def get_frame(session: SessionDep, access: AccessDep) -> Frame:
    institution = session.get(Institution, access.institution)
    if institution is None:
        raise NotFound()
    period = current_period(session, access)
    return Frame(access, institution, period, load_instrument(period.instrument))


FrameDep = Annotated[Frame, Depends(get_frame, scope="function")]
