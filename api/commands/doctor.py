"""`bukti doctor`: every part looked at, with the command that brings what is missing."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from typing import Any

from evidence.analysis import Analyser
from evidence.db import Database
from evidence.errors import BuktiError, OwnerBusy
from evidence.files import open_files
from evidence.settings import Settings
from ingest.owner import OwnerLock
from ingest.reading import reader_fingerprint
from search.index import IndexOutdated, open_index

_SETUP = "sh deploy/setup.sh"


@dataclass(frozen=True, slots=True)
class Check:
    """`needed`: the main job cannot run without it."""

    part: str
    label: str
    needed: bool
    ok: bool
    detail: str = ""
    remedy: str = ""

    def output(self) -> dict[str, Any]:
        names = ("part", "needed", "ok", "detail")
        return {name: getattr(self, name) for name in names} | {"remedy": self.remedy or None}


def examine(settings: Settings) -> list[Check]:
    return [
        _try("data", "Folder data", settings, _data),
        _try("database", "Basis data", settings, _database),
        _try("files", "Penyimpanan berkas", settings, _files),
        _try("index", "Indeks pencarian", settings, _index),
        _owner(settings),
        *_engines(),
        _ocr(),
        _static(),
    ]


def _try(part: str, label: str, settings: Settings, look: Callable[[Settings], str]) -> Check:
    try:
        return Check(part, label, True, True, look(settings))
    except IndexOutdated as error:
        return Check(part, label, True, False, error.message, "bukti rebuild-index")
    except BuktiError as error:
        return Check(part, label, True, False, error.message)
    except OSError as error:
        return Check(part, label, True, False, error.strerror or str(error), f"chown -R $USER {settings.data}")


def _data(settings: Settings) -> str:
    settings.data.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.data).free >> 30
    return f"{settings.data.absolute()}, sisa {free} GB"


def _database(settings: Settings) -> str:
    db = Database(settings.database)
    try:
        db.migrate()
        db.ping()
    finally:
        db.close()
    return "SQLite"


def _files(settings: Settings) -> str:
    open_files(settings).ping()
    return "folder"


def _index(settings: Settings) -> str:
    if not settings.index_dir.exists():
        return "belum dibuat; dibuat saat Bukti pertama kali dijalankan"
    index = open_index(settings, Analyser(), writable=False)
    try:
        index.ping()
    finally:
        index.close()
    return "tantivy"


def _owner(settings: Settings) -> Check:
    """Not a fault either way: says whether Bukti runs on this data folder."""
    try:
        OwnerLock(settings.data).release()
    except OwnerBusy as error:
        return Check("owner", "Pemegang folder data", False, True, error.message)
    except OSError as error:
        return Check("owner", "Pemegang folder data", False, False, error.strerror or str(error))
    return Check("owner", "Pemegang folder data", False, True, "tidak sedang dipakai")


def _engines() -> list[Check]:
    names = {"pypdfium2": "Pembaca PDF", "pikepdf": "Perbaikan PDF", "tantivy": "Mesin pencari", "docx": "Pembaca DOCX"}
    names |= {"python_calamine": "Pembaca XLSX", "pptx": "Pembaca PPTX", "typst": "Penulis PDF peragaan"}
    return [_module(name, label) for name, label in names.items()]


def _module(name: str, label: str) -> Check:
    try:
        importlib.import_module(name)
    except ImportError as error:
        return Check(name, label, True, False, str(error), _SETUP)
    return Check(name, label, True, True)


def _ocr() -> Check:
    label = "OCR bahasa Indonesia"
    if reader_fingerprint() == reader_fingerprint(ocr=False):
        return Check("ocr", label, False, False, "data bahasa belum ada: halaman pindaian tidak terbaca", _SETUP)
    return Check("ocr", label, False, True, "tesseract, ind")


def _static() -> Check:
    label = "Berkas halaman web"
    if not resources.files("api").joinpath("static/vendor/htmx.min.js").is_file():
        return Check("static", label, False, False, "htmx belum ada: halaman tidak memperbarui diri", _SETUP)
    return Check("static", label, False, True)
