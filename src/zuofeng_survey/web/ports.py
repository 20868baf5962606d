"""Taking a port, or saying why not."""

from __future__ import annotations

import errno
from typing import Any

import tornado.netutil

from ..errors import UsageError

HIGHEST = 65_535


def bind(port: int, host: str) -> list[Any]:
    """Return sockets that listen.

    Raises
    ------
    UsageError
        ``port-taken``, ``port-refused``, ``port-number``.
    """
    if not 0 <= port <= HIGHEST:
        raise UsageError.of("port-number", port=port, highest=HIGHEST)
    try:
        return tornado.netutil.bind_sockets(port, host)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UsageError.of("port-taken", port=port, other=port + 10) from error
        why = error.strerror or str(error)
        raise UsageError.of("port-refused", host=host, port=port, why=why) from error
