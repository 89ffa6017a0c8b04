"""Making the first account through its one-time link, signing in and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.orm import Session

from api import security
from api.deps import RuntimeDep, SessionDep, TransactionDep, session_cookie
from api.errors import status_of
from api.labels import LABELS
from api.pages import render
from api.throttle import Throttle, TooManyAttempts
from api.writing import bare_name
from evidence.audit import record
from evidence.instance import DEFAULT_YEAR, first_institution, open_period
from evidence.models import Account, Institution, Period, RoleGrant

router = APIRouter(include_in_schema=False)


class SetupForm(BaseModel):
    """What the first administrator fills in; the institution only where the instance has none yet."""

    model_config = ConfigDict(frozen=True)
    name: str = ""
    login: str = ""
    password: str = ""
    kind: str = ""
    institution: str = ""
    year: str = ""

    def problems(self, needs_institution: bool, needs_year: bool) -> dict[str, str]:
        """What must be corrected, by field."""
        found = {}
        if not self.name.strip():
            found["name"] = "Isi nama Anda."
        if not self.login.strip() or " " in self.login.strip():
            found["login"] = "Isi nama pengguna tanpa spasi."
        if len(self.password) < security.SHORTEST_PASSWORD:
            found["password"] = f"Kata sandi paling sedikit {security.SHORTEST_PASSWORD} huruf."
        if needs_institution:
            if self.kind not in LABELS["kind"]:
                found["kind"] = "Pilih jenis instansi."
            if not self.institution.strip():
                found["institution"] = "Isi nama instansi, misalnya Ranupane."
            if needs_year and not (self.year.isdigit() and 2021 <= int(self.year) <= DEFAULT_YEAR):
                found["year"] = f"Isi tahun penilaian dari 2021 sampai {DEFAULT_YEAR}."
        return found


@router.get("/mulai/{token}")
def show_setup(request: Request, token: str, session: SessionDep) -> Response:
    security.check_setup_token(session, token)
    return _setup_page(request, SetupForm(), {}, _is_unnamed(session), not _has_period(session))


@router.post("/mulai/{token}")
def set_up(request: Request, token: str, form: Annotated[SetupForm, Form()], session: TransactionDep) -> Response:
    security.check_setup_token(session, token)
    unnamed = _is_unnamed(session)
    needs_year = not _has_period(session)
    problems = form.problems(unnamed, needs_year)
    if not problems and session.scalar(select(Account.id).where(Account.login == form.login.strip().lower())):
        problems["login"] = "Nama pengguna ini sudah ada."
    if problems:
        return _setup_page(request, form, problems, unnamed, needs_year)
    institution = first_institution(session)
    if unnamed:
        institution.kind, institution.name = form.kind, bare_name(form.kind, form.institution)
        if not _has_period(session):
            open_period(session, institution, int(form.year))
    account = Account(
        login=form.login.strip().lower(),
        name=form.name.strip(),
        password_hash=security.hash_password(form.password),
    )
    session.add(account)
    session.flush()
    session.add(RoleGrant(institution_id=institution.id, account_id=account.id, role="admin"))
    security.end_session(session, token)
    record(session, institution.id, account.name, "create_first_account", str(account.id))
    return _signed_in(request, security.start_session(session, account.id), "/")


@router.get("/masuk")
def show_sign_in(request: Request, session: SessionDep, lanjut: str = "/") -> Response:
    if not security.has_account(session):
        return render(request, "first_start.html")
    return render(request, "sign_in.html", login="", next=_inside(lanjut), problem="")


@router.post("/masuk")
def sign_in(
    request: Request,
    session: SessionDep,
    runtime: RuntimeDep,
    login: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    lanjut: Annotated[str, Form()] = "/",
) -> Response:
    throttle: Throttle = request.app.state.throttle
    address = request.client.host if request.client else ""
    try:
        throttle.check(login, address)
        account = security.verify_password(session, login, password)
    except (security.WrongPassword, TooManyAttempts) as error:
        if isinstance(error, security.WrongPassword):
            throttle.note_failure(login, address)
        values = {"login": login, "next": _inside(lanjut), "problem": error.message}
        return render(request, "sign_in.html", status_of(error), **values)
    throttle.note_success(login, address)
    # Checking a password takes long on purpose: only now may the one write lock be taken.
    with runtime.db.transaction() as writing:
        token = security.start_session(writing, account.id)
    return _signed_in(request, token, _inside(lanjut))


@router.post("/keluar")
def sign_out(request: Request, session: TransactionDep) -> Response:
    if token := request.cookies.get(session_cookie(request)):
        security.end_session(session, token)
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(session_cookie(request), secure=request.url.scheme == "https", httponly=True, samesite="lax")
    return answer


def _signed_in(request: Request, token: str, target: str) -> Response:
    answer = RedirectResponse(target, 303)
    answer.set_cookie(
        session_cookie(request),
        token,
        max_age=int(security.SESSION_LENGTH.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
        path="/",
    )
    return answer


def _setup_page(
    request: Request, form: SetupForm, problems: dict[str, str], needs_institution: bool, needs_year: bool
) -> Response:
    return render(
        request,
        "setup.html",
        422 if problems else 200,
        form=form,
        problems=problems,
        needs_institution=needs_institution,
        needs_year=needs_year,
        shortest=security.SHORTEST_PASSWORD,
        kinds=LABELS["kind"],
        year=DEFAULT_YEAR,
    )


def _has_period(session: Session) -> bool:
    """Documents handed in on the command line have opened a period: its year is no longer a question."""
    return session.scalar(select(Period.id).limit(1)) is not None


def _is_unnamed(session: Session) -> bool:
    """Whether this instance does not know yet whose evidence it holds.

    Documents may be there already: on the command line they are handed in for an institution with an empty name.
    """
    return not session.scalar(select(Institution.name).order_by(Institution.id).limit(1))


def _inside(target: str) -> str:
    """Only an address of our own: a path, never another host ("//evil.example", "/\\evil.example")."""
    return target if target.startswith("/") and not target.startswith(("//", "/\\")) else "/"
