"""``zuofeng plan``: what a bottom-k rule would do, before anyone votes."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from .options import FormatOption, parse_counts, parse_shares, parse_sizes
from .output import Format, catalogued, rows_out, talk
from .progress import bar

if TYPE_CHECKING:
    from ..stats.plans import PlanDesign

LIMITS = {"--years": (1, 9), "--reps": (20, 100_000), "--pools": (1, 1000)}
CROWDED = 2_000_000  # grades a year; more would not fit the memory of an office machine


class Spread(StrEnum):
    """How much targets truly differ."""

    none = "none"
    moderate = "moderate"
    strong = "strong"


@catalogued
def plan(
    voters: Annotated[str, typer.Option(help="voters a class in each pool, such as A=5,B=14")],
    targets: Annotated[str, typer.Option(help="targets in each pool, or one number a pool: 7,7,6")],
    k: Annotated[int, typer.Option("-k", help="how many last places 后几位")] = 1,
    pools: Annotated[int, typer.Option(help="how many pools 几个排名范围, such as townships")] = 1,
    spread: Annotated[Spread, typer.Option(help="how much targets truly differ 真实差距")] = Spread.moderate,
    years: Annotated[int, typer.Option(help="years in a row 连续几年")] = 3,
    weights: Annotated[str, typer.Option(help="class weights, such as A=0.3,B=0.7; default: every voter the same")] = "",
    reps: Annotated[int, typer.Option(help="meetings simulated 模拟次数")] = 400,
    seed: Annotated[int, typer.Option(min=0, help="same seed, same numbers 随机种子")] = 1,
    chart: Annotated[Path | None, typer.Option(help="draw to this .svg or .png 画图")] = None,
    format: FormatOption = Format.table,
) -> None:  # fmt: skip
    """Before anyone votes: would the bottom k be right? 投票前先算. Example: zuofeng plan --voters A=5,B=14,C=20,D=10 --targets 6 -k 2 --pools 12"""
    for option, value in (("--years", years), ("--reps", reps), ("--pools", pools)):
        low, high = LIMITS[option]
        if not low <= value <= high:
            raise UsageError.of("plan-number", option, option=option, low=low, high=high, got=value)
    _drawable(chart)
    design = _design(voters, parse_sizes(targets, pools), k=k, years=years, weights=weights)
    from ..stats.planning import plan as simulate

    with bar("plan 模拟") as progress:
        found = simulate(design, spread=spread.value, reps=reps, seed=seed, progress=progress)
    for lang in ("zh", "en"):
        talk.print(found.verdict(lang), markup=False)
    if chart:
        from ..charts import plan_plot, save

        save(plan_plot(found), str(chart))
        talk.print(f"✓ {chart}", markup=False)
    frame = found.table()
    rows = [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
    rows_out(rows, format, list(frame.columns))


def _drawable(chart: Path | None) -> None:
    if chart and chart.suffix.lower() not in (".svg", ".png"):
        raise UsageError.of("chart-file", "--chart", got=chart.name)
    if chart and not chart.parent.is_dir():
        raise UsageError.of("chart-folder", "--chart", got=str(chart.parent))


def _design(voters: str, sizes: tuple[int, ...], *, k: int, years: int, weights: str) -> PlanDesign:
    from ..stats.plans import PlanDesign

    counts, shares = parse_counts(voters, "--voters"), parse_shares(weights, "--weights")
    if not counts or min(counts.values()) < 1 or sum(counts.values()) < 3:
        raise UsageError.of("plan-voters", "--voters", got=voters)
    if not 1 <= k < min(sizes):
        raise UsageError.of("plan-k", "-k", least=min(sizes), got=k)
    if (crowd := sum(counts.values()) * max(sizes)) > CROWDED:
        option = "--voters × --targets"
        raise UsageError.of("plan-number", option, option=option, low=6, high=CROWDED, got=crowd)
    if shares and set(shares) != set(counts):
        named = {"classes": "、".join(counts), "got": "、".join(shares)}
        raise UsageError.of("plan-weights", "--weights", **named)
    return PlanDesign(counts, sizes, k, weights=shares, years=years)
