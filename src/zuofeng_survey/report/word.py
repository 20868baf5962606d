"""A document as a Word file, in the manner of 公文.

python-docx rather than docxtpl: what varies here is how many tables, headings and notices there
are, not words in a fixed letter; the style lives in code that tests read; and text goes in as text,
never through a template language.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import docx
from docx.document import Document as Word
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Emu, Mm, Pt

from .. import charts
from ..html import width_of
from .dress import BLOCK, TABLE_PT, dress
from .files import put
from .tree import Callout, Document, FillIn, Heading, Paragraph, Picture, Table

TONES = {"plain": "公文正文", "verdict": "公文结论", "warning": "公文提示", "note": "公文注"}
TWIP = 20
BLOCK_TWIPS = round(BLOCK[0] / 25.4 * 72 * TWIP)
PADDING = 110  # twips on either side of a cell's text
ANSWER_LINE = Mm(9)
LETTERS = re.compile(r"[A-Za-z0-9.%]+")
FEW_NOTES = 4  # so many notes stay under their table
TOGETHER = 18  # a table of so many rows stands on one page


def write_word(document: Document, path: str | Path) -> Path:
    """Write the document as .docx.

    Raises
    ------
    StorageError
        ``report-write`` when the file cannot be written; a file already there is left whole.
    """
    word = docx.Document()
    dress(word, compact=document.compact)
    _facts(word, document)
    if document.number:
        _line(word, document.number, "公文主送").alignment = ALIGN.CENTER
    _line(word, document.title, "公文标题")
    if not document.compact:
        _line(word, "", "公文正文")
    if document.to:
        _line(word, f"{document.to}：", "公文主送")
    for said, part in document.numbered():
        _part(word, said, part)
    _signed(word, document)
    held = io.BytesIO()
    word.save(held)
    return put(path, held.getvalue())


def _facts(word: Word, document: Document) -> None:
    facts = word.core_properties
    facts.title, facts.author, facts.comments = document.title, document.office, ""
    facts.language = "zh-CN"


def _part(word: Word, said: str, part: Any) -> None:
    if isinstance(part, Heading):
        _line(word, said + part.text, f"Heading {part.level}")
    elif isinstance(part, Paragraph):
        _line(word, part.text, TONES[part.tone])
    elif isinstance(part, Table):
        _table(word, said, part)
    elif isinstance(part, Picture):
        _picture(word, said, part)
    elif isinstance(part, Callout):
        _callout(word, part)
    else:
        _fill_in(word, part)


def _line(place: Any, text: str, style: str) -> Any:
    """Add one paragraph; a new line in the text is a new line in it."""
    return place.add_paragraph(text, style=style)


def _signed(word: Word, document: Document) -> None:
    """Office and date at the end, the date four characters in from the right."""
    if not document.office and not document.date:
        return
    for line in word.paragraphs[-2:]:  # a signature never stands on a page alone
        line.paragraph_format.keep_with_next = True
    if not document.compact:
        _line(word, "", "公文正文").paragraph_format.keep_with_next = True
    said = [text for text in (document.office, document.dated) if text]
    for n, text in enumerate(said, start=1):
        line = _line(word, text, "公文落款")
        line.paragraph_format.right_indent = Pt(4 * 16)
        line.paragraph_format.keep_with_next = n < len(said)


def _table(word: Word, said: str, table: Table) -> None:
    caption = _line(word, f"{said}　{table.caption}", "公文题注")
    caption.paragraph_format.keep_with_next = True
    made = word.add_table(rows=1 + len(table.rows), cols=len(table.columns))
    _frame(made, _widths(table))
    cells, style = [list(row.cells) for row in made.rows], _style_id(word)
    for cell, text in zip(cells[0], table.columns, strict=True):
        _cell(cell, text, style, align=ALIGN.CENTER, bold=True)
    for row, texts in zip(cells[1:], table.rows, strict=True):
        for cell, text, right in zip(row, texts, table.numeric, strict=True):
            _cell(cell, text, style, align=ALIGN.RIGHT if right else ALIGN.LEFT)
    _flag(made.rows[0]._tr.get_or_add_trPr(), "w:tblHeader")
    for row in made.rows:
        _flag(row._tr.get_or_add_trPr(), "w:cantSplit")
    together = cells if len(table.rows) <= TOGETHER else cells[:3] + cells[-2:]
    for line in (cell.paragraphs[0] for row in together for cell in row):
        line.paragraph_format.keep_with_next = True
    for n, text in enumerate(table.notes):
        line = _line(word, f"{'注：' if n == 0 else '　　'}{text}", "公文注")
        line.paragraph_format.keep_with_next = len(table.notes) <= FEW_NOTES and n < len(table.notes) - 1


def _widths(table: Table) -> list[int]:
    """Share the text block among columns by what stands in them, in twips.

    Headings may break in two, words and numbers must not while there is room. Where there is too
    little, no column is narrower than what cannot break, and the rest goes to who wants it most.
    """
    one = TABLE_PT / 2 * TWIP  # half a Chinese character
    head = [_wide(text) for text in table.columns]
    body = [max(map(_wide, column), default=2) for column in zip(*table.rows, strict=True)] or [2] * len(head)
    for lines in (1, 2):
        whole = [max(b, -(-h // lines), 4) * one + 2 * PADDING for b, h in zip(body, head, strict=True)]
        if sum(whole) <= BLOCK_TWIPS:
            return [int(w * BLOCK_TWIPS / sum(whole)) for w in whole]
    hard = [max((b if right else _unbroken(table, n)), 4) for n, (b, right) in enumerate(zip(body, table.numeric, strict=True))]
    least = [w * one + 2 * PADDING for w in hard]
    want = [max(min(b, 24), (h + 1) // 2, w) - w for b, h, w in zip(body, head, hard, strict=True)]
    spare = BLOCK_TWIPS - sum(least)
    if spare <= 0 or not any(want):
        return [int(w * BLOCK_TWIPS / sum(least)) for w in least]
    return [int(w + spare * more / sum(want)) for w, more in zip(least, want, strict=True)]


def _wide(text: str) -> int:
    """Return a text's width on paper in half characters: a Chinese dash is drawn as wide as a character."""
    return width_of(text) + text.count("—")


def _unbroken(table: Table, column: int) -> int:
    """Return the longest run of letters and figures of a column, which would break anywhere if it had to."""
    return max((len(run) for row in table.rows for run in LETTERS.findall(row[column])), default=0)


def _frame(made: Any, widths: list[int]) -> None:
    made.alignment, made.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    made.style = "Table Grid"
    pr = made._tbl.tblPr
    cell = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        edge = OxmlElement(f"w:{side}")
        edge.set(qn("w:w"), str(PADDING - 20))
        edge.set(qn("w:type"), "dxa")
        cell.append(edge)
    look = pr.find(qn("w:tblLook"))
    pr.insert(list(pr).index(look), cell) if look is not None else pr.append(cell)
    for column, width in zip(made.columns, widths, strict=True):
        column.width = Emu(width * 635)
        for one in column.cells:
            one.width = Emu(width * 635)


def _flag(properties: Any, name: str) -> None:
    properties.append(OxmlElement(name))


def _style_id(word: Word) -> str:
    """Return the id of the style of cells, looked up once a table: python-docx goes through all styles."""
    return str(word.styles["公文表格"].style_id)


def _cell(cell: Any, text: str, style: str, *, align: Any, bold: bool = False) -> None:
    line = cell.paragraphs[0]
    line._p.style, line.alignment = style, align
    line.add_run(text).bold = bold or None


def _picture(word: Word, said: str, picture: Picture) -> None:
    line = _line(word, "", "公文图")
    line.paragraph_format.keep_with_next = True
    drawn = line.add_run().add_picture(io.BytesIO(charts.png(picture.chart)))
    fit = min(Mm(BLOCK[0]) / drawn.width, Mm(BLOCK[1] - 30) / drawn.height)
    drawn.width, drawn.height = Emu(int(drawn.width * fit)), Emu(int(drawn.height * fit))
    about = drawn._inline.docPr
    about.set("descr", picture.alt)
    about.set("title", picture.caption)
    _line(word, f"{said}　{picture.caption}", "公文题注")


def _callout(word: Word, callout: Callout) -> None:
    made = word.add_table(rows=1, cols=1)
    _frame(made, [BLOCK_TWIPS])
    cell = made.rows[0].cells[0]
    cell.paragraphs[0].style = "公文告知题"
    cell.paragraphs[0].add_run(callout.title)
    for text in callout.lines:
        _line(cell, text, "公文告知")
    _line(word, "", "公文注")


def _fill_in(word: Word, form: FillIn) -> None:
    caption = _line(word, form.title, "公文题注")
    caption.paragraph_format.keep_with_next = True
    made = word.add_table(rows=len(form.fields), cols=2)
    _frame(made, [int(0.3 * BLOCK_TWIPS), int(0.7 * BLOCK_TWIPS)])
    style = _style_id(word)
    for row, (label, lines) in zip(made.rows, form.fields, strict=True):
        row.height = Emu(int(ANSWER_LINE * lines))
        _flag(row._tr.get_or_add_trPr(), "w:cantSplit")
        _cell(row.cells[0], label, style, align=ALIGN.LEFT)
        _cell(row.cells[1], "", style, align=ALIGN.LEFT)
        row.cells[0].paragraphs[0].paragraph_format.keep_with_next = True
    if form.note:
        _line(word, form.note, "公文注")
