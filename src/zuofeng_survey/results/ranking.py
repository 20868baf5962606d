"""From a dataset to a ranking with everything that says how far it can be trusted.

The same call serves the command line, the notebooks and the evaluators' views, so that all three
show the same numbers. The seed comes from the dataset's hash: whoever re-runs gets the same digits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .. import scoring
from ..dataset import Dataset
from ..errors import Problem, UsageError
from ..html import note, p_said, shown, table_html
from ..stats.fragility import Fragility, fewest_ballots
from ..stats.ranking import BottomSets, bottom_sets
from .panel import usable_panel

DRAWS = 9999
LARGE = 200
GOOD = 75.0
MOST_FREE = 6  # so many who are free of the bottom are named, more are counted
KEPT = 256  # rankings held: an annual report and a view ask for the same ones again and again
NOTE = {
    "zh": "测评结果受人数、了解程度等影响，仅供综合研判参考，不得仅凭名次作出处理；"
    "本人有异议的，可在收到书面通知后按规定申请复核。",
    "en": "Results depend on how many voted and how well they know the work. They are one reference "
    "among others: no measure may rest on a rank alone, and whoever is rated may ask for a review.",
}


_made: dict[tuple, Ranking] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """The ranking of one poll.

    Attributes
    ----------
    dataset, hash : str
        What was ranked; with ``base``, ``score_map``, ``bottom.seed`` and ``bottom.draws`` it
        reproduces every number.
    bottom : BottomSets
        Rank sets and what can be said of the bottom k.
    labels : tuple of str
    n : ndarray, shape (N,)
        Valid ballots for each target.
    good_rate : ndarray, shape (N,)
        Share of valid overall grades in the two upper grades; NaN where there is no such item.
    dk_rate : ndarray, shape (N,)
        Share of 不了解 among the answers to the overall item.
    fragility : Fragility or None
        How few ballots change the bottom k; None where the panel is too large to ask.
    problems : tuple of Problem
        What weakens this ranking and what was left out of it.
    """

    dataset: str
    hash: str
    base: str
    score_map: str
    bottom: BottomSets
    labels: tuple[str, ...]
    n: np.ndarray
    good_rate: np.ndarray
    dk_rate: np.ndarray
    fragility: Fragility | None
    problems: tuple[Problem, ...] = ()

    def table(self) -> pd.DataFrame:
        """Return one row a target, best first, unrounded."""
        sets = self.bottom.sets
        frame = pd.DataFrame(
            {
                "target": self.bottom.unit,
                "label": self.labels,
                "estimate": sets.estimate,
                "se": sets.se,
                "rank": sets.rank,
                "lower": sets.lower,
                "upper": sets.upper,
                "p_bottom": self.bottom.p_bottom,
                "n": self.n,
                "good_rate": self.good_rate,
                "dk_rate": self.dk_rate,
            }
        )
        order = ["rank", "target"]
        return frame.sort_values(order, ignore_index=True)

    def standing(self) -> pd.Series:
        """Return target → ``certain``, ``open`` or ``free`` of the bottom k."""
        b = self.bottom
        said = np.where(b.certain, "certain", np.where(b.cannot_exclude, "open", "free"))
        return pd.Series(said, index=list(b.unit), name="standing")

    def verdict(self, lang: str = "zh") -> str:
        """Return in one sentence what the bottom of this ranking can carry."""
        b = self.bottom
        names = "、".join(label for label, low in zip(self.labels, b.observed, strict=True) if low)
        if lang == "en":
            said = "verified" if b.verified else "NOT verified"
            gap = f"gap {b.gap:.2f}, needed {b.gap_needed:.2f}, p{p_said(b.p_value, ' ')}"
            return f"Bottom {b.k}: {names} — {said} ({gap})."
        said = "经得起检验" if b.verified else "不能确认（差距在误差以内）"
        gap = f"与上一位相差 {b.gap:.2f} 分，需要 {b.gap_needed:.2f} 分，p{p_said(b.p_value)}"
        return f"后{b.k}位：{names}。{said}：{gap}。"

    def standings(self, lang: str = "zh") -> str:
        """Return in one sentence who is certainly in the bottom k and who cannot be excluded.

        Many who are free of it are counted, not listed: the sentence is about the others.
        """
        standing = self.standing()
        label = dict(zip(self.bottom.unit, self.labels, strict=True))
        order = self.table()["target"]

        def named(word: str, most: int = len(order)) -> str:
            found = [label[t] for t in order if standing[t] == word]
            if len(found) > most:
                return f"the other {len(found)}" if lang == "en" else f"其余 {len(found)} 人"
            return "、".join(found) or ("nobody" if lang == "en" else "没有")

        sure, open_, free = named("certain"), named("open"), named("free", MOST_FREE)
        if lang == "en":
            return f"Certainly in the bottom {self.bottom.k}: {sure}; cannot be excluded: {open_}; free of it: {free}."
        return f"必在后{self.bottom.k}位：{sure}；不能排除：{open_}；可以排除：{free}。"

    def absolute(self, lang: str = "zh") -> str:
        """Return in one sentence how the observed bottom k are graded by themselves."""
        low = [
            f"{label} {shown(float(rate), 'good_rate', n)}"
            for label, rate, n, is_low in zip(
                self.labels, self.good_rate, self.n, self.bottom.observed, strict=True
            )
            if is_low
        ]
        if lang == "en":
            return f"In the two upper grades: {'; '.join(low)}. A low rank is no low grade."
        return f"等次本身：{'、'.join(low)}被评为称职（较好）以上。名次靠后不等于不称职。"

    def fragile(self, lang: str = "zh") -> str:
        """Return in one sentence how few ballots the bottom k hangs on; empty where not asked."""
        found = self.fragility
        if found is None:
            return ""
        if found.ballots == 0:
            code = "fragile-tied"
        elif found.flip1:
            code = "fragile-one"
        elif found.ballots is None:
            more = "fragile-more" if found.at_most is None else "fragile-between"
            code = "fragile-none" if found.exact else more
        else:
            code = "fragile-some"
        said = {"n": found.ballots, "k": found.k, "least": found.at_least, "most": found.at_most}
        problem = Problem(code, "", said)
        return problem.en if lang == "en" else problem.zh

    def remarks(self, lang: str = "zh") -> str:
        """Return what weakens this ranking and what was left out of it, a line each."""
        return "\n".join(p.en if lang == "en" else p.zh for p in self.problems)

    def _repr_html_(self) -> str:
        said = [self.verdict(), self.fragile(), *(p.zh for p in self.problems), NOTE["zh"]]
        return table_html(self.table()) + "".join(note(s) for s in said if s)


def rank(
    dataset: Dataset,
    *,
    k: int = 0,
    base: str = "",
    score_map: str = "",
    coverage: float = 0.95,
    draws: int = 0,
) -> Ranking:
    """Rank the targets of a dataset, with simultaneous rank sets and the test of its bottom k.

    Parameters
    ----------
    dataset : Dataset
    k : int
        How many last places the plan names; 2 for deputies (FZ), else 1.
    base, score_map : str
        As in :mod:`zuofeng_survey.scoring`; the questionnaire's own by default.
    coverage : float
        Of all rank sets together.
    draws : int
        Sign draws; 9,999 by default, 1,999 where there are more than 200 targets.

    Raises
    ------
    UsageError
        When there is nothing to rank, or more last places than there can be.
    """
    named = k or default_k(dataset)
    key = (str(dataset.path), dataset.hash, named, base, score_map, coverage, draws)
    found = _made.pop(key, None)
    if found is None or (k and found.bottom.k != k):
        found = _rank(dataset, k, base, score_map, coverage, draws)
    if len(_made) >= KEPT:
        _made.pop(next(iter(_made)), None)
    return _made.setdefault(key, found)


def _rank(dataset: Dataset, k: int, base: str, score_map: str, coverage: float, draws: int) -> Ranking:
    found = usable_panel(dataset, base=base, score_map=score_map)
    large = len(found.targets) > LARGE
    most = len(found.targets) - 1
    if not 0 <= k <= most:
        raise UsageError.of("bottom-k", dataset.name, got=k, most=most)
    k = min(k or default_k(dataset), most)
    frame = pd.DataFrame(found.scores, columns=list(found.targets))
    common = {"k": k, "weights": found.weights}
    bottom = bottom_sets(
        frame,
        found.voter_class,
        coverage=coverage,
        draws=draws or (1999 if large else DRAWS),
        seed=int(dataset.hash[:8], 16),
        **common,
    )
    composite = None if dataset.is_imported else dataset.questionnaire.composite
    good, dk = _absolute(dataset, found.targets)
    return Ranking(
        dataset=dataset.name,
        hash=dataset.hash,
        base=base or (composite.base if composite else "value"),
        score_map=score_map or "published",
        bottom=bottom,
        labels=found.labels,
        n=np.isfinite(found.scores).sum(axis=0),
        good_rate=good,
        dk_rate=dk,
        fragility=None if large else fewest_ballots(frame, found.voter_class, **common),
        problems=(*found.problems, *said(bottom.notes)),
    )


def said(codes: tuple[str, ...]) -> list[Problem]:
    """Return the statistics' codes as sentences of the catalogue."""
    return [Problem(f"note-{code}") for code in dict.fromkeys(codes)]


def turnout(dataset: Dataset) -> pd.DataFrame:
    """Return issued, cast and valid ballots of each class and in all; never what they say."""
    label = {c.base: c.label.zh for c in dataset.classes if not c.targets}
    rows = [
        (f"{name} {label.get(name, '')}".strip(), c["issued"], c["cast"], c["valid"])
        for name, c in (*dataset.manifest["counts"].items(), ("合计", dataset.manifest["totals"]))
    ]
    frame = pd.DataFrame(rows, columns=["voter_class", "issued", "cast", "valid"])
    rate = frame["cast"] / frame["issued"].where(frame["issued"] > 0)
    return frame.assign(return_rate=rate)


def default_k(dataset: Dataset) -> int:
    """Return how many last places the plan names: 2 deputies, 1 secretary."""
    return 2 if dataset.manifest["form_id"] == "FZ" else 1


def grades(dataset: Dataset) -> pd.DataFrame:
    """Return how many graded each target overall (``n``) and the share of each grade.

    Columns are in the order of the choices, 不了解 among them. A target with fewer than k answers
    is left empty; where all voters agree the share is shown as at most 0.9, so that nobody's mark
    can be read off.

    Raises
    ------
    UsageError
        ``not-a-ballot`` for a questionnaire that rates nobody.
    """
    if dataset.is_imported or dataset.questionnaire.composite is None:
        raise UsageError.of("not-a-ballot", dataset.name)
    q = dataset.questionnaire
    choices = q.choices_of(q.items[q.composite.overall])  # type: ignore[union-attr]
    wide = _overall(dataset, [t.name for t in dataset.targets])
    wide = wide.reindex(columns=[c.name for c in choices], fill_value=0)
    total = wide.sum(axis=1)
    share = wide.div(total.where(total >= dataset.manifest["k"]), axis=0)
    unanimous = share.max(axis=1) == 1
    share.loc[unanimous] = share.loc[unanimous].clip(upper=0.9)
    share = share.rename(columns={c.name: c.label.zh for c in choices})
    share.insert(0, "n", total.where(total >= dataset.manifest["k"]))
    return share


def _overall(dataset: Dataset, targets: list[str]) -> pd.DataFrame:
    """Return target × answer to the overall item: how many gave it."""
    item = dataset.questionnaire.composite.overall  # type: ignore[union-attr]
    counts = dataset.once(("distribution", item), lambda: scoring.distribution(dataset, item).execute())
    wide = counts.pivot(index="target", columns="value", values="count")
    return wide.reindex(targets).fillna(0)


def _absolute(dataset: Dataset, targets: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    none = np.full(len(targets), np.nan)
    if dataset.is_imported or dataset.questionnaire.composite is None:
        return none, none
    q = dataset.questionnaire
    choices = q.choices_of(q.items[q.composite.overall])  # type: ignore[union-attr]
    wide = _overall(dataset, list(targets))
    total = wide.sum(axis=1)

    def add(names: list[str]) -> pd.Series:
        return wide.reindex(columns=names, fill_value=0).sum(axis=1)

    scored = add([c.name for c in choices if c.score is not None])
    good = add([c.name for c in choices if c.score is not None and c.score >= GOOD])
    dk = add([c.name for c in choices if c.missing == "dk"])
    rate = good / scored.where(scored > 0)
    return rate.to_numpy(), (dk / total.where(total > 0)).to_numpy()
