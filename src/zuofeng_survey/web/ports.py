"""Taking a port, or saying why not."""

from __future__ import annotations

import errno
import socket
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
    _check_number(port)
    try:
        return tornado.netutil.bind_sockets(port, host)
    except OSError as error:
        raise _refusal(error, port, host) from error


def check_free(port: int, host: str = "127.0.0.1") -> None:
    """Say that a port is taken, before anything is begun that would need it.

    Raises
    ------
    UsageError
        As :func:`bind`.
    """
    _check_number(port)
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        raise _refusal(error, port, host) from error


def _check_number(port: int) -> None:
    if not 0 <= port <= HIGHEST:  # the system would take it modulo 65,536
        raise UsageError.of("port-number", port=port, highest=HIGHEST)


def _refusal(error: OSError, port: int, host: str) -> UsageError:
    if error.errno == errno.EADDRINUSE:
        return UsageError.of("port-taken", port=port, other=port + 10)
    why = error.strerror or str(error)
    return UsageError.of("port-refused", host=host, port=port, why=why)
