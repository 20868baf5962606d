"""Documents that leave the office: one tree, three papers (Word, Excel, a page)."""

from .excel import write_excel
from .page import write_html
from .tree import Callout, Document, FillIn, Heading, Paragraph, Picture, Table
from .word import write_word

__all__ = [
    "Callout",
    "Document",
    "FillIn",
    "Heading",
    "Paragraph",
    "Picture",
    "Table",
    "write_excel",
    "write_html",
    "write_word",
]
