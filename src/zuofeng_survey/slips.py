"""Code slips to print and hand out blind: a workbook, and a page with a QR code a slip.

The QR holds the form's address with the code after ``#``: that part of an address is never sent to
a server or written into its log. Slips come shuffled; no list says who got which.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import segno

from .codes import pretty
from .poll import Poll
from .workbook import Column, Sheet, write

Slips = Sequence[tuple[str, str]]
HEADINGS = ("序号", "评议人类别", "评议码", "填写地址")
NAMES = ("n", "voter_class", "code", "address")
COLUMNS = tuple(Column(n, h, "integer" if n == "n" else "text") for n, h in zip(NAMES, HEADINGS, strict=True))
INTRODUCTION = "按类别背面朝上发放，每人任取一张；发完请删除本文件。"
MASK = 2


def address(poll: str, code: str, *, url: str) -> str:
    """Return the form's address for one code.

    >>> address("fz", "0000000000000001J", url="http://127.0.0.1:8866")
    'http://127.0.0.1:8866/p/fz#0000-0000-0000-0001-J'
    """
    return f"{url.rstrip('/')}/p/{quote(poll)}#{pretty(code)}"


def write_workbook(path: Path, poll: Poll, slips: Slips, *, url: str) -> None:
    """Write the slips as .xlsx, one row a slip, ready to print or merge.

    Raises
    ------
    StorageError
        When the file cannot be written.
    """
    rows = [
        {
            "n": n,
            "voter_class": f"{voter_class} {poll.class_named(voter_class).label.zh}",
            "code": pretty(code),
            "address": address(poll.name, code, url=url),
        }
        for n, (code, voter_class) in enumerate(slips, start=1)
    ]
    write(path, [Sheet("评议码", COLUMNS, rows, notes={"": INTRODUCTION})])


PAGE = """<!doctype html>
<html lang="zh"><meta charset="utf-8"><title>{title}</title>
<style>
 body {{ font: 12pt/1.5 "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", sans-serif; margin: 8mm }}
 .slips {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(84mm, 1fr)); gap: 4mm }}
 .slip {{ border: 1px dashed #555; padding: 4mm; display: flex; gap: 4mm; break-inside: avoid }}
 .slip svg {{ width: 30mm; height: 30mm; flex: none }}
 .code {{ font: 13pt/1.4 ui-monospace, Consolas, monospace; font-weight: 600; overflow-wrap: anywhere }}
 .small {{ font-size: 9pt; color: #333 }}
 h1 {{ font-size: 15pt }} p {{ margin: 0 0 1mm }}
 @media print {{ h1, .intro {{ display: none }} }}
</style>
<h1>{title}</h1>
<p class="intro">共 {n} 张。请沿虚线裁开，按类别背面朝上发放，任取一张；发完请删除本文件。 {n} slips: cut apart,
let people draw one of their class face down, then delete this file.</p>
<div class="slips">
{slips}
</div>
"""
SLIP = """<div class="slip">{qr}<div><p><b>{title}</b></p><p>{label}</p><p class="code">{code}</p>
<p class="small">扫码，或打开 {page} 输入评议码。每码一次，不记名。<br>Scan, or open the address and type the code. Once only; secret.</p></div></div>"""


def page(poll: Poll, slips: Slips, *, url: str) -> str:
    """Return a printable HTML page that needs nothing from anywhere: QR codes are inline SVG."""
    form = f"{url.rstrip('/')}/p/{quote(poll.name)}"
    made = []
    for code, voter_class in slips:
        # one mask for all: trying the eight masks takes six times as long and reads no better
        qr = segno.make(address(poll.name, code, url=url), error="m", micro=False, mask=MASK)
        made.append(
            SLIP.format(
                qr=qr.svg_inline(scale=1, border=1, omitsize=True),
                title=html.escape(poll.title.zh),
                label=html.escape(poll.class_named(voter_class).label.zh),
                code=pretty(code),
                page=html.escape(form),
            )
        )
    title = html.escape(f"{poll.title.zh} · {poll.name}")
    return PAGE.format(title=title, n=len(made), slips="\n".join(made))
