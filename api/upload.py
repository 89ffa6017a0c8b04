"""Unggah: handing in files and folders, and following a batch until every file is done or failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated, BinaryIO
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile

from api.deps import AccessDep, Frame, FrameDep, MemberDep, RuntimeDep, SessionDep
from api.pages import render
from evidence.access import UPLOADERS, Access
from evidence.documents import DocumentFilter, DocumentRow, list_documents, units
from evidence.errors import InvalidInput, NotFound
from evidence.models import Batch
from ingest.formats import FORMATS
from ingest.hand_in import Handed, Item, hand_in

router = APIRouter()

ACCEPTED = (*(suffix for _, _, suffixes in FORMATS.values() for suffix in suffixes), ".zip")
MOST_FILES = 10_000
# Files of a batch listed one by one, those at work first.
SHOWN = 200
_ORDER = ("failed", "ocr", "reading", "tagging", "indexing", "waiting", "done")


async def sent_form(request: Request) -> AsyncIterator[FormData]:
    """The form with all its files, which lie on disk while it is open; a folder may hold many."""
    async with request.form(max_files=MOST_FILES, max_fields=MOST_FILES) as form:
        yield form


FormDep = Annotated[FormData, Depends(sent_form)]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is: states with their numbers, and the files listed."""

    batch: UUID
    total: int
    done: int
    failed: int
    waiting: int
    rows: tuple[DocumentRow, ...]

    @property
    def finished(self) -> bool:
        return self.done + self.failed >= self.total

    @property
    def working(self) -> int:
        return self.total - self.done - self.failed - self.waiting


@router.get("/unggah", include_in_schema=False)
def show_form(request: Request, frame: FrameDep, access: MemberDep, session: SessionDep) -> Response:
    access.require(UPLOADERS)
    newest = select(Batch.id).where(Batch.institution_id == access.institution, Batch.account_id == access.account)
    batch = session.scalar(newest.order_by(Batch.id.desc()).limit(1))
    return _page(request, frame, session, batch)


@router.get("/unggah/{batch}", include_in_schema=False)
def show_batch(request: Request, frame: FrameDep, access: MemberDep, session: SessionDep, batch: UUID) -> Response:
    access.require(UPLOADERS)
    return _page(request, frame, session, batch)


@router.get("/unggah/{batch}/kemajuan", include_in_schema=False)
def show_progress(request: Request, access: MemberDep, session: SessionDep, batch: UUID) -> Response:
    """The part of the page that asks for itself again until every file is done or failed."""
    return render(request, "upload_progress.html", progress=progress_of(session, access, batch))


@router.post("/unggah", include_in_schema=False)
def upload(
    request: Request, frame: FrameDep, access: MemberDep, runtime: RuntimeDep, session: SessionDep, form: FormDep
) -> Response:
    files = list(_files(form))
    if not files:
        raise InvalidInput("Belum ada berkas yang dipilih.")
    unit = _unit(session, access, form)
    session.close()  # keeping the files may take long, and holds no connection meanwhile
    result = hand_in(runtime, access, files, unit=unit, period=frame.period.id, origin="web")
    # This request's own session still sees the database as it was before the files came.
    with runtime.db.reading() as after:
        return _page(request, frame, after, result.batch, result.items)


def _page(request: Request, frame: Frame, session: Session, batch: UUID | None, items: Sequence[Item] = ()) -> Response:
    return render(
        request,
        "upload.html",
        frame=frame,
        units=units(session, frame.access),
        progress=progress_of(session, frame.access, batch) if batch else None,
        items=[item for item in items if item.outcome != "new"],
        fresh=sum(item.outcome == "new" for item in items),
        accepted=ACCEPTED,
        limit=request.app.state.runtime.settings.max_upload_mb,
    )


def progress_of(session: Session, access: Access, batch: UUID) -> Progress:
    found = session.get(Batch, batch)
    if found is None or found.institution_id != access.institution:
        raise NotFound()
    listing = list_documents(session, access, DocumentFilter(batch=batch), 1, SHOWN)
    states = Counter(dict(listing.facets["state"]))
    rows = sorted(listing.rows, key=lambda row: _ORDER.index(row.state) if row.state in _ORDER else len(_ORDER))
    return Progress(batch, listing.total, states["done"], states["failed"], states["waiting"], tuple(rows))


def _files(form: FormData) -> Iterator[Handed]:
    """The files of the form; a folder's files carry their path as name."""
    for field in ("berkas", "folder"):
        for value in form.getlist(field):
            if isinstance(value, UploadFile) and value.filename:
                yield _handed(value.filename, value.file)


def _handed(filename: str, file: BinaryIO) -> Handed:
    path = PurePosixPath(filename.replace("\\", "/"))
    return Handed(path.name, "" if str(path.parent) == "." else str(path.parent), lambda: file)


def _unit(session: Session, access: Access, form: FormData) -> UUID | None:
    """The chosen unit, if it is one of the institution's own."""
    chosen = form.get("opd")
    return next((unit.id for unit in units(session, access) if str(unit.id) == chosen), None)


# --- for programs ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UploadOut:
    batch: UUID
    items: tuple[Item, ...]


_FORM = {
    "type": "object",
    "properties": {
        "berkas": {"type": "array", "items": {"type": "string", "format": "binary"}},
        "opd": {"type": "string", "format": "uuid"},
    },
    "required": ["berkas"],
}


@router.post(
    "/api/documents",
    status_code=202,
    tags=["documents"],
    openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}},
)
def upload_documents(
    access: MemberDep, frame: FrameDep, runtime: RuntimeDep, session: SessionDep, form: FormDep
) -> UploadOut:
    """Multipart form: files in `berkas`, optionally a unit's id in `opd`. Follow the batch at /api/batches/{batch}."""
    files = list(_files(form))
    if not files:
        raise InvalidInput("Belum ada berkas yang dipilih.")
    unit = _unit(session, access, form)
    session.close()
    result = hand_in(runtime, access, files, unit=unit, period=frame.period.id, origin="api")
    return UploadOut(result.batch, result.items)


@router.get("/api/batches/{batch}", tags=["documents"])
def get_progress(session: SessionDep, access: AccessDep, batch: UUID) -> Progress:
    return progress_of(session, access, batch)
