"""A dataset from a long table that was collected elsewhere: voter, target, value."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from ..errors import DatasetError
from ..poll import Constituency, Target
from ..questionnaire import Text
from .counting import plain, totals
from .folder import Dataset
from .writing import Content, write

ITEM = "value"


def import_table(
    path: str | Path, folder: Path, *, voter: str, target: str, value: str, voter_class: str = ""
) -> Dataset:
    """Make a dataset of ratings that were never sealed; its manifest says so.

    Parameters
    ----------
    path : str or Path
        A CSV file (also ``.csv.gz``), one rating a row.
    folder : Path
        The dataset folder to make.
    voter, target, value : str
        Column names. Values are numbers, higher is better, kept as they are.
    voter_class : str, optional
        A column with voter classes; all weigh the same.

    Raises
    ------
    DatasetError
        With the column or cell that cannot be used; nothing is written.
    """
    table = _read(Path(path), [c for c in (voter, target, value, voter_class) if c])
    is_number = np.isfinite(pd.to_numeric(table[value], errors="coerce").to_numpy(dtype=float))
    if not is_number.all():
        row = int(is_number.argmin())
        raise DatasetError.of(
            "table-number", f"{Path(path).name} › {value}{row + 2}", got=table[value].iloc[row]
        )
    twice = table.duplicated([voter, target])
    if twice.any():
        row = int(twice.to_numpy().argmax())
        params = {"voter": table[voter].iloc[row], "target": table[target].iloc[row]}
        raise DatasetError.of("table-twice", f"{Path(path).name} › {row + 2}", **params)
    classes = table[voter_class] if voter_class else pd.Series("all", index=table.index)
    return _write(folder, table[voter], table[target], table[value], classes)


def _read(path: Path, columns: list[str]) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype=str, encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise DatasetError.of("file-missing", str(path)) from error
    except (OSError, ValueError) as error:
        raise DatasetError.of("table-unreadable", str(path), why=str(error)[:200]) from error
    if table.empty and len(table.columns):
        raise DatasetError.of("table-unreadable", path.name, why="没有数据行 no rows")
    for column in columns:
        if column not in table:
            known = ", ".join(map(str, table.columns))
            raise DatasetError.of("table-column", path.name, column=column, known=known)
    if table[columns].isna().any().any():
        column = table[columns].columns[table[columns].isna().any()][0]
        row = int(table[column].isna().to_numpy().argmax())
        raise DatasetError.of("table-empty", f"{path.name} › {column}{row + 2}")
    return table


def _write(
    folder: Path, voter: pd.Series, target: pd.Series, value: pd.Series, classes: pd.Series
) -> Dataset:
    content = Content()
    counts: dict[str, Counter[str]] = {}
    frame = pd.DataFrame({"voter": voter, "target": target, "value": value, "cls": classes})
    for (_, cls), given in frame.groupby(["voter", "cls"], sort=False):
        answers = [(ITEM, t, v) for t, v in zip(given["target"], given["value"], strict=True)]
        content.add(str(cls), answers)
        count = counts.setdefault(str(cls), Counter())
        count["cast"] += 1
        count["valid"] += 1
        count["asked"] += len(answers)
        count["answered"] += len(answers)
    names = sorted(frame["target"].unique(), key=lambda t: (len(t), t))
    weight = 1 / len(counts)
    codebook = {
        "questionnaire": None,
        "targets": [Target(name=t, label=Text(zh=t)).model_dump(mode="json") for t in names],
        "classes": [
            Constituency(name=c, base=c, label=Text(zh=c), weight=weight, issued=0).model_dump(
                mode="json"
            )
            for c in sorted(counts)
        ],
    }
    rows = plain(counts)
    facts = {
        "poll": "",
        "source": "table",
        "form_id": "",
        "version": "",
        "access": "table",
        "k": 5,
        "counts": rows,
        "totals": totals(rows),
    }
    return write(folder, content, codebook, facts)
