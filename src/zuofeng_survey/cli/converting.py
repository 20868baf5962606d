"""``zuofeng convert``: a questionnaire from YAML to an XLSForm workbook, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from .output import catalogued, talk


@catalogued
def convert(
    source: Annotated[str, typer.Argument(help="form id, .yaml or .xlsx 题本")],
    target: Annotated[Path, typer.Argument(help="the .xlsx or .yaml to write 写到")],
    replace: Annotated[bool, typer.Option("--replace", help="overwrite what is there 覆盖原文件")] = False,
) -> None:
    """Turn a questionnaire into an XLSForm workbook, or back 题本转成 Excel 或转回. Example: zuofeng convert MY MY.xlsx"""
    from ..questionnaire import dumps
    from ..xlsform import load, write

    is_workbook = target.suffix.lower() == ".xlsx"
    if not is_workbook and target.suffix.lower() not in (".yaml", ".yml"):
        raise UsageError.of("convert-ending", str(target), got=target.name)
    if target.exists() and not replace:
        raise UsageError.of("convert-exists", str(target))
    questionnaire = load(source)
    if is_workbook:
        write(questionnaire, target)
    else:
        partial = target.with_name(f"{target.name}.partial")
        partial.write_text(dumps(questionnaire), encoding="utf-8")
        partial.replace(target)
    talk.print(f"✓ {questionnaire} → {target}", markup=False)
