"""What may pass between a page and its kernel: widget messages; no code in, no traceback out."""

from __future__ import annotations

import json
from typing import Any

from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

UP = {"comm_msg", "comm_open", "comm_info_request", "kernel_info_request"}
DOWN = {"comm_close", "comm_info_reply", "comm_msg", "comm_open", "kernel_info_reply", "status"}
LONGEST_MESSAGE = 256 * 1024
CONTROL = "jupyter.widget.control"
MOST_PARTS = 64
PROTOCOL = "v1.kernel.websocket.jupyter.org"


def is_widget_message(raw: bytes) -> bool:
    """Return whether a page may send this: what widgets need, and no widget of its own making.

    Eight bytes that announce 2⁶⁴ parts would have jupyter_server count them until memory ends.
    """
    if not 8 <= len(raw) <= LONGEST_MESSAGE or int.from_bytes(raw[:8], "little") > MOST_PARTS:
        return False
    try:
        channel, parts = deserialize_msg_from_ws_v1(raw)
        kind = json.loads(parts[0])["msg_type"]
        if channel != "shell" or kind not in UP:
            return False
        return kind != "comm_open" or json.loads(parts[3])["target_name"] == CONTROL
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        return False


class ViewConnection(ZMQChannelsWebsocketConnection):
    """Between one page and its kernel: widget messages; no code in, no traceback out."""

    def handle_incoming_message(self, incoming_msg: Any) -> None:
        if not isinstance(incoming_msg, bytes) or self.subprotocol != PROTOCOL:
            return
        if is_widget_message(incoming_msg):
            super().handle_incoming_message(incoming_msg)  # type: ignore[arg-type]

    def _on_zmq_reply(self, stream: Any, msg_list: Any) -> None:
        if self.subprotocol != PROTOCOL:
            return
        header = self.get_part("header", None, msg_list)
        if header["msg_type"] in DOWN:
            super()._on_zmq_reply(stream, msg_list)

    def write_stderr(self, error_message: str, parent_header: Any) -> None:
        """Say nothing: it would carry paths."""
