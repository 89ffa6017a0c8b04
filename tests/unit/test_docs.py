"""Commands and settings that are not documented fail here."""

from __future__ import annotations

from pathlib import Path

from evidence.settings import Settings

ROOT = Path(__file__).parents[2]


def test_every_setting_is_documented_with_its_meaning() -> None:
    page = (ROOT / "docs/settings.md").read_text("utf-8")
    for name, field in Settings.model_fields.items():
        line = next((line for line in page.splitlines() if f"`BUKTI_{name.upper()}`" in line), "")
        assert field.description, name
        assert field.description in line, f"docs/settings.md does not say what BUKTI_{name.upper()} means"
