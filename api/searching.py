"""Cari bukti: pages grouped by document with their matched words, facets, and the chosen page beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import structlog
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from api.deps import AccessDep, Frame, FrameDep, RuntimeDep, SessionDep
from api.documents import ShownPage, Spot, page_link, show
from api.outputs import search_output
from api.pages import render
from api.standing import standings
from evidence import documents
from evidence.errors import NotFound
from ingest.runtime import Runtime
from search.finding import find
from search.index import Cursor, Facet, Filters, Hits, SearchUnavailable

log = structlog.get_logger()

router = APIRouter()

SIZE = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """What the search page's address says."""

    q: str
    filters: Filters
    exact: bool
    after: str

    @property
    def empty(self) -> bool:
        return not self.q.strip() and self.filters == Filters()

    def address(self, **changed: str) -> str:
        """This search's address with something else about it: another page, another hit, exact words."""
        values: list[tuple[str, str]] = [("q", self.q)]
        values += [("jenis", each) for each in self.filters.types]
        values += [("opd", str(each)) for each in self.filters.units]
        values += [("indikator", each) for each in self.filters.indicators]
        if self.filters.years:
            values.append(("tahun", str(self.filters.years[0])))
        if self.exact:
            values.append(("persis", "1"))
        if self.after and "setelah" not in changed:
            values.append(("setelah", self.after))
        return "/cari?" + urlencode([*values, *changed.items()])


def read_address(
    q: str = "",
    jenis: Annotated[list[str] | None, Query()] = None,
    tahun: Annotated[str, Query(pattern=r"^(\d{4})?$")] = "",
    opd: Annotated[list[UUID] | None, Query()] = None,
    indikator: Annotated[list[str] | None, Query()] = None,
    persis: bool = False,
    setelah: str = "",
) -> Asked:
    years = (int(tahun), int(tahun)) if tahun else None
    filters = Filters(tuple(jenis or ()), years, tuple(opd or ()), tuple(indikator or ()))
    return Asked(q, filters, persis, setelah)


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value to narrow by, in the words people use for it."""

    value: str
    words: str
    count: int


@dataclass(frozen=True, slots=True)
class OpenedHit:
    """The hit shown beside the results: its page, and the addresses of the hits before and after it."""

    document: UUID
    title: str
    shown: ShownPage
    number: int
    count: int
    before: str
    after: str


@router.get("/cari", include_in_schema=False)
def show_search(
    request: Request,
    frame: FrameDep,
    session: SessionDep,
    runtime: RuntimeDep,
    asked: Annotated[Asked, Depends(read_address)],
    buka: str = "",
) -> Response:
    hits, unavailable = Hits(), False
    if not asked.empty:
        try:
            hits = _find(runtime, session, frame, asked)
        except SearchUnavailable as error:
            # Which server, and why, is for the log and for `bukti doctor`, not for visitors.
            log.error("search.unavailable", reason=error.message)
            unavailable = True
    return render(
        request,
        "search.html",
        503 if unavailable else 200,
        frame=frame,
        asked=asked,
        hits=hits,
        unavailable=unavailable,
        opened=_open_hit(runtime, session, frame, asked, hits, buka),
        standings=standings(session, frame, [document.id for document in hits.documents]),
        facets=_facets(frame, hits),
        chosen_year=[str(asked.filters.years[0])] if asked.filters.years else [],
        chosen_units=[str(unit) for unit in asked.filters.units],
        hit_key=hit_key,
        page_link=page_link,
        unfinished=_unfinished(session, frame),
    )


def _find(runtime: Runtime, session: Session, frame: Frame, asked: Asked) -> Hits:
    after = Cursor.parse(asked.after) if asked.after else None
    return find(
        session,
        runtime.index,
        runtime.analyser,
        asked.q,
        frame.access,
        filters=asked.filters,
        exact=asked.exact,
        after=after,
        size=SIZE,
    )


def _facets(frame: Frame, hits: Hits) -> dict[str, list[FacetValue]]:
    names = {indicator.code: f"{indicator.code} · {indicator.short_name}" for indicator in frame.instrument.indicators}

    def words(name: str, facet: Facet) -> str:
        if name == "type":
            return frame.doc_type(facet.value)
        return names.get(facet.value, facet.label) if name == "indicator" else facet.label

    return {
        name: [FacetValue(facet.value, words(name, facet), facet.count) for facet in hits.facets.get(name, ())]
        for name in ("indicator", "type", "year", "unit")
    }


def hit_key(document: UUID, part: int, page: int) -> str:
    return f"{document}.{part}.{page}"


def _open_hit(runtime: Runtime, session: Session, frame: Frame, asked: Asked, hits: Hits, key: str) -> OpenedHit | None:
    """The hit the address names, else the first one."""
    found = [(document, page) for document in hits.documents for page in document.pages]
    keys = [hit_key(document.id, page.part, page.page) for document, page in found]
    if not found:
        return None
    at = keys.index(key) if key in keys else 0
    document, page = found[at]
    try:
        view = documents.get_page(session, frame.access, document.id, page.part, page.page)
    except NotFound:
        # The index may be a moment ahead of or behind the database.
        return None
    return OpenedHit(
        document=document.id,
        title=document.title or document.name,
        shown=show(runtime, view, Spot(q=asked.q)),
        number=at + 1,
        count=len(keys),
        before=asked.address(buka=keys[at - 1]) if at else "",
        after=asked.address(buka=keys[at + 1]) if at + 1 < len(keys) else "",
    )


def _unfinished(session: Session, frame: Frame) -> int:
    states = dict(documents.list_documents(session, frame.access, size=1).facets["state"])
    return sum(n for state, n in states.items() if state not in ("done", "failed"))


@router.get("/api/search", tags=["search"])
def search(
    session: SessionDep,
    access: AccessDep,
    runtime: RuntimeDep,
    q: str = "",
    doc_type: Annotated[list[str] | None, Query()] = None,
    year_from: int | None = None,
    year_to: int | None = None,
    unit: Annotated[list[UUID] | None, Query()] = None,
    indicator: Annotated[list[str] | None, Query()] = None,
    exact: bool = False,
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> dict[str, Any]:
    """The same hits as the page's, as `bukti search --json` writes them; `after` continues a former answer."""
    years = (year_from, year_to) if year_from or year_to else None
    filters = Filters(tuple(doc_type or ()), years, tuple(unit or ()), tuple(indicator or ()))
    cursor = Cursor.parse(after) if after else None
    hits = find(
        session,
        runtime.index,
        runtime.analyser,
        q,
        access,
        filters=filters,
        exact=exact,
        after=cursor,
        size=limit,
    )
    return search_output(hits)
