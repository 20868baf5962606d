"""McDonald's ω: the share of a sum's variance that one common factor explains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import optimize, stats

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.covariance import Missing, item_covariance
from zuofeng_survey.stats.ranksets import locked

# Smallest uniqueness of a standardised item; an item at it is a Heywood case.
LEAST = 0.005
METHODS = ("ml", "ml-standardized", "minres")


@dataclass(frozen=True, slots=True, eq=False)
class Omega:
    """One factor behind k items.

    Attributes
    ----------
    estimate : float
        ω.
    method : str
        ``ml``, ``ml-standardized`` or ``minres``.
    item : tuple of str
        Names of the items.
    loading, uniqueness : ndarray, shape (k,)
        Loadings and residual variances: in the unit of the scores (covariances over n) for
        ``ml``, of standardised items for the others.
    standardized : ndarray, shape (k,)
        Loadings of the standardised items.
    chi2, df, p_value, rmsea, cfi
        Fit of one factor by maximum likelihood; NaN for ``minres`` and with pairwise covariances.
    n : int
        Persons used.
    notes : tuple of str
        ``heywood`` (an item without error of its own: the model does not fit), ``poor-fit``
        (RMSEA above .1), ``mixed-signs`` (loadings of both signs), ``just-identified`` (three
        items: fit cannot be judged), ``few-persons``, ``pairwise``.
    """

    estimate: float
    method: str
    item: tuple[str, ...]
    loading: Floats
    uniqueness: Floats
    standardized: Floats
    chi2: float
    df: int
    p_value: float
    rmsea: float
    cfi: float
    n: int
    notes: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """Return one row an item, in the order given, unrounded."""
        names = ("item", "loading", "uniqueness", "standardized")
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def _repr_html_(self) -> str:
        return table_html(self.table(), caption=f"ω = {self.estimate:.2f}")


def omega(
    items: ArrayLike,
    *,
    method: Literal["ml", "ml-standardized", "minres"] = "ml",
    missing: Missing = "refuse",
    wide: bool = False,
) -> Omega:
    """McDonald's ω of a one-factor model.

    Parameters
    ----------
    items : array_like or DataFrame, shape (persons, k)
        One row a person, one column an item; three items or more.
    method : {"ml", "ml-standardized", "minres"}
        ``ml``: maximum likelihood on covariances, ``(Σλ)² / ((Σλ)² + Σθ)``, for the sum as
        scored; ``ml-standardized``: the same for the sum of standardised items; ``minres``: least
        squares on correlations, ``1 − Σu² / ΣR``, which gives the observed variance of the sum.
    missing, wide
        As :func:`.reliability.cronbach_alpha`.

    Returns
    -------
    Omega

    Raises
    ------
    ValueError
        As :func:`.covariance.item_covariance`; fewer than three items; items linearly dependent;
        no convergence.

    Notes
    -----
    Source: McDonald (1999), *Test Theory*; Revelle & Zinbarg (2009), doi
    10.1007/s11336-008-9102-z; R ``lavaan::cfa``, ``psych::fa(fm = "ml")``,
    ``psych::omega(nfactors = 1)``.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> factor = rng.normal(size=(500, 1))
    >>> w = omega(factor + rng.normal(size=(500, 4)))
    >>> round(w.estimate, 2), w.notes
    (0.78, ())
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    c = item_covariance(items, missing=missing, wide=wide)
    if len(c.item) < 3:
        raise ValueError(f"items must be 3 or more for one factor, got {len(c.item)}; use α")
    fitted = one_factor(c.cor, method="minres" if method == "minres" else "ml")
    lam, unique = fitted.loading, fitted.uniqueness
    judged = method != "minres" and bool((c.n_pair == c.n).all())
    fit = _fit(c.cor, fitted, c.n) if judged else _Fit(np.nan, 0, np.nan, np.nan, np.nan)
    sd = c.sd * np.sqrt((c.n - 1) / c.n) if method == "ml" else np.ones(len(lam))
    sum2, error = float((sd * lam).sum() ** 2), float((sd**2 * unique).sum())
    value = 1 - error / float(c.cor.sum()) if method == "minres" else sum2 / (sum2 + error)
    codes = {
        "heywood": bool((unique <= LEAST * 1.001).any()),
        "poor-fit": fit.rmsea > 0.1,
        "mixed-signs": bool((lam < 0).any()),
        "just-identified": len(lam) == 3,
    }
    return Omega(
        estimate=value,
        method=method,
        item=c.item,
        loading=locked(sd * lam),
        uniqueness=locked(sd**2 * unique),
        standardized=locked(lam),
        chi2=fit.chi2,
        df=fit.df,
        p_value=fit.p_value,
        rmsea=fit.rmsea,
        cfi=fit.cfi,
        n=c.n,
        notes=tuple(code for code, said in codes.items() if said) + c.notes,
    )


class OneFactor(NamedTuple):
    """Loadings and uniquenesses of standardised items, and the ML discrepancy (NaN for minres)."""

    loading: Floats
    uniqueness: Floats
    discrepancy: float


def one_factor(cor: Floats, *, method: Literal["ml", "minres"]) -> OneFactor:
    """Fit one factor to a correlation matrix of three items or more.

    Source: Jöreskog (1967), doi 10.1007/BF02289658 (ML); Harman & Jones (1966), doi
    10.1007/BF02289468 (minres).
    """
    values = np.linalg.eigvalsh(cor)
    if values[0] <= 1e-10:
        raise ValueError(
            "items must be linearly independent with a proper correlation matrix, got one with "
            f"smallest eigenvalue {values[0]:.2g}; leave out repeated items or fill gaps"
        )
    start = np.clip(0.5 / np.diag(np.linalg.inv(cor)) + 0.1, 0.05, 0.95)
    goal = _ml_goal if method == "ml" else _minres_goal
    found = optimize.minimize(
        goal,
        start,
        args=(cor,),
        jac=True,
        method="L-BFGS-B",
        bounds=[(LEAST, 1.0)] * len(cor),
        options={"maxiter": 1000, "ftol": 1e-15, "gtol": 1e-9},
    )
    if not found.success and np.abs(found.jac).max() > 1e-4 and found.nit >= 1000:
        raise ValueError(
            f"the one-factor model must converge, got none after {found.nit} steps; "
            "look for items that correlate with no other"
        )
    loading = _loading(found.x, cor) if method == "ml" else _principal(cor, found.x)
    loading = loading * (1 if loading.sum() >= 0 else -1)
    return OneFactor(loading, found.x, float(found.fun) if method == "ml" else float("nan"))


def _scaled(unique: Floats, cor: Floats) -> tuple[Floats, Floats]:
    root = np.sqrt(unique)
    return np.linalg.eigh(cor / np.outer(root, root))


def _loading(unique: Floats, cor: Floats) -> Floats:
    values, vectors = _scaled(unique, cor)
    return np.sqrt(unique) * vectors[:, -1] * np.sqrt(max(values[-1] - 1, 0.0))


def _ml_goal(unique: Floats, cor: Floats) -> tuple[float, Floats]:
    """Discrepancy concentrated over the loadings, and its gradient in the uniquenesses."""
    values = _scaled(unique, cor)[0]
    rest = values[:-1] if values[-1] > 1 else values
    lam = _loading(unique, cor)
    off = np.diag(np.outer(lam, lam) - cor) + unique
    return float((rest - np.log(rest) - 1).sum()), off / unique**2


def _principal(cor: Floats, unique: Floats) -> Floats:
    values, vectors = np.linalg.eigh(cor - np.diag(unique))
    return vectors[:, -1] * np.sqrt(max(values[-1], 0.0))


def _minres_goal(unique: Floats, cor: Floats) -> tuple[float, Floats]:
    """Half the squared residuals left by the best loadings, diagonal included."""
    lam = _principal(cor, unique)
    left = cor - np.diag(unique) - np.outer(lam, lam)
    return float((left**2).sum() / 2), -np.diag(left)


class _Fit(NamedTuple):
    chi2: float
    df: int
    p_value: float
    rmsea: float
    cfi: float


def _fit(cor: Floats, fitted: OneFactor, n: int) -> _Fit:
    """χ² = n · discrepancy (as lavaan), RMSEA, and CFI against independent items."""
    k = len(cor)
    df, df0 = k * (k - 3) // 2, k * (k - 1) // 2
    chi2 = n * fitted.discrepancy
    chi2_0 = -n * float(np.linalg.slogdet(cor)[1])
    excess, excess_0 = max(chi2 - df, 0.0), max(chi2_0 - df0, chi2 - df, 0.0)
    rmsea = np.sqrt(excess / (df * n)) if df else float("nan")
    cfi = 1 - excess / excess_0 if excess_0 > 0 and df else float("nan")
    p_value = float(stats.chi2.sf(chi2, df)) if df else float("nan")
    return _Fit(float(chi2), df, p_value, float(rmsea), float(cfi))
