"""The Word page of GB/T 9704-2012: A4, a text block of 156 × 225 mm, 22 lines of 28 characters.

Sizes: 2 号 is 22 pt, 3 号 16 pt, 4 号 14 pt, 小四 12 pt, 五号 10.5 pt. Twips are 1/20 pt. The grid
gives a line 225 mm / 22 = 579 twips and a character 156 mm / 28 = 15.79 pt, which is 3 号 less
0.207 pt; Word writes that difference in 1/4096 pt. The styles hold the grid by themselves (exact
lines, characters 0.3 pt closer), so that 22 × 28 come out in Word, in WPS and in LibreOffice, also
with a stand-in font of another height.
"""

from __future__ import annotations

from typing import Any

from docx.document import Document as Word
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
from docx.enum.text import WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from .fonts import BLACK, BODY, KAI, LATIN, SONG, TITLE

PAGE = (210, 297)
TOP, LEFT, BLOCK = 37, 28, (156, 225)
LINES, CHARACTERS = 22, 28
PITCH = 579
SHRINK = -848
TIGHT = -6  # twips between characters of 3 号, so that 28 fit the block and 29 do not
BODY_PT, TABLE_PT = 16, 10.5
COMPACT = (14, 23)  # points, line
STYLES: dict[str, tuple[str, float, float, Any, float]] = {
    # name: East Asian font, points, line in points (0 as high as needed), alignment, indent
    "公文标题": (TITLE, 22, 34, ALIGN.CENTER, 0),
    "公文正文": (BODY, BODY_PT, PITCH / 20, ALIGN.JUSTIFY, 2),
    "公文主送": (BODY, BODY_PT, PITCH / 20, ALIGN.LEFT, 0),
    "公文落款": (BODY, BODY_PT, PITCH / 20, ALIGN.RIGHT, 0),
    "公文结论": (BLACK, BODY_PT, PITCH / 20, ALIGN.JUSTIFY, 2),
    "公文提示": (KAI, BODY_PT, PITCH / 20, ALIGN.JUSTIFY, 2),
    "公文题注": (BLACK, 12, 20, ALIGN.CENTER, 0),
    "公文图": (BODY, 12, 0, ALIGN.CENTER, 0),
    "公文表格": (SONG, TABLE_PT, 15, ALIGN.LEFT, 0),
    "公文注": (SONG, TABLE_PT, 15, ALIGN.LEFT, 0),
    "公文告知题": (BLACK, 14, 24, ALIGN.LEFT, 0),
    "公文告知": (BODY, 14, 24, ALIGN.JUSTIFY, 2),
}
HEADINGS = {1: BLACK, 2: KAI, 3: BODY, 4: BODY}
AIR = {"公文题注": (6, 2), "公文注": (2, 2), "公文图": (6, 0)}  # points before and after


def dress(word: Word, *, compact: bool = False) -> None:
    """Give a document its page, its grid, its styles and its page numbers.

    ``compact`` sets the body in 4 号 for what has to fit one page; the standard leaves room for
    that (特定情况可以作适当调整).
    """
    _page(word)
    normal: Any = word.styles["Normal"]
    _font(normal, BODY, BODY_PT)
    _lines(normal, PITCH / 20)
    _off_grid(normal)
    for name, (font, size, line, align, indent) in STYLES.items():
        if compact and size == BODY_PT:
            size, line = COMPACT
        style: Any = word.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = normal
        _font(style, font, size)
        _lines(style, line)
        style.paragraph_format.alignment = align
        _indent(style, indent, size)
    for name, (before, after) in AIR.items():
        form: Any = word.styles[name].paragraph_format  # type: ignore[attr-defined]
        form.space_before, form.space_after = Pt(before), Pt(after)
    for level, font in HEADINGS.items():
        _heading(word.styles[f"Heading {level}"], font)
    _numbers(word)


def _page(word: Word) -> None:
    section = word.sections[0]
    section.page_width, section.page_height = Mm(PAGE[0]), Mm(PAGE[1])
    section.top_margin, section.left_margin = Mm(TOP), Mm(LEFT)
    section.bottom_margin = Mm(PAGE[1] - TOP - BLOCK[1])
    section.right_margin = Mm(PAGE[0] - LEFT - BLOCK[0])
    section.footer_distance = Mm(PAGE[1] - TOP - BLOCK[1] - 7 - 5)  # 一字线上距版心下边缘 7 mm
    grid = section._sectPr.find(qn("w:docGrid"))
    if grid is None:
        grid = OxmlElement("w:docGrid")
        section._sectPr.append(grid)
    grid.set(qn("w:type"), "linesAndChars")
    grid.set(qn("w:linePitch"), str(PITCH))
    grid.set(qn("w:charSpace"), str(SHRINK))


def _font(style: Any, east: str, size: float) -> None:
    style.font.name, style.font.size = LATIN, Pt(size)
    style.font.bold, style.font.italic = False, False
    rpr = style.element.get_or_add_rPr()
    fonts = rpr.get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    for script, name in (("ascii", LATIN), ("hAnsi", LATIN), ("cs", LATIN), ("eastAsia", east)):
        fonts.set(qn(f"w:{script}"), name)
    if size == BODY_PT:
        tight = OxmlElement("w:spacing")
        tight.set(qn("w:val"), str(TIGHT))
        rpr.insert_element_before(tight, "w:w", "w:kern", "w:position", "w:sz", "w:szCs", "w:lang")
    lang = rpr.find(qn("w:lang"))
    if lang is None:
        lang = OxmlElement("w:lang")
        rpr.append(lang)
    lang.set(qn("w:val"), "en-US")
    lang.set(qn("w:eastAsia"), "zh-CN")


def _lines(style: Any, points: float) -> None:
    form = style.paragraph_format
    form.space_before = form.space_after = Pt(0)
    form.widow_control = False
    if points:
        form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(points)
    else:
        form.line_spacing = 1.0


def _off_grid(normal: Any) -> None:
    """State the grid on the page, keep it by the styles.

    Word would squeeze 16 pt characters into cells of 15.79 pt, LibreOffice gives each two cells.
    """
    flag = OxmlElement("w:snapToGrid")
    flag.set(qn("w:val"), "0")
    normal.element.get_or_add_pPr().insert_element_before(flag, "w:spacing", "w:ind", "w:jc")


def _indent(style: Any, characters: float, size: float) -> None:
    if not characters:
        return
    style.paragraph_format.first_line_indent = Pt(characters * size)
    style.element.pPr.find(qn("w:ind")).set(qn("w:firstLineChars"), str(int(100 * characters)))


def _heading(style: Any, font: str) -> None:
    """Headings stand in the body's size and line, two characters in, black."""
    _font(style, font, BODY_PT)
    style.font.color.rgb = None
    for colour in style.element.rPr.findall(qn("w:color")):
        style.element.rPr.remove(colour)
    _lines(style, PITCH / 20)
    style.paragraph_format.keep_with_next = True
    _indent(style, 2, BODY_PT)


def _numbers(word: Word) -> None:
    """Page numbers — 1 —: on the right of odd pages, on the left of even ones, one character in."""
    word.settings.odd_and_even_pages_header_footer = True
    section = word.sections[0]
    for footer, align in ((section.footer, ALIGN.RIGHT), (section.even_page_footer, ALIGN.LEFT)):
        footer.is_linked_to_previous = False
        line = footer.paragraphs[0]
        line.style = word.styles["公文主送"]  # type: ignore[assignment]
        line.alignment = align
        one = Pt(14)
        line.paragraph_format.right_indent = one if align == ALIGN.RIGHT else None
        line.paragraph_format.left_indent = one if align == ALIGN.LEFT else None
        for text in ("— ", None, " —"):
            run = line.add_run(text or "")
            run.font.size = Pt(14)
            if text is None:
                _page_field(run)


def _page_field(run: Any) -> None:
    for kind in ("begin", "instr", "separate", "text", "end"):
        if kind == "instr":
            made = OxmlElement("w:instrText")
            made.text = "PAGE"
        elif kind == "text":
            made = OxmlElement("w:t")
            made.text = "1"
        else:
            made = OxmlElement("w:fldChar")
            made.set(qn("w:fldCharType"), kind)
        run._r.append(made)
