"""Look-ups in a version's sections: how a person cites a place, and what the words there count as."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from evidence.values import Section


def address_at(sections: Sequence[Section], part: int, page: int, offset: int) -> str:
    """The innermost address over a place: "Pasal 8 ayat (2) huruf b", "Lampiran II", or "" outside all sections."""
    return next((s.address for s in _around(sections, part, page, offset) if s.address), "")


def zone_at(sections: Sequence[Section], part: int, page: int, offset: int) -> str:
    """What the words at a place count as; "body" outside all sections."""
    return next((s.zone for s in _around(sections, part, page, offset)), "body")


def _around(sections: Sequence[Section], part: int, page: int, offset: int) -> Iterator[Section]:
    """The sections that hold a place, innermost first. `sections` come sorted by start, outer before inner."""
    index = bisect_right(sections, (part, page, offset), key=lambda s: (s.part, s.page, s.start))
    for at in range(index - 1, -1, -1):
        section = sections[at]
        if section.part != part:
            return
        if (section.end_page, section.end) > (page, offset):
            yield section
