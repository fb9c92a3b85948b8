"""Which interaction, or call, wrote this text? Fingerprints only (domain/audit/authorship.py): the text itself is in the log, once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Literal, TypeAlias
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Index,
    LargeBinary,
    Table,
    Uuid,
    any_,
    delete,
    literal,
    select,
)

from domain.audit.authorship import fingerprints
from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.chat.call import Call
from domain.conversations.conversation import Conversation
from projections.base import Sql, metadata, replacing, row_of, struct_of, tenant_column

authorship = Table(
    "authorship",
    metadata,
    tenant_column(),
    Column("fingerprint", LargeBinary, primary_key=True),
    Column("interaction", Uuid, primary_key=True),
    Column("stream", Uuid, nullable=False),
    Column("position", BigInteger, nullable=False),
)
Index("authorship_stream", authorship.c.tenant, authorship.c.stream)

_REPLACE = replacing(authorship)


Wrote: TypeAlias = Conversation.Answered | Call.Answered | Call.Ended
"""Events with what the agent, or a model, has said to somebody; `Ended`: as much of it as they had got."""


class AuthorshipRow(msgspec.Struct, frozen=True, kw_only=True):
    """`position` is that of the answer in the tenant's log, `stream` its conversation or call; of a call it is the `interaction` too."""

    fingerprint: bytes
    interaction: UUID
    stream: UUID
    position: int


class Authorship:
    name: ClassVar[str] = "authorship"
    version: ClassVar[int] = (
        4  # also by what a caller of the API had got when it went away, or the model's stream broke
    )
    tables: ClassVar[Sequence[Table]] = (authorship,)
    events: ClassVar[Sequence[type[Event]]] = (
        Conversation.Answered,
        Conversation.Forgotten,
        Call.Answered,
        Call.Ended,
        Call.Forgotten,
    )
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant = batch[0].tenant
        # Nothing follows a stream's last event, so its answers of this very batch need not be written first.
        forgotten = {item.stream for item in batch if item.event is not None and item.event.ERASES}
        if forgotten:
            its = authorship.c.stream == any_(literal(list(forgotten), ARRAY(Uuid)))
            await sql.run(delete(authorship).where(authorship.c.tenant == tenant, its))
        rows: dict[tuple[bytes, UUID], AuthorshipRow] = {}
        for item in batch:
            if isinstance(item.event, Wrote) and item.stream not in forgotten:
                interaction = getattr(item.event, "interaction", item.stream)
                for mark in sorted(_marks(tenant, item.event)):
                    rows[mark, interaction] = AuthorshipRow(
                        fingerprint=mark,
                        interaction=interaction,
                        stream=item.stream,
                        position=item.position,
                    )
        await sql.put(_REPLACE, [row_of(tenant, row) for row in rows.values()])


def _marks(tenant: UUID, event: Wrote) -> frozenset[bytes]:
    """Of the text, of all that the customer was told where that is more, and of a call's further choices. Of no text there is none."""
    beside = (
        [event.told] if isinstance(event, Conversation.Answered) else [each.text for each in event.others]
    )
    return frozenset().union(*(fingerprints(tenant, text) for text in (event.text, *beside) if text))


async def find_authorship(
    sql: Sql, tenant: UUID, marks: Iterable[bytes], limit: int
) -> list[AuthorshipRow] | None:
    """The newest `limit` answers that have one of these fingerprints, the newest first, each once; None: there is none."""
    query = select(authorship).where(
        authorship.c.tenant == tenant,
        authorship.c.fingerprint == any_(literal(list(marks), ARRAY(LargeBinary))),
    )
    # An answer may be found by each of its fingerprints.
    rows = await sql.all(query.order_by(authorship.c.position.desc()).limit(4 * limit))
    found = {row["position"]: struct_of(AuthorshipRow, row) for row in rows}
    return list(found.values())[:limit] or None
