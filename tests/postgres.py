"""A throw-away PostgreSQL on a Unix socket, for the tests that must hold on both databases."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg

ROLE = "zuofeng"
OPTIONS = ("listen_addresses=", "max_connections=100", "shared_buffers=16MB", "log_statement=none")
MISSING = "no PostgreSQL server found: apt install postgresql (its binaries are in /usr/lib/postgresql)"


def binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: p.parts[4])
    path = shutil.which("initdb") or (str(found[-1]) if found else "")
    return Path(path).parent if path else None


class Cluster:
    """One server with one database. It refuses to run as root, so root lends it another user."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="zf-pg-", dir="/tmp"))  # a socket's path is short
        self.folder.chmod(0o755)
        self.data = self.folder / "data"
        self._as: list[str] = []
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._as = ["runuser", "-u", "postgres", "--"]
        self._run("initdb", "-D", self.data, "-U", ROLE, "-A", "trust", "-E", "UTF8",
                  "--locale=C", "--no-sync")  # fmt: skip
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql://{ROLE}@/postgres?host={self.folder}"

    def start(self, *options: str) -> None:
        given = " ".join(f"-c {option}" for option in (*OPTIONS, *options))
        log = self.folder / "log"
        self._run("pg_ctl", "-D", self.data, "-l", log, "-w", "-o", f"-k {self.folder} {given}", "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self.data, "-m", "fast", "-w", "stop")

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def sql(self, statement: str) -> str:
        """Run one statement as the owner of everything and return the first cell of its answer."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement)  # type: ignore[arg-type]
            row = cursor.fetchone() if cursor.description else None
        return str(row[0]) if row else ""

    def _run(self, name: str, *args: object) -> None:
        place = binaries()
        assert place, MISSING
        command = [*self._as, str(place / name), *map(str, args)]
        with (self.folder / "said").open("w+b") as said:  # a pipe would stay open with the server
            done = subprocess.run(command, stdout=said, stderr=said, cwd="/", check=False)
            said.seek(0)
            assert done.returncode == 0, f"{name}: {said.read().decode(errors='replace')}"
