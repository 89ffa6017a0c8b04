"""Tags the passages of a version with the indicators and criteria they speak of. Pure: text and rules alone.

One pass over each page's stems finds all phrases; everything after it looks at those hits only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from classifiers.beliefs import Belief, Standing, believe, standings
from classifiers.layout import Layout, Spot
from classifiers.rulebook import Rule, Rulebook
from evidence.sections import address_at
from evidence.values import Analysed, Match, Place, Section

_QUOTE = 300
_PER_PAGE = 2
_PER_CRITERION = 40
# Below this a document is not looked at for the indicator's criteria.
_LOOKED_AT = 0.3
_NUMBERED = re.compile(r"(?:NOMOR|Nomor|NO\.?)\s*[:.]?\s*[\w./-]{0,20}\d")
_BLANK = re.compile(r"(?:NOMOR|Nomor)[^\n]*?(?:\.{3}|…|__)")
_DATED = re.compile(r"tanggal\s*:?\s*\d", re.I)
_NATIONAL = frozenset({"uu", "pp", "perpres", "permen", "perppu"})
# What the establishing of an act proves, where the indicator asks for it.
_ESTABLISHES = ("document_established", "document_formal", "formal_team", "decree_by_head")
_ZONE_REASONS = {"annex": "ada di lampiran", "title": "ada di judul", "recitals": "ada di Menimbang"}
_SURE = 0.5


@dataclass(frozen=True, slots=True)
class _Found:
    rule: Rule
    spot: Spot
    nearness: float
    reason: str


def classify(version: Analysed, rules: Rulebook) -> list[Match]:
    """Matches of a version, best first within each criterion."""
    raw: list[tuple[int, int, int, int, int]] = []
    words = 0
    spoken_of = False
    about, exact, hidden = rules.about, rules.exact, rules.hidden
    for (part, page), tokens in version.tokens.items():
        words += len(tokens.stems)
        hits = rules.trie.hits(tokens.stems)
        concealed = {(hidden[term], first) for term, first, _ in hits if term in hidden}
        for term, first, after in hits:
            if concealed and (term, first) in concealed:
                continue
            if term in exact and tokens.exact[first:after] != exact[term]:
                continue
            raw.append((term, part, page, first, after))
            spoken_of = spoken_of or term in about
    if not spoken_of:
        return []
    return _Classification(version, rules, raw, words).matches()


class _Classification:
    """The hits of one version and what follows from them."""

    def __init__(
        self, version: Analysed, rules: Rulebook, raw: list[tuple[int, int, int, int, int]], words: int
    ) -> None:
        self.version = version
        self.rules = rules
        self.raw = raw
        self.layout = Layout(version)
        known = [rules.kinds[t] for t in (version.doc_type, *version.labels) if t in rules.kinds]
        self.kinds = frozenset().union(*known) or rules.kinds["lainnya"]
        self.spots: dict[tuple[int, int, int, int], Spot] = {}
        about = [
            (term, self._spot(part, page, first, after))
            for term, part, page, first, after in raw
            if term in rules.about
        ]
        homonyms = [
            (code, self._spot(part, page, first, after))
            for term, part, page, first, after in raw
            for code in rules.homonyms.get(term, ())
        ]
        self.standings = standings(about, homonyms, rules, self.layout.is_act)
        self.title = self.layout.title_text()
        self.beliefs = believe(self.standings, rules, self.layout, self.kinds, max(words, 1))
        self.near = {
            code: _Near(self.standings[code], self.layout)
            for code, belief in self.beliefs.items()
            if belief.score >= _LOOKED_AT
        }

    def matches(self) -> list[Match]:
        found = self._found()
        self._raise_beliefs(found)
        matches = [self._match(f) for f in found]
        for code, belief in self.beliefs.items():
            matches.append(self._own_match(code, belief))
            if belief.score >= _SURE:
                matches += self._established(code, belief)
        return _best(matches)

    def _spot(self, part: int, page: int, first: int, after: int) -> Spot:
        key = (part, page, first, after)
        spot = self.spots.get(key)
        if spot is None:
            spot = self.spots[key] = self.layout.spot(part, page, first, after)
        return spot

    # --- passages -----------------------------------------------------------------------------------------------

    def _found(self) -> list[_Found]:
        found: list[_Found] = []
        seen: set[tuple[str, str, tuple[int, int, int]]] = set()
        wanted: dict[int, list[Rule]] = {}
        for term, part, page, first, after in self.raw:
            rules = wanted.get(term)
            if rules is None:
                rules = wanted[term] = [rule for rule in self.rules.rules.get(term, ()) if self._concerns(rule)]
            for rule in rules:
                spot = self._spot(part, page, first, after)
                key = (rule.id, rule.criterion, self.layout.sentence(spot))
                if key in seen or spot.cited:
                    continue
                one = self._try(rule, spot)
                if one:
                    seen.add(key)
                    found.append(one)
        return found

    def _concerns(self, rule: Rule) -> bool:
        """Whether the rule can fire at all in a document like this."""
        titled = not rule.title or any(word in self.title for word in rule.title)
        return titled and rule.indicator in self.near and (not rule.kinds or bool(rule.kinds & self.kinds))

    def _try(self, rule: Rule, spot: Spot) -> _Found | None:
        zone = "title" if spot.is_title else spot.zone
        if zone not in rule.zones and not (spot.is_title and spot.zone in rule.zones):
            return None
        nearness = self._nearness(rule, spot)
        if not nearness:
            return None
        sentence = self.layout.sentence_text(spot)
        if any(word in sentence for word in rule.without):
            return None
        if rule.deed and any(word in sentence for word in self.rules.deed_words):
            return None
        if rule.all:
            scope = sentence if rule.within == "sentence" else self._scope(rule, spot)
            if not all(any(word in scope for word in group) for group in rule.all):
                return None
        return _Found(rule, spot, nearness, rule.reason)

    def _scope(self, rule: Rule, spot: Spot) -> str:
        return self.layout.document_text() if rule.within == "document" else self.layout.article_text(spot)

    def _nearness(self, rule: Rule, spot: Spot) -> float:
        """How near the subject stands: 1 in the sentence, less in the article, the heading, the title; 0 nowhere."""
        near = self.near[rule.indicator]
        if self.layout.sentence(spot) in near.sentences or (
            spot.leaf >= 0 and not near.leaves.isdisjoint((spot.leaf, spot.listing))
        ):
            return 1.0
        if rule.context == "sentence":
            # "(3) Perencanaan sebagaimana dimaksud ...": article or heading say planning of what.
            around = spot.article in near.articles or any(heading in near.headings for heading in spot.headings)
            return 0.9 if around and self.layout.begins_sentence(spot) else 0.0
        if spot.article in near.articles:
            return 0.97
        if any(heading in near.headings for heading in spot.headings):
            return 0.95
        if rule.context == "document":
            if self._speaks_of_another(rule, spot):
                return 0.0
            if self.beliefs[rule.indicator].whole:
                return 0.92
            if spot.zone == "recitals":  # they speak for the whole act
                return 0.9
            if (spot.part, spot.page) in near.pages and rule.indicator not in self.rules.policies:
                return 0.85
        return 0.0

    def _speaks_of_another(self, rule: Rule, spot: Spot) -> bool:
        """Whether the sentence or the heading names another subject of the document that asks for the same fact."""
        sentence = self.layout.sentence(spot)
        fact = rule.criterion.partition(".")[2]
        for code, near in self.near.items():
            if code == rule.indicator or self.beliefs[code].score < _SURE or f"{code}.{fact}" not in self.rules.names:
                continue
            if sentence in near.sentences or any(heading in near.headings for heading in spot.headings):
                return True
        return False

    def _raise_beliefs(self, found: list[_Found]) -> None:
        """An act that regulates several content elements of a subject in its articles regulates the subject."""
        elements: dict[str, set[str]] = {}
        for f in found:
            if f.nearness >= 0.95:
                elements.setdefault(f.rule.indicator, set()).add(f.rule.criterion)
        for code, keys in elements.items():
            belief = self.beliefs[code]
            if code in self.rules.policies and not belief.whole and not belief.doubtful and "policy" in self.kinds:
                score = min(0.9, belief.score * (1 + 0.2 * len(keys)))
                reason = f"mengatur {len(keys)} muatan indikator"
                self.beliefs[code] = replace(belief, score=score, reasons=(*belief.reasons, reason))

    # --- matches ------------------------------------------------------------------------------------------------

    def _match(self, f: _Found) -> Match:
        belief = self.beliefs[f.rule.indicator]
        score = belief.score * f.rule.weight * f.nearness
        match = self._at(f.spot, f.rule.indicator, f.rule.criterion, score, f.rule.id, (f.reason, *belief.reasons))
        if not f.rule.names:
            return match
        sentence = self.layout.sentence_text(f.spot)
        named = (value for value, words in f.rule.names if any(word in sentence for word in words))
        return replace(match, value=next(named, ""))

    def _own_match(self, code: str, belief: Belief) -> Match:
        return self._at(belief.spot, code, None, belief.score, belief.rule, belief.reasons)

    def _at(
        self, spot: Spot, code: str, criterion: str | None, score: float, rule: str, reasons: tuple[str, ...]
    ) -> Match:
        sections = self.version.sections
        if spot.listing >= 0:
            article = sections[spot.listing].address
        else:
            offset = self.layout.tokens(spot.part, spot.page).starts[spot.first]
            article = address_at(sections, spot.part, spot.page, offset)
        place, quote = self._quote(spot)
        where = _ZONE_REASONS.get("title" if spot.is_title else spot.zone)
        if not where and article.startswith(("Pasal", "KE", "PERTAMA")):
            where = f"ada di batang tubuh {article}"
        said = (where, *reasons) if where else reasons
        return Match(code, criterion, place, quote, article, round(score, 3), rule, tuple(dict.fromkeys(said)))

    def _quote(self, spot: Spot) -> tuple[Place, str]:
        """The sentence, from the clause that introduces its list if short enough, cut around the hit if too long."""
        text = self.layout.page(spot.part, spot.page).text
        tokens = self.layout.tokens(spot.part, spot.page)
        start, end = self.layout.sentence_range(spot)
        hit, hit_end = tokens.starts[spot.first], tokens.ends[spot.after - 1]
        start, end = min(start, hit), max(end, hit_end)
        if spot.listing >= 0:
            clause = self.version.sections[spot.listing]
            if clause.page == spot.page and end - clause.start <= _QUOTE:
                start = clause.start
        if end - start > _QUOTE:
            start = max(start, hit - _QUOTE // 3)
            end = min(end, start + _QUOTE)
            start = next((s for s in tokens.starts if s >= start), start)
            end = next((e for e in reversed(tokens.ends) if e <= end), end)
        return Place(spot.part, spot.page, start, end), " ".join(text[start:end].split())

    def _established(self, code: str, belief: Belief) -> Iterable[Match]:
        """An act with a number in its title and a dated signing block is established (59/2020: level 2 of 1-10)."""
        keys = [key for fact in _ESTABLISHES if (key := f"{code}.{fact}") in self.rules.names]
        title = self._numbered_title()
        draft = any(t.startswith("rancangan") for t in (self.version.doc_type, *self.version.labels))
        if not keys or title is None or draft or "policy" not in self.kinds:
            return
        national = self.version.doc_type in _NATIONAL
        factor = 0.45 if national else 0.95
        note = ("peraturan nasional, bukan kebijakan internal pemerintah daerah",) if national else ()
        blocks = [(title, "judul memuat nomor dan tahun")]
        if closing := self._dated_closing():
            blocks.append((closing, "ditetapkan dan bertanggal"))
        for key in keys:
            for block, reason in blocks:
                yield self._block(block, code, key, belief.score * factor, (reason, *note, *belief.reasons))

    def _numbered_title(self) -> Section | None:
        for section in self.version.sections:
            if section.kind == "title_block":
                text = self._text(section)
                return section if _NUMBERED.search(text) and not _BLANK.search(text) else None
        return None

    def _dated_closing(self) -> Section | None:
        return next((s for s in self.version.sections if s.kind == "closing" and _DATED.search(self._text(s))), None)

    def _text(self, section: Section) -> str:
        text = self.layout.page(section.part, section.page).text
        return text[section.start : section.end if section.end_page == section.page else len(text)]

    def _block(self, section: Section, code: str, key: str, score: float, reasons: tuple[str, ...]) -> Match:
        text = self._text(section)
        cut = text[:_QUOTE] if len(text) > _QUOTE else text
        place = Place(section.part, section.page, section.start, section.start + len(cut))
        return Match(code, key, place, " ".join(cut.split()), section.address, round(score, 3), "ditetapkan", reasons)


class _Near:
    """The surroundings in which a subject stands, as keys."""

    def __init__(self, standing: Standing, layout: Layout) -> None:
        inside = [*standing.body, *standing.headings, *standing.titles]
        self.sentences = {layout.sentence(s) for s in inside}
        self.leaves = {s.leaf for s in standing.body if s.leaf >= 0 and not s.is_heading}
        self.articles = {s.article for s in standing.body if s.article[2] >= 0}
        self.headings = {s.headings[-1] for s in standing.headings if s.headings}
        self.pages = {(s.part, s.page) for s in inside}


def _best(matches: list[Match]) -> list[Match]:
    """The best few per criterion and page, and per criterion."""
    kept: list[Match] = []
    per_page: dict[tuple[str, str | None, int, int], int] = {}
    per_criterion: dict[tuple[str, str | None], int] = {}
    for match in sorted(matches, key=lambda m: (-m.score, m.place)):
        page = (match.indicator, match.criterion, match.place.part, match.place.page)
        criterion = page[:2]
        if per_page.get(page, 0) < _PER_PAGE and per_criterion.get(criterion, 0) < _PER_CRITERION:
            per_page[page] = per_page.get(page, 0) + 1
            per_criterion[criterion] = per_criterion.get(criterion, 0) + 1
            kept.append(match)
    return kept
