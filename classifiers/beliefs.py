"""How surely a document belongs to each indicator, from where the indicators' subjects stand in it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from classifiers.layout import Layout, Spot
from classifiers.rulebook import Claim, Rulebook

# An act regulates in its body; its annexes are forms, lists and plans.
_REGULATING = frozenset({"body"})
_TELLING = frozenset({"body", "annex", "title"})
# A subject that is only named in the recitals, in a citation or by the way.
MENTION = 0.2
_IN_TITLE = ("title", "name", "topic")
# So many subjects told at length make a report about the whole of SPBE.
_EVERYTHING = 5


@dataclass(slots=True)
class Standing:
    """Where the subject of one indicator stands."""

    titles: list[Spot] = field(default_factory=list)
    topics: list[Spot] = field(default_factory=list)
    headings: list[Spot] = field(default_factory=list)
    own_headings: list[Spot] = field(default_factory=list)  # those with one of its own phrases
    body: list[Spot] = field(default_factory=list)
    elsewhere: list[Spot] = field(default_factory=list)  # Mengingat, definitions, contents, other acts' names

    def places(self, where: str) -> list[Spot]:
        if where == "title":
            return self.titles + self.topics
        if where == "article":
            first: dict[tuple[int, int, int], Spot] = {}
            for spot in self.body:
                first.setdefault(spot.article, spot)
            return list(first.values())
        if where in ("heading", "own_heading"):
            headings: dict[int, Spot] = {}
            for spot in self.headings if where == "heading" else self.own_headings:
                headings.setdefault(spot.headings[-1], spot)
            return list(headings.values())
        if where == "dictum":
            return [spot for spot in self.body if spot.is_first_dictum]
        return {"name": self.titles, "topic": self.topics, "passage": self.body, "programme": self.body}[where]

    def any_spot(self) -> Spot | None:
        spots = self.titles or self.topics or self.headings or self.body or self.elsewhere
        return spots[0] if spots else None


@dataclass(frozen=True, slots=True)
class Belief:
    """`score` 0..1, the spot to show for it, and why."""

    score: float
    spot: Spot
    rule: str
    reasons: tuple[str, ...]
    where: str
    whole: bool  # the document as a whole is about it: its title says so
    doubtful: bool = False

    def doubted(self, factor: float, reason: str) -> Belief:
        return replace(self, score=self.score * factor, reasons=(*self.reasons, reason), doubtful=True)


def standings(
    spots: Iterable[tuple[int, Spot]], homonyms: Collection[tuple[str, Spot]], rules: Rulebook, act: bool
) -> dict[str, Standing]:
    """Sort the hits of subjects and topics by indicator and place."""
    found: dict[str, Standing] = {}
    taken = {(code, s.part, s.page, token) for code, s in homonyms for token in range(s.first, s.after)}
    for term, spot in spots:
        for code in rules.subjects.get(term, ()):
            if not taken or (code, spot.part, spot.page, spot.first) not in taken:
                _sort(found.setdefault(code, Standing()), spot, own=True, act=act)
        for code in rules.headings.get(term, ()) if spot.is_heading else ():
            standing = found.setdefault(code, Standing())
            standing.headings.append(spot)
            standing.own_headings.append(spot)
        for code in rules.topics.get(term, ()):
            if (code, spot.part, spot.page, spot.first) not in taken:
                _sort(found.setdefault(code, Standing()), spot, own=False, act=act)
    return found


def _sort(standing: Standing, spot: Spot, own: bool, act: bool) -> None:
    if spot.is_title and not spot.cited:
        (standing.titles if own else standing.topics).append(spot)
    elif spot.cited or spot.zone not in (_REGULATING if act else _TELLING):
        if own:
            standing.elsewhere.append(spot)
    elif spot.is_heading:
        standing.headings.append(spot)
        if own:
            standing.own_headings.append(spot)
            standing.body.append(spot)
    elif own:
        standing.body.append(spot)


def believe(
    found: Mapping[str, Standing], rules: Rulebook, layout: Layout, kinds: Collection[str], words: int
) -> dict[str, Belief]:
    """For every indicator the best claim that holds, or the mere mention."""
    title = layout.title_text()
    doubts = [doubt for doubt in rules.doubts if any(word in title for word in doubt.words)]
    beliefs: dict[str, Belief] = {}
    for code, standing in found.items():
        belief = _best_claim(code, standing, rules, layout, kinds, words, title) or _mention(standing)
        if belief:
            for doubt in doubts:
                belief = belief.doubted(doubt.factor, doubt.reason)
            beliefs[code] = belief
    return _weigh(beliefs, rules, title, kinds)


def _weigh(beliefs: dict[str, Belief], rules: Rulebook, title: str, kinds: Collection[str]) -> dict[str, Belief]:
    """What the whole document says about the single beliefs: a title about one subject leaves the others by the way."""
    focus = {code for code, belief in beliefs.items() if belief.whole and code not in rules.services}
    named = {code for code, belief in beliefs.items() if belief.where == "name" and code in rules.services}
    general = any(word in title for word in rules.general)
    dense = [code for code, belief in beliefs.items() if belief.where == "passage" and code not in rules.services]
    titled = any(belief.where in _IN_TITLE for belief in beliefs.values())
    weighed: dict[str, Belief] = {}
    for code, belief in beliefs.items():
        if code in rules.services and code not in named and named and belief.where != "own_heading":
            belief = belief.doubted(0.55, "dokumen menamai layanan lain")
        elif belief.where == "dictum" and titled:
            belief = belief.doubted(0.5, "judul dokumen tentang hal lain")
        elif code in rules.policies and "policy" in kinds and not belief.whole and (focus or not general):
            belief = belief.doubted(0.55, "judul dokumen tentang hal lain")
        elif code in rules.builders and named:
            belief = belief.doubted(0.5, "yang dibangun adalah satu layanan")
        elif len(dense) >= _EVERYTHING and (belief.where == "passage" or code in rules.policies):
            belief = belief.doubted(0.55, "dokumen membahas hampir semua indikator")
        weighed[code] = belief
    return weighed


def _best_claim(
    code: str, standing: Standing, rules: Rulebook, layout: Layout, kinds: Collection[str], words: int, title: str
) -> Belief | None:
    for claim in rules.claims[code]:
        spot = _holds(claim, standing, layout, kinds, words, title)
        if spot:
            whole = claim.where in (*_IN_TITLE, "dictum")
            return Belief(claim.score, spot, claim.id, (claim.reason,), claim.where, whole)
    return None


def _mention(standing: Standing) -> Belief | None:
    spot = standing.any_spot()
    if spot is None or spot in standing.topics:
        return None
    return Belief(MENTION, spot, "sebutan", (_mention_reason(spot),), "mention", False)


def _holds(
    claim: Claim, standing: Standing, layout: Layout, kinds: Collection[str], words: int, title: str
) -> Spot | None:
    if claim.kinds and not claim.kinds.intersection(kinds):
        return None
    if claim.annexed and not layout.has_annex:
        return None
    if claim.told and not any(word in layout.document_text() for word in claim.told):
        return None
    spots = standing.places(claim.where)
    if len(spots) < claim.least or len(spots) * 1000 < claim.per_thousand * words:
        return None
    if claim.needs and not any(need in title for need in claim.needs):
        if claim.where != "heading":
            return None
        spots = [s for s in spots if any(need in layout.sentence_text(s) for need in claim.needs)]
        if len(spots) < claim.least:
            return None
    return spots[0]


_MENTIONS: Mapping[str, str] = {
    "legal_basis": "hanya disebut dalam Mengingat",
    "recitals": "hanya disebut dalam Menimbang",
    "definitions": "hanya didefinisikan",
    "contents": "hanya disebut dalam daftar isi",
    "explanation": "hanya disebut dalam penjelasan",
    "title": "disebut di bagian judul",
}


def _mention_reason(spot: Spot) -> str:
    if spot.cited and spot.zone not in _MENTIONS:
        return "hanya disebut dalam judul peraturan lain"
    return _MENTIONS.get(spot.zone, "hanya disebut sepintas")
