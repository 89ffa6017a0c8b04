"""How days are written in Indonesian, wherever a sentence for people names one."""

from __future__ import annotations

from datetime import date

MONTHS = (
    "Januari", "Februari", "Maret", "April", "Mei", "Juni",
    "Juli", "Agustus", "September", "Oktober", "November", "Desember",
)  # fmt: skip


def spell_day(day: date) -> str:
    """5 Juni 2026"""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def spell_iso(day: str) -> str:
    """An ISO date in words; what is shorter or no date ("2022", "2022-08") stays as it is."""
    try:
        return spell_day(date.fromisoformat(day))
    except ValueError:
        return day
