"""Ports that we listen on: where one is not to be had, a sentence says why, who has it, and what to do."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from application.ports import Fault
from interfaces.instance import SERVICE

if TYPE_CHECKING:  # needed where a port is taken only
    import psutil

BACKLOG = 2048
"""Connections that wait to be taken, as uvicorn has it."""

HTTP = ("the HTTP API", "--port or RETRACE_PORT")
METRICS = ("metrics of the {}", "RETRACE_METRICS_PORT")
"""What listens, and the settings that choose its port."""


class PortUnusable(Fault):
    """A port can't be listened on."""


@contextmanager
def listening(host: str, port: int, what: str, hint: str) -> Iterator[Sequence[socket.socket]]:
    """Sockets on all addresses of `host`. `what` listens there; `hint`: how to choose another port. Raises PortUnusable."""
    with ExitStack() as stack:
        yield [stack.enter_context(found) for found in _sockets(host, port, what, hint)]


def check(host: str, port: int, what: str, hint: str) -> None:
    """Raises PortUnusable, as `listening` would."""
    for found in _sockets(host, port, what, hint):
        found.close()


def _sockets(host: str, port: int, what: str, hint: str) -> list[socket.socket]:
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise PortUnusable(
            f"RETRACE_HOST {host} is no address or name of this machine ({error.strerror})"
        ) from None
    made: list[socket.socket] = []
    missing: OSError | None = None
    for family, _, _, _, address in sorted(set(addresses)):
        try:
            made.append(socket.create_server(address, family=family, backlog=BACKLOG))
        except OSError as error:
            if error.errno in (
                errno.EADDRNOTAVAIL,
                errno.EAFNOSUPPORT,
            ):  # of `localhost`, one of the two may be missing
                missing = error
                continue
            for each in made:
                each.close()
            raise PortUnusable(_why(error, host, port, what, hint)) from error
    if not made:
        raise PortUnusable(
            f"RETRACE_HOST {host} is no address of this machine ({missing and missing.strerror})"
        )
    return made


def _why(error: OSError, host: str, port: int, what: str, hint: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} ({what}) is in use by {user_of(host, port)}: stop it, or choose another port with {hint}"
    if error.errno == errno.EACCES:
        return (
            f"port {port} ({what}) may not be listened on by this user: choose one from 1024 on with {hint}"
        )
    return f"port {port} ({what}) on {host} can't be listened on ({error.strerror}); choose another one with {hint}"


def user_of(host: str, port: int) -> str:
    """Who listens there, as far as it tells and the system lets us see."""
    who = "another Retrace" if _is_retrace(host, port) else "another program"
    process = _listener(port)
    if process is None:
        return who
    import psutil

    with suppress(psutil.Error):
        return f"{who} (process {process.pid}, {process.name()})"
    return who


def reached(host: str) -> str:
    """Where one that listens there is found from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def url_of(host: str, port: int) -> str:
    """HTTP at this address, as seen from this machine."""
    host = reached(host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _is_retrace(host: str, port: int) -> bool:
    import httpx

    with suppress(httpx.HTTPError, ValueError, AttributeError):
        reply = httpx.get(f"{url_of(host, port)}/healthz", timeout=2, trust_env=False)
        return bool(reply.json().get("service") == SERVICE)
    return False


def _listener(port: int) -> psutil.Process | None:
    import psutil

    with suppress(psutil.Error, OSError):
        for each in psutil.net_connections("tcp"):
            if each.status == psutil.CONN_LISTEN and each.laddr.port == port and each.pid:
                return psutil.Process(each.pid)
    return None
