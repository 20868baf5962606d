"""A questionnaire as an XLSForm workbook, and back: for authors who live in Excel.

The sheets ``survey``, ``choices`` and ``settings`` are plain XLSForm, which pyxform and ODK read; what
XLSForm has no word for (scores, scales, voter classes) stands in ``zf--`` columns and sheets beside it.
"""

from .opening import load, locate
from .reading import read
from .writing import write

__all__ = ["load", "locate", "read", "write"]
