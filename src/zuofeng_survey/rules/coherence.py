"""Settings that contradict each other, each with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import Problem

RULE = "bottom_rule"
SHARES = (
    f"{RULE}.guards.return_rate_min",
    f"{RULE}.guards.dk_rate_max",
    f"{RULE}.guards.abs_floor",
    f"{RULE}.evidence.strong_p",
    f"{RULE}.evidence.medium_p",
    f"{RULE}.evidence.weak_p",
    f"{RULE}.evidence.grade_below",
    f"{RULE}.secretary.share",
    f"{RULE}.deputy.share",
)
ORDERS = (
    (f"{RULE}.evidence.weak_p", f"{RULE}.evidence.medium_p"),
    (f"{RULE}.evidence.medium_p", f"{RULE}.evidence.strong_p"),
)
POSITIVE = (
    f"{RULE}.secretary.n",
    f"{RULE}.deputy.n",
    f"{RULE}.guards.min_ballots",
    f"{RULE}.guards.min_ballots_per_class",
    f"{RULE}.evidence.looks",
    f"{RULE}.ladder.window_years",
)
Values = Mapping[str, Any]


def contradictions(values: Values, place: str) -> list[Problem]:
    """Return what cannot hold together: shares, sizes, orders, weights."""
    return [
        Problem(p.code, f"{place} › {p.place.replace('.', ' › ')}", p.params)
        for part in (_ranges, _pools, _orders, _weights)
        for p in part(values)
    ]


def _ranges(values: Values) -> Iterator[Problem]:
    for key in SHARES:
        if values[key] is not None and not 0 < values[key] <= 1:
            yield Problem("settings-share", key, {"got": values[key]})
    for key in POSITIVE:
        if values[key] < 1:
            yield Problem("settings-positive", key, {"got": values[key]})
    days = values["closeout.lookback_days"]
    if len(days) != 2 or not 0 < days[0] <= days[1]:
        yield Problem("settings-order", "closeout.lookback_days", {"low": days[0] if days else "—", "high": days[-1] if days else "—"})


def _pools(values: Values) -> Iterator[Problem]:
    for kind in ("secretary", "deputy"):
        k, least = values[f"{RULE}.{kind}.n"], values[f"{RULE}.guards.min_pool.{kind}"]
        if k >= least:
            yield Problem("settings-pool", f"{RULE}.{kind}.n", {"k": k, "least": least})
    if values[f"{RULE}.ladder.counting"] == "window" and values[f"{RULE}.ladder.window_years"] < 3:
        params = {"got": values[f"{RULE}.ladder.window_years"], "steps": 3}
        yield Problem("settings-window", f"{RULE}.ladder.window_years", params)


def _orders(values: Values) -> Iterator[Problem]:
    for low, high in ORDERS:
        if values[low] > values[high]:
            params = {"low": values[low], "high": f"{values[high]} ({high})"}
            yield Problem("settings-order", low, params)


def _weights(values: Values) -> Iterator[Problem]:
    for form in ("FZ", "SJ"):
        start = f"class_weights.{form}."
        weights = [v for k, v in values.items() if k.startswith(start)]
        if min(weights) < 0 or abs(sum(weights) - 1) > 1e-9:
            yield Problem("settings-weights", start[:-1], {"got": f"{sum(weights):g}"})
