"""Linear models with crossed random effects: y = X β + Σ_k b_k[level] + e.

Every factor has one random intercept a level. What is factored is as large as the levels of all
factors but the largest: 73,421 ratings of 1,128 lecturers by 2,972 students need a matrix of 1,130,
never one of ratings × levels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.mixedfit import Normal, maximise

Ints = NDArray[np.int64]
LEVELS = 8000  # of all factors but the largest: half a gigabyte


@dataclass(frozen=True, slots=True, eq=False)
class MixedModel:
    """A linear model with crossed random intercepts, fitted.

    Attributes
    ----------
    fixed : tuple of str
        Names of the fixed effects.
    beta : ndarray, shape (p,)
        Fixed effects, in the unit of y.
    covariance : ndarray, shape (p, p)
        Of the fixed effects, given the variance components.
    components : dict
        Factor to variance, ``"residual"`` last.
    levels : dict
        Factor to the labels of its levels, sorted as text or number.
    effects, effects_sd : dict
        Factor to its effects (BLUPs) and their conditional standard deviations, one a level.
    criterion : float
        −2 log likelihood: restricted if ``reml``, else full.
    reml : bool
        Which of the two was maximised.
    n, iterations : int
        Observations, steps taken.
    at_zero : tuple of str
        Factors whose variance is estimated as zero.
    """

    fixed: tuple[str, ...]
    beta: Floats
    covariance: Floats
    components: dict[str, float]
    levels: dict[str, tuple]
    effects: dict[str, Floats]
    effects_sd: dict[str, Floats]
    criterion: float
    reml: bool
    n: int
    iterations: int
    at_zero: tuple[str, ...]

    @property
    def se(self) -> Floats:
        """Standard errors of the fixed effects; shape (p,)."""
        return np.sqrt(np.diag(self.covariance))

    def table(self) -> pd.DataFrame:
        """Return one row a variance component: component, variance, sd, share, levels."""
        total = sum(self.components.values())
        return pd.DataFrame(
            [
                {
                    "component": name,
                    "variance": value,
                    "sd": np.sqrt(value),
                    "share": value / total,
                    "levels": len(self.levels.get(name, ())) or self.n,
                }
                for name, value in self.components.items()
            ]
        )

    def _repr_html_(self) -> str:
        return table_html(self.table())


def mixed_model(
    y: ArrayLike,
    groups: Mapping[str, ArrayLike],
    *,
    fixed: pd.DataFrame | sparse.csr_array | None = None,
    reml: bool = True,
) -> MixedModel:
    """Fit y = X β + one random intercept for each level of each factor + e.

    Parameters
    ----------
    y : array_like, shape (n,)
        Observations; none missing.
    groups : mapping
        Factor name to labels, shape (n,); the factors may be crossed or nested, in any pattern.
    fixed : DataFrame or csr_array, shape (n, p), optional
        Columns of X, of full rank, an intercept among them if one is wanted; by default the
        intercept alone.
    reml : bool
        Restricted maximum likelihood, else maximum likelihood.

    Returns
    -------
    MixedModel

    Raises
    ------
    ValueError
        Shapes that do not match, values that are not finite, a factor with one level or with as
        many as observations, no residual variance, too many levels, X not of full rank.

    Notes
    -----
    Source: Bates, Mächler, Bolker & Walker (2015), doi 10.18637/jss.v067.i01;
    R: ``lme4::lmer(y ~ x + (1 | f) + (1 | g))``; sd as ``attr(ranef(m, condVar = TRUE), ...)``.

    Examples
    --------
    >>> y = [1, 2, 3, 5, 5, 5, 8, 9, 9]
    >>> who, what = list("aaabbbccc"), list("xyzxyzxyz")
    >>> m = mixed_model(y, {"who": who, "what": what})
    >>> {k: round(v, 3) for k, v in m.components.items()}
    {'who': 11.056, 'what': 0.167, 'residual': 0.278}
    """
    normal, levels, names, shift = _normal(y, groups, fixed)
    found = maximise(normal, reml)
    beta = found.beta.copy()
    beta[0] += shift
    for array in (beta, found.covariance, *found.effects, *found.sd):
        array.setflags(write=False)
    order, variance = list(groups), dict(zip(normal.names, found.variance.tolist(), strict=True))
    effects = dict(zip(normal.names, found.effects, strict=True))
    sd = dict(zip(normal.names, found.sd, strict=True))
    return MixedModel(
        fixed=names,
        beta=beta,
        covariance=found.covariance,
        components={k: variance[k] for k in order} | {"residual": float(found.residual)},
        levels={k: levels[k] for k in order},
        effects={k: effects[k] for k in order},
        effects_sd={k: sd[k] for k in order},
        criterion=found.criterion,
        reml=reml,
        n=normal.n,
        iterations=found.iterations,
        at_zero=tuple(k for k in order if variance[k] == 0),
    )


def _normal(
    y: ArrayLike, groups: Mapping[str, ArrayLike], fixed: pd.DataFrame | sparse.csr_array | None
) -> tuple[Normal, dict[str, tuple], tuple[str, ...], float]:
    value = np.asarray(y, dtype=float)
    if value.ndim != 1 or not np.isfinite(value).all() or len(value) < 3:
        raise ValueError(
            f"y must be a list of 3 or more finite numbers, got shape {value.shape} with "
            f"{int((~np.isfinite(value)).sum())} not finite; leave missing ratings out"
        )
    n = len(value)
    codes, levels = _factors(groups, n)
    x, names = _fixed(fixed, n)
    width = len(names)
    shift = float(value.mean()) if fixed is None else 0.0
    order = sorted(groups, key=lambda k: -len(levels[k]))
    if (wide := sum(len(levels[k]) for k in order[1:]) + width) > LEVELS:
        raise ValueError(
            f"levels of all factors but the largest must be at most {LEVELS}, got {wide}; "
            "fit parts, such as one year or one county, by themselves"
        )
    ones, at = np.ones(n), np.arange(n)
    z = [sparse.csr_array((ones, (at, codes[k])), (n, len(levels[k]))) for k in order]
    rest = sparse.csr_array(sparse.hstack([*z[1:], x, (value - shift)[:, None]], format="csr"))
    normal = Normal(
        n=n,
        p=width,
        names=tuple(order),
        sizes=tuple(len(levels[k]) for k in order),
        count=np.bincount(codes[order[0]]).astype(float),
        border=sparse.csr_array(z[0].T @ rest),
        gram=(rest.T @ rest).toarray(),
        codes=[codes[k] for k in order],
        rest=rest,
    )
    return normal, levels, names, shift


def _factors(groups: Mapping[str, ArrayLike], n: int) -> tuple[dict[str, Ints], dict[str, tuple]]:
    if not groups or "residual" in groups:
        raise ValueError("groups must name one factor or more, none of them 'residual'")
    codes, levels = {}, {}
    for name, label in groups.items():
        array = np.asarray(label)
        if array.shape != (n,) or pd.isna(array).any():
            raise ValueError(f"groups[{name!r}] must hold {n} labels, none missing")
        unique, code = np.unique(array, return_inverse=True)
        if not 1 < len(unique) < n:
            raise ValueError(
                f"groups[{name!r}] must have from 2 to {n - 1} levels, got {len(unique)}; "
                "with a level for each observation its variance cannot be told from the residual"
            )
        codes[name], levels[name] = code, tuple(unique.tolist())
    for a, b in combinations(codes, 2):
        if len(levels[a]) == len(levels[b]) == len(np.unique(codes[a] * n + codes[b])):
            raise ValueError(f"groups must differ, got {a!r} and {b!r} that part y alike")
    return codes, levels


def _fixed(
    fixed: pd.DataFrame | sparse.csr_array | None, n: int
) -> tuple[sparse.csr_array, tuple[str, ...]]:
    if fixed is None:
        return sparse.csr_array(np.ones((n, 1))), ("intercept",)
    names = tuple(map(str, fixed.columns)) if isinstance(fixed, pd.DataFrame) else None
    given = fixed.to_numpy(float) if isinstance(fixed, pd.DataFrame) else fixed
    x = sparse.csr_array(given)
    gram = (x.T @ x).toarray()
    rows, width = len(x.indptr) - 1, len(gram)
    if rows != n or not np.isfinite(x.data).all() or width >= n:
        raise ValueError(f"fixed must be {n} finite rows of fewer columns, got {rows} × {width}")
    scale = np.sqrt(np.diag(gram))
    if (scale == 0).any() or np.linalg.eigvalsh(gram / np.outer(scale, scale))[0] < 1e-10:
        raise ValueError("fixed must be of full column rank; leave out one column of each set")
    return x, names or tuple(str(i) for i in range(1, width + 1))
