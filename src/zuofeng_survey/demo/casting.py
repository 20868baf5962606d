"""Every poll of the county's three years: published, and each ballot drawn up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..answers import Answers
from ..poll import Target
from ..publishing import Published, publish
from ..questionnaire import Questionnaire, Text, load
from ..questionnaire import find as find_form
from ..seal import Key
from ..store import Home, Store
from . import ledgers, people
from .county import Respondents, shape


@dataclass(frozen=True, slots=True)
class Round:
    """A published poll, its key, and (code, answers) of all who come."""

    store: Store
    key: Key
    ballots: list[tuple[str, Mapping[str, Any]]]


def rounds(home: Home, *, size: str) -> Iterator[Round]:
    """Publish the polls of all years, and draw up every ballot; ``size`` as in county.yaml."""
    for year in shape()["years"]:
        for town in _towns("FZ", year, size):
            yield _ballots(home, "FZ", town, year)
        for town in _towns("SJ", year, size):
            yield _ballots(home, "SJ", town, year)
        for form_id, n in shape()["open_forms"].items():
            if year == shape()["years"][0] or form_id in shape()["every_year"]:
                yield _forms(home, form_id, year, _few(form_id, n, year, size), small=bool(size))


def count_rounds(*, size: str) -> int:
    """Return how many polls :func:`rounds` makes."""
    years, forms = shape()["years"], shape()["open_forms"]
    towns = sum(len(_towns(form_id, y, size)) for form_id in ("FZ", "SJ") for y in years)
    return towns + len(forms) + (len(years) - 1) * len(shape()["every_year"])


def _towns(form_id: str, year: int, size: str) -> list[Mapping[str, Any]]:
    if not size:
        return shape()["towns"] + ([shape()["offices"]] if form_id == "SJ" else [])
    some = shape()["sizes"][size][form_id]
    return [
        t
        for t in shape()["towns"]
        if t["id"] in some and (form_id == "FZ" or year in some[t["id"]])
    ]


def _few(form_id: str, n: int, year: int, size: str) -> int:
    """Return how many forms are filled in; in a smaller county the first of them."""
    if not size:
        return n
    small = shape()["sizes"][size]
    return small.get(form_id, {}).get(year, max(round(n * small["share"]), 1))


def _ballots(home: Home, form_id: str, town: Mapping[str, Any], year: int) -> Round:
    name = f"{form_id}-{town['name']}-{year}"
    setting = shape()["SJ_office" if "branches" in town else form_id]
    targets = people.deputies(town, year) if form_id == "FZ" else people.secretaries(town)
    made = publish(home, form_id, name, targets=targets, counts=setting["codes"], of=(year, town["name"]))
    voters = Respondents(people.draw(name))
    merit = people.merits(form_id, targets, year)
    ballots = []
    for code, voter_class in _who_comes(made, setting, voters.rng):
        cls = made.poll.class_named(voter_class)
        own = made.poll.targets_of(voter_class)
        seen = people.seen_by(merit, cls.base) if form_id == "FZ" else merit
        answers = voters.ballot(made.poll.questionnaire, seen, own, dk=setting["dk"][cls.base])
        ballots.append((code, answers))
        if len(ballots) == 1 and name == shape()["hostile"]["poll"]:
            ballots[0] = (code, _hostile(made.poll.questionnaire, own))
    return Round(Store.of(home, name), _key(made.key), ballots)


def _who_comes(
    made: Published, setting: Mapping[str, Any], rng: np.random.Generator
) -> Iterator[tuple[str, str]]:
    """Yield the slips that are used, class by class; each class comes with its usual share."""
    slips = sorted(made.slips, key=lambda slip: slip[1])
    low = shape()["low_return"].get(made.poll.name)
    if low:
        comes = rng.permutation(len(slips)) < round(low * len(slips))
    else:
        leads = np.array([slip[1] == "A" for slip in slips])  # the leaders run the meeting
        comes = (rng.random(len(slips)) < setting["attend"]) | leads
    yield from (slip for slip, is_there in zip(slips, comes, strict=True) if is_there)


def _hostile(q: Questionnaire, targets: Sequence[str]) -> Answers:
    """Return the ballot of somebody who wants one person out: the lowest grades, and the best for all others."""
    against = shape()["hostile"]["against"]
    group = next(g for g in q.survey if g.repeat_over == "targets")
    return {
        group.name: {
            t: {i.name: "1" if t == against else "4" for i in group.items} for t in targets
        }
    }


def _forms(home: Home, form_id: str, year: int, n: int, *, small: bool) -> Round:
    name = f"{form_id}-{year}"
    made = publish(home, form_id, name, targets=proposals(form_id), of=(year, ""))
    people_asked = Respondents(people.draw(name))
    q, forms = made.poll.questionnaire, []
    for i in range(n):
        fixed = {"ZT-A02": f"{year}-12-10", **ledgers.fixed(form_id, i, year=year, small=small)}
        lift = 0.0
        if form_id == "MY":
            about, lift = _resident(people_asked.rng, year)
            fixed |= about
        forms.append(("", people_asked.form(q, fixed, targets=made.poll.targets, lift=lift)))
    return Round(Store.of(home, name), _key(made.key), forms)


def _resident(rng: np.random.Generator, year: int) -> tuple[dict[str, str], float]:
    """Return how, where and how old somebody is asked, and how kind that makes the answers."""
    planted = {name: shape()[name] for name in ("forums", "coached", "few")}
    here = {n: p for n, p in planted.items() if p["year"] == year}
    town = str(rng.choice([t["id"] for t in shape()["towns"]]))
    channels, ages = dict(shape()["channels"]), dict(shape()["ages"])
    if "forums" in here and here["forums"]["town"] == town:
        channels = _with_share(channels, "forum", here["forums"]["share"])
    if "few" in here and here["few"]["town"] == town:
        ages = _with_share(ages, here["few"]["age"], here["few"]["share"])
    channel, age = (str(rng.choice(list(c), p=list(c.values()))) for c in (channels, ages))
    mode = "staff" if rng.random() < shape()["assisted"] else "self"
    lift = here["forums"]["lift"] if "forums" in here and channel == "forum" else 0.0
    if "coached" in here and here["coached"]["town"] == town:
        lift += here["coached"]["lift"]
    return {"MY-S01": channel, "MY-S02": mode, "MY-S03": town, "MY-S04": age}, lift


def _with_share(shares: Mapping[str, float], name: str, share: float) -> dict[str, float]:
    rest = sum(s for n, s in shares.items() if n != name)
    return {n: share if n == name else s * (1 - share) / rest for n, s in shares.items()}


def proposals(form_id: str) -> list[Target]:
    """Return the proposals that a discussion (TL) is asked to rate; none for other forms."""
    if form_id != "TL" or not load(find_form("TL")).rates_targets:
        return []
    said = ("窗口中午轮流值班", "报表一张表报到底", "每月下村住一晚")
    return [Target(name=f"P{n}", label=Text(zh=f"建议{n}：{t}")) for n, t in enumerate(said, 1)]


def _key(path: Path) -> Key:
    return Key.loads(path.read_text(encoding="utf-8"))
