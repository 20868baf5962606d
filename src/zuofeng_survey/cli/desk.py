"""``zuofeng desk``: the administrators' server, apart from respondents and evaluators."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import HOME, HomeOption
from .output import catalogued


@catalogued
def desk(
    port: Annotated[int, typer.Option(envvar="ZUOFENG_DESK_PORT", help="port 端口")] = 8868,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    token: Annotated[str, typer.Option(envvar="ZUOFENG_DESK_TOKEN", help="access token")] = "",
    home: HomeOption = HOME,
) -> None:
    """Serve the ledger desk 启动台账工作台. Example: zuofeng desk --port 8868"""
    from ..store import Home
    from ..web.results_server import serve_notebooks

    given = {"ZUOFENG_HOME": str(Home.at(home).path.resolve())}
    serve_notebooks("views/desk", "台账工作台", given, port=port, host=host, token=token)
