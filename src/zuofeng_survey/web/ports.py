"""Taking a port, or saying why not."""

from __future__ import annotations

import errno
from typing import Any

import tornado.netutil

from ..errors import UsageError


def bind(port: int, host: str) -> list[Any]:
    """Return sockets that listen.

    Raises
    ------
    UsageError
        ``port-taken``, ``port-refused``.
    """
    try:
        return tornado.netutil.bind_sockets(port, host)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UsageError.of("port-taken", port=port, other=port + 10) from error
        why = error.strerror or str(error)
        raise UsageError.of("port-refused", host=host, port=port, why=why) from error
