"""What programs get: the JSON of `bukti gaps` and `bukti search`, the same on the command line and under /api.

The schemas lie in docs/schemas/; a test checks every output against them.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from evidence.coverage import Coverage, CriterionCoverage
from evidence.maturity import MaturityIndex, display
from evidence.report import EvidenceView, GapReport
from search.index import Hits


def gaps_output(report: GapReport) -> dict[str, Any]:
    """Per indicator the levels and every criterion with its state, evidence and what would fill it."""
    return {
        "institution": {"kind": report.institution.kind, "name": report.institution.name},
        "period": {
            "year": report.period.year,
            "kind": report.period.kind,
            "cutoff": report.period.cutoff.isoformat(),
            "instrument": report.period.instrument,
        },
        "official": False,
        "unfinished_documents": report.unfinished,
        "proven": _index(report.proven_index),
        "proposed": _index(report.proposed_index),
        "indicators": [_indicator(report, code) for code in report.proven.indicators],
        "fix_first": [
            {
                "indicator": gain.indicator,
                "level": _level(gain.current),
                "next_level": _level(gain.target),
                "gain": _number(gain.points),
                "open": list(gain.holding),
            }
            for gain in report.gains
        ],
    }


def search_output(hits: Hits) -> dict[str, Any]:
    return {
        "total": hits.total,
        "documents": [
            {
                "id": str(document.id),
                "sha256": document.sha256,
                "name": document.name,
                "title": document.title,
                "doc_type": document.doc_type,
                "number": document.number,
                "year": document.year,
                "unit": document.unit_name,
                "score": round(document.score, 4),
                "pages": [
                    {
                        "page": page.page,
                        "label": page.label,
                        "sha256": page.sha256,
                        "score": round(page.score, 4),
                        "snippet": page.snippet.text,
                        "marks": [list(mark) for mark in page.snippet.marks],
                    }
                    for page in document.pages
                ],
                "further_pages": document.further,
            }
            for document in hits.documents
        ],
        "pages": [{"sha256": page.sha256, "page": page.page, "score": round(page.score, 4)} for page in hits.pages],
        "facets": {
            name: [{"value": facet.value, "label": facet.label, "count": facet.count} for facet in facets]
            for name, facets in hits.facets.items()
        },
        "notices": list(hits.notices),
        "after": str(hits.after) if hits.after else None,
    }


def _indicator(report: GapReport, code: str) -> dict[str, Any]:
    indicator = report.edition.instrument.indicator(code)
    proven, proposed = report.proven.indicators[code], report.proposed.indicators[code]
    return {
        "indicator": code,
        "name": indicator.short_name,
        "aspect": indicator.aspect,
        "weight": _number(indicator.weight),
        "level_proven": _level(proven.level),
        "level_if_accepted": _level(proposed.level),
        "holding": list(proven.holding),
        "criteria": [
            _criterion(report, criterion, _state(report.proven, code, criterion.criterion.key))
            for criterion in proposed.criteria
        ],
    }


def _criterion(report: GapReport, coverage: CriterionCoverage, proven: str) -> dict[str, Any]:
    """`state` counts accepted evidence only; `state_if_accepted` counts proposals as well."""
    criterion = coverage.criterion
    return {
        "key": criterion.key,
        "level": _level(criterion.level),
        "name": criterion.name,
        "state": proven,
        "state_if_accepted": coverage.state,
        "alternative": criterion.accepted,
        "would_fill": list(criterion.fills),
        "evidence": [_evidence(report.evidence[evidence.ref]) for evidence in (*coverage.evidence, *coverage.blocked)],
    }


def _evidence(view: EvidenceView) -> dict[str, Any]:
    return {
        "ref": view.ref,
        "state": view.state,
        "document": str(view.document_id),
        "title": view.document_title,
        "page": view.page,
        "page_label": view.page_label,
        "article": view.article,
        "quote": view.quote,
        "score": view.score,
        "rule": view.rule,
        "objections": [
            {"code": objection.code, "blocks": objection.blocks, "detail": objection.detail}
            for objection in view.objections
        ],
        "decided_by": view.decided_by or None,
        "decided_at": view.decided_at.isoformat() if view.decided_at else None,
        "reason": view.reason or None,
    }


def _index(index: MaturityIndex) -> dict[str, Any]:
    return {
        "index": _number(index.index),
        "index_exact": str(index.index),
        "index_display": display(index.index),
        "predicate": index.predicate,
        "aspects": {code: _number(value) for code, value in index.aspects.items()},
        "domains": {code: _number(value) for code, value in index.domains.items()},
    }


def _state(coverage: Coverage, indicator: str, key: str) -> str:
    found = (item.state for item in coverage.indicators[indicator].criteria if item.criterion.key == key)
    return next(found)


def _level(level: Fraction | None) -> int | float | None:
    if level is None:
        return None
    return int(level) if level.denominator == 1 else float(level)


def _number(value: Fraction) -> float:
    """For reading; what is compared or summed is taken from the exact fraction."""
    return round(float(value), 6)
