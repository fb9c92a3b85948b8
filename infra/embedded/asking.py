"""PostgreSQL's own protocol over its Unix socket, as far as whoever starts a server asks it something: whether it answers, and what it lacks.

psycopg takes 9 MB, which a supervisor has no use for. One simple query at a time, without values; whoever asks is let in by what the system
says of its process (`peer`). https://www.postgresql.org/docs/18/protocol-message-formats.html
"""

from __future__ import annotations

import socket
import struct
from pathlib import Path

VERSION = 3 << 16
"""3.0, which every server speaks."""

PATIENCE = 5.0
"""Seconds for each piece of an answer."""

USER = "postgres"


class NotAnswered(Exception):
    """It is not there, ends, or is not ready yet; or it refuses what was asked. The text is the server's, or the system's."""


class Asked:
    """A session in `database` of the server whose socket is in `sockets`, as its superuser. Raises NotAnswered."""

    def __init__(self, sockets: Path, database: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(PATIENCE)
        try:
            self._socket.connect(str(sockets / ".s.PGSQL.5432"))
            self._file = self._socket.makefile("rb")
            values = b"".join(
                word.encode() + b"\0"
                for word in ("user", USER, "database", database, "client_encoding", "UTF8")
            )
            self._send(struct.pack(">I", VERSION) + values + b"\0")
            self._heard()
        except OSError as error:
            self.close()
            raise NotAnswered(str(error)) from error
        except BaseException:
            self.close()
            raise

    def rows(self, statement: str) -> int:
        """How many rows it gives. Raises NotAnswered."""
        try:
            self._socket.sendall(b"Q")
            self._send(statement.encode() + b"\0")
            return self._heard()
        except OSError as error:
            raise NotAnswered(str(error)) from error

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Asked:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(self, body: bytes) -> None:
        self._socket.sendall(struct.pack(">I", len(body) + 4) + body)

    def _heard(self) -> int:
        """All until it is ready for the next one: the number of rows."""
        rows, refused = 0, ""
        while True:
            kind, size = struct.unpack(">cI", self._read(5))
            body = self._read(size - 4)
            if kind == b"R" and body[:4] != bytes(4):
                raise NotAnswered("it wants a password")
            if kind == b"E":
                refused = _said(body)
                if body[1:].startswith((b"FATAL", b"PANIC")):
                    raise NotAnswered(refused)
            if kind == b"D":
                rows += 1
            if kind == b"Z":
                if refused:
                    raise NotAnswered(refused)
                return rows

    def _read(self, size: int) -> bytes:
        found = self._file.read(size)
        if len(found) < size:
            raise NotAnswered("it ended the connection")
        return found


def _said(body: bytes) -> str:
    """Of the fields of an error, a letter and a text each, the message."""
    fields = {field[:1]: field[1:].decode(errors="replace") for field in body.split(b"\0")}
    return fields.get(b"M", "it refuses")
