"""The form server: stand-alone Voila with our own routes, headers and page in front.

It is never a Jupyter server extension: there, a visitor's websocket can run code.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn

import nbformat
import tornado.httpserver
from tornado.ioloop import PeriodicCallback
from voila.app import Voila
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from ..errors import UsageError
from ..questionnaire import Text
from ..store import Home
from . import api
from .answering import Quiet
from .bodies import LIMIT_BYTES
from .boxes import Boxes
from .door import DRAIN_BYTES, Application
from .hardening import connection_folder, form_notebooks, runtime_of, settings
from .ports import bind
from .site import AssetFile, FrontPage, PollPage, UnknownPage
from .visits import FormPage, Goodbye, Visits

WRITERS = 4
REAP_SECONDS = 15
log = logging.getLogger("zuofeng_survey.web")


class KernelSocket(VoilaKernelWebsocketHandler, Quiet):
    """The websocket between a form page and its kernel."""

    def get_compression_options(self) -> dict[str, Any]:
        return {"compression_level": 1}


class FormServer(Voila):
    """Stand-alone Voila with the form server's routes. Start it with :func:`serve`."""

    office: api.Office
    visits: Visits
    forms: dict[str, Text]
    ready_pages = 1
    description = "the form server of zuofeng_survey"

    def setup_template_dirs(self) -> None:
        """Use our own template, wherever the package is installed."""
        self.template_paths = [str(Path(__file__).parent / "voila")]
        self.static_paths = []

    def init_settings(self) -> dict[str, Any]:  # type: ignore[override]
        found: Any = super().init_settings()
        self.kernel_spec_manager.kernel_dirs = []  # kernels run this very Python, whatever is installed
        return dict(
            found,
            log_function=lambda _: None,
            compress_response=True,
            default_handler_class=UnknownPage,
            default_handler_args={"office": self.office},
            websocket_max_message_size=LIMIT_BYTES,
            websocket_ping_timeout=30_000,
        )

    def init_handlers(self) -> list[Any]:  # type: ignore[override]
        """Our routes, and of Voila's only what a form page needs."""
        kernel = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"
        visits, office = {"visits": self.visits}, {"office": self.office}
        return [
            (r"/", FrontPage, {**office, "forms": self.forms}),
            (r"/p/([^/]+)/?", PollPage, office),
            *api.routes(self.office),
            (r"/zf/([\w.]+)", AssetFile, office),
            (r"/voila/render/([\w\-]+)\.ipynb", FormPage, visits),
            (r"/voila/api/shutdown/([\w\-]+)", Goodbye, visits),
            (rf"/api/kernels/{kernel}/channels", KernelSocket),
        ]

    def start(self) -> None:
        """Bind the port first, then run until stopped."""
        sockets = bind(self.port, self.ip)
        self.connection_dir = connection_folder(Path(self.connection_dir_root))
        self.forms = _forms(Path(self.root_dir))
        self.visits = Visits(self, self.office, self.forms, ready=self.ready_pages)
        asyncio.run(self._run(sockets))

    async def _run(self, sockets: list[Any]) -> None:
        stopped = asyncio.Event()
        for sign in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(sign, stopped.set)
        self.app = Application(**self.init_settings())
        self.app.add_handlers(".*$", self.init_handlers())
        server = tornado.httpserver.HTTPServer(
            self.app, max_body_size=DRAIN_BYTES, body_timeout=60, idle_connection_timeout=120
        )
        server.add_sockets(sockets)
        reaper = PeriodicCallback(self.visits.reap, REAP_SECONDS * 1000)
        reaper.start()
        log.info("forms: http://%s:%d/", *sockets[0].getsockname()[:2])
        await stopped.wait()
        reaper.stop()
        server.stop()
        await self.kernel_manager.shutdown_all(now=True)
        shutil.rmtree(self.connection_dir, ignore_errors=True)
        self.office.threads.shutdown()
        self.office.boxes.dispose()


def serve(
    home: Home,
    *,
    port: int = 8866,
    host: str = "127.0.0.1",
    notebooks: str | Path = "",
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
    notebooks : str or Path, optional
        Folder with form notebooks; those of the package by default.
    kernels : int
        Most Voila kernels at once.
    idle : int
        Seconds after which an idle kernel is shut down.
    ready : int
        Pages kept ready, with their kernels, for each form that is being visited; 0 for none.

    Raises
    ------
    UsageError
        ``port-taken``, ``port-refused``, ``notebooks-missing``.
    """
    folder = Path(notebooks) if notebooks else form_notebooks()
    if not folder.is_dir():
        raise UsageError.of("notebooks-missing", path=str(folder))
    _speak_plainly()
    server = FormServer(
        config=settings(home, folder, kernels=kernels, idle=idle), log_level=logging.ERROR
    )
    server.connection_dir_root = str(runtime_of(home))
    server.port, server.ip, server.ready_pages = port, host, ready
    server.office = api.Office(Boxes(home), ThreadPoolExecutor(WRITERS, "cast"))
    server.initialize([])
    server.start()


def _speak_plainly() -> None:
    """Log to stderr what the office should know; tornado would also say who asked for what."""
    if not log.hasHandlers():
        logging.basicConfig(format="%(levelname)s %(message)s", level=logging.WARNING)
    log.setLevel(logging.INFO)
    logging.getLogger("tornado").setLevel(logging.ERROR)


def _forms(folder: Path) -> dict[str, Text]:
    """Return the notebooks that are served: file name without ending → title."""
    found = {}
    for path in sorted(folder.glob("*.ipynb")):
        about = nbformat.read(path, as_version=4).metadata
        found[path.stem] = Text(zh=about.get("title", path.stem), en=about.get("title_en", ""))
    return found


def _load_jupyter_server_extension(_: Any) -> NoReturn:
    """Refuse: in a Jupyter server a visitor's websocket can run code."""
    raise UsageError.of("not-in-lab")
