"""Random populations and the tables a survey of them releases, for the suppression figure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from zuofeng_survey.results.disclosure import Bounds, Shown, cell_bounds
from zuofeng_survey.results.release import hidden

K = 5


@dataclass(frozen=True)
class Released:
    """What is shown of a population and what is not."""

    levels: dict[str, list[str]]
    shown: list[Shown]
    small: list[dict[str, str]]


def random_people(rng: np.random.Generator) -> pd.DataFrame:
    """Return respondents with a town, an age and a role; some levels hardly occur."""
    n = int(rng.integers(20, 400))
    sizes = {"town": rng.integers(3, 13), "age": rng.integers(2, 5), "role": rng.integers(2, 5)}
    return pd.DataFrame(
        {
            m: rng.choice([f"{m}{i}" for i in range(k)], size=n, p=rng.dirichlet(np.full(k, 0.6)))
            for m, k in sizes.items()
        }
    )


def release(people: pd.DataFrame, *, hide: bool = True) -> Released:
    """Break people down by each margin as mass_opinion does; ``small`` is what must stay unknown."""
    levels = {m: sorted(people[m].unique()) for m in people}
    shown, small = [Shown({}, float(len(people)))], []
    for m, names in levels.items():
        n = people[m].value_counts().reindex(names).to_numpy()
        flags = hidden(n, k=K) if hide else n < K
        shown += [Shown({m: name}, float(x)) for name, x, gone in zip(names, n, flags, strict=True) if not gone]
        small += [{m: name} for name, x in zip(names, n, strict=True) if x < K]
    return Released(levels, shown, small)


def attack(found: Released) -> Bounds:
    return cell_bounds(found.levels, found.shown, found.small)
