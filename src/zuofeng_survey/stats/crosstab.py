"""Whether answers differ between groups, in a sample with weights, strata and clusters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.ranksets import locked
from zuofeng_survey.stats.surveydesign import Design


@dataclass(frozen=True, slots=True, eq=False)
class Crosstab:
    """Shares of a population by two questions, and a test that the two have no connection.

    Attributes
    ----------
    rows, columns : tuple of str
        Answers to either question.
    share : ndarray, shape (R, C)
        Share of the population in each cell; sums to 1.
    statistic, df_top, df_below, p_value : float
        Pearson's statistic corrected for the design, as F, its degrees of freedom and p.
    cramers_v : float
        Strength of the connection, from 0 to 1.
    n : int
        Respondents.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    share: Floats
    statistic: float
    df_top: float
    df_below: float
    p_value: float
    cramers_v: float
    n: int

    def table(self) -> pd.DataFrame:
        """Return shares of the population, one row and column an answer."""
        return pd.DataFrame(self.share, index=list(self.rows), columns=list(self.columns))

    def _repr_html_(self) -> str:
        return table_html(self.table().reset_index(names=""), caption=f"p = {self.p_value:.3g}")


def crosstab_test(rows: ArrayLike, columns: ArrayLike, *, design: Design) -> Crosstab:
    """Test whether two questions are connected, by the Rao–Scott correction of second order.

    Parameters
    ----------
    rows, columns : array_like, shape (n,)
        Answers of each respondent; none missing.
    design : Design
        As made by :func:`zuofeng_survey.stats.surveydesign.design`.

    Returns
    -------
    Crosstab

    Raises
    ------
    ValueError
        Shapes that do not match, missing answers, a question with one answer only.

    Notes
    -----
    Source: Rao & Scott (1984), doi 10.1214/aos/1176346391; R ``survey::svychisq(statistic = "F")``.

    Examples
    --------
    >>> from zuofeng_survey.stats.surveydesign import design
    >>> said, sex = ["yes"] * 6 + ["no"] * 6, list("mmmmffmfffff")
    >>> c = crosstab_test(said, sex, design=design([1] * 12))
    >>> round(c.statistic, 3), round(c.p_value, 3)
    (2.829, 0.121)
    """
    n = len(design.weight)
    (r, row_names), (c, column_names) = (
        _coded(x, n, name) for x, name in ((rows, "rows"), (columns, "columns"))
    )
    shape = len(row_names), len(column_names)
    cell = np.eye(shape[0] * shape[1])[r * shape[1] + c]
    total = design.weight.sum()
    share = design.weight @ cell / total
    covariance = design.covariance(design.weight[:, None] * (cell - share) / total)
    table = share.reshape(shape)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0))
    pearson = n * ((table - expected) ** 2 / expected).sum()
    delta = _effects(share, covariance, shape=shape, n=n)
    trace = float(np.trace(delta))
    top = trace**2 / float(np.trace(delta @ delta))
    statistic, below = pearson / trace, top * design.df
    return Crosstab(
        rows=row_names,
        columns=column_names,
        share=locked(table),
        statistic=float(statistic),
        df_top=top,
        df_below=below,
        p_value=float(stats.f.sf(statistic, top, below)),
        cramers_v=float(np.sqrt(pearson / n / (min(shape) - 1))),
        n=n,
    )


def _coded(answers: ArrayLike, n: int, name: str) -> tuple[np.ndarray, tuple[str, ...]]:
    array = np.asarray(answers)
    if array.shape != (n,) or pd.isna(array).any():
        raise ValueError(f"{name} must hold {n} answers, none missing, got shape {array.shape}")
    unique, code = np.unique(array, return_inverse=True)
    if len(unique) < 2:
        raise ValueError(f"{name} must have two different answers, got {unique.tolist()}")
    return code, tuple(map(str, unique.tolist()))


def _effects(share: Floats, covariance: Floats, *, shape: tuple[int, int], n: int) -> Floats:
    """Return the design effects of the contrasts that carry the connection, as a matrix."""
    r, c = (np.repeat(np.arange(shape[0]), shape[1]), np.tile(np.arange(shape[1]), shape[0]))
    main = np.column_stack([np.ones(len(r)), np.eye(shape[0])[r, 1:], np.eye(shape[1])[c, 1:]])
    joint = np.einsum("ij,ik->ijk", np.eye(shape[0])[r, 1:], np.eye(shape[1])[c, 1:])
    joint = joint.reshape(len(r), -1)
    joint -= main @ np.linalg.lstsq(main, joint, rcond=None)[0]
    inverse = np.where(share > 0, 1.0 / np.where(share > 0, share, 1.0), 0.0)
    lifted = joint * inverse[:, None]
    return np.linalg.solve(joint.T @ lifted / n, lifted.T @ covariance @ lifted)
