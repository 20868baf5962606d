"""Voila behind a token: the evaluators' views, and the administrators' desk.

Each is its own process on its own port: whoever may see results sits elsewhere than whoever votes,
and whoever keeps ledgers elsewhere than both. Kernels get one folder and a bare environment; pages
and kernels exchange widget messages and nothing else. Nothing is logged about who looked at what.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import shutil
import signal
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tornado.httpserver
import tornado.web
from jupyter_server.utils import url_path_join
from tornado.ioloop import PeriodicCallback
from traitlets.config import Config
from voila.app import Voila
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from ..errors import UsageError
from ..questionnaire.library import PACKAGE
from .hardening import HISTORY_OFF, connection_folder
from .kernels import FormKernels, KernelsFull
from .passing import LONGEST_MESSAGE, ViewConnection
from .ports import bind
from .results_pages import Door, FrontPage, Identity, NoPage, Spoken, problem_page
from .views import FOLDER

POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; "
    "font-src 'self' data:; worker-src 'self' blob:; frame-ancestors 'self'; base-uri 'self'; "
    "form-action 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
ROUTES = ("/api/kernels", "/voila/static", "/voila/templates", "/voila/api/themes", "/login",
          "/voila/api/shutdown", "/voila/labextensions", "/logout")  # fmt: skip
KERNEL = r"/api/kernels/(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"
log = logging.getLogger("zuofeng_survey.web.results")


def serve_results(
    datasets: str | Path, *, port: int = 8867, host: str = "127.0.0.1", token: str = ""
) -> None:
    """Serve the views over a folder of frozen datasets until interrupted.

    Parameters
    ----------
    datasets : str or Path
        Folder of dataset folders.
    port : int
        Port 0 takes a free one.
    host : str
        Address to listen on.
    token : str
        Who has it sees the results. Where none is given a random one is made, and printed once.

    Raises
    ------
    UsageError
        ``port-taken``, ``port-refused``, ``notebooks-missing``.
    """
    given = {FOLDER: str(Path(datasets).resolve())}
    serve_notebooks("views", "结果查看", given, port=port, host=host, token=token)


def serve_notebooks(
    folder: str, title: str, given: Mapping[str, str], *, port: int, host: str, token: str
) -> None:
    """Serve one folder of notebooks until interrupted; ``given`` is what its kernels are told.

    Raises
    ------
    UsageError
        ``port-taken``, ``port-refused``, ``notebooks-missing``.
    """
    _speak_plainly()
    notebooks = notebooks_folder(folder)
    if not notebooks.is_dir():
        raise UsageError.of("notebooks-missing", path=str(notebooks))
    scratch = Path(tempfile.mkdtemp(prefix="zf-"))
    try:
        config = _config(notebooks, given, scratch)
        server = ResultsServer(config=config, log_level=logging.ERROR)
        server.scratch, server.port, server.ip = scratch, port, host
        server.notebooks, server.title = notebooks, title
        server.is_own_token = not token
        server.token = token or secrets.token_urlsafe(24)
        server.initialize([])
        server.start()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _speak_plainly() -> None:
    """Log to stderr where the page is; tornado would also say who asked for what."""
    if not log.hasHandlers():
        logging.basicConfig(format="%(levelname)s %(message)s", level=logging.WARNING)
    log.setLevel(logging.INFO)
    logging.getLogger("tornado").setLevel(logging.ERROR)


def notebooks_folder(name: str) -> Path:
    """Return a folder of notebooks: in the wheel, or in the repository."""
    inside = PACKAGE / "notebooks" / name
    return inside if inside.is_dir() else PACKAGE.parents[1] / "notebooks" / name


def _config(folder: Path, given: Mapping[str, str], scratch: Path) -> Config:
    """Return every setting that matters; nobody's configuration files are read."""
    profile = scratch / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_config.py").write_text(HISTORY_OFF, encoding="utf-8")
    config = Config()
    config.ResultsServer = Config(
        config_file_paths=[],
        identity_provider_class=Identity,
        kernel_websocket_connection_class=ViewConnection,
        open_browser=False,
        root_dir=str(folder.resolve()),
    )
    config.VoilaConfiguration = Config(
        allow_template_override="NO",
        allow_theme_override="NO",
        file_allowlist=[],
        multi_kernel_manager_class=ViewKernels,
        show_tracebacks=False,
    )
    config.ViewKernels = Config(
        buffer_offline_messages=False,
        cap=20,
        unclaimed_seconds=300,
        cull_connected=True,
        cull_idle_timeout=1800,
        cull_interval=60,
        kernel_env={
            **given,
            "IPYTHONDIR": str(scratch / "ipython"),
            "JUPYTER_RUNTIME_DIR": str(scratch),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )
    config.IdentityProvider = Config(cookie_options={"SameSite": "Strict", "expires_days": None})
    config.KernelManager = Config(transport="ipc")
    config.KernelRestarter = Config(restart_limit=0)
    config.NotebookNotary = Config(db_file=":memory:")
    return config


class ViewKernels(FormKernels):
    """The kernels of evaluators' pages; one whose page never connects is given back."""

    async def start_kernel(self, **kwargs: Any) -> str:  # type: ignore[override]
        kernel_id = await super().start_kernel(**kwargs)
        self.serve_page(kernel_id)
        return kernel_id


class ResultsServer(Voila):
    """Voila on one folder of notebooks; every page needs the token."""

    scratch: Path
    notebooks: Path
    title = ""
    is_own_token = False
    description = "the results server of zuofeng_survey"

    def setup_template_dirs(self) -> None:
        super().setup_template_dirs()
        self.template_paths.insert(0, str(Path(__file__).parent / "results_voila"))

    def init_settings(self) -> dict[str, Any]:
        found: Any = super().init_settings()
        return {
            **found,
            "headers": HEADERS,
            "compress_response": True,
            "notebooks": self.notebooks,
            "title": self.title,
            "default_handler_class": NoPage,
            "log_function": lambda _: None,
            "websocket_max_message_size": LONGEST_MESSAGE,
            "websocket_ping_timeout": 30_000,
        }

    def init_handlers(self) -> list[Any]:
        """Our pages, and of Voila's routes only what they need."""
        root = self.server_url or "/"
        wanted = tuple(url_path_join(root, route) for route in ROUTES)
        common = {
            "template_paths": self.template_paths,
            "config": self.config,
            "voila_configuration": self.voila_configuration,
        }
        found: Any = super().init_handlers()
        return [
            (url_path_join(root, "/?"), FrontPage),
            (url_path_join(root, "/login"), Door),
            # one level only: the desk lies deeper, and who reads results does not keep the ledgers
            (url_path_join(root, r"/voila/render/([\w\-]+\.ipynb)"), ViewPage, common),
            (url_path_join(root, KERNEL + "/channels"), KernelSocket),
            *(handler for handler in found if handler[0].startswith(wanted)),
        ]

    def start(self) -> None:
        """Bind the port first, then run until stopped."""
        sockets = bind(self.port, self.ip)
        self.connection_dir = connection_folder(self.scratch)
        self.app = tornado.web.Application(**self.init_settings())
        self.app.add_handlers(".*$", self.init_handlers())
        asyncio.run(self._run(sockets))

    async def _run(self, sockets: list[Any]) -> None:
        stopped = asyncio.Event()
        for sign in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(sign, stopped.set)
        server = tornado.httpserver.HTTPServer(self.app)
        server.add_sockets(sockets)
        reaper = PeriodicCallback(self.kernel_manager.reap, 15_000)
        reaper.start()
        self.port = sockets[0].getsockname()[1]
        secret = f"?token={self.token}" if self.is_own_token else ""
        log.info("%s: http://%s:%d/%s", self.title, self.ip, self.port, secret)
        await stopped.wait()
        reaper.stop()
        server.stop()
        await self.kernel_manager.shutdown_all(now=True)
        shutil.rmtree(self.connection_dir, ignore_errors=True)


class KernelSocket(VoilaKernelWebsocketHandler):
    """The websocket between a page and its kernel; the charts' script is a megabyte of text."""

    def get_compression_options(self) -> dict[str, Any]:
        return {"compression_level": 1}


class ViewPage(Spoken, TornadoVoilaHandler):
    """A notebook as a page."""

    @tornado.web.authenticated
    async def get(self, path: str = "") -> None:
        if not (self.settings["notebooks"] / path).is_file():
            raise tornado.web.HTTPError(404)
        try:
            async for piece in self.get_generator(path=path):
                self.write(piece)
                self.flush()
        except KernelsFull as error:
            self.set_status(503)
            self.finish(problem_page(error.problems[0]))
