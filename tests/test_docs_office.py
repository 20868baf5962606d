"""The office's year in docs/office.md: every transcript is what is printed, every verb is there."""

import re
import shlex
from pathlib import Path

from typer.testing import CliRunner

from zuofeng_survey.cli import app

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "office.md").read_text(encoding="utf-8")
CONSOLE = "\n".join(re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL))
STEPS = [part.partition("\n") for part in re.split(r"^\$ zuofeng ", CONSOLE, flags=re.MULTILINE)[1:]]


def squeezed(text: str) -> list[str]:
    return [re.sub(r"\s+", " ", line).strip() for line in text.splitlines() if line.strip()]


def test_the_transcripts_one_after_another_are_what_is_printed(tmp_path, monkeypatch):
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZUOFENG_HOME", str(tmp_path / "home"))
    for command, _, printed in STEPS:
        found = CliRunner().invoke(app, shlex.split(command))
        said = found.stdout + (f"[exit code {found.exit_code}]" if found.exit_code else "")
        assert squeezed(said) == squeezed(printed), f"{command}\n{found.stderr}"
    assert {"learning.xlsx", "A.xlsx", "B.xlsx"} <= {path.name for path in tmp_path.iterdir()}


def test_every_verb_of_the_year_is_on_the_page():
    verbs = [c.name or c.callback.__name__ for c in app.registered_commands]  # type: ignore[union-attr]
    others = {"import-table", "demo"}
    assert [v for v in verbs if v not in others and f"`zuofeng {v}" not in PAGE and f"`{v}`" not in PAGE] == []


def test_its_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target
