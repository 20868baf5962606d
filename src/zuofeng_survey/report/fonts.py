"""Which of the fonts that GB/T 9704-2012 names this machine has, and what to do without them.

A Word file names its fonts and does not carry them: it looks right wherever it is opened on a
machine that has them. Chart pictures are drawn here, so a Chinese font must be here.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..errors import Problem

TITLE, BODY, BLACK, KAI, SONG = "方正小标宋简体", "仿宋_GB2312", "黑体", "楷体_GB2312", "宋体"
LATIN = "Times New Roman"
PAPER = (TITLE, BODY, BLACK, KAI, SONG)
ALSO = {
    TITLE: ("FZXiaoBiaoSong-B05S", "FZXBSJW"),
    BODY: ("FangSong_GB2312", "仿宋", "FangSong", "simfang"),
    BLACK: ("SimHei", "simhei"),
    KAI: ("KaiTi_GB2312", "楷体", "KaiTi", "simkai"),
    SONG: ("SimSun", "simsun"),
}  # what the same face is called elsewhere


@dataclass(frozen=True, slots=True)
class Fonts:
    """What is missing here: ``paper`` fonts by name, and any Chinese font for ``charts``."""

    paper: tuple[str, ...]
    charts: bool

    def problems(self) -> tuple[Problem, ...]:
        """Return what to install, in sentences; nothing here stops a report."""
        found = []
        if self.charts:
            found.append(Problem("fonts-charts"))
        if self.paper:
            found.append(Problem("fonts-paper", "", {"names": "、".join(self.paper)}))
        return tuple(found)


def missing() -> Fonts:
    """Return which fonts this machine lacks."""
    there = _families()
    paper = tuple(f for f in PAPER if not any(name in there for name in (f, *ALSO[f])))
    return Fonts(paper, not _chinese())


@cache
def _families() -> str:
    """Return the names of all installed families as one text."""
    if shutil.which("fc-list"):
        return _fc_list(":", "family")
    folders = [Path(r"C:\Windows\Fonts"), Path("/System/Library/Fonts"), Path("/Library/Fonts")]
    return "\n".join(p.stem for f in folders if f.is_dir() for p in f.iterdir())


@cache
def _chinese() -> bool:
    if shutil.which("fc-list"):
        return bool(_fc_list(":lang=zh", "family").strip())
    return sys.platform in ("win32", "darwin")  # both come with Chinese fonts


def _fc_list(*args: str) -> str:
    done = subprocess.run(["fc-list", *args], capture_output=True, text=True, check=False)  # noqa: S607 - found above
    return done.stdout
