"""The plain pages around the evaluators' views and the desk: the front page, the door, what is not there.

Jupyter's own speak English and of Jupyter; whoever stands here works in an office.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import nbformat
import tornado.web
from jupyter_server.auth.identity import User
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from voila.voila_identity_provider import VoilaIdentityProvider, VoilaLoginHandler

from ..errors import Problem

_PAGE = """<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>
body {{ font: 17px/1.7 'Noto Sans CJK SC', 'Source Han Sans SC', 'PingFang SC', 'Microsoft YaHei', sans-serif; color: #222; background: #fff; max-width: 40rem; margin: 2rem auto; padding: 0 1rem; }}
h1 {{ font-size: 1.6rem; line-height: 1.4; }}
ul {{ list-style: none; padding: 0; }}
li {{ margin: 0 0 1.25rem; }}
li a {{ font-size: 1.15rem; font-weight: 600; color: #00588a; }}
p {{ margin: .25rem 0; color: #444; }}
input {{ font: inherit; width: 100%; max-width: 24rem; min-height: 44px; padding: 4px 12px; border: 1px solid #767676; border-radius: 4px; box-sizing: border-box; }}
button {{ font: inherit; min-height: 44px; padding: 4px 28px; margin: 1rem 0; border: 0; border-radius: 4px; color: #fff; background: #00588a; }}
[role=alert] {{ color: #a12b12; font-weight: 600; }}
</style>
</head>
<body><main>{body}</main>
<script>if (location.search) history.replaceState(null, "", location.pathname);</script>
</body>
</html>
"""
_DOOR = """<h1>{title}</h1>
<p>这里的内容只给有令牌的人看。令牌在启动服务的窗口里：网址中 <code>token=</code> 后面的一串字符；没有的请向管理员要。</p>
<p lang="en">The token is in the window that started the service: the letters after <code>token=</code>.</p>
{said}<form method="post" action="{action}">{guard}
<p><label for="token">令牌 Token</label></p>
<input id="token" name="password" type="password" autocomplete="current-password" required autofocus>
<div><button type="submit">进入 Enter</button></div></form>"""
_WRONG = '<p role="alert">令牌不对，请核对后再输一次。 <span lang="en">Wrong token, please check it.</span></p>\n'


def page(title: str, body: str) -> str:
    """Return a page; ``body`` is HTML, ``title`` is text."""
    return _PAGE.format(title=escape(title), body=body)


def problem_page(problem: Problem) -> str:
    """Return a page that says what went wrong."""
    return page(problem.zh, f'<h1>{escape(problem.zh)}</h1><p lang="en">{escape(problem.en)}</p>')


class Spoken(tornado.web.RequestHandler):
    """What goes wrong is a page in words."""

    def write_error(self, status_code: int, **_: Any) -> None:
        self.finish(problem_page(Problem("page-unknown" if status_code in (404, 405) else "server-fault")))


class NoPage(Spoken):
    """Every address that leads nowhere."""

    def set_default_headers(self) -> None:
        for name, value in self.settings["headers"].items():
            self.set_header(name, value)

    def prepare(self) -> None:
        raise tornado.web.HTTPError(404)


class Door(VoilaLoginHandler):
    """Where the token is typed in.

    A page without any referrer posts from the origin "null", which is refused as another site's.
    """

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Referrer-Policy", "same-origin")

    def _render(self, message: Any = None) -> None:
        onward = urlencode({"next": self.get_argument("next", default=self.base_url)})
        body = _DOOR.format(
            title=escape(self.settings["title"]),
            said=_WRONG if message else "",
            action=escape(f"{url_path_join(self.base_url, 'login')}?{onward}"),
            guard=self.xsrf_form_html(),
        )
        self.write(page(self.settings["title"], body))


class Identity(VoilaIdentityProvider):
    """Whoever has the token; Jupyter's own answer to the right one is an error (user_for_token)."""

    def process_login_form(self, handler: tornado.web.RequestHandler) -> User | None:
        typed = handler.get_argument("password", default="")
        is_right = bool(self.token) and secrets.compare_digest(typed.encode(), self.token.encode())
        return self.generate_anonymous_user(handler) if is_right else None


class FrontPage(Spoken, JupyterHandler):
    """The notebooks there are, and what each is for."""

    @tornado.web.authenticated
    def get(self) -> None:
        title = self.settings["title"]
        links = "".join(
            f'<li><a href="/voila/render/{quote(name)}">{escape(called)}</a><p>{escape(why)}</p></li>'
            for name, called, why in _notebooks(self.settings["notebooks"])
        )
        self.finish(page(title, f"<h1>{escape(title)}</h1><ul>{links}</ul>"))


def _notebooks(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield the notebooks there are in their order: file name, title, what it is for."""
    read = {path: nbformat.read(path, as_version=4) for path in sorted(folder.glob("*.ipynb"))}
    for path, found in sorted(read.items(), key=lambda pair: pair[1].metadata.get("order", len(read))):
        why = found.cells[0].source.partition("\n")[2].strip() if found.cells else ""
        why = re.sub(r"\*[A-Z][^*]*\*$", "", why).replace("**", "").strip()
        yield path.name, found.metadata.get("title", path.stem), why
