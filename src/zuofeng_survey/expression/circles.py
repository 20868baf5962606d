"""Circles of relevance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter


def find_cycle(graph: Mapping[str, Iterable[str]]) -> list[str] | None:
    """Return one circle of names, first and last alike, or None when there is none.

    Parameters
    ----------
    graph : mapping
        Name → the names its expression asks for.

    Examples
    --------
    >>> find_cycle({"a": {"b"}, "b": {"c"}, "c": {"a"}})
    ['a', 'b', 'c', 'a']
    """
    ordered = {name: sorted(graph[name]) for name in sorted(graph)}
    try:
        TopologicalSorter(ordered).prepare()
    except CycleError as circle:
        path = circle.args[1][:0:-1]  # each asks for the next; start at the smallest name
        first = path.index(min(path))
        return [*path[first:], *path[:first], path[first]]
    return None
