"""`bukti doctor`: every part looked at, with the command that brings what is missing."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from importlib import resources
from typing import Any

from api.commands.servers import CLOCK_LIMIT, Seen, see_broker, see_database, see_files, see_index
from evidence.errors import BuktiError, OwnerBusy
from evidence.settings import Settings
from ingest.owner import OwnerLock
from ingest.reading import reader_fingerprint
from search.index import IndexOutdated

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
    ahead: timedelta | None = None  # how far the server's clock is before ours

    def output(self) -> dict[str, Any]:
        names = ("part", "needed", "ok", "detail")
        return {name: getattr(self, name) for name in names} | {"remedy": self.remedy or None}


def examine(settings: Settings) -> list[Check]:
    parts = [
        _try("data", "Folder data", settings, _data),
        _try("database", "Basis data", settings, see_database),
        _try("files", "Penyimpanan berkas", settings, see_files),
        _try("index", "Indeks pencarian", settings, see_index),
        _try("broker", "Broker pesan", settings, see_broker),
    ]
    return [*parts, *_clock(parts), _owner(settings), *_engines(), _ocr(), _office(), _static()]


def _try(part: str, label: str, settings: Settings, look: Callable[[Settings], Seen]) -> Check:
    try:
        seen = look(settings)
    except IndexOutdated as error:
        return Check(part, label, True, False, error.message, "bukti rebuild-index")
    except BuktiError as error:
        return Check(part, label, True, False, error.message)
    except ImportError as error:  # the clients of the servers are an extra
        return Check(part, label, True, False, f"paket {error.name} belum dipasang", _SETUP)
    except OSError as error:
        return Check(part, label, True, False, error.strerror or str(error), f"chown -R $USER {settings.data}")
    return Check(part, label, True, True, seen.detail, ahead=seen.ahead)


def _data(settings: Settings) -> Seen:
    settings.data.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.data).free >> 30
    return Seen(f"{settings.data.absolute()}, sisa {free} GB")


def _clock(parts: list[Check]) -> list[Check]:
    """One line for all servers; none where no server tells the time."""
    told = [(check.label, check.ahead) for check in parts if check.ahead is not None]
    wrong = [f"{label}: {ahead.total_seconds():+.0f} detik" for label, ahead in told if abs(ahead) > CLOCK_LIMIT]
    label = "Jam server"
    if wrong:
        detail = f"berbeda dari jam mesin ini ({'; '.join(wrong)})"
        return [Check("clock", label, False, False, detail, "timedatectl set-ntp true")]
    return [Check("clock", label, False, True, "sama dengan jam mesin ini")] if told else []


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


def _office() -> Check:
    """Nothing reads these yet, with or without LibreOffice."""
    label, unread = "LibreOffice", "berkas DOC/PPT lama tidak terbaca"
    if shutil.which("soffice"):
        return Check("libreoffice", label, False, True, f"ada, tetapi belum dipakai versi ini: {unread}")
    remedy = "apt-get install -y libreoffice-writer-nogui libreoffice-impress-nogui"
    return Check("libreoffice", label, False, False, unread, remedy)


def _static() -> Check:
    label = "Berkas halaman web"
    if not resources.files("api").joinpath("static/vendor/htmx.min.js").is_file():
        return Check("static", label, False, False, "htmx belum ada: halaman tidak memperbarui diri", _SETUP)
    return Check("static", label, False, True)
