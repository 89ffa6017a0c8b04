"""The web application over a temporary instance with two institutions, and documents written straight into it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from fastapi.testclient import TestClient

from api import security
from api.app import create_app
from evidence.access import Access
from evidence.models import (
    Account,
    Batch,
    Blob,
    Document,
    DocumentPeriod,
    IdentityValue,
    Job,
    MatchRow,
    Outbox,
    Page,
    Reading,
    RelationRow,
    Tagging,
    Version,
    VersionPart,
)
from evidence.settings import Settings
from ingest.runtime import Runtime, open_runtime
from tests.support.world import World, a_world

PASSWORD = "kata sandi yang panjang"


@dataclass(frozen=True, slots=True)
class Site:
    runtime: Runtime
    client: TestClient
    world: World

    def sign_in(self) -> None:
        """As the coordinator of Kota Ranupane."""
        with self.runtime.db.transaction() as session:
            account = session.get_one(Account, self.world.mine.account)
            account.password_hash = security.hash_password(PASSWORD)
            login = account.login
        answer = self.client.post("/masuk", data={"login": login, "password": PASSWORD})
        assert answer.status_code == 200

    def page(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer.text


@contextmanager
def an_empty_site(folder: Path) -> Iterator[tuple[Runtime, TestClient]]:
    """A fresh instance in which nobody has done anything yet."""
    runtime = open_runtime(Settings(data=folder), writable=True)
    try:
        with TestClient(create_app(runtime)) as client:
            yield runtime, client
    finally:
        runtime.close()


@contextmanager
def a_site(folder: Path, guest: bool = False) -> Iterator[Site]:
    runtime = open_runtime(Settings(data=folder, guest=guest), writable=True)
    try:
        with TestClient(create_app(runtime)) as client:
            yield Site(runtime, client, a_world(runtime.db))
    finally:
        runtime.close()


def a_document(
    site: Site,
    *pages: str,
    name: str = "perwali-14-2022.pdf",
    title: str = "Penyelenggaraan SPBE",
    criteria: Sequence[str] = (),
    key: str = "",
    revokes: str = "",
    theirs: bool = False,
    content: bytes | None = None,
    error: str = "",
) -> UUID:
    """A processed document whose first page proves `criteria`; with `error` one that failed."""
    access: Access = site.world.theirs if theirs else site.world.mine
    period = site.world.their_period if theirs else site.world.period
    blob = site.runtime.files.put([content or f"{name}\f{title}\f{pages}".encode()])
    with site.runtime.db.transaction() as session:
        owner = access.institution
        batch = Batch(institution_id=owner, account_id=access.account, origin="web")
        document = Document(institution_id=owner, revision=1)
        session.add_all([batch, document, Blob(sha256=blob.sha256, size=blob.size, mime="application/pdf")])
        session.flush()
        version = Version(institution_id=owner, document_id=document.id, ordinal=1, batch_id=batch.id)
        session.add(version)
        session.flush()
        document.current_version_id = version.id
        state = "failed" if error else "done"
        job = Job(institution_id=owner, kind="process", subject=version.id, queue="text", state=state, stage=state)
        job.error, job.error_code = error, "broken" if error else ""
        part = VersionPart(version_id=version.id, ordinal=0, blob_sha256=blob.sha256, name=name)
        session.add_all([job, part, DocumentPeriod(document_id=document.id, period_id=period.id)])
        if not error:
            reading = Reading(blob_sha256=blob.sha256, fingerprint="test", facts={}, pages_expected=len(pages))
            reading.pages_done = len(pages)
            tagging = Tagging(institution_id=owner, version_id=version.id, fingerprint="test")
            session.add_all([reading, tagging, *_identity(owner, version.id, title, key)])
            if revokes:
                relation = RelationRow(institution_id=owner, from_version_id=version.id, kind="revokes")
                relation.target_key, relation.quote = revokes, pages[0]
                session.add(relation)
            session.flush()
            session.add_all(
                Page(reading_id=reading.id, number=number, label=f"hal. {number}", text=text, method="text")
                for number, text in enumerate(pages, 1)
            )
            session.add_all(_match(owner, tagging.id, key, pages[0]) for key in criteria)
            session.add(Outbox(document_id=document.id, revision=1))
        found = document.id
    site.runtime.indexer.run_once()
    return found


def _identity(institution: UUID, version: UUID, title: str, key: str) -> list[IdentityValue]:
    values = {"doc_type": "perwali", "number": "14", "year": "2022", "title": title, "date_set": "2022-06-20"}
    if key:
        values["key"] = key
    return [
        IdentityValue(
            institution_id=institution,
            version_id=version,
            field=field,
            spot="title_block",
            method="text",
            value=value,
            confidence=0.9,
            rank=0,
        )
        for field, value in values.items()
    ]


def _match(institution: UUID, tagging: UUID, criterion: str, text: str) -> MatchRow:
    return MatchRow(
        institution_id=institution,
        tagging_id=tagging,
        indicator=criterion.partition(".")[0],
        criterion=criterion,
        part=0,
        page=1,
        start=0,
        end=len(text),
        quote=text,
        article="Pasal 4",
        score=0.86,
        rule="peta-rencana",
        reasons=["Judul memuat peta rencana"],
    )
