"""What was so at a moment, and what has changed since another."""

from __future__ import annotations

from datetime import datetime
from difflib import SequenceMatcher
from typing import Any, Literal
from uuid import UUID

import msgspec

from application.base.plain import plain
from application.ports import Store
from domain.base.aggregate import Aggregate
from domain.base.errors import Ahead, Invalid, NotFound
from domain.base.one_per_tenant import OnePerTenant
from domain.base.times import in_utc
from domain.kinds import kind_of

LAST = 2**31 - 1


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """A moment in a stream's life: at most one of these; none means now."""

    version: int | None = None
    position: int | None = None
    at: datetime | None = None

    def check(self, end: int | None) -> None:
        """`end`: of the tenant's log, where that is known. Raises Invalid; Ahead for a position that the log has not come to."""
        if self.position is not None and end is not None and self.position > end:
            raise Ahead(self.position, end)
        given = [name for name in self.__struct_fields__ if getattr(self, name) is not None]
        if len(given) > 1:
            raise Invalid(f"{' and '.join(given)} name different moments; give one of them")


class StateShown(msgspec.Struct, frozen=True, kw_only=True):
    """`state` holds what the aggregate knew; tokens and hashes of secrets are not shown."""

    stream: str
    version: int
    created_at: datetime
    modified_at: datetime
    state: dict[str, Any]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """`path` as `configuration.tone` or `history[3].text`; `old` and `new` are null where there was, or is, nothing."""

    path: str
    change: Literal["added", "removed", "changed"]
    old: Any = None
    new: Any = None


class Changes(msgspec.Struct, frozen=True, kw_only=True, rename={"before": "from", "after": "to"}):
    """What leads from the version `from` of a stream to the version `to`, path by path."""

    stream: str
    before: int
    after: int
    changes: list[Change]


def point_of(text: str) -> Point:
    """A version, @POSITION, or an RFC 3339 time. Raises Invalid."""
    number = text.removeprefix("@")
    if number.isascii() and number.isdigit() and 0 < int(number) < 2**63:
        return Point(position=int(number)) if text.startswith("@") else Point(version=int(number))
    try:
        at = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        at = None
    if at is None or at.tzinfo is None:
        raise Invalid(
            f"{text[:100]!r} is no version (3), no position (@120) and no time (2026-01-31T12:00:00Z)"
        )
    return Point(at=at)


def changes_between(before: StateShown, after: StateShown) -> Changes:
    """Two states of one stream."""
    found = differences(before.state, after.state)
    return Changes(stream=after.stream, before=before.version, after=after.version, changes=found)


async def state_at(
    kind: str, id: UUID, point: Point, *, tenant: UUID, store: Store, end: int | None = None
) -> StateShown:
    """The state of an aggregate at a point. `end`: of the tenant's log. Raises Invalid for an unknown kind, NotFound when there was none yet, Ahead."""
    point.check(end)
    cls = kind_of(kind)
    if issubclass(cls, OnePerTenant) and id == tenant:  # of which it has one: its own id names it as well
        id = cls.id_of(tenant)
    version = point.version
    if point.position is not None or point.at is not None:
        version = await _version(tenant, id, point, store)
    if version is not None and not 1 <= version <= LAST:
        raise NotFound(f"there is no {kind} {id} at version {version} in this tenant")
    return shown(await store.load(cls, id, tenant=tenant, version=version))


def shown(found: Aggregate[Any]) -> StateShown:
    return StateShown(
        stream=f"{found.TOPIC}/{found.id}",
        version=found.version,
        created_at=found.created_on,
        modified_at=found.modified_on,
        state=plain(found.state),
    )


def differences(old: Any, new: Any, path: str = "") -> list[Change]:
    """What leads from one plain value to another, in the order of the paths."""
    if isinstance(old, dict) and isinstance(new, dict):
        found = []
        for name in dict.fromkeys([*old, *new]):
            place = f"{path}.{name}" if path else str(name)
            if name not in new:
                found.append(Change(path=place, change="removed", old=old[name]))
            elif name not in old:
                found.append(Change(path=place, change="added", new=new[name]))
            else:
                found += differences(old[name], new[name], place)
        return found
    if isinstance(old, list) and isinstance(new, list):
        return _list_differences(old, new, path)
    return [] if old == new else [Change(path=path, change="changed", old=old, new=new)]


def _list_differences(old: list[Any], new: list[Any], path: str) -> list[Change]:
    """Items that only moved are no change. `[n]` counts in the old list where an item is removed, else in the new one."""
    before, after = ([msgspec.json.encode(item) for item in side] for side in (old, new))
    found: list[Change] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        both = min(b - a, d - c)
        for n in range(both):
            found += differences(old[a + n], new[c + n], f"{path}[{c + n}]")
        found += [Change(path=f"{path}[{n}]", change="removed", old=old[n]) for n in range(a + both, b)]
        found += [Change(path=f"{path}[{n}]", change="added", new=new[n]) for n in range(c + both, d)]
    return found


async def _version(tenant: UUID, stream: UUID, point: Point, store: Store) -> int:
    """The last version at a time or position."""
    last = 0
    at = in_utc("at", point.at)
    async for recorded in store.stream(tenant, stream):
        if (at is not None and recorded.recorded_at > at) or (
            point.position is not None and recorded.position > point.position
        ):
            break
        last = recorded.version
    if last == 0:
        raise NotFound("there is no such stream in this tenant, or there was none yet at that point")
    return last
