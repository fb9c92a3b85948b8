"""Operators at the console, each with a browser of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from tests.interfaces.http.conftest import Customer

PASSWORD = "four words that stay"
SITE = {"Sec-Fetch-Site": "same-origin", "Origin": "http://retrace"}


@dataclass
class Person:
    """`http` keeps cookies as a browser does, and says of each form that it is of the same origin."""

    tenant: UUID
    id: str
    email: str
    http: httpx.AsyncClient

    async def sign_in(self, password: str = PASSWORD, code: str = "", **more: Any) -> httpx.Response:
        form = {"tenant": str(self.tenant), "email": self.email, "password": password, "code": code}
        return await self.http.post("/console/sign-in", data={**form, **more})

    async def send(self, path: str, form: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        """A form, with the token of the page that it stands on."""
        return await self.http.post(path, data={"csrf": await self.csrf(), **(form or {})}, **more)

    async def csrf(self) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', (await self.http.get("/console")).text)
        assert found is not None
        return found[1]

    async def inside(self) -> bool:
        return (await self.http.get("/console")).status_code == 200

    def browser(self) -> Person:
        """Another browser of theirs."""
        return Person(self.tenant, self.id, self.email, browser(self.http._transport))


def browser(transport: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=transport, base_url="http://retrace", headers=SITE, timeout=60)


async def invited(customer: Customer, email: str, *roles: str) -> tuple[str, str]:
    """Their id, and the path of their link."""
    body = {"email": email, "name": email.partition("@")[0].title(), "roles": roles or ["agent"]}
    made = await customer.http.post("/v1/operators", json=body)
    assert made.status_code == 201, made.text
    return made.json()["id"], path_of(made.json()["link"])


async def joined(customer: Customer, email: str, *roles: str) -> Person:
    """Invited, and with a password; not signed in."""
    id, link = await invited(customer, email, *roles)
    person = Person(customer.tenant, id, email, browser(customer.http._transport))
    done = await accepted(person.http, link)
    assert done.status_code == 303, done.text
    return person


async def accepted(http: httpx.AsyncClient, link: str, password: str = PASSWORD) -> httpx.Response:
    form = {"token": link.partition("token=")[2], "password": password, "again": password}
    return await http.post("/console/accept", data=form)


def path_of(link: str) -> str:
    return "/console/" + link.partition("/console/")[2]
