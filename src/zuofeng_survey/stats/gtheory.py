"""Where differences between ratings come from: variance components of targets, voters and items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from zuofeng_survey.html import table_html
from zuofeng_survey.stats.composite import Floats
from zuofeng_survey.stats.mixed import mixed_model
from zuofeng_survey.stats.ranksets import locked

RESIDUAL = "residual"
FEW_LEVELS = 5
METHODS = ("auto", "ems", "reml")
Ints = NDArray[np.int64]
Effect = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Components:
    """Variance components of ratings of targets.

    Attributes
    ----------
    effect : tuple of str
        Such as ``target``, ``voter``, ``target:voter``, …, ``residual`` (the highest
        interaction and error, which one rating a cell cannot tell apart).
    factors : tuple of tuple of str
        The factors of each effect; all of them for the residual.
    estimate : ndarray
        Variances, in squared units of the score; negative estimates are set to 0.
    raw, se, ms, df : ndarray
        From mean squares: the estimate before that, its standard error, mean square and degrees
        of freedom. NaN by REML (``raw`` is then ``estimate``).
    levels : dict
        Factor to the number of its levels; for a nested one the harmonic mean over its parents.
    target : str
        The factor that is ranked.
    nested : dict
        Facet to the factor it is nested in.
    method : str
        ``ems`` or ``reml``.
    n : int
        Ratings used.
    notes : tuple of str
        ``negative-component``, ``no-target-variance`` (targets cannot be told apart),
        ``few-levels`` (a factor with under 5).
    """

    effect: tuple[str, ...]
    factors: tuple[Effect, ...]
    estimate: Floats
    raw: Floats
    se: Floats
    ms: Floats
    df: Floats
    levels: dict[str, float]
    target: str
    nested: dict[str, str]
    method: str
    n: int
    notes: tuple[str, ...]

    @property
    def facets(self) -> tuple[str, ...]:
        """The factors other than the target."""
        return tuple(name for name in self.levels if name != self.target)

    def table(self) -> pd.DataFrame:
        """Return one row an effect, unrounded."""
        names = ("effect", "estimate", "raw", "se", "ms", "df")
        frame = pd.DataFrame({name: getattr(self, name) for name in names})
        return frame.assign(share=self.estimate / self.estimate.sum())

    def _repr_html_(self) -> str:
        return table_html(self.table())


def variance_components(
    ratings: pd.DataFrame,
    *,
    score: str = "score",
    target: str = "target",
    facets: Sequence[str] = ("voter",),
    nested: Mapping[str, str] | None = None,
    method: Literal["auto", "ems", "reml"] = "auto",
) -> Components:
    """Variance components of targets × voters, or targets × voters × items, all random.

    Parameters
    ----------
    ratings : DataFrame
        One row a rating; rows without a score are left out. See :func:`ratings_table`.
    score, target : str
        Columns with the score and with what is ranked.
    facets : sequence of str
        One or two columns with the conditions of measurement, such as voters and items.
    nested : mapping, optional
        Facet to the factor it is nested in: ``{"voter": "target"}`` when each target has voters
        of its own.
    method : {"auto", "ems", "reml"}
        Expected mean squares (complete crossed ratings only), or restricted maximum likelihood;
        ``auto`` takes the first where it can.

    Returns
    -------
    Components

    Raises
    ------
    ValueError
        Columns that are not there, scores not finite, a cell rated twice, a factor with one
        level, effects that the design cannot tell apart, no variance at all, ``ems`` for
        incomplete ratings.

    Notes
    -----
    Source: Brennan (2001), *Generalizability Theory*, ch. 3–4, doi 10.1007/978-1-4757-3456-0;
    R ``lme4::lmer(score ~ 1 + (1 | target) + (1 | voter) + …)``.

    Examples
    --------
    >>> c = variance_components(ratings_table([[1, 2, 4], [2, 4, 5], [1, 3, 5], [2, 2, 4]]))
    >>> dict(zip(c.effect, c.estimate.round(3).tolist()))
    {'target': 2.194, 'voter': 0.222, 'residual': 0.306}
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    nested = dict(nested or {})
    if not isinstance(ratings, pd.DataFrame):
        raise ValueError(
            f"ratings must be a DataFrame, got {type(ratings).__name__}; see ratings_table"
        )
    design = _design(ratings, score, (target, *facets), nested)
    effects = _effects(design.names, nested)
    balanced = not nested and len(design.y) == np.prod(list(design.levels.values()))
    if method == "ems" and not balanced:
        raise ValueError(
            "ratings must be complete and crossed for mean squares, got "
            f"{len(design.y)} ratings of {design.levels}; use method='reml'"
        )
    if balanced and method != "reml":
        found, method = _mean_squares(design, effects), "ems"
    else:
        found, method = _restricted(design, effects), "reml"
    codes = {
        "negative-component": (found.raw < 0).any(),
        "no-target-variance": found.raw[0] <= 0,
        "few-levels": min(design.levels.values()) < FEW_LEVELS,
    }
    return Components(
        effect=(*map(_named, effects[:-1]), RESIDUAL),
        factors=tuple(effects),
        estimate=locked(np.maximum(found.raw, 0.0)),
        **{name: locked(getattr(found, name)) for name in ("raw", "se", "ms", "df")},
        levels=_levels(design, nested),
        target=target,
        nested=nested,
        method=method,
        n=len(design.y),
        notes=tuple(code for code, said in codes.items() if said),
    )


def ratings_table(scores: ArrayLike) -> pd.DataFrame:
    """Return ratings as a long table with the columns voter, target (, item) and score.

    Parameters
    ----------
    scores : array_like, shape (V, N) or (V, N, M)
        Voters, targets and, if three-dimensional, items; NaN where there is no rating (such
        rows are left out). The columns of a DataFrame name the targets.

    >>> ratings_table([[1.0, float("nan")], [3.0, 4.0]]).to_dict("list")
    {'voter': [1, 2, 2], 'target': [1, 1, 2], 'score': [1.0, 3.0, 4.0]}
    """
    y = np.asarray(scores, dtype=float)
    if y.ndim not in (2, 3):
        raise ValueError(f"scores must be (V, N) or (V, N, M), got shape {y.shape}")
    at = np.nonzero(~np.isnan(y))
    frame = {name: index + 1 for name, index in zip(("voter", "target", "item"), at, strict=False)}
    if isinstance(scores, pd.DataFrame):
        frame["target"] = scores.columns.to_numpy()[at[1]]
    return pd.DataFrame({**frame, "score": y[at]})


class _Design(NamedTuple):
    y: Floats
    names: Effect
    codes: dict[str, Ints]
    levels: dict[str, int]


def _design(ratings: pd.DataFrame, score: str, names: Effect, nested: Mapping[str, str]) -> _Design:
    absent = [c for c in (score, *names) if c not in ratings.columns]
    if absent or not 2 <= len(names) <= 3 or len(set(names)) < len(names):
        raise ValueError(
            "ratings must have the columns named as score, target and one or two facets, got "
            f"{list(ratings.columns)} for {[score, *names]}"
        )
    if not all(f in names[1:] and p in names and f != p for f, p in nested.items()):
        raise ValueError(f"nested must map a facet to another factor of {names}, got {nested}")
    used = ratings[ratings[score].notna()]
    y = used[score].to_numpy(dtype=float)
    if not np.isfinite(y).all() or used[list(names)].isna().any(axis=None):
        raise ValueError(
            "ratings must have finite scores and no missing labels, got "
            f"{int((~np.isfinite(y)).sum())} infinite scores and "
            f"{int(used[list(names)].isna().any(axis=1).sum())} rows without a label; mend those rows"
        )
    codes = {name: pd.factorize(used[name])[0].astype(np.int64) for name in names}
    for facet, parent in nested.items():  # the same name in two parents is two voters
        codes[facet] = _joint([codes[parent], codes[facet]])
    levels = {name: int(code.max(initial=-1)) + 1 for name, code in codes.items()}
    alone = [name for name, count in levels.items() if count < 2]
    if alone:
        raise ValueError(f"each factor must have 2 levels or more, got fewer for {alone}")
    if len(np.unique(_joint(list(codes.values())))) < len(y):
        raise ValueError(
            "each cell must be rated once, got some rated more often; "
            "average them or name a further facet"
        )
    if np.ptp(y) <= 1e-12 * np.abs(y).max():
        raise ValueError("scores must vary, got the same score everywhere")
    return _Design(y, names, codes, levels)


def _joint(codes: Sequence[Ints]) -> Ints:
    return np.unique(np.column_stack(codes), axis=0, return_inverse=True)[1].ravel()


def _effects(names: Effect, nested: Mapping[str, str]) -> list[Effect]:
    """Effects from main ones to the residual; a nested facet only together with its parent."""
    every = [e for size in range(1, len(names) + 1) for e in combinations(names, size)]
    return [e for e in every if all(nested[f] in e for f in e if f in nested)]


def _named(effect: Effect) -> str:
    return ":".join(effect)


def _levels(design: _Design, nested: Mapping[str, str]) -> dict[str, float]:
    counts: dict[str, float] = dict(design.levels)
    for facet, parent in nested.items():
        pairs = np.unique(np.column_stack([design.codes[parent], design.codes[facet]]), axis=0)
        counts[facet] = float(1 / np.mean(1 / np.bincount(pairs[:, 0])))
    return counts


class _Found(NamedTuple):
    raw: Floats
    se: Floats
    ms: Floats
    df: Floats


def _mean_squares(design: _Design, effects: list[Effect]) -> _Found:
    """Invert the expected mean squares: σ²_S = Σ_{T ⊇ S} (−1)^{|T|−|S|} MS_T / Π_{f ∉ S} n_f."""
    shape = tuple(design.levels.values())
    y = np.empty(shape)
    y[tuple(design.codes.values())] = design.y
    ms, df = np.empty(len(effects)), np.empty(len(effects))
    at = {e: i for i, e in enumerate(effects)}
    for effect, i in at.items():
        gone = tuple(a for a, name in enumerate(design.names) if name not in effect)
        part = y.mean(axis=gone, keepdims=True)
        for axis in set(range(y.ndim)) - set(gone):
            part = part - part.mean(axis=axis, keepdims=True)
        df[i] = np.prod([design.levels[f] - 1 for f in effect])
        ms[i] = (part**2).sum() * y.size / part.size / df[i]
    signs = np.array([[_sign(s, t) for t in effects] for s in effects])
    size = np.array(
        [np.prod([design.levels[f] for f in design.names if f not in e]) for e in effects]
    )
    return _Found(
        raw=signs @ ms / size,
        se=np.sqrt(signs**2 @ (2 * ms**2 / (df + 2))) / size,
        ms=ms,
        df=df,
    )


def _sign(inner: Effect, outer: Effect) -> int:
    return (-1) ** (len(outer) - len(inner)) if set(inner) <= set(outer) else 0


def _restricted(design: _Design, effects: list[Effect]) -> _Found:
    groups = {_named(e): _joint([design.codes[f] for f in e]) for e in effects[:-1]}
    counts = {name: int(code.max()) + 1 for name, code in groups.items()}
    full = [name for name, count in counts.items() if count == len(design.y)]
    twins = [
        (a, b)
        for a, b in combinations(groups, 2)
        if counts[a] == counts[b] == len(np.unique(_joint([groups[a], groups[b]])))
    ]
    if full or twins:
        raise ValueError(
            "the design must tell effects apart, got "
            f"{full or twins} which coincide{' with the residual' if full else ''}; say "
            "nested={'voter': 'target'} if each target has its own voters, or leave a facet out"
        )
    fitted = mixed_model(design.y, groups)
    raw = np.array(list(fitted.components.values()))
    blank = np.full(len(effects), np.nan)
    return _Found(raw, blank, blank.copy(), blank.copy())
