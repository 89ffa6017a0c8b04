"""What a person types, parsed into a `Query`. Never raises: searches what it can and says what it could not.

peta rencana            both words, in any form, anywhere in the document
"peta rencana spbe"     exactly these forms, in this order
perwali OR perbup       either
-rancangan              not on the page, not in the title
jenis:perwali tahun:2021..2024 opd:diskominfo indikator:12
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from evidence.analysis import Analyser, fold_text
from search.index import Clause, Filters, Phrase, Query
from search.synonyms import Words, load_synonyms

_LONGEST = 500  # characters
_MOST_CLAUSES = 24
_MOST_VALUES = 20  # of one filter

_QUOTES = str.maketrans("“”„«»", '"""""')
_ITEM = re.compile(
    r"""(?P<minus>-)?(?:
        (?P<field>[^\W\d_]+):(?P<value>(?=[^\s/])(?:"[^"]*"?|[^\s"])+)   # jenis:"surat keputusan",perwali
      | "(?P<quoted>[^"]*)(?P<close>"?)
      | (?P<plain>[^\s"]+)
    )""",
    re.VERBOSE,
)
_YEARS = re.compile(r"(?:(\d{4})?\s*(?:\.\.|-|–)\s*(\d{4})?|(\d{4}))")
_NUMBER_AND_YEAR = re.compile(r"\d{1,4} (?:19|20)\d\d")
_CODE = re.compile(r"[a-z0-9]+(?:[-.][a-z0-9]+)*")


@dataclass(slots=True)
class _Item:
    """One thing typed, before synonyms: its words, how they were meant, and what the next must join."""

    words: Words
    exact: bool = False
    excluded: bool = False
    joins_previous: bool = False  # after OR


@dataclass(slots=True)
class _Parsed:
    items: list[_Item] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    units: list[str] = field(default_factory=list)
    indicators: list[str] = field(default_factory=list)
    years: tuple[int | None, int | None] | None = None
    notices: list[str] = field(default_factory=list)

    @property
    def filtered(self) -> bool:
        return bool(self.types or self.units or self.indicators or self.years)

    def notice(self, sentence: str) -> None:
        if sentence not in self.notices:
            self.notices.append(sentence)


def parse(typed: str, analyser: Analyser, filters: Filters | None = None, *, exact: bool = False) -> Query:
    """`filters` come from the page's own fields and join those typed. `exact` takes every word as it is written."""
    filters = filters or Filters()
    parsed = _Parsed(indicators=list(filters.indicators), years=filters.years)
    text = typed.strip()
    if len(text) > _LONGEST:
        text = text[:_LONGEST]
        parsed.notice(f"Pencarian terlalu panjang; hanya {_LONGEST} huruf pertama yang dicari.")
    _read_items(text.translate(_QUOTES), analyser, parsed)
    clauses = _clauses(parsed.items, analyser, exact)
    if len(clauses) > _MOST_CLAUSES:
        clauses = clauses[:_MOST_CLAUSES]
        parsed.notice(f"Terlalu banyak kata; hanya {_MOST_CLAUSES} yang pertama yang dicari.")
    if text and not (clauses or parsed.filtered or parsed.notices):
        parsed.notice("Tidak ada kata yang dapat dicari di dalamnya.")
    return Query(
        typed=typed,
        clauses=tuple(clauses),
        filters=replace(filters, years=parsed.years, indicators=tuple(dict.fromkeys(parsed.indicators))[:_MOST_VALUES]),
        type_words=_filter_phrases(parsed.types, analyser),
        unit_words=_filter_phrases(parsed.units, analyser),
        notices=tuple(parsed.notices),
    )


def _read_items(text: str, analyser: Analyser, parsed: _Parsed) -> None:
    after_or = False
    for found in _ITEM.finditer(text):
        name, quoted, plain = found["field"], found["quoted"], found["plain"]
        if quoted is not None and not found["close"]:
            parsed.notice("Tanda kutip tidak ditutup; dicari sebagai frasa sampai akhir.")
        if plain in ("AND", "DAN"):
            continue
        if plain in ("OR", "ATAU"):
            after_or = bool(parsed.items)
            continue
        excluded = bool(found["minus"])
        if name and _read_field(fold_text(name), fold_text(found["value"]), excluded, parsed):
            continue
        words = analyser.analyse(fold_text(f"{name} {found['value']}" if name else quoted or plain or "")).exact
        if words:
            joins = after_or and not excluded and not parsed.items[-1].excluded
            parsed.items.append(_Item(words, quoted is not None, excluded, joins))
        after_or = False


def _read_field(name: str, value: str, excluded: bool, parsed: _Parsed) -> bool:
    """Take a filter; false if `name` is none, so that it is searched as words."""
    values = [part.strip() for part in value.replace('"', "").split(",") if part.strip()]
    if name not in ("jenis", "tahun", "opd", "indikator"):
        parsed.notice(f"Saringan “{name}:” tidak dikenal; dicari sebagai kata biasa.")
        return False
    if excluded:
        parsed.notice(f"Tanda minus di depan “{name}:” tidak didukung; saringan itu diabaikan.")
    elif name == "jenis":
        parsed.types += values
    elif name == "opd":
        parsed.units += values
    elif name == "indikator":
        codes = [part for part in values if _CODE.fullmatch(part)]
        if len(codes) < len(values) or not values:
            parsed.notice("Isi “indikator:” dengan nomor indikator, misalnya indikator:12.")
        parsed.indicators += [code.lstrip("0") or code for code in codes]
    elif (years := _YEARS.fullmatch(value.strip())) and any(years.groups()):
        first, last, only = (int(year) if year else None for year in years.groups())
        parsed.years = (only, only) if only else (first, last)
    else:
        parsed.notice("Isi “tahun:” dengan tahun, misalnya tahun:2023 atau tahun:2021..2024.")
    return True


def _clauses(items: list[_Item], analyser: Analyser, exact: bool) -> list[Clause]:
    clauses: list[Clause] = []
    at = 0
    while at < len(items):
        item = items[at]
        run = 1
        if exact or item.exact:
            alternatives: tuple[Phrase, ...] = (Phrase(item.words, exact=True),)
        else:
            words, run = _longest_synonym(items, at)
            alternatives = _with_synonyms(words, analyser)
        if item.joins_previous and clauses:
            clauses[-1] = replace(clauses[-1], alternatives=clauses[-1].alternatives + alternatives)
        else:
            clauses.append(Clause(alternatives, item.excluded))
        at += run
    return clauses


def _longest_synonym(items: list[_Item], at: int) -> tuple[Words, int]:
    """The words from `at` on that are one entry of the synonyms ("perangkat daerah"), and how many items they take."""
    synonyms = load_synonyms()
    best, taken, words = items[at].words, 1, items[at].words
    for count, item in enumerate(items[at + 1 :], start=2):
        if item.exact or item.excluded or item.joins_previous or items[at].excluded or len(words) >= synonyms.longest:
            break
        words = words + item.words
        if synonyms.of(words):
            best, taken = words, count
    return best, taken


def _filter_phrases(values: list[str], analyser: Analyser) -> tuple[Phrase, ...]:
    """The exact words of each value and their synonyms."""
    phrases: dict[Phrase, None] = {}
    for value in values[:_MOST_VALUES]:
        words = analyser.analyse(fold_text(value).replace("_", " ")).exact
        if words:
            for alternative in (words, *load_synonyms().of(words)):
                phrases[Phrase(alternative, exact=True)] = None
    return tuple(phrases)


def _with_synonyms(words: Words, analyser: Analyser) -> tuple[Phrase, ...]:
    others = load_synonyms().of(words)
    if _NUMBER_AND_YEAR.fullmatch(" ".join(words)):  # 12/2023 is written "Nomor 12 Tahun 2023"
        others = ((words[0], "tahun", words[1]),)
    if not others:
        return (_stemmed(words, analyser),)
    return tuple(
        # Stemming takes abbreviations apart (per-wali -> wali): a single word of the synonyms stays as it is written.
        Phrase(each, exact=True) if len(each) == 1 and analyser.stem(each[0]) != each[0] else _stemmed(each, analyser)
        for each in (words, *others)
    )


def _stemmed(words: Words, analyser: Analyser) -> Phrase:
    return Phrase(tuple(analyser.stem(word) for word in words))
