"""What runs, and whether whoever asks means the same deployment: roles, master keys, settings."""

from __future__ import annotations

import httpx

from infra.crypto.wrapping import Masters
from infra.embedded.postgres import EmbeddedPostgres
from infra.server_urls import place_of
from infra.settings import InvalidSettings, Settings
from interfaces.doctor.check import Check
from interfaces.listening import url_of
from interfaces.running import Running


async def roles(settings: Settings, running: Running | None) -> Check:
    """What runs here, and whether the HTTP role itself says that it is ready."""
    url = running.url if running else url_of(settings.host, settings.port)
    try:
        async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
            reply = await client.get(f"{url}/readyz")
        said = {name: str(value) for name, value in reply.json().items()}
        instance = said.pop("instance", "")  # there is none where an earlier version still runs
        told = f"{url} is {said.pop('status')} ({', '.join(f'{k}: {v}' for k, v in said.items())})"
        ready = reply.status_code == 200
        if running is not None and instance != running.instance:
            ready, told = False, f"another Retrace answers at {url}: one of the two wants another port"
    except (httpx.HTTPError, ValueError, KeyError, AttributeError) as error:
        ready, told = False, f"{url} does not answer as it should ({type(error).__name__})"
    if running is not None:
        what = f"`retrace up`, process {running.pid}, runs {', '.join(running.roles)}"
        hint = "" if ready else f"; look into {settings.data / 'logs'}"
        return Check("roles", ready, f"{what}; {told}{hint}")
    if ready:
        return Check(
            "roles", True, f"the HTTP role at {told}; it was not started by `retrace up` on {settings.data}"
        )
    if settings.embedded:
        return Check("roles", False, f"nothing runs in {settings.data}: start it with `retrace up`")
    return Check(
        "roles",
        False,
        f"no HTTP role runs here: {told}; start `retrace up` or the roles, or set RETRACE_HOST and RETRACE_PORT",
    )


def master_given(settings: Settings) -> bytes | InvalidSettings | None:
    """The master keys as they are given; None: there are none."""
    if settings.master_key is None and not settings.master_file.exists():
        return None
    try:
        return settings.master()
    except InvalidSettings as error:
        return error


def keys_given(settings: Settings, running: Running | None, master: bytes | InvalidSettings | None) -> Check:
    if master is None:
        return Check(
            "master key",
            False,
            f"there is none: no RETRACE_MASTER_KEY, no {settings.master_file}; `retrace up` makes one for a new deployment",
        )
    if isinstance(master, InvalidSettings):
        return Check("master key", False, "; ".join(master.errors))
    marks = Masters(master).fingerprints
    if running is not None and marks != running.masters:
        theirs = ", ".join(running.masters)
        return Check(
            "master key",
            False,
            f"the running roles have others ({theirs}) than are given here ({', '.join(marks)}); restart `retrace up`, or give them here",
        )
    retired = f", and {len(marks) - 1} retired" if len(marks) > 1 else ""
    return Check("master key", True, f"{marks[0]}{retired}")


def database_of(settings: Settings, running: Running | None) -> tuple[str | None, Check | None]:
    """Where to look, and what is wrong with that."""
    if settings.database_url is not None:
        here = str(settings.database_url)
        if running is not None and place_of(here) != running.database:
            text = f"the running roles use {running.database}, not {place_of(here)} of DATABASE_URL; restart `retrace up`, or set it as they have it"
            return here, Check("settings", False, text)
        return here, None
    if running is None:
        return None, None  # said already
    here = EmbeddedPostgres(settings.data).url
    if place_of(here) != running.database:
        return None, Check(
            "settings", False, f"the running roles use {running.database}; set DATABASE_URL as they have it"
        )
    return here, None
