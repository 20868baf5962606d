"""In front of every handler: who is asking stays outside, and so does what is too large."""

from __future__ import annotations

from typing import Any

import tornado.httputil
import tornado.web

from ..errors import Problem
from .answering import HEADERS, to_json
from .bodies import LIMIT_BYTES

DRAIN_BYTES = 64 * 1024 * 1024
PRIVATE = ("Cookie", "Forwarded", "Referer", "User-Agent", "X-Forwarded-For", "X-Real-Ip")


class Door(tornado.httputil.HTTPMessageDelegate):
    """Takes one request from the connection and hands it in, without what tells who sent it."""

    def __init__(self, inner: Any, connection: Any) -> None:
        self.inner = inner
        self.connection = connection
        self.declared = 0
        self.seen = 0

    def headers_received(self, start_line: Any, headers: Any) -> Any:
        for name in PRIVATE:
            headers.pop(name, None)
        length = headers.get("Content-Length", "0")
        self.declared = int(length) if length.isdecimal() else 0
        return None if self.is_large else self.inner.headers_received(start_line, headers)

    @property
    def is_large(self) -> bool:
        return max(self.declared, self.seen) > LIMIT_BYTES

    def data_received(self, chunk: bytes) -> Any:
        """Let the body of a refused request run out: a browser reads the answer only after it."""
        self.seen += len(chunk)
        return None if self.is_large else self.inner.data_received(chunk)

    def finish(self) -> None:
        if self.is_large:
            self._refuse()
        else:
            self.inner.finish()

    def _refuse(self) -> None:
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
