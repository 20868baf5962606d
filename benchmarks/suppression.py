"""Over 200 random populations: does what is released determine a cell under k = 5? As JSON.

Each population of 20–400 people has a town, an age and a role; a breakdown by each is released, as
``mass_opinion`` hides it, and every small cell is bounded by linear programming from all of them
together. ``single_only`` is the same with primary suppression alone, to show that the attack bites.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

POPULATIONS = int(os.environ.get("SUPPRESSION_POPULATIONS", "200"))
SEED = 20200101


def run() -> dict[str, Any]:
    from populations import attack, random_people, release

    start = time.perf_counter()
    small = told = naive = 0
    for n in range(POPULATIONS):
        people = random_people(np.random.default_rng([SEED, n]))
        found = attack(release(people))
        small += len(found.rows)
        told += len(found.told)
        naive += len(attack(release(people, hide=False)).told)
    return {
        "populations": POPULATIONS,
        "small_cells": small,
        "determined": told,
        "determined_single_only": naive,
        "seconds": time.perf_counter() - start,
    }
