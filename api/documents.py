"""Documents: the list, one document with its pages and where every statement stands, its original, its pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from api.deps import AccessDep, Frame, FrameDep, MemberDep, RuntimeDep, SessionDep
from api.originals import hand_out
from api.overlay import Rectangle, rectangles
from api.pages import render
from api.standing import standing_of, standings
from evidence import documents
from evidence.access import UPLOADERS
from evidence.documents import DocumentDetail, DocumentFilter, Listing, PageView
from evidence.errors import InvalidInput
from evidence.instrument import Indicator
from evidence.national import act_name
from evidence.related import related
from evidence.report import GapReport, gap_report
from evidence.values import Match, Place
from ingest import queue
from ingest.readings import load_boxes
from ingest.runtime import Runtime
from search.highlight import Highlighter
from search.query import parse

router = APIRouter()

PAGE_SIZE = 50
# Which of several states of a criterion's passages counts for the whole document.
STATE_ORDER = ("accepted", "proposed", "returned", "rejected")
# What ends or changes an act comes before what it merely names.
RELATION_ORDER = ("revokes", "revokes_part", "amends", "implements", "cites")
# Widths a page picture is made in: on the desk, and for slow connections.
WIDTHS = frozenset({480, 800, 1200})


@dataclass(frozen=True, slots=True)
class Spot:
    """What to mark on a page: the words of a search, or one range that a link points at."""

    q: str = ""
    dari: int | None = None
    sampai: int | None = None


@dataclass(frozen=True, slots=True)
class ShownPage:
    """One page ready to be looked at: its text with the marked ranges and the same ranges as rectangles."""

    view: PageView
    ranges: tuple[tuple[int, int], ...]
    boxes: tuple[Rectangle, ...]
    pictured: bool


@dataclass(frozen=True, slots=True)
class TaggedCriterion:
    """A criterion the document has passages for: the strongest of them, how many more, and what was decided."""

    name: str
    state: str
    match: Match
    more: int


@dataclass(frozen=True, slots=True)
class Tag:
    """An indicator the document was tagged for, with where that shows best and the criteria it may support."""

    indicator: Indicator
    match: Match
    criteria: tuple[TaggedCriterion, ...]


def page_link(document: UUID | str, part: int, page: int, place: Place | None = None, q: str = "") -> str:
    """The permanent address of a page; with `place` or `q` something on it is marked."""
    values: dict[str, str | int] = {}
    if part:
        values["bagian"] = part
    if place is not None and place.end > place.start:
        values |= {"dari": place.start, "sampai": place.end}
    if q:
        values["q"] = q
    return f"/dokumen/{document}/hal/{page}" + (f"?{urlencode(values)}" if values else "")


def document_filter(
    teks: str = "", jenis: str = "", tahun: str = "", opd: str = "", keadaan: str = "", indikator: str = ""
) -> DocumentFilter:
    return DocumentFilter(text=teks.strip(), doc_type=jenis, year=tahun, unit=opd, state=keadaan, indicator=indikator)


FilterDep = Annotated[DocumentFilter, Depends(document_filter)]
PageNumber = Annotated[int, Query(ge=1, le=100_000)]


@router.get("/dokumen", include_in_schema=False)
def show_list(
    request: Request, frame: FrameDep, session: SessionDep, wanted: FilterDep, hal: PageNumber = 1
) -> Response:
    listing = documents.list_documents(session, frame.access, wanted, hal, PAGE_SIZE)
    return render(
        request,
        "documents.html",
        frame=frame,
        listing=listing,
        wanted=wanted,
        number=hal,
        size=PAGE_SIZE,
        standings=standings(session, frame, [row.id for row in listing.rows]),
        is_narrowed=wanted != DocumentFilter(),
    )


@router.get("/dokumen/{document}", include_in_schema=False)
def show_document(
    request: Request,
    frame: FrameDep,
    session: SessionDep,
    runtime: RuntimeDep,
    document: UUID,
    spot: Annotated[Spot, Depends()],
    hal: PageNumber = 1,
    bagian: int = 0,
) -> Response:
    """Also where the page-number form leads: it sends on to that page's permanent address."""
    if "hal" in request.query_params:
        return RedirectResponse(page_link(document, bagian, hal, q=spot.q), 303)
    return _document_page(request, frame, session, runtime, document, bagian, 1, spot)


@router.get("/dokumen/{document}/hal/{number}", include_in_schema=False)
def show_page(
    request: Request,
    frame: FrameDep,
    session: SessionDep,
    runtime: RuntimeDep,
    document: UUID,
    number: int,
    spot: Annotated[Spot, Depends()],
    bagian: int = 0,
) -> Response:
    return _document_page(request, frame, session, runtime, document, bagian, number, spot)


def _document_page(
    request: Request,
    frame: Frame,
    session: Session,
    runtime: Runtime,
    document: UUID,
    part: int,
    number: int,
    spot: Spot,
) -> Response:
    detail = documents.get_document(session, frame.access, document)
    report = gap_report(session, frame.access, frame.period)
    shown = None
    if any(page.part == part for page in detail.pages) or number > 1:
        view = documents.get_page(session, frame.access, document, part, number)
        shown = show(runtime, view, spot)
    return render(
        request,
        "document.html",
        frame=frame,
        detail=detail,
        shown=shown,
        spot=spot,
        part=part,
        tags=tags_of(frame, report, detail),
        standing=standing_of(report.documents[detail.version], report.documents)
        if detail.version in report.documents
        else None,
        page_link=page_link,
        relations=sorted(
            related(session, frame.access, detail), key=lambda relation: RELATION_ORDER.index(relation.kind)
        ),
        act_name=act_name,
        names={each.id: each.identity.value("title") or each.name for each in report.documents.values()},
        page_label={(page.part, page.number): page.label for page in detail.pages},
        reading_methods=Counter(page.method for page in detail.pages).most_common(),
    )


def tags_of(frame: Frame, report: GapReport, detail: DocumentDetail) -> tuple[Tag, ...]:
    """One tag per indicator, in the instrument's order."""
    strongest = sorted(detail.matches, key=lambda match: -match.score)
    found: dict[str, list[Match]] = {}
    for match in strongest:
        if match.score >= documents.PROPOSED:
            found.setdefault(match.indicator, []).append(match)
    states: dict[str, str] = {}
    for view in report.evidence.values():
        if view.document_id == detail.row.id:
            states[view.criterion] = min(view.state, states.get(view.criterion, view.state), key=STATE_ORDER.index)
    return tuple(
        Tag(indicator, found[indicator.code][0], _tagged_criteria(frame, found[indicator.code], states))
        for indicator in frame.instrument.indicators
        if indicator.code in found
    )


def _tagged_criteria(frame: Frame, matches: Sequence[Match], states: Mapping[str, str]) -> tuple[TaggedCriterion, ...]:
    by_key: dict[str, list[Match]] = {}
    for match in matches:
        if match.criterion is not None:
            by_key.setdefault(match.criterion, []).append(match)
    return tuple(
        TaggedCriterion(frame.instrument.names.get(key, key), states.get(key, ""), each[0], len(each) - 1)
        for key, each in by_key.items()
    )


def show(runtime: Runtime, view: PageView, spot: Spot) -> ShownPage:
    ranges: tuple[tuple[int, int], ...] = ()
    if spot.dari is not None and spot.sampai is not None:
        ranges = ((spot.dari, spot.sampai),)
    elif spot.q:
        ranges = Highlighter(parse(spot.q, runtime.analyser), runtime.analyser).ranges(view.text)
    boxes = load_boxes(runtime.files, view.reading, view.number) if ranges else ()
    return ShownPage(view, ranges, rectangles(view.text, boxes, ranges), has_picture(view.mime))


def has_picture(mime: str) -> bool:
    return mime == "application/pdf" or mime.startswith("image/")


@router.get("/dokumen/{document}/asli", include_in_schema=False)
def download(
    request: Request, session: SessionDep, access: AccessDep, runtime: RuntimeDep, document: UUID, bagian: int = 0
) -> Response:
    part = documents.get_original(session, access, document, bagian)
    session.close()  # a download may take long, and holds no connection meanwhile
    return hand_out(request, runtime.files, part, links=runtime.settings.files_links)


@router.get("/dokumen/{document}/hal/{number}/gambar", include_in_schema=False)
def picture(
    request: Request,
    session: SessionDep,
    access: AccessDep,
    runtime: RuntimeDep,
    document: UUID,
    number: int,
    bagian: int = 0,
    lebar: int = 800,
) -> Response:
    if lebar not in WIDTHS:
        raise InvalidInput("Lebar gambar tidak dikenal.")
    part = documents.get_original(session, access, document, bagian)
    if not has_picture(part.mime):
        raise InvalidInput("Berkas jenis ini ditampilkan sebagai teks.")
    session.close()  # painting may take long, and holds no connection meanwhile
    headers = {"ETag": f'"{part.sha256}-{number}-{lebar}"', "Cache-Control": "private, max-age=3600"}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(runtime.picture(part.sha256, part.mime, number, lebar), media_type="image/webp", headers=headers)


@router.post("/dokumen/{document}/coba-lagi", include_in_schema=False)
def retry(session: SessionDep, access: MemberDep, runtime: RuntimeDep, document: UUID) -> Response:
    access.require(UPLOADERS)
    version = documents.get_document(session, access, document).version
    with runtime.db.transaction() as writing:
        queue.retry(writing, "process", version)
    runtime.queue.wake("text")
    return RedirectResponse(f"/dokumen/{document}", 303)


# --- for programs ----------------------------------------------------------------------------------------------------


@router.get("/api/documents", tags=["documents"])
def list_documents(
    session: SessionDep,
    access: AccessDep,
    text: str = "",
    doc_type: str = "",
    year: str = "",
    unit: str = "",
    state: str = "",
    indicator: str = "",
    page: PageNumber = 1,
    size: Annotated[int, Query(ge=1, le=500)] = PAGE_SIZE,
) -> Listing:
    wanted = DocumentFilter(text, doc_type, year, unit, state, indicator)
    return documents.list_documents(session, access, wanted, page, size)


@router.get("/api/documents/{document}", tags=["documents"])
def get_document(session: SessionDep, access: AccessDep, document: UUID) -> DocumentDetail:
    return documents.get_document(session, access, document)


@dataclass(frozen=True, slots=True)
class PageOut:
    """A page's text; `ranges` of it match the words asked, `boxes` are the same on its picture, as fractions."""

    part: int
    number: int
    count: int
    label: str
    text: str
    method: str
    confidence: float | None
    note: str
    ranges: tuple[tuple[int, int], ...]
    boxes: tuple[Rectangle, ...]


@router.get("/api/documents/{document}/pages/{number}", tags=["documents"])
def get_page(
    session: SessionDep, access: AccessDep, runtime: RuntimeDep, document: UUID, number: int, part: int = 0, q: str = ""
) -> PageOut:
    shown = show(runtime, documents.get_page(session, access, document, part, number), Spot(q=q))
    view = shown.view
    return PageOut(
        part=view.part,
        number=view.number,
        count=view.count,
        label=view.label,
        text=view.text,
        method=view.method,
        confidence=view.confidence,
        note=view.note,
        ranges=shown.ranges,
        boxes=shown.boxes,
    )
