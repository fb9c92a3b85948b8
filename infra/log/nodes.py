"""A writer for each server of a Citus (docs/citus.md): a tenant's commands go straight to the one that holds it.

By way of the coordinator a call is planned there, and written anew as text for the node; and one writer's calls wait for each other, though
they are for different nodes. A node that this process does not reach, or that is none of this Citus, is written to by way of the coordinator.
"""

from __future__ import annotations

import asyncio
import logging
from typing import NamedTuple
from uuid import UUID

import psycopg

from application.ports import Fault, Unavailable
from infra.log.appender import Appender
from infra.log.command import Command, Verdict
from infra.postgres.cell import Cell
from infra.postgres.session import Connection, connect

log = logging.getLogger("retrace.log")

FRESH = 60.0
"""Seconds for which a tenant is taken to lie where it was found. One that has moved is written to all the same: nodes pass calls on."""

PATIENCE = 3.0
"""Seconds for the coordinator to say where a tenant lies, and for a node to say who it is: others wait for it."""

MOST = 20_000
"""Tenants whose place is kept."""

PLACE = "SELECT host, port, in_group FROM node_of(%s)"
HERE = "SELECT groupid FROM pg_dist_local_group"


class Node(NamedTuple):
    """By the name that its coordinator has for it. Group 0 is the coordinator itself."""

    host: str
    port: int
    group: int


class OtherNode(Fault):
    """What answers at a node's address is another one."""

    def __init__(self, node: Node) -> None:
        super().__init__(f"what answers at {node.host}:{node.port} is not that node of this Citus")


class NodesAppender(Appender):
    """The writers of a process on a Citus; itself that of the coordinator."""

    def __init__(self, cell: Cell) -> None:
        super().__init__(cell)
        self._known: dict[bytes, tuple[Node | None, float]] = {}
        self._writers: dict[Node, Appender] = {}
        self._away: dict[Node, float] = {}
        self._asking = asyncio.Lock()
        self._asked: Connection | None = None

    async def append(self, command: Command) -> Verdict:
        """Store a command's events. Raises Unavailable when the outcome can't be learned."""
        node, until = self._known.get(command.tenant, (None, 0.0))
        if until < asyncio.get_running_loop().time():
            node = await self._find(command.tenant)
        writer = self._writers.get(node) if node is not None else None
        if writer is None:
            return await super().append(command)
        try:
            return await writer.append(command)
        except Unavailable:
            self._known.pop(command.tenant, None)  # it may be elsewhere by now
            if node is not None:  # perhaps only from here: for a while its coordinator's way is tried
                self._away[node] = asyncio.get_running_loop().time() + FRESH
            raise

    async def close(self) -> None:
        """Wait for what is in the air and in the queues, then disconnect."""
        await super().close()
        for writer in self._writers.values():
            await writer.close()
        if self._asked is not None:
            await self._asked.close()

    async def _find(self, tenant: bytes) -> Node | None:
        """Where the tenant lies, with a writer for it; None: the coordinator's is to be taken."""
        async with self._asking:
            now = asyncio.get_running_loop().time()
            node, until = self._known.get(tenant, (None, 0.0))
            if until >= now:  # by who waited before
                return node
            try:
                async with asyncio.timeout(PATIENCE):
                    node = await self._place(tenant)
            except (psycopg.Error, OSError, Fault) as error:  # its own writer says what is wrong, if it is
                if self._asked is not None:
                    await self._asked.close()
                log.warning(
                    "nodes of this Citus can't be asked for (%s); writing to its coordinator",
                    str(error) or type(error).__name__,
                )
                node = None
            if node is not None and not await self._reached(node):
                node = None
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[tenant] = node, now + FRESH
            return node

    async def _place(self, tenant: bytes) -> Node | None:
        """By its coordinator. Raises psycopg.Error, OSError, Fault."""
        if self._asked is None or self._asked.closed:
            self._asked = await connect(self._cell, "retrace_writer")
        cursor = await self._asked.execute(PLACE, [UUID(bytes=tenant)])
        row = await cursor.fetchone()
        return Node(*row) if row is not None and row[2] != 0 else None

    async def _reached(self, node: Node) -> bool:
        """Whether there is a writer of that node, made now perhaps."""
        now = asyncio.get_running_loop().time()
        if self._away.get(node, 0.0) > now:
            return False
        if node in self._writers:
            return True
        cell = self._cell.at(node.host, node.port)
        try:
            async with asyncio.timeout(PATIENCE), await connect(cell, "retrace_writer") as connection:
                if await (await connection.execute(HERE)).fetchone() != (node.group,):
                    raise OtherNode(node)
        except (psycopg.Error, OSError, Fault) as error:
            self._away[node] = now + FRESH
            words = "%s:%s, a node of this Citus, is not reached from here (%s); its tenants' events go by way of the coordinator"
            log.warning(words, node.host, node.port, str(error).strip() or type(error).__name__)
            return False
        self._writers[node] = Appender(cell)
        return True


def appender_of(cell: Cell) -> Appender:
    """For a cell that a session was opened of."""
    return NodesAppender(cell) if cell.distributed else Appender(cell)
