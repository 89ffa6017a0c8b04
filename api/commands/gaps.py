"""`bukti gaps`: the period's gap report, opened read-only beside whatever else runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

from evidence.instance import first_institution, local_access
from evidence.maturity import display
from evidence.report import GapReport, current_period, gap_report
from evidence.settings import Settings
from ingest.runtime import existing_runtime


@contextmanager
def report_for(settings: Settings, year: int | None) -> Iterator[GapReport]:
    """The report of the first institution's period of that year, or of its newest."""
    with existing_runtime(settings) as opened:
        with opened.db.transaction() as session:
            access = local_access(first_institution(session))
        with opened.db.reading() as session:
            report = gap_report(session, access, current_period(session, access, year))
        yield report


def table_rows(report: GapReport) -> tuple[str, list[tuple[str, str, str, str]]]:
    """A summary line, and one row per indicator for people."""
    proven, proposed = report.proven_index, report.proposed_index
    summary = (
        f"{report.edition.instrument.index_name} {report.period.year}: terbukti {display(proven.index)} "
        f"({proven.predicate}), jika usulan diterima {display(proposed.index)} ({proposed.predicate}). "
        "Simulasi internal, bukan hasil resmi KemenPANRB."
    )
    rows = []
    for code, coverage in report.proven.indicators.items():
        indicator = report.edition.instrument.indicator(code)
        missing = [criterion.name for key in coverage.holding if (criterion := report.edition.criterion(key))]
        accepted = report.proposed.indicators[code].level
        rows.append((f"{code} · {indicator.short_name}", _level(coverage.level), _level(accepted), "; ".join(missing)))
    return summary, rows


def _level(level: Fraction | None) -> str:
    return "–" if level is None else display(level) if level.denominator > 1 else str(level)
