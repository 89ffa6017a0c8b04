"""Whether an act is in force on a date, and why a document may not count in a period. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from evidence.national import act_name, national_acts
from evidence.values import AssessmentPeriod, Finding, Identity, Objection, Place, Relation, Status, Value
from evidence.wording import spell_iso

_SURE = 0.9  # below it a reading of an end or an owner is for a person to look at, and blocks nothing
_LEGAL = frozenset({"regulation", "decision", "directive", "procedure", "planning", "agreement"})
_ACTIVITY = frozenset({"meeting", "report"})
_NOWHERE = Place(0, 1, 0, 0)  # the national table states a relation; no uploaded text does


@dataclass(frozen=True, slots=True)
class Incoming:
    """What another act does to this one, the version that says so ("" for the national table), and who that act is."""

    relation: Relation
    source: str
    identity: Identity

    @property
    def effective(self) -> str:
        """The day it takes effect: named in the text, else when the other act came into force; "" when unknown."""
        for field in ("effective_from", "date_promulgated", "date_set"):
            if not self.relation.effective and (value := self.identity.value(field)):
                return value
        return self.relation.effective

    @property
    def name(self) -> str:
        return act_name(self.identity.value("key"))


def national_incoming(key: str) -> tuple[Incoming, ...]:
    """What national acts did to the act with this key, as far as the built-in table knows."""
    act = national_acts().get(key)
    if act is None:
        return ()
    return tuple(
        Incoming(
            Relation(change.kind, key, _NOWHERE, "", "all", change.on),
            "",
            Identity({"key": (Value(change.by, 1.0, "dictum", "text"),)}),
        )
        for change in act.changes
    )


def status(identity: Identity, incoming: Sequence[Incoming], on: date) -> Status:
    """The act's state on a date.

    A draft revokes nothing, and an act revokes nothing that is younger than itself. Once revoked an act stays revoked,
    whatever becomes of its revoker.
    """
    if identity.is_draft():
        return _own("draft", identity, "is_draft", on)
    day = on.isoformat()
    starts = max(identity.value("effective_from"), identity.value("date_set"))
    if starts > day:
        field = "effective_from" if identity.value("effective_from") == starts else "date_set"
        return _own("not_yet", identity, field, on)
    edges = [edge for edge in incoming if _counts(edge, identity, day)]
    if revoking := [edge for edge in edges if _kind(edge.relation) == "revokes"]:
        return _by("revoked", min(revoking, key=lambda edge: edge.effective), on)
    if "" < identity.value("effective_to") < day:
        return _own("expired", identity, "effective_to", on)
    for kind, code in (("revokes_part", "partly_revoked"), ("amends", "amended")):
        if changing := [edge for edge in edges if _kind(edge.relation) == kind]:
            return _by(code, max(changing, key=lambda edge: edge.effective), on)
    known = identity.value("class") in _LEGAL and (identity.value("date_set") or identity.value("number"))
    return Status("in_force" if known else "unknown", on, since=starts)


def objections(
    identity: Identity, state: Status, findings: Collection[Finding], period: AssessmentPeriod
) -> list[Objection]:
    """Why the document may not count in the period. What is not known about a document never blocks it."""
    found = [*_from_status(identity, state, period), *_from_owner(identity, period), *_from_dates(identity, period)]
    codes = {objection.code for objection in found}
    for finding in findings:
        code = "broken_signature" if finding.kind.startswith("ESIGN") else "draft"
        if finding.severity == "B" and code not in codes:
            found.append(Objection(code, True, finding.detail, finding.place, finding.quote))
            codes.add(code)
    return found


def _kind(relation: Relation) -> str:
    return "revokes_part" if relation.kind == "revokes" and relation.scope not in ("", "all") else relation.kind


def _counts(edge: Incoming, identity: Identity, day: str) -> bool:
    if edge.identity.is_draft() or edge.identity.value("key") == identity.value("key"):
        return False
    if edge.relation.kind == "amends" and not edge.effective:
        return True
    return identity.value("date_set") <= edge.effective <= day if edge.effective else False


def _by(code: str, edge: Incoming, on: date) -> Status:
    return Status(code, on, edge.name, edge.effective, edge.source, edge.relation.place, edge.relation.quote)


def _own(code: str, identity: Identity, field: str, on: date) -> Status:
    value = identity.best(field)
    assert value is not None
    since = "" if field == "is_draft" else value.value
    return Status(code, on, since=since, place=value.place, quote=value.quote)


def _from_status(identity: Identity, state: Status, period: AssessmentPeriod) -> Iterable[Objection]:
    place, quote = state.place, state.quote
    if state.code == "draft":
        yield Objection("draft", True, "Masih rancangan, belum ditetapkan.", place, quote)
    elif state.code == "revoked":
        since = f", berlaku {spell_iso(state.since)}" if state.since else ""
        yield Objection("revoked", True, f"Dicabut dengan {state.by or 'peraturan lain'}{since}.", place, quote)
    elif state.code == "expired":
        end = identity.best("effective_to")
        sure = end is not None and end.confidence >= _SURE
        yield Objection("expired", sure, f"Masa berlaku berakhir {spell_iso(state.since)}.", place, quote)
    elif state.code == "not_yet":
        late = identity.value("date_set") > period.cutoff.isoformat()
        yield Objection("not_yet", late, f"Baru berlaku {spell_iso(state.since)}.", place, quote)


def _from_owner(identity: Identity, period: AssessmentPeriod) -> Iterable[Objection]:
    level, name = identity.best("region_level"), identity.best("region_name")
    if level is None:
        return
    if level.value == "pusat":
        if period.region_level != "pusat" and identity.value("class") in ("regulation", "decision", "directive"):
            detail = "Peraturan pusat: menjadi rujukan, bukan bukti penerapan oleh instansi ini."
            yield Objection("national_act", True, detail, level.place, level.quote)
        return
    if name is None or not period.region_name or period.region_level == "pusat":
        return
    # The name alone is not enough: 26 names belong to a city and to a regency.
    if (level.value, _plain(name.value)) != (period.region_level, _plain(period.region_name)):
        owner = f"{level.value.title()} {name.value}"
        sure = min(level.confidence, name.confidence) >= _SURE
        yield Objection("other_institution", sure, f"Dokumen milik {owner}.", name.place, name.quote)


def _from_dates(identity: Identity, period: AssessmentPeriod) -> Iterable[Objection]:
    dated = identity.best("date_set")
    if dated is None or identity.value("class") not in _ACTIVITY:
        return
    first, last = date(period.year - 1, 1, 1).isoformat(), period.cutoff.isoformat()
    if not first <= dated.value <= last:
        span = f"{spell_iso(first)} – {spell_iso(last)}"
        detail = f"Tanggal {spell_iso(dated.value)} di luar masa penilaian {span}."
        yield Objection("out_of_period", False, detail, dated.place, dated.quote)


def _plain(name: str) -> str:
    """A region's name without the words around it: "Pemerintah Kota Denpasar" and "Denpasar" are the same."""
    name = re.sub(r"\b(?:pemerintah|daerah|kota|kabupaten|provinsi)\b", " ", name.lower())
    return re.sub(r"[^a-z]", "", name)
