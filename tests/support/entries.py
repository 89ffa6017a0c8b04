"""Documents for search tests: entries as the index takes them, with valid defaults."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from evidence.access import Access
from evidence.analysis import Analyser
from evidence.db import uuid7
from search.index import IndexEntry, PageEntry

ANALYSER = Analyser()


def access_to(institution: UUID, **limits: Any) -> Access:
    return Access(institution, None, frozenset({"viewer"}), **limits)


def an_entry(institution: UUID, *texts: str, **facts: Any) -> IndexEntry:
    """A document of one part whose pages hold `texts`."""
    document = facts.setdefault("document", uuid7())
    sha256 = hashlib.sha256(document.bytes).hexdigest()
    pages = tuple(
        PageEntry(0, number, f"hal. {number}", sha256, ANALYSER.analyse(text).words())
        for number, text in enumerate(texts, start=1)
    )
    defaults: dict[str, Any] = {"revision": 1, "version": uuid7(), "name": "berkas.pdf"}
    return IndexEntry(**defaults | facts, institution=institution, sha256=sha256, pages=pages)
