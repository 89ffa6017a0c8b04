"""What a version says: structure, identity, relations, findings, matches. Pure but for the table of known stems."""

from __future__ import annotations

from classifiers.classify import classify
from classifiers.rules import Rulebook
from evidence.analysis import Analyser
from evidence.values import Analysed, Read
from ingest.identify import findings, identify, relations, structure
from ingest.understood import Understood


def understand(read: Read, analyser: Analyser, rules: Rulebook) -> Understood:
    sections = structure(read)
    identity = identify(read, sections)
    analysed = Analysed(
        read=read,
        sections=sections,
        tokens={(part.ordinal, page.number): analyser.analyse(page.text) for part, page in read.pages()},
        doc_type=identity.value("doc_type"),
        labels=tuple(value.value for value in identity.fields.get("label", ())),
    )
    return Understood(
        sections=sections,
        words={key: tokens.words() for key, tokens in analysed.tokens.items()},
        identity=identity,
        relations=relations(read, sections, identity),
        findings=findings(read, sections, identity),
        matches=tuple(classify(analysed, rules)),
    )
