"""How far a long job is, on stderr."""

from __future__ import annotations

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from .output import talk


class bar:
    """A progress bar on stderr; calling it with (done, all) moves it."""

    def __init__(self, title: str) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
        self._progress = Progress(*columns, TimeRemainingColumn(), console=talk)
        self._task = self._progress.add_task(title, total=None)

    def __enter__(self) -> bar:
        self._progress.start()
        return self

    def __call__(self, done: int, of: int) -> None:
        self._progress.update(self._task, completed=done, total=of)

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
