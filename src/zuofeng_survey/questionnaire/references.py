"""Names must lead somewhere: lists, scales, items in expressions, and no circle of relevance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ..errors import DefinitionError, Problem, nearest
from ..expression import find_cycle, parse
from .model import NAME, Group, Item, Questionnaire


def broken_references(questionnaire: Questionnaire, place: str) -> list[Problem]:
    """Return every problem that makes the questionnaire unusable, in the order of the survey."""
    problems = [*_names(questionnaire, place)]
    for group in questionnaire.survey:
        problems += _expressions(questionnaire, group, group, f"{place} › {group.name}")
        for item in group.items:
            where = f"{place} › {item.name}"
            problems += _lists(questionnaire, group, item, where)
            problems += _expressions(questionnaire, group, item, where)
    problems += _composite(questionnaire, place)
    if not problems and (circle := find_cycle(relevance_graph(questionnaire))):
        path = " → ".join(circle)
        problems.append(Problem("circular", f"{place} › {circle[0]} › relevant", {"path": path}))
    return problems


def relevance_graph(questionnaire: Questionnaire) -> dict[str, set[str]]:
    """Return item → the items that decide whether it is shown."""
    graph: dict[str, set[str]] = {}
    for group, item in questionnaire.walk():
        names = set()
        for source in (group.relevant, item.relevant):
            names |= set(parse(source).names) if source else set()
        graph[item.name] = names | ({item.repeat_over} if item.repeat_over else set())
    return graph


def _names(questionnaire: Questionnaire, place: str) -> Iterator[Problem]:
    names = [n for g in questionnaire.survey for n in (g.name, *(i.name for i in g.items))]
    others = [f"{i.name}_other" for _, i in questionnaire.walk() if i.or_other]
    for name, count in Counter([*names, *others]).items():
        if count > 1:
            yield Problem("duplicate-name", f"{place} › {name}", {"name": name}, name)
        if not NAME.fullmatch(name):
            yield Problem("bad-name", f"{place} › {name}", {"name": name}, name)
    for list_name, choices in questionnaire.choices.items():
        for name, count in Counter(c.name for c in choices).items():
            if count > 1:
                where = f"{place} › choices › {list_name}"
                yield Problem("duplicate-choice", where, {"name": name, "list": list_name})
    for name, count in Counter(c.name for c in questionnaire.voter_classes).items():
        where = f"{place} › voter_classes › {name}"
        if count > 1:
            yield Problem("duplicate-name", where, {"name": name})
        if not NAME.fullmatch(name):
            yield Problem("bad-name", where, {"name": name})


def _lists(q: Questionnaire, group: Group, item: Item, where: str) -> Iterator[Problem]:
    if item.is_select and not q.choices.get(item.list_name):
        near = nearest(item.list_name, q.choices)
        yield Problem(
            "unknown-list", where, {"list": item.list_name, "near": near or "—"}, item.name
        )
    if item.scale and item.scale not in q.scales:
        near = nearest(item.scale, q.scales)
        yield Problem("unknown-scale", where, {"scale": item.scale, "near": near or "—"}, item.name)
    if item.repeat_over:
        source = q.items.get(item.repeat_over)
        if item.kind != "text" or source is None or source.kind != "select_multiple":
            yield Problem("repeat-over", where, {"name": item.repeat_over}, item.name)
        elif source.name in _in_other_repeats(q, group):
            yield Problem("name-in-repeat", where, {"name": item.repeat_over}, item.name)
    if group.repeat_over and not _may_repeat(group, item):
        yield Problem("ballot-type", where, {"type": item.type}, item.name)


def _may_repeat(group: Group, item: Item) -> bool:
    """Return whether answers of this item keep apart from row to row and from target to target."""
    if item.or_other or item.repeat_over or item.kind == "rank":
        return False
    return group.repeat_over == "rows" or item.kind in ("select_one", "text", "note")


def _in_other_repeats(q: Questionnaire, group: Group) -> set[str]:
    return {i.name for g in q.survey if g.repeat_over and g is not group for i in g.items}


def _expressions(
    q: Questionnaire, group: Group, row: Group | Item, where: str
) -> Iterator[Problem]:
    for key in ("relevant", "constraint"):
        source = getattr(row, key, "")
        if not source:
            continue
        try:
            expression = parse(source, place=f"{where} › {key}")
        except DefinitionError as error:
            yield from error.problems
            continue
        for name in sorted(expression.names - q.items.keys()):
            near = nearest(name, q.items)
            hint = f"→ ${{{near}}}?" if near else ""
            params = {"name": name, "hint": hint}
            yield Problem("unknown-name", f"{where} › {key}", params, row.name)
        for name in sorted(expression.names & _in_other_repeats(q, group)):
            yield Problem("name-in-repeat", f"{where} › {key}", {"name": name}, row.name)


def _composite(q: Questionnaire, place: str) -> Iterator[Problem]:
    if q.settings.purpose == "ranking" and q.composite is None:
        yield Problem("ranking-needs-composite", place)
    if q.settings.purpose == "ranking" and not q.voter_classes:
        yield Problem("ranking-needs-classes", place)
    rated = {i.name for g, i in q.walk() if g.repeat_over == "targets" and i.kind == "select_one"}
    for name in (q.composite.overall, *q.composite.dims) if q.composite else ():
        if name not in rated:
            near = nearest(name, rated) or "—"
            yield Problem("composite-item", f"{place} › composite", {"name": name, "near": near})
    for map_name, lists in q.score_maps.items():
        for list_name, scores in lists.items():
            known = {c.name for c in q.choices.get(list_name, ())}
            for name in sorted(set(scores) - known):
                where = f"{place} › score_maps › {map_name} › {list_name}"
                yield Problem("score-map-choice", where, {"name": name})
