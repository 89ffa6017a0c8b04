"""An archive handed in: each member becomes a document of its own, with the folders it lay in as a hint."""

from __future__ import annotations

import re
from uuid import UUID

from sqlalchemy import select

from evidence.errors import LimitExceeded
from evidence.models import Document, DocumentPeriod, Version
from ingest.hand_in import Handed, hand_in_one
from ingest.intake import members
from ingest.readings import PartRow
from ingest.runtime import Runtime
from ingest.wire import Limits

_ARCHIVE = re.compile(r"\.zip!(?:/|$)", re.IGNORECASE)


def unpack(runtime: Runtime, version: UUID, part: PartRow) -> None:
    """Hand in every member; raises UnreadableDocument. May run twice: members already there are found again.

    A member counts for the archive's periods and belongs to the unit its folders name, else to the archive's own.
    """
    with runtime.db.reading() as session:
        row = session.get_one(Version, version)
        document = session.get_one(Document, row.document_id)
        periods = session.scalars(
            select(DocumentPeriod.period_id).where(DocumentPeriod.document_id == row.document_id)
        ).all()
    inside = "/".join(name for name in (row.folder_hint, f"{part.name}!") if name)
    refused = []
    with runtime.files.local_path(part.sha256) as path:
        for member in members(path, Limits.of(runtime.settings), depth=len(_ARCHIVE.findall(inside))):
            folder = f"{inside}/{member.folder}".rstrip("/")
            handed = Handed(member.name, folder, member.open)
            item = hand_in_one(runtime, row.institution_id, row.batch_id, handed, document.unit_id, periods)
            if item.outcome == "refused":
                refused.append(member.name)
    if refused:
        raise LimitExceeded("Isi arsip ini terlalu besar dan tidak diambil: {names}.", names=", ".join(refused))
