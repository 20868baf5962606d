"""The form server: stand-alone Voila with our own routes, headers and page in front.

It is never a Jupyter server extension: there, a visitor's websocket can run code.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import signal
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from typing import Any

import nbformat
import tornado.httpserver
import tornado.httputil
import tornado.ioloop
import tornado.netutil
import tornado.web
from jupyter_server.auth.identity import IdentityProvider, User
from tornado.ioloop import PeriodicCallback
from traitlets.config import Config
from voila.app import Voila
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from ..errors import Problem, UsageError
from ..questionnaire import Text
from ..questionnaire.library import PACKAGE, folders
from ..store import Home
from . import api
from .answering import HEADERS, PAGE_POLICY, Quiet, set_headers, to_json
from .bodies import LIMIT_BYTES
from .boxes import Boxes
from .definition import definition
from .kernels import FormConnection, FormKernels, write_profile
from .module import Asset, assets
from .pages import form_page, index_page, refusal_page
from .visits import FormPage, Goodbye, Visits

HERE = resources.files(__package__)
LONGEST_SOCKET = 100
WRITERS = 4
DRAIN_BYTES = 64 * 1024 * 1024
PRIVATE = ("Cookie", "Forwarded", "Referer", "User-Agent", "X-Forwarded-For", "X-Real-Ip")
log = logging.getLogger("zuofeng_survey.web")


class Nobody(IdentityProvider):
    """Visitors have no names, no tokens and no cookies here."""

    def get_user(self, handler: Any) -> User:
        return User(username="respondent")

    @property
    def auth_enabled(self) -> bool:
        return False

    def get_handlers(self) -> list[tuple[str, object]]:
        return []


class KernelSocket(VoilaKernelWebsocketHandler, Quiet):
    """The websocket between a form page and its kernel."""

    def get_compression_options(self) -> dict[str, Any]:
        return {"compression_level": 1}


class Page(Quiet):
    """A page for a person."""

    def initialize(self, server: FormServer) -> None:
        self.server = server

    def set_default_headers(self) -> None:
        set_headers(self, PAGE_POLICY)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        code = "page-unknown" if status_code in (404, 405) else "server-fault"
        problem = getattr(error, "problems", (Problem(code),))[0]
        if hasattr(error, "problems"):
            self.set_status(api.status_of(error))
        self.finish(refusal_page(problem))


class PollPage(Page):
    def get(self, poll: str) -> None:
        office = self.server.office
        store = office.boxes.store(poll)
        self.finish(form_page(definition(store.poll, today=office.today())))


class FrontPage(Page):
    def get(self) -> None:
        office = self.server.office
        polls = office.boxes.polls(office.today())
        self.finish(index_page(polls, list(self.server.forms.items())))


class UnknownPage(Page):
    def prepare(self) -> None:
        raise tornado.web.HTTPError(404)


class AssetFile(Quiet):
    """A file whose name is its content: kept by browsers for a year."""

    def get(self, name: str) -> None:
        found = next((a for a in assets().values() if a.name == name), None)
        if found is None:
            raise tornado.web.HTTPError(404)
        self._send(found)

    def _send(self, asset: Asset) -> None:
        set_headers(self, PAGE_POLICY)
        self.set_header("Cache-Control", "public, max-age=31536000, immutable")
        self.set_header("Content-Type", asset.content_type)
        self.set_header("Vary", "Accept-Encoding")
        if "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            self.finish(asset.gzipped)
        else:
            self.finish(asset.body)


class Door(tornado.httputil.HTTPMessageDelegate):
    """In front of every handler: who is asking stays outside, and so does what is too large."""

    def __init__(self, inner: Any, connection: Any) -> None:
        self.inner = inner
        self.connection = connection
        self.size = 0

    def headers_received(self, start_line: Any, headers: Any) -> Any:
        for name in PRIVATE:
            headers.pop(name, None)
        length = headers.get("Content-Length", "0")
        self.size = int(length) if length.isdigit() else 0
        return None if self.is_large else self.inner.headers_received(start_line, headers)

    @property
    def is_large(self) -> bool:
        return self.size > LIMIT_BYTES

    def data_received(self, chunk: bytes) -> Any:
        return None if self.is_large else self.inner.data_received(chunk)

    def finish(self) -> None:
        if not self.is_large:
            self.inner.finish()
            return
        problem = Problem("body-too-large", "", {"limit": LIMIT_BYTES // 1024})
        body = to_json({"errors": [problem.as_json()]})
        headers = tornado.httputil.HTTPHeaders(HEADERS)
        headers["Content-Type"] = "application/json; charset=utf-8"
        headers["Content-Length"] = str(len(body))
        line = tornado.httputil.ResponseStartLine("HTTP/1.1", 413, "Content Too Large")
        self.connection.write_headers(line, headers, body)
        self.connection.finish()

    def on_connection_close(self) -> None:
        if not self.is_large:
            self.inner.on_connection_close()


class Application(tornado.web.Application):
    """Tornado's application, behind the door."""

    def start_request(self, server_conn: Any, request_conn: Any) -> Door:
        request_conn.context.remote_ip = ""
        return Door(super().start_request(server_conn, request_conn), request_conn)


class FormServer(Voila):
    """Stand-alone Voila with the form server's routes. Start it with :func:`serve`."""

    office: api.Office
    visits: Visits
    forms: dict[str, Text]
    ready_pages = 1
    description = "the form server of zuofeng_survey"

    def setup_template_dirs(self) -> None:
        """Use our own template, wherever the package is installed."""
        self.template_paths = [str(HERE / "voila")]
        self.static_paths = []

    def init_settings(self) -> dict[str, Any]:
        settings = super().init_settings()
        settings.update(
            log_function=lambda handler: None,
            compress_response=True,
            default_handler_class=UnknownPage,
            default_handler_args={"server": self},
            websocket_max_message_size=LIMIT_BYTES,
            websocket_ping_interval=30,
        )
        return settings

    def init_handlers(self) -> list[Any]:
        """Our routes, and of Voila's only what a form page needs."""
        kernel = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"
        visits, server = {"visits": self.visits}, {"server": self}
        return [
            (r"/", FrontPage, server),
            (r"/p/([^/]+)", PollPage, server),
            *api.routes(self.office),
            (r"/zf/([\w.]+)", AssetFile),
            (r"/voila/render/([\w\-]+)\.ipynb", FormPage, visits),
            (r"/voila/api/shutdown/([\w\-]+)", Goodbye, visits),
            (rf"/api/kernels/{kernel}/channels", KernelSocket),
        ]

    def start(self) -> None:
        """Bind the port first, then run until stopped."""
        sockets = _bind(self.port, self.ip)
        self.connection_dir = _connection_dir(Path(self.connection_dir_root))
        self.forms = _forms(Path(self.root_dir))
        self.visits = Visits(self, ready=self.ready_pages)
        self.app = Application(**self.init_settings())
        self.app.add_handlers(".*$", self.init_handlers())
        asyncio.run(self._run(sockets))

    async def _run(self, sockets: list[Any]) -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for sign in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(sign, stopped.set)
        server = tornado.httpserver.HTTPServer(
            self.app, max_body_size=DRAIN_BYTES, body_timeout=60, idle_connection_timeout=120
        )
        server.add_sockets(sockets)
        reaper = PeriodicCallback(self.visits.reap, 15_000)
        reaper.start()
        self.port = sockets[0].getsockname()[1]
        log.info("forms: http://%s:%d/", self.ip, self.port)
        await stopped.wait()
        reaper.stop()
        server.stop()
        await self.kernel_manager.shutdown_all(now=True)
        self.office.threads.shutdown()
        self.office.boxes.dispose()


def serve(
    home: Home,
    *,
    port: int = 8866,
    host: str = "127.0.0.1",
    notebooks: Path | None = None,
    kernels: int = 30,
    idle: int = 1200,
    ready: int = 1,
) -> None:
    """Run the form server until it is stopped.

    Parameters
    ----------
    home : Home
        Whose polls are served.
    port, host : int, str
        Where to listen; port 0 takes a free one.
    notebooks : Path, optional
        Folder with form notebooks; those of the package by default.
    kernels : int
        Most Voila kernels at once.
    idle : int
        Seconds after which an idle kernel is shut down.
    ready : int
        Pages kept ready, with their kernels, for each form somebody visits; 0 for none.

    Raises
    ------
    UsageError
        ``port-taken``, ``port-refused``, ``notebooks-missing``.
    """
    folder = notebooks or _notebooks()
    if not folder.is_dir():
        raise UsageError.of("notebooks-missing", path=str(folder))
    runtime = _runtime(home)
    server = FormServer(config=_config(home, folder, kernels, idle), log_level=logging.WARNING)
    server.ready_pages = ready
    server.connection_dir_root = str(runtime)
    server.port, server.ip = port, host
    server.office = api.Office(Boxes(home), ThreadPoolExecutor(WRITERS, "cast"))
    server.initialize([])
    server.start()


def _config(home: Home, notebooks: Path, kernels: int, idle: int) -> Config:
    """Return every setting that matters; nobody's configuration files are read."""
    runtime = _runtime(home)
    config = Config()
    config.FormServer = Config(
        config_file_paths=[],
        identity_provider_class=Nobody,
        kernel_websocket_connection_class=FormConnection,
        open_browser=False,
        root_dir=str(notebooks.resolve()),
    )
    config.VoilaConfiguration = Config(
        allow_template_override="NO",
        allow_theme_override="NO",
        file_allowlist=[],
        multi_kernel_manager_class=FormKernels,
        show_tracebacks=False,
    )
    config.FormKernels = Config(
        buffer_offline_messages=False,
        cap=kernels,
        cull_connected=True,
        cull_idle_timeout=idle,
        cull_interval=min(60, max(1, idle // 2)),
        kernel_env=_kernel_env(runtime),
    )
    config.FormConnection = Config(kernel_ws_protocol="")
    config.KernelManager = Config(transport="ipc")
    config.KernelRestarter = Config(restart_limit=0, time_to_dead=1.0)
    config.NotebookNotary = Config(db_file=":memory:")
    return config


def _kernel_env(runtime: Path) -> Mapping[str, str]:
    """Return what a form kernel's environment says beyond the bare one."""
    found = folders()
    return {
        "IPYTHONDIR": str(runtime / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "PYTHONDONTWRITEBYTECODE": "1",
        "ZUOFENG_FORM_SERVER": "1",
        **({"ZUOFENG_QUESTIONNAIRES": str(found[0].resolve())} if found else {}),
    }


def _runtime(home: Home) -> Path:
    """Return the folder of what lives only while the server runs; nobody else may look into it."""
    runtime = home.path / "runtime"
    runtime.mkdir(mode=0o700, exist_ok=True)
    runtime.chmod(0o700)
    write_profile(runtime / "ipython")
    return runtime


def _connection_dir(runtime: Path) -> str:
    """Return a fresh 0700 folder for kernel sockets, whose paths may not be longer than 107 bytes."""
    longest = len(os.fsencode(runtime / "k_xxxxxxxx" / f"kernel-{'x' * 36}-ipc-5"))
    parent = runtime if longest <= LONGEST_SOCKET else None
    return tempfile.mkdtemp(prefix="k_", dir=parent)


def _notebooks() -> Path:
    """Return the folder of form notebooks: in the wheel, or in the repository."""
    inside = PACKAGE / "notebooks" / "forms"
    return inside if inside.is_dir() else PACKAGE.parents[1] / "notebooks" / "forms"


def _forms(folder: Path) -> dict[str, Text]:
    """Return the notebooks that are served: file name without ending → title."""
    found = {}
    for path in sorted(folder.glob("*.ipynb")):
        about = nbformat.read(path, as_version=4).metadata
        found[path.stem] = Text(zh=about.get("title", path.stem), en=about.get("title_en", ""))
    return found


def _bind(port: int, host: str) -> list[Any]:
    try:
        return tornado.netutil.bind_sockets(port, host)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UsageError.of("port-taken", port=port, other=port + 10) from error
        why = error.strerror or str(error)
        raise UsageError.of("port-refused", host=host, port=port, why=why) from error


def _load_jupyter_server_extension(app: Any) -> None:
    raise UsageError.of("not-in-lab")


_link_jupyter_server_extension = _load_jupyter_server_extension
