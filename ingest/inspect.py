"""The pure pipeline without database or index: one JSON object per file and per archive member."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from classifiers.rules import Rulebook, load_rulebook
from evidence.analysis import Analyser
from evidence.errors import EmptyFile, UnreadableDocument
from evidence.validity import national_incoming, status
from evidence.values import Finding, Match, Part, Place, Read, Relation, Value
from ingest.intake import detect, is_archive, members, with_name
from ingest.reading import ANY_NUMBER, Reader
from ingest.understand import understand
from ingest.understood import Understood
from ingest.wire import Limits

_FIELDS = [
    "doc_type",
    "class",
    "number",
    "number_printed",
    "year",
    "title",
    "region_level",
    "region_name",
    "issuer",
    "date_set",
    "date_promulgated",
    "place_set",
    "signer_name",
    "signer_office",
    "gazette",
    "is_draft",
    "effective_from",
    "effective_to",
    "period_year",
    "key",
]
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Options:
    instrument: str
    on: date
    ocr: bool
    text: bool
    limits: Limits


def inspect_paths(paths: Sequence[Path], options: Options, jobs: int) -> Iterator[dict[str, Any]]:
    """Inspect files, folders and archives; results come in the order of the files, `jobs` of them at a time."""
    files = sorted(file for path in paths for file in _files(path))
    if jobs == 1:
        _begin(options)
        try:
            for file in files:
                yield from _inspect_file(file)
        finally:
            _tools.reader.close()
        return
    with ProcessPoolExecutor(jobs, initializer=_begin, initargs=(options,)) as pool:
        for results in pool.map(_inspect_file, files):
            yield from results


class _Tools:
    """What one inspecting process holds open."""

    reader: Reader
    analyser: Analyser
    rules: Rulebook
    options: Options


_tools = _Tools()


def _begin(options: Options) -> None:
    _tools.options = options
    _tools.reader = Reader()
    _tools.analyser = Analyser()
    _tools.rules = load_rulebook(options.instrument, _tools.analyser)


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        for folder, _, names in os.walk(path):
            yield from (Path(folder, name) for name in names)
    else:
        yield path


def _inspect_file(path: Path) -> list[dict[str, Any]]:
    return list(_inspect(path, str(path), depth=0))


def _inspect(path: Path, shown: str, depth: int) -> Iterator[dict[str, Any]]:
    begun = time.monotonic()
    line = _empty(shown)
    inner: list[dict[str, Any]] = []
    try:
        if not path.is_file():
            raise UnreadableDocument("Bukan berkas biasa.")
        with path.open("rb") as stream:
            head = stream.read(_CHUNK)
            stream.seek(0)
            line["sha256"] = hashlib.file_digest(stream, "sha256").hexdigest()
        if not head:
            raise EmptyFile()
        line["mime"] = detect(head, path.name)
        if is_archive(line["mime"]):
            inner = list(_members(path, shown, depth))
        else:
            _understand(path, line)
    except UnreadableDocument as error:
        line["error"] = {"code": error.code, "message": error.message}
    except OSError as error:
        line["error"] = {"code": "unreadable", "message": error.strerror or "Berkas tidak dapat dibuka."}
    line["seconds"] = round(time.monotonic() - begun, 3)
    yield line
    yield from inner


def _members(path: Path, shown: str, depth: int) -> Iterator[dict[str, Any]]:
    with TemporaryDirectory(prefix="bukti-") as folder:
        for member in members(path, _tools.options.limits, depth + 1):
            inside = "/".join(name for name in (member.folder, member.name) if name)
            target = Path(folder, "member")
            with member.open() as stream, target.open("wb") as copy:
                while chunk := stream.read(_CHUNK):
                    copy.write(chunk)
            yield from _inspect(target, f"{shown}!/{inside}", depth + 1)


def _understand(path: Path, line: dict[str, Any]) -> None:
    options = _tools.options
    reading = _tools.reader.read(path, line["mime"], options.limits, ocr_pages=ANY_NUMBER if options.ocr else 0)
    pages = tuple(reading.pages)
    name = line["path"].rsplit("/", 1)[-1]
    facts = with_name(reading.facts, name)
    understood = understand(Read((Part(0, "body", name, line["sha256"], facts, pages),)), _tools.analyser, _tools.rules)
    line["pages"] = len(pages)
    line["text_chars"] = sum(len(page.text) for page in pages)
    line["image_only_pages"] = sum(page.picture for page in pages)
    line["ocr_pages"] = sum(page.method in ("ocr", "both") for page in pages)
    line["warnings"] = [*facts.warnings, *(f"{page.label}: {page.note}" for page in pages if page.note)]
    line |= _said(understood, options.on)
    if options.text:
        line["page_texts"] = [page.text for page in pages]


def _said(understood: Understood, on: date) -> dict[str, Any]:
    identity = understood.identity
    state = status(identity, national_incoming(identity.value("key")), on)
    return {
        "metadata": {name: _value(identity.best(name)) for name in _FIELDS}
        | {"labels": [_value(value) for value in identity.fields.get("label", ())]},
        "relations": [_relation(relation) for relation in understood.relations],
        "flags": [_flag(finding) for finding in understood.findings],
        "status": {
            "code": state.code,
            "on": state.on.isoformat(),
            "by": state.by or None,
            "since": state.since or None,
        },
        "sections": [asdict(section) for section in understood.sections if section.kind != "furniture"],
        "matches": [_match(match) for match in understood.matches],
    }


def _empty(shown: str) -> dict[str, Any]:
    """Every key is always there; what is not known stays null or empty."""
    return {
        "path": shown,
        "sha256": None,
        "mime": None,
        "pages": 0,
        "text_chars": 0,
        "image_only_pages": 0,
        "ocr_pages": 0,
        "seconds": 0.0,
        "metadata": dict.fromkeys(_FIELDS) | {"labels": []},
        "relations": [],
        "flags": [],
        "status": None,
        "signatures": [],
        "sections": [],
        "matches": [],
        "warnings": [],
        "error": None,
    }


def _value(value: Value | None) -> dict[str, Any] | None:
    if value is None:
        return None
    return {
        "value": value.value == "true" if value.value in ("true", "false") else value.value,
        "page": value.place.page if value.place else None,
        "quote": value.quote,
        "confidence": round(value.confidence, 3),
        "spot": value.spot,
        "method": value.method,
    }


def _where(place: Place | None) -> dict[str, Any]:
    return {
        "page": place.page if place else None,
        "start": place.start if place else None,
        "end": place.end if place else None,
    }


def _relation(relation: Relation) -> dict[str, Any]:
    named = {"kind": relation.kind, "target_key": relation.target_key, "scope": relation.scope}
    return named | _where(relation.place) | {"quote": relation.quote, "effective": relation.effective or None}


def _flag(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.kind,
        "severity": finding.severity,
        "page": finding.place.page if finding.place else None,
        "snippet": finding.quote or finding.detail,
    }


def _match(match: Match) -> dict[str, Any]:
    return {
        "indicator": match.indicator,
        "criterion": match.criterion,
        "score": round(match.score, 3),
        **_where(match.place),
        "quote": match.quote,
        "article": match.article,
        "rule": match.rule,
        "reasons": list(match.reasons),
    }
