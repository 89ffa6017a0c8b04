"""Settings: read once at the two doors (command line and web start), frozen, handed on as an argument.

Every field can be given as an environment variable with the prefix BUKTI_, e.g. BUKTI_DATA=/srv/bukti.
docs/settings.md lists them all; a test compares.
"""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="BUKTI_", frozen=True)

    data: Path = Field(Path("data"), description="Data folder of the embedded instance.")
    host: str = Field("127.0.0.1", description="Address the web server listens on.")
    port: int = Field(8000, description="Port the web server listens on.")
    workers: int = Field(max(1, os.cpu_count() or 1), ge=1, description="Documents processed at the same time.")
    guest: bool = Field(False, description="Let visitors without an account read the first institution (demo only).")
    max_upload_mb: int = Field(500, ge=1, description="Largest file accepted, in megabytes.")
    reader_memory_mb: int = Field(1536, ge=256, description="Memory cap of one reader child, in megabytes.")
    reader_page_seconds: int = Field(60, ge=1, description="Longest time one page may take, in seconds.")
    reader_pages: int = Field(5000, ge=1, description="Most pages read from one file.")
    ocr: bool = Field(True, description="Recognise scanned pages and images.")
    commit_seconds: float = Field(0.5, gt=0, description="Longest wait before the indexer commits a batch, in seconds.")

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.data.absolute() / 'bukti.db'}"

    @property
    def files_dir(self) -> Path:
        return self.data / "files"

    @property
    def index_dir(self) -> Path:
        return self.data / "index"
