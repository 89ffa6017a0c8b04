"""One analysis for rules, index, queries and highlights: folded tokens with offsets, and their Indonesian stems.

Synonyms never enter here: they expand queries and rules, so that editing them needs no rebuild of the index.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import Any

from evidence.values import Tokens

# Stored with the index; an index of another version is rebuilt.
ANALYSIS_VERSION = "2"

TOKEN = re.compile(r"[^\W_]+")
_BLANKS = "".join(char if char.isalnum() else " " for char in map(chr, range(128)))
_LONGEST_STEMMED = 24


class Analyser:
    """Tokens and stems with a table of known forms, kept in memory and, if `table` is given, on disk.

    A new form costs Sastrawi some 25 us, a known one a dictionary look-up; the shipped table (made by
    `python -m evidence.analysis` from the project's own texts) spares a new instance most of the first.
    """

    def __init__(self, table: Path | None = None) -> None:
        self._table = table
        self._known = _read_table(resources.files("evidence").joinpath("stems.tsv").read_text("utf-8"))
        if table and table.exists():
            self._known |= _read_table(table.read_text("utf-8"))
        self._new: dict[str, str] = {}
        self._stemmer: Any = None

    def analyse(self, text: str) -> Tokens:
        """Tokens of canonical text (NFKC already): exact forms are lower case, offsets are code points of `text`."""
        folded = fold(text)
        # Twice over the text is a third faster than once with a call for each token's form, start and end.
        exact = tuple(exact_forms(folded))
        starts, ends = tuple(zip(*[found.span() for found in TOKEN.finditer(folded)], strict=True)) or ((), ())
        return Tokens(exact, self.stems(exact), starts, ends)

    def stems(self, forms: Sequence[str]) -> tuple[str, ...]:
        """The stem of each folded form."""
        known = list(map(self._known.get, forms))
        return tuple([stem or self.stem(form) for form, stem in zip(forms, known, strict=True)])

    def stem(self, form: str) -> str:
        """The stem of one folded form: menetapkan, ditetapkan, penetapan -> tetap."""
        stem = self._known.get(form)
        if stem is not None:
            return stem
        if len(form) > _LONGEST_STEMMED or not form.isascii() or not form.isalpha():
            return form
        stem = str(self._sastrawi().stem_word(form))
        self._known[form] = self._new[form] = stem
        return stem

    def take_new(self) -> dict[str, str]:
        """The forms met since the last call, for another process's `learn`."""
        new, self._new = self._new, {}
        return new

    def learn(self, stems: dict[str, str]) -> None:
        """Know what another process has found out."""
        self._known |= stems
        self._new |= stems

    def save(self) -> None:
        """Append the forms met since the last call to the table on disk; where that fails, they are stemmed again."""
        new = self.take_new()
        if self._table and new:
            with suppress(OSError), self._table.open("a", encoding="utf-8") as target:
                target.writelines(f"{form}\t{stem}\n" for form, stem in new.items())

    def _sastrawi(self) -> Any:
        if self._stemmer is None:
            # Thirty thousand roots, and not needed for known forms.
            from evidence.stemming import indonesian_stemmer

            self._stemmer = indonesian_stemmer()
        return self._stemmer


def fold_text(text: str) -> str:
    """NFKC and lower case, for comparing what people typed."""
    return unicodedata.normalize("NFKC", text).lower()


def exact_forms(folded: str) -> list[str]:
    """The tokens of folded text."""
    # Splitting costs half of matching.
    return folded.translate(_BLANKS).split() if folded.isascii() else TOKEN.findall(folded)


def fold(text: str) -> str:
    """Canonical text in lower case, of the same length."""
    folded = text.lower()
    if len(folded) == len(text):
        return folded
    # A few letters (İ) grow when lowered; offsets must not move.
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _read_table(text: str) -> dict[str, str]:
    # A line cut off by a crash or a full disk, which may have cut the stem, is left out, with what was added behind it.
    pairs = (line.split("\t") for line in text.split("\n")[:-1])
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2 and pair[1]}


def _make_table() -> None:
    """Stem every form of the instruments, the rulebooks and the demonstration's documents anew."""
    home = Path(__file__).parent
    analyser = Analyser()
    analyser._known.clear()
    for folder in ("evidence/instruments", "classifiers/rulebooks", "api/demo/documents"):
        for path in sorted((home.parent / folder).rglob("*")):
            if path.suffix in (".yaml", ".typ", ".txt"):
                analyser.analyse(unicodedata.normalize("NFKC", path.read_text("utf-8")))
    lines = (f"{form}\t{stem}\n" for form, stem in sorted(analyser.take_new().items()))
    (home / "stems.tsv").write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    _make_table()
