"""Every setting of Voila and Jupyter that keeps a form server quiet and small (TRUST.md §4)."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_server.auth.identity import IdentityProvider, User
from traitlets.config import Config

from ..questionnaire.library import PACKAGE, folders
from ..store import Home
from .kernels import FormConnection, FormKernels

LONGEST_SOCKET = 107  # bytes in the path of a Unix socket
HISTORY_OFF = "c = get_config()\nc.HistoryManager.enabled = False\n"


class Nobody(IdentityProvider):
    """Visitors have no names, no tokens and no cookies here."""

    def get_user(self, handler: Any) -> User:  # noqa: ARG002 - nothing is asked of a visitor
        return User(username="respondent")

    @property
    def auth_enabled(self) -> bool:
        return False

    def get_handlers(self) -> list[tuple[str, object]]:
        return []


def settings(home: Home, notebooks: Path, *, kernels: int, idle: int) -> Config:
    """Return every setting that matters; nobody's configuration files are read."""
    config = Config()
    config.FormServer = Config(
        config_file_paths=[],
        connection_dir_root=str(runtime_of(home)),
        identity_provider_class=Nobody,
        kernel_websocket_connection_class=FormConnection,
        open_browser=False,
        root_dir=str(notebooks.resolve()),
    )
    config.VoilaConfiguration = Config(
        allow_template_override="NO",
        allow_theme_override="NO",
        file_allowlist=[],
        multi_kernel_manager_class=FormKernels,
        show_tracebacks=False,
    )
    config.FormKernels = Config(
        buffer_offline_messages=False,
        cap=kernels,
        cull_connected=True,
        cull_idle_timeout=idle,
        cull_interval=min(60, max(1, idle // 2)),
        kernel_env=_kernel_env(runtime_of(home)),
    )
    config.FormConnection = Config(kernel_ws_protocol="")
    config.KernelManager = Config(transport="ipc")
    config.KernelRestarter = Config(restart_limit=0, time_to_dead=1.0)
    config.NotebookNotary = Config(db_file=":memory:", secret=os.urandom(32))
    return config


def _kernel_env(runtime: Path) -> Mapping[str, str]:
    """Return what a form kernel's environment says beyond the bare one."""
    found = folders()
    return {
        "IPYTHONDIR": str(runtime / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "PYTHONDONTWRITEBYTECODE": "1",
        "ZUOFENG_FORM_SERVER": "1",
        **({"ZUOFENG_QUESTIONNAIRES": str(found[0].resolve())} if found else {}),
    }


def runtime_of(home: Home) -> Path:
    """Return the folder of what lives only while the server runs; nobody else may look into it.

    IPython keeps no history there: it would note when each form was opened.
    """
    runtime = home.path / "runtime"
    runtime.mkdir(mode=0o700, exist_ok=True)
    runtime.chmod(0o700)
    profile = runtime / "ipython" / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "ipython_config.py").write_text(HISTORY_OFF, encoding="utf-8")
    return runtime


def connection_folder(runtime: Path) -> str:
    """Return a fresh 0700 folder for kernel sockets, and remove those that killed servers left."""
    for left in runtime.glob("k*_*"):
        if not Path("/proc", left.name[1:].split("_")[0]).exists():
            shutil.rmtree(left, ignore_errors=True)
    prefix = f"k{os.getpid()}_"
    longest = len(os.fsencode(runtime / f"{prefix}xxxxxxxx" / f"kernel-{'x' * 36}-ipc-5"))
    return tempfile.mkdtemp(prefix=prefix, dir=runtime if longest < LONGEST_SOCKET else None)


def form_notebooks() -> Path:
    """Return the folder of form notebooks: in the wheel, or in the repository."""
    inside = PACKAGE / "notebooks" / "forms"
    return inside if inside.is_dir() else PACKAGE.parents[1] / "notebooks" / "forms"
