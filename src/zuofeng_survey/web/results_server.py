"""The evaluators' server: Voila on the views, behind a token, with no way to the ballots' box.

Its own process and its own port: whoever may see results sits elsewhere than whoever votes. Kernels
get the folder of frozen datasets and nothing else.
"""

from __future__ import annotations

import errno
import html
import os
import secrets
import tempfile
from importlib import resources
from pathlib import Path
from typing import Any

import tornado.httpserver
import tornado.ioloop
import tornado.netutil
import tornado.web
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from traitlets.config import Config
from voila.app import Voila
from voila.voila_identity_provider import VoilaIdentityProvider

from ..errors import UsageError

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
    "Cache-Control": "no-store",
}
TITLES = {"ranking": "测评结果与名次", "opinion": "群众意见与自查汇总"}


def serve_results(
    datasets: str | Path, *, port: int = 8867, host: str = "127.0.0.1", token: str = ""
) -> None:
    """Serve the views over a folder of frozen datasets until interrupted.

    Parameters
    ----------
    datasets : str or Path
        Folder of dataset folders.
    port : int
    host : str
    token : str
        Who has it sees the results; a random one is made, and printed once, where none is given.

    Raises
    ------
    UsageError
        ``port-taken``.
    """
    secret = token or secrets.token_urlsafe(24)
    said = f"?token={secret}" if not token else ""
    server = results_server(datasets, port=port, host=host, token=secret)
    print(f"结果查看 results: http://{host}:{port}/{said}", flush=True)
    server.start()


def results_server(datasets: str | Path, *, port: int, host: str, token: str) -> ResultsServer:
    """Return the server, configured but not started."""
    scratch = Path(tempfile.mkdtemp(prefix="zuofeng-results-"))
    _without_history(scratch)
    os.environ["IPYTHONDIR"] = str(scratch)
    os.environ["ZUOFENG_DATASETS"] = str(Path(datasets).resolve())
    os.environ.pop("ZUOFENG_TOKEN", None)
    server = ResultsServer(config=_config(), port=port, ip=host, open_browser=False)
    server.initialize([str(views_folder())])
    server.token = token
    return server


def views_folder() -> Path:
    """Return the folder of the view notebooks: in the wheel, else in the checkout."""
    packed = Path(str(resources.files("zuofeng_survey"))) / "notebooks" / "views"
    checkout = Path(__file__).resolve().parents[3] / "notebooks" / "views"
    return packed if packed.is_dir() else checkout


def _config() -> Config:
    c = Config()
    c.KernelManager.transport = "ipc"
    c.MappingKernelManager.cull_idle_timeout = 1200
    c.MappingKernelManager.cull_interval = 60
    c.MappingKernelManager.cull_connected = True
    c.VoilaConfiguration.allow_template_override = "NO"
    c.VoilaConfiguration.allow_theme_override = "NO"
    c.VoilaConfiguration.file_allowlist = []
    c.VoilaConfiguration.show_tracebacks = False
    c.Voila.identity_provider_class = VoilaIdentityProvider
    c.IdentityProvider.cookie_options = {"SameSite": "Strict", "expires_days": None}
    return c


def _without_history(folder: Path) -> None:
    profile = folder / "profile_default"
    profile.mkdir(mode=0o700)
    text = "c = get_config()\nc.HistoryManager.enabled = False\n"
    (profile / "ipython_config.py").write_text(text, encoding="utf-8")


class ResultsServer(Voila):
    """Voila on the view notebooks; every page needs the token."""

    def setup_template_dirs(self) -> None:
        super().setup_template_dirs()
        self.template_paths.insert(0, str(Path(__file__).parent / "results_voila"))

    def init_settings(self) -> dict[str, Any]:
        settings = super().init_settings()
        settings |= {"headers": HEADERS, "compress_response": True, "log_function": _silent}
        return settings

    def init_handlers(self) -> list[Any]:
        keep = ("/api/kernels", "/voila/static", "/voila/templates", "/voila/api/themes",
                "/voila/api/shutdown", "/voila/labextensions", "/voila/render", "/login", "/logout")  # fmt: skip
        root = self.server_url
        mine = [(url_path_join(root, "/?"), FrontPage)]
        found = [h for h in super().init_handlers() if h[0].startswith(tuple(url_path_join(root, k) for k in keep))]
        return mine + found

    def listen(self) -> None:
        try:
            self.port_retries = 0
            sockets = tornado.netutil.bind_sockets(self.port, self.ip)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise UsageError.of("port-taken", "", port=self.port, other=self.port + 1) from error
            raise
        server = tornado.httpserver.HTTPServer(self.app)
        server.add_sockets(sockets)
        self.ioloop = tornado.ioloop.IOLoop.current()
        try:
            self.ioloop.start()
        except KeyboardInterrupt:
            pass
        finally:
            self.stop()


class FrontPage(JupyterHandler):
    """The views there are."""

    @tornado.web.authenticated
    def get(self) -> None:
        links = "".join(
            f"<li><a href='voila/render/{html.escape(p.name)}'>{html.escape(TITLES.get(p.stem, p.stem))}</a></li>"
            for p in sorted(views_folder().glob("*.ipynb"), reverse=True)
        )
        self.finish(
            "<!DOCTYPE html><html lang='zh-CN'><head><meta charset='utf-8'>"
            "<meta name='viewport' content='width=device-width, initial-scale=1'>"
            "<title>结果查看</title><link rel='icon' href='data:,'></head>"
            "<body style='font:18px/1.8 sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem'>"
            f"<main><h1>结果查看</h1><ul>{links}</ul></main></body></html>"
        )


def _silent(handler: tornado.web.RequestHandler) -> None:
    """Log no address and no time of anybody who looks."""
