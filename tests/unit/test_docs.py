"""Commands and settings that are not documented fail here."""

from __future__ import annotations

import re
from pathlib import Path

import typer
from click import Command, Context

from api.cli import app
from evidence.settings import Settings

ROOT = Path(__file__).parents[2]


def test_every_setting_is_documented_with_its_meaning() -> None:
    page = (ROOT / "docs/settings.md").read_text("utf-8")
    for name, field in Settings.model_fields.items():
        line = next((line for line in page.splitlines() if f"`BUKTI_{name.upper()}`" in line), "")
        assert field.description, name
        assert field.description in line, f"docs/settings.md does not say what BUKTI_{name.upper()} means"


def test_every_link_of_the_readme_leads_somewhere() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", (ROOT / "README.md").read_text("utf-8"))
    assert links
    assert not [link for link in links if not (ROOT / link).exists()]


def test_every_command_stands_in_the_readme() -> None:
    page = (ROOT / "README.md").read_text("utf-8")
    for command in typer.main.get_command(app).list_commands(Context(Command("bukti"))):  # type: ignore[attr-defined]
        assert f"bukti {command}" in page
