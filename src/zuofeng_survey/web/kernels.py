"""Form kernels: few, short-lived, mute, and with nothing in them.

A visitor can read and write whatever a kernel's widgets hold (TRUST.md), so the environment is
reduced to what Python needs, and only widget messages pass between page and kernel.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets import Dict, Int

from ..errors import UsageError

PASSED_ON = ("HOME", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "PATH", "PYTHONPATH", "TMPDIR", "TZ",
             "VIRTUAL_ENV")  # fmt: skip
DOWN = {"comm_close", "comm_msg", "status"}
LONGEST_MESSAGE = 256 * 1024


class KernelsFull(UsageError):
    """There are as many kernels as the server may have."""


class FormKernels(AsyncMappingKernelManager):
    """The kernels of a form server: at most ``cap`` at once, counting those still starting.

    A page that never connects to its kernel, or went away without a word, gives it back.
    """

    cap = Int(30, config=True)
    unclaimed_seconds = Int(60, config=True)
    abandoned_seconds = Int(300, config=True)
    kernel_env = Dict(config=True)
    starting = 0
    clock = staticmethod(time.monotonic)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._left: dict[str, float] = {}

    @property
    def is_full(self) -> bool:
        return len(self) + self.starting >= self.cap

    async def start_kernel(self, **kwargs: Any) -> str:  # type: ignore[override]
        """Start a kernel with a bare environment.

        Raises
        ------
        KernelsFull
        """
        if self.is_full:
            raise KernelsFull.of("kernels-full")
        self.starting += 1
        try:
            kwargs["env"] = {**bare_environment(os.environ), **self.kernel_env}
            return await super().start_kernel(**kwargs)
        finally:
            self.starting -= 1

    def serve_page(self, kernel_id: str) -> None:
        """Begin to wait for the page of this kernel to connect."""
        self._left[kernel_id] = self.clock() + self.unclaimed_seconds

    def notify_connect(self, kernel_id: str) -> None:
        super().notify_connect(kernel_id)
        self._left.pop(kernel_id, None)

    def notify_disconnect(self, kernel_id: str) -> None:
        super().notify_disconnect(kernel_id)
        if self._kernel_connections.get(kernel_id) == 0:
            self._left[kernel_id] = self.clock() + self.abandoned_seconds

    async def reap(self) -> None:
        """Shut down the kernels whose page has not come or not come back."""
        now = self.clock()
        for kernel_id in [k for k, until in self._left.items() if until < now]:
            await self.release(kernel_id)

    async def release(self, kernel_id: str) -> None:
        """Shut a kernel down at once, if it is still there: it holds nothing worth waiting for."""
        self._left.pop(kernel_id, None)
        if kernel_id in self:
            await self.shutdown_kernel(kernel_id, now=True)


def bare_environment(env: Mapping[str, str]) -> dict[str, str]:
    """Return the part of an environment that may be seen from a form kernel."""
    return {name: env[name] for name in PASSED_ON if name in env}


def widget_message(raw: str | bytes) -> dict[str, Any] | None:
    """Return the content of a message to a widget; anything else a page may send is None."""
    if not isinstance(raw, str) or len(raw) > LONGEST_MESSAGE:
        return None
    try:
        msg = json.loads(raw)
        content = msg["content"]
        known = msg["channel"] == "shell" and msg["header"]["msg_type"] == "comm_msg"
        whole = isinstance(content["comm_id"], str) and isinstance(content["data"], dict)
        json.dumps(content, ensure_ascii=False, allow_nan=False).encode()  # can it be said to a kernel?
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return {"comm_id": content["comm_id"], "data": content["data"]} if known and whole else None


class FormConnection(ZMQChannelsWebsocketConnection):
    """Between one page and its kernel: widget messages, and nothing else."""

    def handle_incoming_message(self, incoming_msg: str | bytes) -> None:
        """Pass on a widget message, written anew: no header of a browser's reaches a kernel."""
        content = widget_message(incoming_msg)
        if content and "shell" in self.channels:
            self.session.send(self.channels["shell"], "comm_msg", content=content)

    def _on_zmq_reply(self, stream: Any, msg_list: Any) -> None:
        """Let widget messages down; errors and output would carry tracebacks with paths."""
        if msg_list["header"]["msg_type"] in DOWN:
            super()._on_zmq_reply(stream, msg_list)

    def on_restart_failed(self) -> None:
        """Tell the page that its kernel is dead; kernels are never restarted, they would be blank."""
        self._send_status_message("dead")

    def write_stderr(self, error_message: str, parent_header: Any) -> None:
        """Say nothing: the page has no place for it."""
