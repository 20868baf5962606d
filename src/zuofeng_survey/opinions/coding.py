"""Two people code each text by themselves; what they agree on counts, and how far they agree is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..html import table_html
from ..stats.kappa import Kappa, cohen_kappa

SOUND = 0.6  # Landis & Koch 1977, doi 10.2307/2529310: "substantial" begins at .61


@dataclass(frozen=True, slots=True, eq=False)
class Coding:
    """What two coders made of the same texts.

    Attributes
    ----------
    first, second : tuple of str
        Their codes, a text each.
    settled : tuple of str
        The code both gave or a third person decided; empty where the two differ and nobody has.
    kappa : Kappa
        Agreement beyond chance, with its interval.
    """

    first: tuple[str, ...]
    second: tuple[str, ...]
    settled: tuple[str, ...]
    kappa: Kappa

    @property
    def open(self) -> tuple[int, ...]:
        """Positions of the texts that a third person has still to decide."""
        return tuple(i for i, code in enumerate(self.settled) if not code)

    @property
    def is_sound(self) -> bool:
        """Whether the codes may be counted: the lower end of κ's interval is .4 or more and κ .6."""
        return self.kappa.estimate >= SOUND and self.kappa.lower >= SOUND - 0.2

    def table(self) -> pd.DataFrame:
        """Return one row a code: code, first, second, both (texts)."""
        one, two = np.asarray(self.first), np.asarray(self.second)
        rows = [
            (c, int((one == c).sum()), int((two == c).sum()), int(((one == c) & (two == c)).sum()))
            for c in sorted({*self.first, *self.second})
        ]
        return pd.DataFrame(rows, columns=["code", "first", "second", "both"])

    def verdict(self, lang: str = "zh") -> str:
        """Return in one sentence whether the two coders saw the same."""
        k, left = self.kappa, len(self.open)
        if lang == "en":
            said = "may be counted" if self.is_sound else "must be talked over before they are counted"
            return f"κ = {k.estimate:.2f} ({k.lower:.2f} to {k.upper:.2f}); {left} to settle; the codes {said}."
        said = "可以汇总" if self.is_sound else "要先讨论口径再汇总"
        return f"两人编码一致性 κ={k.estimate:.2f}（{k.lower:.2f}—{k.upper:.2f}）；{left} 条待第三人定；编码{said}。"

    def _repr_html_(self) -> str:
        return table_html(self.table(), caption=self.verdict())


def compare(
    first: Sequence[str], second: Sequence[str], *, third: Sequence[str] = (), coverage: float = 0.95
) -> Coding:
    """Put two people's codes side by side.

    Parameters
    ----------
    first, second : sequence of str, length n
        One code a text, in the same order, each given without sight of the other.
    third : sequence of str, length n, optional
        Who decides where they differ; empty where not decided. Where the two agree it is not asked.
    coverage : float
        Of κ's interval.

    Raises
    ------
    ValueError
        Lengths differ, or a text has no code of one of the two.

    Examples
    --------
    >>> compare(["a", "b", "a"], ["a", "b", "b"], third=["", "", "a"]).settled
    ('a', 'b', 'a')
    """
    one, two = tuple(first), tuple(second)
    decided = tuple(third) or ("",) * len(one)
    if not len(one) == len(two) == len(decided):
        raise ValueError(
            f"both coders must code the same texts, got {len(one)}, {len(two)} and {len(decided)} codes"
        )
    if missing := [i for i, pair in enumerate(zip(one, two, strict=True)) if not all(pair)]:
        raise ValueError(f"every text needs a code of both; without one: {missing[:10]}")
    settled = tuple(a if a == b else c for a, b, c in zip(one, two, decided, strict=True))
    return Coding(one, two, settled, cohen_kappa(one, two, coverage=coverage))
