"""Assessment instruments as data: their shapes, and reading them from `evidence/instruments/*.yaml` with every check.

What a level asks in a given year is made of these facts in `evidence/edition.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from evidence.datafile import Node, read_yaml
from evidence.errors import InstrumentError

# The values of a fact; empty means plain "true".
Facts = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class DocumentType:
    code: str
    label: str
    klass: str


@dataclass(frozen=True, slots=True)
class Predicate:
    """A band of the index: `name` from `minimum` on."""

    name: str
    minimum: Fraction


@dataclass(frozen=True, slots=True)
class Domain:
    code: str
    name: str
    weight: Fraction


@dataclass(frozen=True, slots=True)
class Aspect:
    code: str
    name: str
    weight: Fraction
    domain: str | None
    indicators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Element:
    """What a document must contain. `counted` is false where its absence is only worth a warning."""

    id: str
    name: str
    synonyms: tuple[str, ...]
    counted: bool = True


@dataclass(frozen=True, slots=True)
class EvidenceGroup:
    """What kind of document would do at a level; advice only."""

    role: str
    document_types: tuple[str, ...]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """An evidence item of an instrument without facts (Pemdi): one item is one criterion."""

    id: str
    name: str
    document_types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Level:
    """`requires` is what the regulation asks; `overlays` what the guideline of a year changes (2023, 2024)."""

    number: Fraction
    name: str
    text: str
    requires: Facts = field(default_factory=dict)
    overlays: Mapping[int, Facts] = field(default_factory=dict)
    guidelines: Mapping[int, str] = field(default_factory=dict)
    groups: tuple[EvidenceGroup, ...] = ()
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Indicator:
    code: str
    short_name: str
    official_name: str
    aspect: str
    weight: Fraction
    kind: str  # policy, process, audit, service
    subject: str
    subject_terms: tuple[str, ...]
    elements: tuple[Element, ...]
    document_types: tuple[str, ...]
    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class Alternative:
    """Evidence that is accepted instead: `key` fills what it `replaces`, at its own level only or from there on."""

    key: str
    replaces: tuple[str, ...]
    own_level_only: bool


@dataclass(frozen=True, slots=True)
class CriterionRules:
    """How facts become criterion keys and demands (`criterion_rules` of the instrument file)."""

    short: Mapping[str, str]
    larger: Mapping[str, tuple[str, ...]]
    partial_values: tuple[str, ...]
    choices: Mapping[str, str]
    no_key: tuple[str, ...]
    accepted: Mapping[str, Alternative]
    folds: Mapping[str, Mapping[str, tuple[str, ...]]]
    implies: Mapping[str, tuple[str, ...]]
    ages: Mapping[str, tuple[str, ...]]
    roles: Mapping[str, tuple[str, ...]]
    new_in_2023: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Instrument:
    """`names` holds the Indonesian name of every criterion key there is, in any year."""

    id: str
    short_name: str
    title: str
    index_name: str
    years: tuple[int, ...]
    level_min: Fraction
    level_max: Fraction
    domains: tuple[Domain, ...]
    aspects: tuple[Aspect, ...]
    indicators: tuple[Indicator, ...]
    predicates: tuple[Predicate, ...]
    rounded_years: tuple[int, ...]
    document_types: Mapping[str, DocumentType]
    names: Mapping[str, str]
    rules: CriterionRules | None
    predecessors: Mapping[str, str]

    def indicator(self, code: str) -> Indicator:
        """The indicator with this code; an unknown code is an `InstrumentError`."""
        for indicator in self.indicators:
            if indicator.code == code:
                return indicator
        raise InstrumentError(f"{self.id}: indikator tidak dikenal: {code}")


def instrument_ids() -> tuple[str, ...]:
    """The instruments that are shipped."""
    paths = (Path(entry.name) for entry in _shipped().iterdir())
    return tuple(sorted(path.stem for path in paths if path.match("permenpanrb-*.yaml")))


@lru_cache
def load_instrument(instrument_id: str, folder: Path | None = None) -> Instrument:
    """Read and check one instrument; anything wrong in the file is an `InstrumentError` that names file and place."""
    source = folder or _shipped()
    root = _open(source, instrument_id)
    about = root.node("instrument")
    if about.text("id") != instrument_id:
        raise about.error(f"id {about.text('id')} tidak sama dengan nama berkas")
    types = _document_types(_elsewhere(root, source, "document_types"))
    domains = tuple(
        Domain(n.text("id"), n.text("name"), n.number("weight")) for n in root.nodes("domains", "domain", "id")
    )
    words = _words(root)
    rules = _rules(root, words) if "criterion_rules" in root else None
    nodes = root.nodes("indicators", "indikator", "number")
    indicators = tuple(indicator for node in nodes for indicator in _indicators(node, types, words, rules))
    root.unique("indikator", (indicator.code for indicator in indicators))
    aspects = tuple(_aspect(node, indicators) for node in root.nodes("aspects", "aspek", "id"))
    _check_weights(root, domains, aspects, indicators)
    for node in nodes:
        node.known("indikator", node.texts("related_indicators"), [indicator.code for indicator in indicators])
    mapping = root.node("comparison_with_59_2020").node("mapping_new_to_old")
    mapping.known("indikator", (mapping.text(new) for new in mapping), [node.text("number") for node in nodes])
    return Instrument(
        id=instrument_id,
        short_name=about.text("short_name"),
        title=about.text("title"),
        index_name=about.text("index_name"),
        years=tuple(int(year) for year in about.items("valid_years")),
        level_min=about.number("level_min"),
        level_max=about.number("level_max"),
        domains=domains,
        aspects=aspects,
        indicators=indicators,
        predicates=_predicates(_elsewhere(root, source, "predicates")),
        rounded_years=tuple(int(year) for year in root.node("predicate_rule").items("rounded_years")),
        document_types=types,
        names=_names(root, source, indicators),
        rules=rules,
        predecessors={str(new): mapping.text(new) for new in mapping},
    )


def _shipped() -> Traversable:
    return resources.files("evidence").joinpath("instruments")


def _open(source: Traversable | Path, instrument_id: str) -> Node:
    path = source.joinpath(f"{instrument_id}.yaml")
    if not path.is_file():
        raise InstrumentError(f"Instrumen tidak dikenal: {instrument_id}")
    return read_yaml(path.name, path.read_text("utf-8"))


def _elsewhere(root: Node, source: Traversable | Path, key: str) -> Node:
    """The file that holds `key`: this one, or the one that `<key>_same_as` names."""
    other = root.text(f"{key}_same_as", "")
    return _open(source, other) if other else root


def _document_types(root: Node) -> dict[str, DocumentType]:
    nodes = root.nodes("document_types", "jenis dokumen", "code")
    root.unique("jenis dokumen", (node.text("code") for node in nodes))
    return {n.text("code"): DocumentType(n.text("code"), n.text("label"), n.text("klass")) for n in nodes}


def _predicates(root: Node) -> tuple[Predicate, ...]:
    found = [Predicate(n.text("name"), n.number("min")) for n in root.nodes("predicates", "predikat", "name")]
    return tuple(sorted(found, key=lambda predicate: predicate.minimum, reverse=True))


def _words(root: Node) -> frozenset[str]:
    """Every word that `requires` and its overlays may use."""
    return frozenset(root.node("requires_vocabulary")) | frozenset(root.node("requires_2024_vocabulary"))


def _rules(root: Node, words: frozenset[str]) -> CriterionRules:
    node = root.node("criterion_rules")

    def lists(parent: Node, key: str) -> dict[str, tuple[str, ...]]:
        below = parent.node(key)
        return {name: below.texts(name) for name in below}

    def texts(key: str) -> dict[str, str]:
        below = node.node(key)
        return {name: below.text(name) for name in below}

    for key in ("short", "accepted", "ages"):
        node.known(f"kata requires pada {key}", node.node(key), words)
    node.known("kata requires pada no_key", node.texts("no_key"), words)
    accepted = node.node("accepted")
    folds = node.node("folds")
    return CriterionRules(
        short=texts("short"),
        larger=lists(node, "larger"),
        partial_values=node.texts("partial_values"),
        choices=texts("choices"),
        no_key=node.texts("no_key"),
        accepted={
            word: Alternative(n.text("key"), n.texts("replaces"), n.flag("own_level_only"))
            for word in accepted
            for n in [accepted.node(word)]
        },
        folds={kind: lists(folds, kind) for kind in folds},
        implies=lists(node, "implies"),
        ages=lists(node, "ages"),
        roles=lists(root, "evidence_roles"),
        new_in_2023=root.node("edition_overlay_rule").texts("new_in_2023"),
    )


def _indicators(
    node: Node, types: Mapping[str, DocumentType], words: frozenset[str], rules: CriterionRules | None
) -> list[Indicator]:
    """One indicator, or one per instance where the instrument judges it several times (35-1, 35-2, 35-3)."""
    elements = tuple(
        Element(n.text("id"), n.text("name"), n.texts("synonyms"), n.text("counted", "True") == "True")
        for n in node.nodes("content_elements", "unsur", "id")
    )
    node.unique("unsur", (element.id for element in elements))
    node.known("jenis dokumen", node.texts("document_types"), types)
    levels = node.node("levels")
    read = [
        _level(levels.node(number, f"{node.place}, level {number}"), number, types, words, rules) for number in levels
    ]
    for level in read:
        node.known("unsur", level.requires.get("elements_required", ()), [element.id for element in elements])
    codes = node.texts("instances") or (node.text("number"),)
    return [
        Indicator(
            code=code,
            short_name=node.text("short_name", node.text("official_name").removeprefix("Tingkat Kematangan ")),
            official_name=node.text("official_name"),
            aspect=node.text("aspect"),
            weight=node.number("weight"),
            kind=node.text("kind"),
            subject=node.text("subject", ""),
            subject_terms=node.texts("subject_terms"),
            elements=elements,
            document_types=node.texts("document_types"),
            levels=tuple(sorted(read, key=lambda level: level.number)),
        )
        for code in codes
    ]


def _level(
    node: Node, number: object, types: Mapping[str, DocumentType], words: frozenset[str], rules: CriterionRules | None
) -> Level:
    groups: list[EvidenceGroup] = []
    items: list[Item] = []
    for entry in node.nodes("evidence", "bukti", "role" if rules else "id"):
        if rules:
            groups.append(EvidenceGroup(entry.text("role"), entry.texts("any_of"), entry.flag("optional")))
            if "alternative_2024" in entry:
                groups.append(EvidenceGroup("alternative_2024", entry.texts("alternative_2024"), optional=True))
        else:
            items.append(Item(entry.text("id"), entry.text("item"), entry.texts("document_types")))
    for codes in [advice.document_types for advice in groups] + [item.document_types for item in items]:
        node.known("jenis dokumen", codes, types)
    if rules:
        node.known("peran dokumen", (group.role for group in groups), rules.roles)
    node.unique("butir", (item.id for item in items))
    return Level(
        number=Fraction(str(number)),
        name=node.text("level_name", ""),
        text=node.text("criterion"),
        requires=_facts(node, "requires", words),
        overlays={y: _facts(node, f"requires_{y}", words) for y in (2023, 2024) if f"requires_{y}" in node},
        guidelines={y: node.text(f"guideline_{y}") for y in (2023, 2024) if f"guideline_{y}" in node},
        groups=tuple(groups),
        items=tuple(items),
    )


def _facts(node: Node, key: str, words: frozenset[str]) -> dict[str, tuple[str, ...]]:
    below = node.node(key)
    below.known("kata requires", below, words)
    facts: dict[str, tuple[str, ...]] = {}
    for word in below:
        value = below.get(word)
        if value is False or value is None:
            raise below.error(f"'{word}' berupa keadaan, bukan syarat")
        facts[word] = () if value is True else below.texts(word) if isinstance(value, list) else (below.text(word),)
    below.known("nilai elements_min", facts.get("elements_min", ()), ("some", "all"))
    return facts


def _aspect(node: Node, indicators: tuple[Indicator, ...]) -> Aspect:
    code = node.text("id")
    mine = tuple(indicator.code for indicator in indicators if indicator.aspect == code)
    return Aspect(code, node.text("name"), node.number("weight"), node.text("domain", "") or None, mine)


def _names(root: Node, source: Traversable | Path, indicators: Iterable[Indicator]) -> dict[str, str]:
    """Key -> Indonesian name: from the keys file, or from the items where an instrument has no facts."""
    if "criterion_rules" not in root:
        return {
            f"{indicator.code}.l{level.number}:{item.id}": item.name
            for indicator in indicators
            for level in indicator.levels
            for item in level.items
        }
    file = root.node("criterion_rules").text("names")
    codes = {indicator.code for indicator in indicators}
    names: dict[str, str] = {}
    for number, line in enumerate(source.joinpath(file).read_text("utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        columns = line.split("\t")
        if len(columns) != 3 or columns[0] in names:
            raise InstrumentError(f"{file}: baris {number}: kunci ganda atau bukan tiga kolom")
        if columns[0].partition(".")[0] not in codes:
            raise InstrumentError(f"{file}: baris {number}: indikator tidak dikenal: {columns[0]}")
        names[columns[0]] = columns[2]
    return names


def _check_weights(
    root: Node, domains: tuple[Domain, ...], aspects: tuple[Aspect, ...], indicators: tuple[Indicator, ...]
) -> None:
    root.unique("domain", (domain.code for domain in domains))
    root.unique("aspek", (aspect.code for aspect in aspects))
    root.known("aspek", (indicator.aspect for indicator in indicators), [aspect.code for aspect in aspects])
    root.known("domain", (aspect.domain for aspect in aspects if aspect.domain), [domain.code for domain in domains])
    for aspect in aspects:
        weights = sum(indicator.weight for indicator in indicators if indicator.aspect == aspect.code)
        if weights != aspect.weight:
            raise root.error(f"aspek {aspect.code}: bobot indikator berjumlah {weights}, bukan {aspect.weight}")
    for domain in domains:
        weights = sum(aspect.weight for aspect in aspects if aspect.domain == domain.code)
        if weights != domain.weight:
            raise root.error(f"domain {domain.code}: bobot aspek berjumlah {weights}, bukan {domain.weight}")
    if sum(aspect.weight for aspect in aspects) != 100:
        raise root.error("bobot aspek tidak berjumlah 100")
