"""The README's commands and transcripts do what they say."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONSOLE = "\n".join(re.findall(r"```console\n(.*?)```", README, re.DOTALL))
PYTHON = "\n".join(re.findall(r"```python\n(.*?)```", README, re.DOTALL))


def transcripts() -> list[tuple[str, str]]:
    parts = re.split(r"^\$ ", CONSOLE, flags=re.MULTILINE)[1:]
    return [tuple(p.split("\n", 1)) for p in parts]  # type: ignore[misc]


def squeezed(text: str) -> list[str]:
    return [re.sub(r"\s+", " ", line).strip() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize(("command", "printed"), transcripts(), ids=[c for c, _ in transcripts()])
def test_a_transcript_is_what_is_printed(command, printed):
    env = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    run = subprocess.run(command, shell=True, cwd=ROOT, env=env, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert squeezed(run.stdout) == squeezed(printed)


def test_the_python_example_is_what_python_says(tmp_path):
    example = tmp_path / "readme.txt"
    example.write_text(PYTHON, encoding="utf-8")
    run = subprocess.run([sys.executable, "-m", "doctest", str(example)], cwd=ROOT, capture_output=True, text=True)
    assert run.stdout == ""
    assert run.returncode == 0
    assert PYTHON.count(">>>") >= 4


def test_the_readme_is_short_and_its_links_lead_somewhere():
    assert len(README.splitlines()) <= 125
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (ROOT / target).exists(), target


def test_the_two_commands_are_targets_of_the_makefile():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for command in ("demo", "test", "bench", "setup", "lint"):
        assert re.search(rf"^{command}:", makefile, re.MULTILINE)
    assert "make test" in (ROOT / ".ci" / "run").read_text()
