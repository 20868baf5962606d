"""``zuofeng …``: one library call a verb. Data goes to stdout, talk to stderr.

Exit codes: 0 clean, 1 findings (a warning, an altered dataset), 2 a usage error.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError, ZuofengError
from .converting import convert
from .desk import desk
from .exchange import ledger, roster
from .opinions import opinions
from .options import HOME, FormatOption, HomeOption
from .output import (
    FINDINGS,
    USAGE,
    Format,
    catalogued,
    dataset_path,
    json_out,
    problems_out,
    rows_out,
    talk,
)
from .planning import plan
from .progress import bar
from .reporting import report
from .rules import rules
from .usage import Verbs

if TYPE_CHECKING:
    from ..store import Home

app = typer.Typer(
    name="zuofeng",
    cls=Verbs,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="从题本到有据可依的名次。From a questionnaire to a ranking that says what it is worth.",
)
app.add_typer(ledger)
app.add_typer(opinions)

DatabaseOption = Annotated[
    str, typer.Option("--database", envvar="ZUOFENG_DATABASE", help="SQLAlchemy URL (PostgreSQL)")
]
STATUS = ("poll", "form_id", "open", "voter_class", "issued", "cast")
DRAWS = 1_000_000  # more would not fit the memory of an office machine
for verb in (convert, desk, plan, report, roster, rules):
    app.command()(verb)


def main() -> None:
    """Run the command line."""
    app()


def _home(path: Path, database: str = "") -> Home:
    from ..store import Home

    return Home.at(path, database=database)


@app.command()
@catalogued
def check(
    files: Annotated[list[str], typer.Argument(help="questionnaire files or form ids")],
    format: FormatOption = Format.table,
) -> None:
    """Check questionnaires 检查题本. Example: zuofeng check questionnaires/FZ.yaml"""
    from ..questionnaire import check as check_style
    from ..xlsform import load, locate

    errors, warnings = [], []
    for name in (f for f in files if not Path(f).name.startswith("_")):
        try:
            path = locate(name)
            questionnaire = load(path)
            warnings += check_style(questionnaire, path.name)
            talk.print(f"✓ {questionnaire}", markup=False)
        except ZuofengError as error:
            errors += error.problems
    problems_out([*errors, *warnings], format)
    if errors or warnings:
        talk.print(f"{len(errors)} errors 错误, {len(warnings)} warnings 提醒")
        raise typer.Exit(FINDINGS)


@app.command("open")
@catalogued
def open_poll(
    form_id: Annotated[str, typer.Argument(help="questionnaire, such as FZ")],
    name: Annotated[str, typer.Option("--name", help="name of the poll 轮次名称")],
    roster: Annotated[Path | None, typer.Option(help="CSV or .xlsx of targets: name,label[,note]")] = None,
    codes: Annotated[str, typer.Option(help="codes a class, such as A=9,B=18")] = "",
    days: Annotated[str, typer.Option(help="first..last, such as 2020-12-20..2020-12-22")] = "",
    year: Annotated[int | None, typer.Option(help="the year judged 考核年度")] = None,
    pool: Annotated[str, typer.Option(help="ranked among 排名范围, such as 甲镇")] = "",
    url: Annotated[str, typer.Option(help="address of the form server")] = "http://127.0.0.1:8866",
    home: HomeOption = HOME,
    database: DatabaseOption = "",
    format: FormatOption = Format.table,
) -> None:
    """Publish a poll 发布一轮. Example: zuofeng open FZ --name fz-2020 --roster r.csv --codes A=5,B=14"""
    from ..publishing import publish, read_roster
    from .options import parse_counts, parse_days

    made = publish(
        _home(home, database),
        form_id,
        name,
        targets=read_roster(roster) if roster else (),
        counts=parse_counts(codes),
        days=parse_days(days),
        of=(year, pool),
        url=url,
    )
    talk.print(f"✓ {made.poll}", markup=False)
    talk.print(f"key 密钥: {made.key}  — take it away from this machine 请移到 U 盘保管", markup=False)
    if made.slips:
        talk.print(f"slips 码单: {made.workbook}, {made.page}", markup=False)
    slips = [{"code": c, "voter_class": v} for c, v in made.slips]
    if format is Format.json:
        paths = {"key": str(made.key), "address": made.address}
        json_out({"poll": name, **paths, "codes": slips})
    elif format is Format.csv:
        rows_out(slips, format, ("code", "voter_class"))
    else:
        classes = [{"voter_class": c.name, "codes": c.issued} for c in made.poll.classes]
        rows_out(classes, format, ("voter_class", "codes"))
        typer.echo(made.address)


@app.command()
@catalogued
def serve(
    port: Annotated[int, typer.Option(envvar="ZUOFENG_PORT", help="port 端口")] = 8866,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    kernels: Annotated[int, typer.Option(help="most Voila kernels at once")] = 30,
    home: HomeOption = HOME,
    database: DatabaseOption = "",
) -> None:
    """Serve the forms 启动填写服务. Example: zuofeng serve --port 8866"""
    from ..web.server import serve as serve_forms

    serve_forms(_home(home, database), port=port, host=host, kernels=kernels)


@app.command()
@catalogued
def results(
    port: Annotated[int, typer.Option(envvar="ZUOFENG_RESULTS_PORT", help="port 端口")] = 8867,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    token: Annotated[str, typer.Option(envvar="ZUOFENG_TOKEN", help="access token")] = "",
    home: HomeOption = HOME,
) -> None:
    """Serve the evaluators' views 启动结果查看. Example: zuofeng results --port 8867"""
    from ..web.results_server import serve_results

    serve_results(_home(home).path / "datasets", port=port, host=host, token=token)


@app.command()
@catalogued
def status(
    home: HomeOption = HOME, database: DatabaseOption = "", format: FormatOption = Format.table
) -> None:
    """Show open polls, never a result 查看进度. Example: zuofeng status --format json"""
    from ..store import Store

    if not home.exists():
        talk.print(f"{home}: 还没有轮次 no poll yet", markup=False)
        rows_out([], format, STATUS)
        raise typer.Exit
    place, rows, today = _home(home, database), [], dt.date.today()
    for name in place.polls():
        store = Store.of(place, name)
        now = store.status()
        is_open = now.open and store.poll.refusal(today) is None
        common = {"poll": now.poll, "form_id": now.form_id, "open": is_open}
        rows += [
            common | {"voter_class": c, "issued": n, "cast": now.cast[c]}
            for c, n in now.issued.items()
        ]
        store.dispose()
    rows_out(rows, format, STATUS)
    if line := place.broken_act():
        talk.print(f"acts.jsonl: line {line} 被改动过 was altered", markup=False)
        raise typer.Exit(FINDINGS)


@app.command()
@catalogued
def freeze(
    poll: Annotated[str, typer.Argument(help="name of the poll")],
    key: Annotated[Path, typer.Option("--key", help="the officers' key file 密钥文件")],
    home: HomeOption = HOME,
    database: DatabaseOption = "",
    format: FormatOption = Format.table,
) -> None:
    """Count a poll into a dataset 计票封存. Example: zuofeng freeze fz-2020 --key fz-2020.key"""
    from ..dataset import freeze as freeze_poll
    from ..seal import Key
    from ..store import Store

    if not key.is_file():
        raise UsageError.of("file-missing", str(key))
    store = Store.of(_home(home, database), poll)
    secret = Key.loads(key.read_text(encoding="utf-8", errors="replace"), place=key.name)
    with bar("freeze 计票") as progress:
        dataset = freeze_poll(store, secret, progress=progress)
    talk.print(f"✓ {dataset}\nhash 指纹: {dataset.hash}\nroot 根: {dataset.manifest['ballots_root']}")
    counts = [{"voter_class": c, **row} for c, row in dataset.manifest["counts"].items()]
    columns = ("voter_class", "issued", "cast", "valid", "void", "blank", "dk")
    if format is Format.json:
        json_out({"dataset": str(dataset.path), "hash": dataset.hash, "counts": counts})
    else:
        rows_out(counts, format, columns)


@app.command()
@catalogued
def verify(
    dataset: Annotated[str, typer.Argument(help="dataset folder or name")],
    home: HomeOption = HOME,
    format: FormatOption = Format.table,
) -> None:
    """Recompute every hash of a dataset 核验数据集. Example: zuofeng verify fz-2020"""
    from ..dataset import Dataset
    from ..dataset import verify as verify_dataset

    path = dataset_path(dataset, home)
    if problems := verify_dataset(path):
        problems_out(problems, format)
        is_there = all(p.code != "dataset-missing" for p in problems)
        raise typer.Exit(FINDINGS if is_there else USAGE)
    opened = Dataset.open(path)
    talk.print(f"✓ {opened}", markup=False)
    rows_out([{"dataset": opened.name, "hash": opened.hash}], format, ("dataset", "hash"))


@app.command()
@catalogued
def score(
    dataset: Annotated[str, typer.Argument(help="dataset folder or name")],
    base: Annotated[str, typer.Option(help="overall, dims or blend 口径")] = "",
    score_map: Annotated[str, typer.Option("--map", help="scoring map 赋分方案")] = "",
    engine: Annotated[str, typer.Option(help="duckdb or spark 计算引擎")] = "duckdb",
    home: HomeOption = HOME,
    format: FormatOption = Format.table,
) -> None:
    """Compute scores 计分. Example: zuofeng score fz-2020 --base dims --engine spark"""
    from .reading import scores

    path = dataset_path(dataset, home)
    rows, columns, notes = scores(path, base=base, score_map=score_map, engine=engine)
    for said in notes:
        talk.print(str(said), markup=False)
    rows_out(rows, format, columns)


@app.command()
@catalogued
def rank(
    dataset: Annotated[str, typer.Argument(help="dataset folder or name")],
    k: Annotated[int, typer.Option("-k", help="how many last places 后几位")] = 0,
    base: Annotated[str, typer.Option(help="overall, dims or blend 口径")] = "",
    score_map: Annotated[str, typer.Option("--map", help="scoring map 赋分方案")] = "",
    coverage: Annotated[float, typer.Option(help="of all rank sets together")] = 0.95,
    draws: Annotated[int, typer.Option(help="sign draws; 0 chooses")] = 0,
    home: HomeOption = HOME,
    format: FormatOption = Format.table,
) -> None:
    """Rank with sets that say what is certain 排名及可信范围. Example: zuofeng rank fz-2020"""
    from ..dataset import Dataset
    from ..results import NOTE
    from ..results import rank as rank_dataset

    if not 0.5 <= coverage < 1:
        raise UsageError.of("coverage", "--coverage", got=coverage)
    if draws and not 99 <= draws <= DRAWS:
        raise UsageError.of("draws", "--draws", most=DRAWS, got=draws)
    opened = Dataset.open(dataset_path(dataset, home))
    found = rank_dataset(
        opened, k=k, base=base, score_map=score_map, coverage=coverage, draws=draws
    )
    for said in (found.verdict("zh"), found.verdict("en"), NOTE["zh"]):
        talk.print(said, markup=False)
    frame = found.table()
    rows = [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]
    rows_out(rows, format, list(frame.columns))


@app.command("import-table")
@catalogued
def import_table(
    file: Annotated[Path, typer.Argument(help="CSV, one rating a row")],
    voter: Annotated[str, typer.Option(help="column of voters")],
    target: Annotated[str, typer.Option(help="column of targets")],
    value: Annotated[str, typer.Option(help="column of values, higher is better")],
    dataset: Annotated[str, typer.Option(help="name of the dataset to make")],
    voter_class: Annotated[str, typer.Option("--class", help="column of voter classes")] = "",
    home: HomeOption = HOME,
) -> None:
    """Make a dataset from a table 导入外部评分. Example: zuofeng import-table r.csv --voter s --target d --value y --dataset d"""
    from ..dataset import import_table as import_ratings
    from ..poll import NAME

    if not NAME.fullmatch(dataset):
        raise UsageError.of("poll-name", dataset)
    folder = _home(home).dataset(dataset)
    made = import_ratings(
        file, folder, voter=voter, target=target, value=value, voter_class=voter_class
    )
    talk.print(f"✓ {made}\nhash 指纹: {made.hash}", markup=False)
    typer.echo(str(made.path))


@app.command()
@catalogued
def demo(
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="start the servers")] = True,
    check: Annotated[bool, typer.Option("--check", help="fetch each page once, then stop")] = False,
    port: Annotated[int, typer.Option(envvar="ZUOFENG_PORT", help="form server")] = 8866,
    results_port: Annotated[int, typer.Option(envvar="ZUOFENG_RESULTS_PORT")] = 8867,
    desk_port: Annotated[int, typer.Option(envvar="ZUOFENG_DESK_PORT", help="ledger desk 台账")] = 8868,
    small: Annotated[bool, typer.Option("--small", help="seven towns instead of twelve")] = False,
    home: HomeOption = Path("var/demo"),
) -> None:
    """Build the fictional county and show everything 演示县. Example: zuofeng demo --no-serve"""
    from ..demo.run import build, run_servers
    from ..web.ports import check_free

    for needed in (port, results_port, desk_port) if serve else ():
        check_free(needed)
    place = build(home, size="small" if small else "", progress=bar, url=f"http://127.0.0.1:{port}", say=talk.print)
    talk.print(f"✓ ledgers 台账: zuofeng desk --home {home}", markup=False, soft_wrap=True)
    if serve:
        raise typer.Exit(run_servers(place, port, results_port, desk_port, check=check, say=talk.print))
