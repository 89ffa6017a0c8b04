"""The embedded instance: its institutions, and the local person who holds the data folder."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from evidence.access import Access
from evidence.errors import InvalidInput
from evidence.models import Institution, Period

# The newest year the rulebook's instrument was used for (PermenPANRB 59/2020 was replaced in 2026).
DEFAULT_YEAR = 2025
DEFAULT_INSTRUMENT = "permenpanrb-59-2020"


def first_institution(session: Session) -> Institution:
    """The institution this instance was made for; an unnamed one is made in an empty instance.

    Nothing is judged as another institution's document as long as the name is empty.
    """
    institution = session.scalars(select(Institution).order_by(Institution.id).limit(1)).one_or_none()
    if institution is None:
        institution = Institution(kind="kota", name="")
        session.add(institution)
        session.flush()
    return institution


def open_period(session: Session, institution: Institution, year: int = DEFAULT_YEAR) -> Period:
    """The institution's evaluation of that year, made if there is none; its cut-off is then the year's last day."""
    known = select(Period).where(Period.institution_id == institution.id, Period.year == year)
    period = session.scalars(known.order_by(Period.kind).limit(1)).one_or_none()
    if period is None:
        if not 2021 <= year <= DEFAULT_YEAR:
            raise InvalidInput("Periode {year} belum didukung: pilih 2021 sampai 2025.", year=year)
        period = Period(
            institution_id=institution.id,
            year=year,
            kind="evaluation",
            instrument=DEFAULT_INSTRUMENT,
            cutoff=date(year, 12, 31),
        )
        session.add(period)
        session.flush()
    return period


def local_access(institution: Institution) -> Access:
    """Whoever can read the data folder may do on the command line what an administrator may do in the pages."""
    return Access(institution.id, None, frozenset({"admin"}), name="baris perintah")
