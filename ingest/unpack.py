"""An archive handed in: each member becomes a document of its own, with the folders it lay in as a hint."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from evidence.models import DocumentPeriod, Version
from ingest.hand_in import Handed, hand_in_one
from ingest.intake import members
from ingest.readings import PartRow
from ingest.runtime import Runtime
from ingest.wire import Limits


def unpack(runtime: Runtime, version: UUID, part: PartRow) -> None:
    """Hand in every member; raises UnreadableDocument. May run twice: members already there are found again."""
    with runtime.db.reading() as session:
        row = session.get_one(Version, version)
        period = session.scalars(
            select(DocumentPeriod.period_id).where(DocumentPeriod.document_id == row.document_id).limit(1)
        ).one_or_none()
    inside = "/".join(name for name in (row.folder_hint, f"{part.name}!") if name)
    with runtime.files.local_path(part.sha256) as path:
        for member in members(path, Limits.of(runtime.settings), depth=inside.count("!")):
            folder = f"{inside}/{member.folder}".rstrip("/")
            with member.open() as stream:
                handed = Handed(member.name, folder, stream)
                hand_in_one(runtime, row.institution_id, row.batch_id, handed, None, period)
