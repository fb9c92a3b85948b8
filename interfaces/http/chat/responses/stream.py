"""A response piece by piece, as server-sent events in OpenAI's form.

https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec

from application.ports import Piece
from domain.base.plain_digits import to_json
from domain.models.choices import TokenLogprob
from domain.models.completion import Citation
from domain.models.tools import ToolCall, ToolCallPiece
from interfaces.http.chat.likely import tokens_out
from interfaces.http.chat.responses.output import Item, OutputText, call_of, message_of


class ResponseEvents:
    """Makes the events of one response; `items` are what its output has come to by now. One item is open at a time: what comes for another
    closes it. Pieces of one call follow each other."""

    def __init__(self, call: UUID) -> None:
        self._call, self._number = call, 0
        self.items: list[Item] = []
        self._open: list[str] | None = None
        """What was said in the message that is open."""

        self._likely: list[TokenLogprob] = []

        self._asked: ToolCall | None = None
        """The call that is open, and which one it is."""

        self._index = -1

    def event(self, type: str, **facts: Any) -> bytes:
        data = {"type": type, "sequence_number": self._number, **facts}
        self._number += 1
        return b"event: %s\ndata: %s\n\n" % (type.encode(), to_json(data))

    def piece(self, piece: Piece) -> Iterator[bytes]:
        if isinstance(piece, str):
            yield from self._said(piece)
        elif isinstance(piece, ToolCallPiece):
            yield from self._called(piece)
        else:  # a response has one choice
            yield from self._said(piece.text, piece.logprobs)

    def close(self, cited: tuple[Citation, ...] = (), *, whole: bool = True) -> Iterator[bytes]:
        """End the item that is open. `cited` in it; `whole`: whether it came to its end."""
        at, status = len(self.items), "completed" if whole else "incomplete"
        if self._open is not None:
            text, self._open = "".join(self._open), None
            message = message_of(self._call, at, text, status, cited, self._likely)  # type: ignore[arg-type]
            place = {"item_id": message.id, "output_index": at, "content_index": 0}
            yield self.event(
                "response.output_text.done", **place, text=text, logprobs=message.content[0].logprobs
            )
            yield self.event("response.content_part.done", **place, part=message.content[0])
            yield self._done(message)
        elif self._asked is not None:
            made = call_of(self._call, at, self._asked, status)  # type: ignore[arg-type]
            self._asked = None
            yield self.event(
                "response.function_call_arguments.done",
                item_id=made.id,
                output_index=at,
                name=made.name,
                arguments=made.arguments,
            )
            yield self._done(made)

    def _said(self, text: str, logprobs: tuple[TokenLogprob, ...] = ()) -> Iterator[bytes]:
        if self._open is None:
            yield from self.close()
            at = len(self.items)
            begun = msgspec.structs.replace(message_of(self._call, at, "", "in_progress"), content=())
            yield self.event("response.output_item.added", output_index=at, item=begun)
            place = {"item_id": begun.id, "output_index": at, "content_index": 0}
            yield self.event("response.content_part.added", **place, part=OutputText(text=""))
            self._open, self._likely = [], []
        self._open.append(text)
        self._likely += logprobs
        place = {"item_id": f"msg_{self._call.hex}{len(self.items):02}", "output_index": len(self.items)}
        yield self.event(
            "response.output_text.delta", **place, content_index=0, delta=text, logprobs=tokens_out(logprobs)
        )

    def _called(self, piece: ToolCallPiece) -> Iterator[bytes]:
        if self._asked is None or piece.index != self._index:
            yield from self.close()
            self._asked = ToolCall(id=piece.id or "", name=piece.name or "", arguments="")
            self._index = piece.index
            begun = call_of(self._call, len(self.items), self._asked, "in_progress")
            yield self.event("response.output_item.added", output_index=len(self.items), item=begun)
        asked = self._asked
        self._asked = msgspec.structs.replace(asked, arguments=asked.arguments + piece.arguments)
        if piece.arguments:
            yield self.event(
                "response.function_call_arguments.delta",
                item_id=f"fc_{self._call.hex}{len(self.items):02}",
                output_index=len(self.items),
                delta=piece.arguments,
            )

    def _done(self, item: Item) -> bytes:
        at = len(self.items)
        self.items.append(item)
        return self.event("response.output_item.done", output_index=at, item=item)
