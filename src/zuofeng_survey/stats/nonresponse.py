"""Who answered, by channel, and what may be made of those who did not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special, stats

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.calibration import checked_weights
from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.intervals import wilson
from zuofeng_survey.stats.ranksets import locked


@dataclass(frozen=True, slots=True, eq=False)
class Response:
    """Response rates by channel (paper, phone, QR code …).

    Attributes
    ----------
    channel : tuple of str
        Names of the channels.
    invited, answered : ndarray, shape (C,)
        How many were asked, and how many answered.
    rate, lower, upper : ndarray, shape (C,)
        Response rates with Wilson's intervals.
    coverage : float
        Of each interval by itself.
    overall : float
        Answered over invited, all channels.
    statistic, p_value : float
        Likelihood-ratio statistic (chi-squared, C − 1 df) that all channels have one rate; NaN
        for a single channel.
    representativity : float
        R-indicator ``1 − 2 sd(rate)``, 1 if all channels answer alike.
    """

    channel: tuple[str, ...]
    invited: Floats
    answered: Floats
    rate: Floats
    lower: Floats
    upper: Floats
    coverage: float
    overall: float
    statistic: float
    p_value: float
    representativity: float

    def table(self) -> pd.DataFrame:
        """Return one row a channel: channel, invited, answered, rate, lower, upper."""
        names = ("channel", "invited", "answered", "rate", "lower", "upper")
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def _repr_html_(self) -> str:
        return table_html(self.table())


def response_by_channel(
    channel: ArrayLike, *, invited: ArrayLike, answered: ArrayLike, coverage: float = 0.95
) -> Response:
    """Compare response rates between channels.

    Parameters
    ----------
    channel : array_like, shape (C,)
        Names, each once.
    invited, answered : array_like, shape (C,)
        Counts; answered at most invited.
    coverage : float
        Of each interval.

    Returns
    -------
    Response

    Raises
    ------
    ValueError
        Shapes that do not match, a channel twice, nobody invited, more answered than invited.

    Notes
    -----
    Source: Schouten, Cobben & Bethlehem (2009), Survey Methodology 35, 101–113 (R-indicator).
    A QR code shown to all has no "invited": leave it out and say that its rate is not known.

    Examples
    --------
    >>> r = response_by_channel(["paper", "phone"], invited=[100, 200], answered=[60, 90])
    >>> r.rate.tolist(), round(r.p_value, 4)
    ([0.6, 0.45], 0.0141)
    """
    names = tuple(map(str, np.asarray(channel).tolist()))
    asked, came = np.asarray(invited, dtype=float), np.asarray(answered, dtype=float)
    if not asked.shape == came.shape == (len(names),) or len(set(names)) < len(names):
        raise ValueError(
            f"channel must name each of {asked.shape} channels once, got {list(names)}"
        )
    found = wilson(came, asked, coverage=coverage)
    overall = float(came.sum() / asked.sum())
    statistic, p = float("nan"), float("nan")
    if len(names) > 1:
        statistic = 2 * float(
            sum(
                special.rel_entr(part, asked * share).sum()
                for part, share in ((came, overall), (asked - came, 1 - overall))
            )
        )
        p = float(stats.chi2.sf(statistic, len(names) - 1))
    spread = float(np.sqrt((asked * (found.estimate - overall) ** 2).sum() / asked.sum()))
    return Response(
        channel=names,
        invited=locked(asked.copy()),
        answered=locked(came.copy()),
        rate=found.estimate,
        lower=found.lower,
        upper=found.upper,
        coverage=coverage,
        overall=overall,
        statistic=statistic,
        p_value=p,
        representativity=1 - 2 * spread,
    )


def response_weights(
    group: ArrayLike, answered: ArrayLike, *, base: ArrayLike | None = None
) -> Floats:
    """Weight those who answered so that they stand for all who were asked in their group.

    Parameters
    ----------
    group : array_like, shape (n,)
        Group (channel by township, say) of each person asked, whether or not they answered.
    answered : array_like of bool, shape (n,)
        Who did.
    base : array_like, shape (n,), optional
        Design weights; by default ones.

    Returns
    -------
    ndarray, shape (n,)
        Base weight over the weighted response rate of the group; 0 for those who did not answer.

    Raises
    ------
    ValueError
        Shapes that do not match, a group in which nobody answered.

    Notes
    -----
    Source: Little & Rubin (2019), Statistical Analysis with Missing Data, section 3.3. It assumes
    that within a group those who answered are like those who did not.

    Examples
    --------
    >>> response_weights(list("aaabb"), [True, True, False, True, False]).tolist()
    [1.5, 1.5, 0.0, 2.0, 0.0]
    """
    came = np.asarray(answered)
    if came.ndim != 1 or came.dtype != bool or np.shape(group) != came.shape:
        raise ValueError(
            f"group and answered must be lists of one length, answered true or false, got shapes "
            f"{np.shape(group)} and {came.shape} of {came.dtype}"
        )
    d = checked_weights(base, len(came), name="base")
    if pd.isna(np.asarray(group, dtype=object)).any():
        raise ValueError("group must be known of everybody asked, got a missing one; name it so")
    names, code = np.unique(np.asarray(group).astype(str), return_inverse=True)
    asked, back = (np.bincount(code, d * who, minlength=len(names)) for who in (1.0, came))
    if silent := [str(names[i]) for i in np.flatnonzero((back == 0) & (asked > 0))]:
        raise ValueError(
            f"each group must have an answer, got none in {silent[:5]}; merge it with the group "
            "most like it"
        )
    return locked(d * came * (asked / np.where(back > 0, back, 1.0))[code])
