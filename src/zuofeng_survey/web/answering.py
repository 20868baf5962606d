"""How the form server answers: headers on everything, errors as catalogue sentences, nothing else."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import tornado.web

from ..errors import (
    AnswersInvalid,
    BallotConflict,
    CodeRefused,
    PollError,
    Problem,
    StorageError,
    ZuofengError,
)

log = logging.getLogger(__name__)

HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
}
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
NOTHING_POLICY = "default-src 'none'; frame-ancestors 'none'"

_BY_CODE = {
    "body-duplicate": 400,
    "body-json": 400,
    "body-shape": 400,
    "body-too-deep": 400,
    "body-too-large": 413,
    "poll-broken": 503,
    "poll-closed": 410,
    "poll-not-yet": 403,
}
_BY_CLASS = (
    (AnswersInvalid, 422),
    (CodeRefused, 403),
    (BallotConflict, 409),
    (PollError, 404),
    (StorageError, 503),
)


def status_of(error: ZuofengError) -> int:
    """Return the HTTP status that says ``error``."""
    by_class = next((status for cls, status in _BY_CLASS if isinstance(error, cls)), 500)
    return _BY_CODE.get(error.code, by_class)


def set_headers(handler: tornado.web.RequestHandler, policy: str) -> None:
    """Set what goes with every answer, and leave out the server's name."""
    handler.clear_header("Server")
    for name, value in HEADERS.items():
        handler.set_header(name, value)
    handler.set_header("Content-Security-Policy", policy)


def to_json(value: Any) -> bytes:
    """Write JSON; half a surrogate pair that someone sent goes back as its escape."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")


def _without_details(problem: Problem) -> Problem:
    """Keep what the disk or the database said in the log: it may name machines and folders."""
    known = {"disk-full": "…", "database": "…"}
    if problem.code not in known:
        return Problem("server-fault")
    return Problem(problem.code, "", {"why": known[problem.code]})


def check_origin(handler: tornado.web.RequestHandler) -> None:
    """Refuse what another site's page sends in a visitor's name."""
    origin = handler.request.headers.get("Origin")
    site = handler.request.headers.get("Sec-Fetch-Site", "same-origin")
    strange = origin is not None and urlsplit(origin).netloc != handler.request.headers.get("Host")
    if strange or site not in ("same-origin", "none"):
        raise tornado.web.HTTPError(403)


class Quiet(tornado.web.RequestHandler):
    """A handler without a diary: where it went wrong is logged, never who asked or for what."""

    def compute_etag(self) -> None:
        """Give no tag: nothing but the files under ``/zf/`` may be kept."""

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        if isinstance(value, (ZuofengError, tornado.web.HTTPError)):
            return
        frames = "".join(traceback.format_tb(tb))
        log.error("%s failed: %s\n%s", type(self).__name__, typ.__name__, frames)


class Answer(Quiet):
    """A handler that answers in JSON."""

    def set_default_headers(self) -> None:
        set_headers(self, NOTHING_POLICY)

    def say(self, value: Any, status: int = 200) -> None:
        """Finish with a JSON value."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(to_json(value))

    def refuse(self, problems: Iterable[Problem], status: int) -> None:
        """Finish with what is wrong."""
        self.say({"errors": [p.as_json() for p in problems]}, status)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Turn any exception into catalogue sentences; no traceback, no path."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, ZuofengError):
            problems = error.problems
            if isinstance(error, StorageError):
                log.error("the box refused: %s", error)
                problems = [_without_details(p) for p in problems]
            self.refuse(problems, status_of(error))
            return
        codes = {404: "page-unknown", 405: "page-unknown", 403: "other-origin"}
        self.refuse([Problem(codes.get(status_code, "server-fault"))], status_code)
