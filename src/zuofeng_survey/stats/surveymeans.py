"""Means, totals, rates and ratios of a population, with Taylor-linearised standard errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.ranksets import locked
from zuofeng_survey.stats.surveydesign import Design


@dataclass(frozen=True, slots=True, eq=False)
class SurveyEstimates:
    """Estimates of a population with their covariance.

    Attributes
    ----------
    name : tuple of str
        What is estimated, one name an estimate.
    estimate, se : ndarray, shape (k,)
        Estimates and standard errors, in the unit of y.
    covariance : ndarray, shape (k, k)
        Of the estimates.
    deff : ndarray, shape (k,)
        Variance over that of a simple random sample of as many (without replacement, if weights
        add up to more than the respondents); NaN where that has none.
    n : ndarray of int, shape (k,)
        Respondents behind each.
    df : int
        Degrees of freedom: clusters less strata.
    """

    name: tuple[str, ...]
    estimate: Floats
    se: Floats
    covariance: Floats
    deff: Floats
    n: NDArray[np.int64]
    df: int

    def interval(self, *, coverage: float = 0.95, scale: str = "plain") -> pd.DataFrame:
        """Return one row an estimate: name, estimate, lower, upper.

        ``scale="logit"`` for rates: the interval stays between 0 and 1 (R
        ``svyciprop(method = "logit")``); a rate of 0 or 1 has none, use an interval for counts.
        """
        if not 0 < coverage < 1:
            raise ValueError(f"coverage must be between 0 and 1, got {coverage}; 0.95, not 95")
        t = stats.t.isf((1 - coverage) / 2, self.df)
        if scale == "plain":
            lower, upper = self.estimate - t * self.se, self.estimate + t * self.se
        elif scale == "logit":
            if ((p := self.estimate) <= 0).any() or (p >= 1).any():
                raise ValueError(
                    f"rates must lie inside 0 and 1 for scale='logit', got {p.tolist()}; "
                    "use clopper_pearson on n_eff for rates of none or all"
                )
            half = t * self.se / (p * (1 - p))
            lower, upper = (1 / (1 + np.exp(-(np.log(p / (1 - p)) + s * half))) for s in (-1, 1))
        else:
            raise ValueError(f"scale must be 'plain' or 'logit', got {scale!r}")
        return pd.DataFrame(
            {"name": self.name, "estimate": self.estimate, "lower": lower, "upper": upper}
        )

    def contrast(self, weights: Mapping[str, float], *, name: str = "contrast") -> SurveyEstimates:
        """Return a weighted sum, such as ``{"2021": 1, "2020": -1}``, with its standard error."""
        if strange := [k for k in weights if k not in self.name]:
            raise ValueError(f"weights must name estimates {list(self.name)}, got {strange}")
        a = np.array([float(weights.get(k, 0.0)) for k in self.name])
        found = np.array([a @ self.estimate]), (a @ self.covariance @ a).reshape(1, 1)
        n = np.array([self.n[a != 0].sum()])
        return _estimates((name,), *found, deff=np.array([np.nan]), n=n, df=self.df)

    def table(self) -> pd.DataFrame:
        """Return one row an estimate: name, estimate, se, deff, n."""
        names = ("name", "estimate", "se", "deff", "n")
        return pd.DataFrame({k: getattr(self, k) for k in names})

    def _repr_html_(self) -> str:
        return table_html(self.table())


def survey_mean(y: ArrayLike, design: Design, *, by: ArrayLike | None = None) -> SurveyEstimates:
    """Estimate means over a population, or over its groups.

    Parameters
    ----------
    y : array_like or DataFrame, shape (n,) or (n, k)
        Answers, one column a question; for a rate, 0 and 1 (or bool).
    design : Design
        As made by :func:`zuofeng_survey.stats.surveydesign.design`.
    by : array_like, shape (n,), optional
        Group of each respondent; then y is one column and each group has its mean. Respondents
        without a group (None, NaN) belong to no domain, and their y may be missing.

    Returns
    -------
    SurveyEstimates
        With the full covariance: use ``contrast`` for differences between questions or groups.

    Raises
    ------
    ValueError
        Shapes that do not match, missing or infinite answers, a group without weight.

    Notes
    -----
    R: ``survey::svymean``, ``svyby(covmat = TRUE)``; source: Särndal, Swensson & Wretman (1992),
    Model Assisted Survey Sampling, ch. 5; deff as ``svymean(deff = TRUE)``.

    Examples
    --------
    >>> from zuofeng_survey.stats.surveydesign import design
    >>> m = survey_mean([1, 2, 3, 6], design([1, 1, 1, 1]))
    >>> m.estimate.tolist(), m.se.round(4).tolist()
    ([3.0], [1.0801])
    """
    values, names, inside = _columns(y, design, by)
    w = design.weight[:, None] * inside
    size = w.sum(axis=0)
    if (size <= 0).any():
        raise ValueError(f"each group must have weight, got none in {names[int(size.argmin())]!r}")
    mean = (w * values).sum(axis=0) / size
    centred = (values - mean) * inside
    covariance = design.covariance(w * centred / size)
    n = inside.sum(axis=0)
    spread = (w * centred**2).sum(axis=0) / size * n / np.maximum(n - 1, 1)
    known = (by is None) & (size > n)  # weights that count people
    simple = spread / n * np.where(known, 1.0 - n / size, 1.0)
    deff = np.diag(covariance) / np.where(simple > 0, simple, np.nan)
    return _estimates(names, mean, covariance, deff=deff, n=n, df=design.df)


def survey_total(y: ArrayLike, design: Design, *, by: ArrayLike | None = None) -> SurveyEstimates:
    """Estimate totals over a population, or over its groups.

    Parameters
    ----------
    y, design, by
        As :func:`survey_mean`.

    Returns
    -------
    SurveyEstimates
        Without ``deff``.

    Raises
    ------
    ValueError
        As :func:`survey_mean`.

    Notes
    -----
    R: ``survey::svytotal``.

    Examples
    --------
    >>> from zuofeng_survey.stats.surveydesign import design
    >>> survey_total([1, 2, 3, 6], design([5, 5, 5, 5])).estimate.tolist()
    [60.0]
    """
    values, names, inside = _columns(y, design, by)
    w = design.weight[:, None] * inside
    covariance = design.covariance(w * values)
    deff = np.full(len(names), np.nan)
    total = (w * values).sum(axis=0)
    return _estimates(names, total, covariance, deff=deff, n=inside.sum(axis=0), df=design.df)


def survey_ratio(
    numerator: ArrayLike, denominator: ArrayLike, *, design: Design, by: ArrayLike | None = None
) -> SurveyEstimates:
    """Estimate a ratio of two totals, such as cases settled per case lodged.

    Parameters
    ----------
    numerator, denominator : array_like, shape (n,)
        Of each respondent.
    design, by
        As :func:`survey_mean`.

    Returns
    -------
    SurveyEstimates
        Without ``deff``.

    Raises
    ------
    ValueError
        As :func:`survey_mean`; a denominator that adds up to zero.

    Notes
    -----
    R: ``survey::svyratio``.

    Examples
    --------
    >>> from zuofeng_survey.stats.surveydesign import design
    >>> r = survey_ratio([1, 2, 3], [2, 4, 6], design=design([1, 1, 1]))
    >>> r.estimate.tolist(), r.se.tolist()
    ([0.5], [0.0])
    """
    above, names, inside = _columns(numerator, design, by)
    below, _, _ = _columns(denominator, design, by)
    w = design.weight[:, None] * inside
    size = (w * below).sum(axis=0)
    if (np.abs(size) < 1e-12 * np.abs(w * below).sum(axis=0).clip(1e-300)).any():
        raise ValueError("denominator must not add up to zero, got 0 in all or in a group")
    ratio = (w * above).sum(axis=0) / size
    covariance = design.covariance(w * (above - ratio * below) / size)
    deff = np.full(len(names), np.nan)
    return _estimates(names, ratio, covariance, deff=deff, n=inside.sum(axis=0), df=design.df)


def _columns(
    y: ArrayLike, design: Design, by: ArrayLike | None
) -> tuple[Floats, tuple[str, ...], NDArray[np.bool_]]:
    """Return values (n, k), names, and who counts for each."""
    n = len(design.weight)
    values = np.asarray(y, dtype=float)
    if values.shape[:1] != (n,) or values.ndim > 2 or (by is not None and values.ndim != 1):
        one = "one column with by, " if by is not None else ""
        raise ValueError(f"y must be {one}{n} rows as the design, got shape {values.shape}")
    if by is None:
        table = values.reshape(n, -1)
        names: Sequence = list(y.columns) if isinstance(y, pd.DataFrame) else range(table.shape[1])
        inside = np.ones(table.shape, dtype=bool)
    else:
        group = pd.Series(np.asarray(by, dtype=object))
        if len(group) != n or group.isna().all():
            raise ValueError(f"by must hold {n} labels, some not missing, got {len(group)}")
        code, found = pd.factorize(group, sort=True)
        names = list(found)
        inside = code[:, None] == np.arange(len(names))
        table = np.where(inside, values[:, None], 0.0)
    if not np.isfinite(table).all():
        raise ValueError(
            "y must be finite where it counts, got missing or infinite answers; say who counts "
            "with by (None for those without an answer), do not drop rows from the design"
        )
    return table, tuple(str(x) for x in names), inside


def _estimates(
    name: tuple[str, ...],
    estimate: Floats,
    covariance: Floats,
    *,
    deff: Floats,
    n: NDArray[np.int64],
    df: int,
) -> SurveyEstimates:
    return SurveyEstimates(
        name=name,
        estimate=locked(estimate),
        se=locked(np.sqrt(np.diag(covariance))),
        covariance=locked(covariance),
        deff=locked(deff),
        n=locked(n),
        df=df,
    )
