"""Settings: read once at the two doors (command line and web start), frozen, handed on as an argument.

Every field can be given as an environment variable with the prefix BUKTI_, e.g. BUKTI_DATA=/srv/bukti.
docs/settings.md lists them all; a test compares.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from evidence.analysis import ANALYSIS_VERSION


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="BUKTI_", frozen=True)

    data: Annotated[Path, Field(description="Data folder of the embedded instance.")] = Path("data")
    database_url: Annotated[
        str, Field(repr=False, description="`postgresql://user:password@host/name`; empty: SQLite in the data folder.")
    ] = ""
    files_url: Annotated[
        str,
        Field(repr=False, description="`s3+https://key:secret@host/bucket`; empty: a folder in the data folder."),
    ] = ""
    files_links: Annotated[
        bool, Field(description="Browsers fetch originals from the S3 server themselves, by links of a few minutes.")
    ] = False
    files_retention_days: Annotated[
        int, Field(ge=0, description="Days for which S3 locks an original (object lock, GOVERNANCE); 0: no lock.")
    ] = 0
    files_cache_mb: Annotated[
        int, Field(ge=1, description="Local copies of originals that lie in S3, in megabytes.")
    ] = 2048
    search_url: Annotated[
        str,
        Field(
            repr=False,
            description="Elasticsearch: `https://user:password@host:9200/name`, hosts by commas; empty: embedded.",
        ),
    ] = ""
    broker_url: Annotated[
        str, Field(repr=False, description="`redis://` or `amqp://` address; empty: one process does all work itself.")
    ] = ""
    host: Annotated[str, Field(description="Address the web server listens on.")] = "127.0.0.1"
    port: Annotated[int, Field(description="Port the web server listens on.")] = 8000
    workers: Annotated[int, Field(ge=1, description="Documents processed at the same time.")] = max(
        1, os.cpu_count() or 1
    )
    guest: Annotated[
        bool, Field(description="Let visitors without an account read the first institution (demo only).")
    ] = False
    max_upload_mb: Annotated[int, Field(ge=1, description="Largest file accepted, in megabytes.")] = 500
    reader_memory_mb: Annotated[int, Field(ge=256, description="Memory cap of one reader child, in megabytes.")] = 1536
    reader_page_seconds: Annotated[int, Field(ge=1, description="Longest time one page may take, in seconds.")] = 60
    reader_pages: Annotated[int, Field(ge=1, description="Most pages read from one file.")] = 5000
    ocr: Annotated[bool, Field(description="Recognise scanned pages and images.")] = True
    lease_seconds: Annotated[
        int, Field(ge=5, description="A worker that gives no sign for so long has lost its job to another, in seconds.")
    ] = 60
    commit_seconds: Annotated[
        float, Field(gt=0, description="Longest wait before the indexer commits a batch, in seconds.")
    ] = 0.5

    @property
    def alone(self) -> bool:
        """One process holds the data folder and does all work: the embedded index takes one writer, and without a
        broker nobody else could be woken."""
        return not (self.search_url and self.broker_url)

    @property
    def database(self) -> str:
        """The database's address as SQLAlchemy writes it."""
        scheme, separator, rest = self.database_url.partition("://")
        if scheme in ("postgres", "postgresql"):
            return f"postgresql+psycopg{separator}{rest}"
        return self.database_url or f"sqlite:///{self.data.absolute() / 'bukti.db'}"

    @property
    def files_dir(self) -> Path:
        return self.data / "files"

    @property
    def stems_table(self) -> Path:
        return self.data / f"stems-{ANALYSIS_VERSION}.tsv"

    @property
    def index_dir(self) -> Path:
        return self.data / "index"
