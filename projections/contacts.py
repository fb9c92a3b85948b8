"""What happens in conversations, and how often? Sums by time slot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Table,
    Uuid,
    any_,
    delete,
    literal,
    select,
)

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.conversations.conversation import Conversation
from domain.insight.contacts import CONTACTS, EVENTS, Contact, contacts
from projections.base import Sql, adding, metadata, replacing, row_of, struct_of, tenant_column
from projections.slotted import in_slots, slot_columns, slot_rows

figures = Table(
    "contacts",
    metadata,
    tenant_column(),
    *slot_columns(),
    *(Column(name, BigInteger, nullable=False) for name in CONTACTS),
)
conversations = Table(
    "contacts_conversations",
    metadata,
    tenant_column(),
    Column("conversation", Uuid, primary_key=True),
    Column("heard_at", DateTime(timezone=True)),
    Column("handed", Boolean, nullable=False),
)

_ADD, _PUT = adding(figures, CONTACTS), replacing(conversations)


class Contacts:
    name: ClassVar[str] = "contacts"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (figures, conversations)
    sees_erased: ClassVar[bool] = True
    events: ClassVar[Sequence[type[Event]]] = EVENTS
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant = batch[0].tenant
        known = await _known({recorded.stream for recorded in batch}, sql, tenant)
        facts = [(at, (), [int(name == each) for each in CONTACTS]) for at, name in contacts(batch, known)]
        gone = sorted({r.stream for r in batch if r.topic == Conversation.Forgotten.TOPIC})
        if gone:
            c = conversations.c
            mine = c.conversation == any_(literal(gone, ARRAY(Uuid)))
            await sql.run(delete(conversations).where(c.tenant == tenant, mine))
        await sql.put(_ADD, slot_rows(tenant, in_slots(facts), (), CONTACTS))
        await sql.put(_PUT, [row_of(tenant, each) for each in known.values()])


async def _known(streams: set[UUID], sql: Sql, tenant: UUID) -> dict[UUID, Contact]:
    c = conversations.c
    query = select(conversations).where(
        c.tenant == tenant, c.conversation == any_(literal(sorted(streams), ARRAY(Uuid)))
    )
    return {row["conversation"]: struct_of(Contact, row) for row in await sql.all(query)}
