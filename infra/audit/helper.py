"""A process that checks stretches of a log for another one: python -m infra.audit.helper, with requests on its standard input.

Frames: a length of four bytes, big-endian, and msgpack. In: a `Request`, then pairs of a number and how many events beyond it to check.
Out, in their order: the stretches, None where something is wrong in one.
"""

from __future__ import annotations

import sys
import threading
from queue import Queue
from typing import IO, TypeVar
from uuid import UUID

import msgspec
import psycopg
from psycopg.pq.abc import PGresult

from infra.audit.pages import fetched, rows_of
from infra.audit.stretch import Stretch, check
from infra.postgres.session import ENTER, SESSION, WrongSession

T = TypeVar("T")


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Whose log, and how to come to it, as its caller does: a login, and the tenant's signed context. It is told on standard input, since
    others can read a process's arguments."""

    conninfo: str
    context: str
    tenant: UUID


class Answer(msgspec.Struct, frozen=True):
    stretch: Stretch | None


def send(to: IO[bytes], message: object) -> None:
    data = msgspec.msgpack.encode(message)
    to.write(len(data).to_bytes(4, "big") + data)
    to.flush()


def receive(source: IO[bytes], kind: type[T]) -> T:
    """Raises EOFError."""
    data = _exactly(source, int.from_bytes(_exactly(source, 4), "big"))
    return msgspec.msgpack.decode(data, type=kind)


def main() -> None:
    """Fetching, checking and telling go on at the same time: the first and the last wait without the interpreter's lock."""
    request = receive(sys.stdin.buffer, Request)
    results: Queue[tuple[int, PGresult] | None] = Queue(1)
    answers: Queue[Answer | None] = Queue(2)

    def fetch() -> None:
        try:
            with psycopg.connect(request.conninfo, **SESSION) as connection:
                connection.execute("BEGIN")
                row = connection.execute(ENTER, [request.context]).fetchone()
                login = connection.info.user
                if row is None or not row[0] == row[1] == login:
                    raise WrongSession(str(row and row[0]), str(row and row[1]), login)
                while True:
                    after, most = receive(sys.stdin.buffer, tuple[int, int])
                    results.put((after, fetched(connection.pgconn, request.tenant, after, most)))
        finally:  # also where the database has gone: who asked sees that this process ends
            results.put(None)

    def tell() -> None:
        while (answer := answers.get()) is not None:
            send(sys.stdout.buffer, answer)

    threads = [threading.Thread(target=work, daemon=True) for work in (fetch, tell)]
    for thread in threads:
        thread.start()
    while (result := results.get()) is not None:
        answers.put(Answer(check(result[0], rows_of(result[1]))))
    answers.put(None)
    threads[1].join()


def _exactly(source: IO[bytes], size: int) -> bytes:
    data = source.read(size)
    if len(data) < size:
        raise EOFError
    return data


if __name__ == "__main__":
    main()
