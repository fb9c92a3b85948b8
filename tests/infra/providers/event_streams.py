"""Random valid event streams, and the standard's own parser of them, written down rule by rule, slowly.

https://html.spec.whatwg.org/multipage/server-sent-events.html, sections 9.2.5 (the grammar) and 9.2.6 (how it is interpreted).
"""

from __future__ import annotations

import random
import re

from infra.providers.server_events import ServerEvent, ServerEvents

ENDS = ("\n", "\r", "\r\n")
CHARACTERS = (
    *'abc {}[]",:: \t\\0123456789',
    "\x00",
    "\x0b",
    "\x1c",
    "\x85",
    "ü",
    "你",
    "\u2028",
    "\ufeff",
    "\ufffd",
    "\U0001f600",
)
"""Some of them are line ends to Python, and not to the standard."""

NAMES = ("data", "data", "data", "data", "event", "id", "retry", "Data", "data ", "unheard-of", "\ufeffdata")


def random_stream(seed: int) -> bytes:
    """stream = [ bom ] *event, event = *( comment / field ) end-of-line; now and then cut short, or with bytes that are no UTF-8."""
    chance = random.Random(seed)
    lines: list[str] = []
    for _ in range(chance.randint(0, 8)):
        for _ in range(chance.choice((0, 1, 1, 1, 2, 3, 5))):
            lines.append(_line(chance))
        lines.append("")
    one = chance.choice(ENDS) if chance.random() < 0.6 else None
    text = "".join(line + (one or chance.choice(ENDS)) for line in lines)
    stream = (("\ufeff" if chance.random() < 0.2 else "") + text).encode()
    if chance.random() < 0.2:
        stream = stream[: chance.randint(0, len(stream))]
    if chance.random() < 0.1 and stream:
        at = chance.randrange(len(stream))
        stream = stream[:at] + bytes([chance.randrange(0x80, 0x100)]) + stream[at + 1 :]
    return stream


def _line(chance: random.Random) -> str:
    value = "".join(chance.choices(CHARACTERS, k=chance.choice((0, 1, 3, 10, 40))))
    if chance.random() < 0.15:
        return f":{value}"
    form = chance.choice(("{0}: {1}", "{0}: {1}", "{0}:{1}", "{0}:  {1}", "{0}"))
    return form.format(chance.choice(NAMES), value)


def by_the_standard(stream: bytes) -> list[ServerEvent]:
    """The events that a reader that keeps to the standard dispatches."""
    text = stream.decode("utf-8", "replace").removeprefix("\ufeff")
    *lines, _ = re.split("\r\n|\n|\r", text)  # what is not ended by then is discarded
    found: list[ServerEvent] = []
    data, kind = "", ""
    for line in lines:
        if line == "":  # dispatch the event
            if data == "":
                kind = ""
                continue
            found.append(ServerEvent(data.removesuffix("\n").encode(), kind.encode()))
            data, kind = "", ""
        elif line.startswith(":"):
            continue
        else:
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "event":
                kind = value
            elif field == "data":
                data += value + "\n"
    return found


def read_in_pieces(stream: bytes, seed: int) -> list[ServerEvent]:
    """What our reader makes of it, cut at random bytes."""
    chance, reader, found = random.Random(seed), ServerEvents(), list[ServerEvent]()
    longest = chance.choice((1, 3, 20, len(stream) + 1))
    while stream:
        size = chance.randint(0, longest)
        found += reader.feed(stream[:size])
        stream = stream[size:]
    return found
