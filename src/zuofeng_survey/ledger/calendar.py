"""Days and working days: a working day is one the State Council's notices make one."""

from __future__ import annotations

import datetime as dt
from functools import cache

import numpy as np
import pandas as pd
from chinese_calendar import constants

FIRST, LAST = min(constants.holidays).year, max(constants.holidays).year


@cache
def _calendar() -> np.busdaycalendar:
    """Return every day that is not worked, since holidays move weekends about and not only add to them.

    Outside the years that chinese_calendar knows, Monday to Friday are worked.
    """
    first = np.datetime64(f"{FIRST}-01-01")
    days = np.arange(first, np.datetime64(f"{LAST + 1}-01-01"))
    weekend = ~np.is_busday(days)
    holidays = np.array(sorted(constants.holidays), dtype="datetime64[D]")
    worked = np.array(sorted(constants.workdays), dtype="datetime64[D]")
    off = np.isin(days, holidays) | (weekend & ~np.isin(days, worked))
    before = np.arange(np.datetime64("1990-01-01"), first)
    after = np.arange(days[-1] + 1, np.datetime64("2060-01-01"))
    plain = np.concatenate([before, after])
    free = np.concatenate([plain[~np.is_busday(plain)], days[off]])
    return np.busdaycalendar(weekmask="1111111", holidays=free)


def after(start: pd.Series, days: int | pd.Series, unit: str = "日") -> pd.Series:
    """Return the last day of a term: the day of ``start`` is not counted, the last day is.

    Parameters
    ----------
    start : Series of datetime64
        Missing stays missing. The hour does not count: a term is in days.
    days : int or Series of int
    unit : {"日", "工作日"}

    Notes
    -----
    A term begins on the day after (民法典第二百零一条: 开始的当日不计入). Terms in 日 run through weekends;
    whether one that ends on a day off moves to the next working day (第二百零三条) is not assumed: the
    stricter reading is shown.

    Examples
    --------
    >>> friday = pd.Series(pd.to_datetime(["2020-04-24"]))
    >>> after(friday, 5).dt.date.item(), after(friday, 5, "工作日").dt.date.item()
    (datetime.date(2020, 4, 29), datetime.date(2020, 4, 30))
    """
    day = start.dt.normalize()
    if unit == "日":
        span = days.fillna(0) if isinstance(days, pd.Series) else days
        return day + pd.to_timedelta(span, unit="D")
    known = day.notna().to_numpy()
    found = pd.Series(pd.NaT, index=start.index, dtype=day.dtype)
    steps = days.to_numpy()[known] if isinstance(days, pd.Series) else days
    dates = day[known].to_numpy().astype("datetime64[D]")
    found[known] = np.busday_offset(dates, steps, roll="backward", busdaycal=_calendar())
    return found


def days_between(first: dt.date, last: dt.date, unit: str = "日") -> int:
    """Return how many days, or working days, ``last`` lies after ``first``.

    >>> days_between(dt.date(2020, 4, 30), dt.date(2020, 5, 6), "工作日")
    1
    """
    if unit == "日":
        return (last - first).days
    one = np.timedelta64(1, "D")
    begin, end = np.datetime64(first) + one, np.datetime64(last) + one
    return int(np.busday_count(begin, end, busdaycal=_calendar()))
