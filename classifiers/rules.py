"""Rulebooks: read the YAML files of one instrument, check them, and compile their phrases into one trie over stems.

A rulebook is a folder `rulebooks/<instrument>/*.yaml`; the head of each file says what may stand in it. Anything wrong
stops the load with file, line and rule named, because a rule that silently never fires is worse than none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from classifiers.entries import Entry, collect
from classifiers.rulebook import Claim, Doubt, Rule, Rulebook
from classifiers.trie import NUMBER, Trie
from evidence.analysis import ANALYSIS_VERSION, Analyser
from evidence.errors import InstrumentError
from evidence.instrument import Indicator, Instrument, load_instrument

__all__ = ["Rulebook", "load_rulebook"]

ZONES = {"title", "recitals", "legal_basis", "definitions", "contents", "body", "annex", "explanation", "closing"}
SCOPES = ("sentence", "article", "document")
PLACES = ("title", "name", "topic", "dictum", "heading", "own_heading", "article", "passage", "programme")
_RULE_KEYS = {"id", "indicators", "criterion", "any", "weight", "reason"}
_RULE_EXTRAS = {"kinds", "zones", "all", "without", "title", "within", "context", "deed", "names"}
_CLAIM_KEYS = {"id", "indicators", "where", "score", "reason"}
_CLAIM_EXTRAS = {"kinds", "least", "per_thousand", "needs", "annexed", "told"}
_ELEMENT_EXTRAS = {"more", "alone", "kinds"}

# What in a sentence says that an element is not there; a finding of an audit says so and is content all the same.
_NOT_CONTENT = {"policy": ["delegation", "lack"], "process": ["lack", "advice"], "audit": ["advice"]}


def load_rulebook(instrument_id: str, analyser: Analyser, folder: Traversable | None = None) -> Rulebook:
    """The rulebook of an instrument; everything wrong in it is an `InstrumentError` naming file, line and rule."""
    source = folder or resources.files("classifiers").joinpath("rulebooks", instrument_id)
    if not source.is_dir():
        raise InstrumentError(f"Belum ada aturan penandaan untuk instrumen {instrument_id}.")
    files = sorted((f for f in source.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    texts = {f.name: f.read_text("utf-8") for f in files}
    entries: dict[str, list[Entry]] = {}
    single: dict[str, dict[str, Any]] = {}
    for name, text in texts.items():
        collect(name, text, entries, single)
    return _Compiler(load_instrument(instrument_id), analyser, entries, single).rulebook(_fingerprint(texts))


def _fingerprint(texts: Mapping[str, str]) -> str:
    code = "".join(
        resources.files("classifiers").joinpath(f).read_text("utf-8")
        for f in ("classify.py", "beliefs.py", "layout.py", "titles.py", "trie.py")
    )
    everything = "\0".join((ANALYSIS_VERSION, code, *(part for pair in texts.items() for part in pair)))
    return hashlib.sha256(everything.encode()).hexdigest()[:16]


def indicator_codes(text: str) -> list[str]:
    """ "1-3,10" -> 1, 2, 3, 10."""
    codes: list[str] = []
    for part in str(text).split(","):
        first, _, last = part.strip().partition("-")
        codes += [str(code) for code in range(int(first), int(last or first) + 1)]
    return codes


class _Compiler:
    """Turns the entries into a Rulebook. One term per phrase; a term may be a subject and wake rules at once."""

    def __init__(
        self,
        instrument: Instrument,
        analyser: Analyser,
        entries: dict[str, list[Entry]],
        single: dict[str, dict[str, Any]],
    ) -> None:
        self.instrument = instrument
        self.analyser = analyser
        self.entries = entries
        self.single = single
        self.trie = Trie()
        self.terms: dict[tuple[str, ...], int] = {}
        self.exact: dict[int, tuple[str, ...]] = {}
        self.rules: dict[int, list[Rule]] = {}
        self.seen: set[str] = set()
        self.element_kinds: dict[str, tuple[str, ...]] = {}
        self.words: dict[str, list[str]] = single.get("terms", {})
        self.kinds: dict[str, list[str]] = single.get("kinds", {})
        self.indicators = {indicator.code: indicator for indicator in instrument.indicators}

    def rulebook(self, fingerprint: str) -> Rulebook:
        subjects, topics, headings, homonyms = self._subjects()
        claims = self._claims()
        self._elements()
        self._passage_rules()
        types = {t for listed in self.kinds.values() for t in listed}
        return Rulebook(
            instrument=self.instrument.id,
            version=str(self.single.get("rulebook", {}).get("version", "")),
            fingerprint=fingerprint,
            trie=self.trie,
            exact=self.exact,
            about=frozenset((*subjects, *topics, *headings)),
            subjects=subjects,
            topics=topics,
            headings=headings,
            homonyms=homonyms,
            claims=claims,
            doubts=tuple(self._doubt(entry) for entry in self.entries.get("doubts", [])),
            rules={term: tuple(rules) for term, rules in self.rules.items()},
            kinds={t: frozenset(kind for kind, listed in self.kinds.items() if t in listed) for t in types},
            names=self.instrument.names,
            policies=frozenset(i.code for i in self.instrument.indicators if i.kind == "policy"),
            services=frozenset(i.code for i in self.instrument.indicators if i.kind == "service"),
            hidden=self._hidden(),
            builders=frozenset(str(code) for code in self.single.get("rulebook", {}).get("builders", ())),
            general=self._exact(["general_title"]),
            deed_words=self._exact(["not_done"]),
        )

    # --- phrases ------------------------------------------------------------------------------------------------

    def _phrases(self, listed: list[Any]) -> list[str]:
        """Named terms replaced by their phrases, {synonyms} by each of their words."""
        plain = [phrase for item in listed for phrase in self.words.get(str(item), [str(item)])]
        return [variant for phrase in plain for variant in self._variants(phrase)]

    def _variants(self, phrase: str) -> list[str]:
        for name, words in self.single.get("synonyms", {}).items():
            marker = f"{{{name}}}"
            if marker in phrase:
                return [variant for word in words for variant in self._variants(phrase.replace(marker, word))]
        return [phrase]

    def _exact(self, listed: list[Any]) -> tuple[str, ...]:
        """Phrases to look for as they are written, padded: " tidak ada "."""
        return tuple(f" {' '.join(self.analyser.analyse(phrase.lower()).exact)} " for phrase in self._phrases(listed))

    def _term(self, phrase: str, entry: Entry) -> int:
        tokens = self.analyser.analyse(phrase.lower().replace(NUMBER, "0"))
        if not tokens.stems:
            raise entry.error(f"frasa kosong: '{phrase}'")
        stems = tuple(NUMBER if stem == "0" else stem for stem in tokens.stems)
        as_written = phrase.startswith("=")
        term = self.terms.setdefault(("=", *tokens.exact) if as_written else stems, len(self.terms))
        if as_written:
            self.exact[term] = tokens.exact
        self.trie.add(stems, term)
        return term

    # --- subjects and claims --------------------------------------------------------------------------------------

    def _subjects(self) -> list[dict[int, tuple[str, ...]]]:
        """Terms of subjects, of titles, of headings, and homonyms, each with the indicators they mean."""
        tables: list[dict[int, list[str]]] = [{}, {}, {}, {}]
        listed = self.single.get("subjects", {})
        for code in listed:
            self._known_indicator(Entry("subjects", 0, {"id": code}), code)
        for code, indicator in self.indicators.items():
            data = dict(listed.get(code, {}))
            entry = Entry(data.get("__file__", "subjects"), data.get("__line__", 0), {"id": f"subjects {code}"})
            dropped = {phrase.lower() for phrase in data.get("drop", [])}
            own = [term for term in indicator.subject_terms if term.lower() not in dropped]
            listed_phrases = (own + data.get("body", []), *(data.get(key, []) for key in ("title", "heading", "not")))
            for table, phrases in zip(tables, listed_phrases, strict=True):
                for phrase in self._phrases(phrases):
                    table.setdefault(self._term(phrase, entry), []).append(code)
        return [{term: tuple(dict.fromkeys(codes)) for term, codes in table.items()} for table in tables]

    def _hidden(self) -> dict[int, int]:
        """Longer names that hide a shorter one at their beginning, which means something else."""
        entry = Entry("words.yaml", 0, {"id": "hidden"})
        return {
            self._term(phrase, entry): self._term(str(hidden), entry)
            for longer, hidden in self.single.get("hidden", {}).items()
            for phrase in self._phrases([longer])
        }

    def _claims(self) -> dict[str, tuple[Claim, ...]]:
        claims: dict[str, list[Claim]] = {code: [] for code in self.indicators}
        for entry in self.entries.get("claims", []):
            data = entry.data
            self._check(entry, _CLAIM_KEYS, _CLAIM_EXTRAS)
            if data["where"] not in PLACES:
                raise entry.error(f"tempat tidak dikenal: {data['where']}")
            claim = Claim(
                id=data["id"],
                where=data["where"],
                score=float(data["score"]),
                reason=data["reason"],
                kinds=self._known_kinds(entry),
                least=int(data.get("least", 1)),
                per_thousand=float(data.get("per_thousand", 0)),
                needs=self._exact(data.get("needs", [])),
                annexed=bool(data.get("annexed", False)),
                told=self._exact(data.get("told", [])),
            )
            for code in indicator_codes(data["indicators"]):
                claims[self._known_indicator(entry, code)].append(claim)
        return {code: tuple(sorted(listed, key=lambda c: -c.score)) for code, listed in claims.items()}

    def _doubt(self, entry: Entry) -> Doubt:
        data = entry.data
        self._check(entry, {"id", "words", "factor", "reason"}, set())
        return Doubt(data["id"], self._exact(data["words"]), float(data["factor"]), data["reason"])

    # --- passage rules ----------------------------------------------------------------------------------------------

    def _passage_rules(self) -> None:
        for entry in self.entries.get("rules", []):
            data = entry.data
            self._check(entry, _RULE_KEYS, _RULE_EXTRAS)
            zones = frozenset(data.get("zones", ("body", "annex"))) - {""}
            if unknown := zones - ZONES:
                raise entry.error(f"zona tidak dikenal: {', '.join(sorted(unknown))}")
            for scope in (data.get("context", "article"), data.get("within", "sentence")):
                if scope not in SCOPES:
                    raise entry.error(f"lingkup tidak dikenal: {scope}")
            groups = tuple(self._exact(group) for group in data.get("all", []))
            if not data["any"] or not all(groups):
                raise entry.error("daftar frasa kosong")
            for code in indicator_codes(data["indicators"]):
                key = f"{self._known_indicator(entry, code)}.{data['criterion']}"
                if key not in self.instrument.names:
                    # A rule for a range of indicators holds for those that have the criterion.
                    continue
                rule = self._rule(entry, code, key, zones, groups)
                phrases = self._own_phrases(code) if data["any"] == ["subject"] else self._phrases(data["any"])
                self._wake(entry, rule, phrases)
            if not any(
                f"{c}.{data['criterion']}" in self.instrument.names for c in indicator_codes(data["indicators"])
            ):
                raise entry.error(f"tidak ada indikator dengan kriteria {data['criterion']}")

    def _rule(
        self, entry: Entry, code: str, key: str, zones: frozenset[str], groups: tuple[tuple[str, ...], ...]
    ) -> Rule:
        data = entry.data
        return Rule(
            id=data["id"],
            indicator=code,
            criterion=key,
            weight=float(data["weight"]),
            reason=data["reason"],
            kinds=self._known_kinds(entry),
            zones=zones,
            all=groups,
            without=self._exact(data.get("without", [])),
            title=self._exact(data.get("title", [])),
            within=data.get("within", "sentence"),
            context=data.get("context", "article"),
            deed=bool(data.get("deed", False)),
            names=tuple(
                (value, self._exact(words)) for value, words in data.get("names", {}).items() if value != "__line__"
            ),
        )

    def _elements(self) -> None:
        """Content elements and service capabilities: the instrument's synonyms and the wording of elements.yaml."""
        more: dict[str, dict[str, list[str]]] = {}
        alone: dict[str, set[str]] = {}
        for entry in self.entries.get("elements", []):
            self._check(entry, {"indicators"}, _ELEMENT_EXTRAS)
            for code in entry.data["indicators"]:
                known = {element.id for element in self.indicators[self._known_indicator(entry, str(code))].elements}
                phrases = {k: v for k, v in entry.data.get("more", {}).items() if k != "__line__"}
                shared = {str(c) for c in entry.data["indicators"]}
                for element in phrases.keys() - known:
                    if not any(element in {e.id for e in self.indicators[c].elements} for c in shared):
                        raise entry.error(f"unsur tidak dikenal: {element}")
                more.setdefault(str(code), {}).update({k: v for k, v in phrases.items() if k in known})
                if "kinds" in entry.data:
                    self.element_kinds[str(code)] = tuple(self._known_kinds(entry))
                alone.setdefault(str(code), set()).update(p.lower() for p in self._phrases(entry.data.get("alone", [])))
        for code, indicator in self.indicators.items():
            if indicator.kind == "service":
                self._capabilities(code)
            else:
                self._indicator_elements(indicator, more.get(code, {}), alone.get(code, set()))

    def _indicator_elements(self, indicator: Indicator, more: Mapping[str, list[str]], alone: set[str]) -> None:
        policy = indicator.kind == "policy"
        entry = Entry("elements.yaml", 0, {"id": f"unsur {indicator.code}"})
        entry_kinds = self.element_kinds.get(indicator.code, ("practice", "decision"))
        for element in indicator.elements:
            key = f"{indicator.code}.element:{element.id}"
            if key not in self.instrument.names:
                raise entry.error(f"kriteria tidak dikenal: {key}")
            phrases = dict.fromkeys(self._phrases([*element.synonyms, element.name, *more.get(element.id, [])]))
            near = [p for p in phrases if p.lower() in alone or len(self.analyser.analyse(p).stems) == 1]
            far = [p for p in phrases if p not in near]
            for listed, context, weight in ((far, "document", 0.9), (near, "sentence", 0.85)):
                rule = Rule(
                    id=f"unsur-{indicator.code}-{element.id}",
                    indicator=indicator.code,
                    criterion=key,
                    weight=weight,
                    reason=f"menyebut {element.name}",
                    kinds=frozenset({"policy"} if policy else entry_kinds),
                    zones=frozenset({"body", "annex"} if policy else {"body", "annex", "title"}),
                    all=(),
                    without=self._exact(_NOT_CONTENT[indicator.kind]),
                    title=(),
                    within="sentence",
                    context=context,
                    deed=False,
                )
                self._wake(entry, rule, listed)

    def _capabilities(self, code: str) -> None:
        for capability, data in self.single.get("capabilities", {}).items():
            key = f"{code}.capability:{capability}"
            entry = Entry(data.get("__file__", "elements.yaml"), data.get("__line__", 0), {"id": capability})
            if key not in self.instrument.names:
                raise entry.error(f"kriteria tidak dikenal: {key}")
            rule = Rule(
                id=f"kemampuan-{capability}",
                indicator=code,
                criterion=key,
                weight=0.85,
                reason=f"layanan menunjukkan kemampuan {capability}",
                kinds=frozenset(data.get("kinds", ())),
                zones=frozenset({"body", "annex", "title"}),
                all=(),
                without=self._exact(["not_yet_built", "advice"]) + self._exact(data.get("without", [])),
                title=(),
                within="sentence",
                context="document",
                deed=False,
            )
            self._wake(entry, rule, self._phrases(data["phrases"]))

    def _own_phrases(self, code: str) -> list[str]:
        listed = self.single.get("subjects", {}).get(code, {})
        return self._phrases([*self.indicators[code].subject_terms, *listed.get("body", [])])

    def _wake(self, entry: Entry, rule: Rule, phrases: list[str]) -> None:
        for phrase in phrases:
            waking = self.rules.setdefault(self._term(phrase, entry), [])
            if rule not in waking:
                waking.append(rule)

    # --- checks -----------------------------------------------------------------------------------------------------

    def _check(self, entry: Entry, needed: set[str], extras: set[str]) -> None:
        if unknown := entry.data.keys() - needed - extras:
            raise entry.error(f"isian tidak dikenal: {', '.join(sorted(unknown))}")
        if missing := [key for key in sorted(needed) if entry.data.get(key) in (None, "", [])]:
            raise entry.error(f"isian kosong: {', '.join(missing)}")
        if "id" in needed:
            if entry.data["id"] in self.seen:
                raise entry.error("id ganda")
            self.seen.add(entry.data["id"])

    def _known_indicator(self, entry: Entry, code: str) -> str:
        if code not in self.indicators:
            raise entry.error(f"indikator tidak dikenal: {code}")
        return code

    def _known_kinds(self, entry: Entry) -> frozenset[str]:
        kinds = frozenset(entry.data.get("kinds", ()))
        if unknown := kinds - self.kinds.keys():
            raise entry.error(f"kelompok jenis dokumen tidak dikenal: {', '.join(sorted(unknown))}")
        return kinds
