"""Telephone and identity numbers by their shape, however they are written."""

from __future__ import annotations

import re

DIGITS = str.maketrans("０１２３４５６７８９－＋　（）．＿", "0123456789-+ ()._")
# What people put between the digits of a number, and digits written as words (also the formal ones).
_SEP = r"[\s.·_\-–—~*/]{0,2}"
_WORDS = "〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖"
_MONTH, _DAY = "(?:0[1-9]|1[0-2])", "(?:0[1-9]|[12]\\d|3[01])"
_CUE = f"(?:{'|'.join(f'(?<={word})' for word in ('电话', '手机', '座机', '热线', '联系', '号码', '拨', '打'))})"
_ANY, FEWEST = re.compile(rf"[\d{_WORDS}]"), 7
ID = re.compile(
    r"(?<!\d)(?:\d{6}[ -]?\d{8}[ -]?\d{3}[\dXxＸ]|\d{15}"
    rf"|\d{{6}}{_SEP}(?:19|20)\d\d{_SEP}{_MONTH}{_SEP}{_DAY}{_SEP}\d{{3}}{_SEP}[\dXxＸ]"
    rf"|\d{{6}}{_SEP}\d\d{_MONTH}{_DAY}{_SEP}\d{{3}})(?!\d)"
)
PHONE = re.compile(
    rf"(?<!\d)(?:(?:\+|00)?86{_SEP})?[1一幺壹]{_SEP}[3-9三四五六七八九叁肆伍陆柒捌玖](?:{_SEP}[\d{_WORDS}]){{9}}(?![\d{_WORDS}])"
    rf"|(?<!\d)\(?0\d{{2,3}}\)?{_SEP}\d{{3,4}}{_SEP}\d{{4}}(?!\d)(?:\s?(?:转|分机|#|-)\s?\d{{1,5}})?"
    rf"|(?<!\d)[48]00{_SEP}\d{{3}}{_SEP}\d{{4}}(?!\d)"
    rf"|{_CUE}[号码是为方式:：\s]{{0,5}}\d{{3,4}}{_SEP}\d{{4}}(?!\d)"
)


def names_somebody(text: str) -> bool:
    """Return whether a text holds a telephone or identity number.

    >>> names_somebody("回电话１３８ ００００ ００００"), names_somebody("2020-12-20 修好 13 盏灯")
    (True, False)
    """
    if len(_ANY.findall(text)) < FEWEST:  # most texts have no number at all
        return False
    plain = text.translate(DIGITS)
    return bool(PHONE.search(plain) or ID.search(plain))
