"""What a setting is: its type, which msgspec checks, and what the type does not say."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

import msgspec

from infra.secret import Secret

Check = Callable[[str], str]
"""The text as it is to be. Raises ValueError whose text goes on from the setting's name, and shows no secret."""

WORDS = {"yes": True, "no": False}
"""Beside true, false, 1 and 0."""


class InvalidSettings(Exception):
    """The settings can't be used."""

    def __init__(self, errors: list[str]) -> None:
        self.errors = errors
        super().__init__("these settings need mending:\n" + "\n".join(f"  - {error}" for error in errors))


class Setting(NamedTuple):
    """Stands beside a field's type: under which name the environment has it, and what its type does not say."""

    variable: str
    check: Check | None = None
    between: tuple[int, int] | None = None
    """For a whole number: the least and the most that it may be."""


@dataclass(frozen=True)
class Field:
    """One setting, as it is given."""

    name: str
    setting: Setting
    base: type

    @property
    def variable(self) -> str:
        """The environment's name for it."""
        return self.setting.variable

    @property
    def secret(self) -> bool:
        """Whether it is never shown, and may lie in a file of its own."""
        return issubclass(self.base, Secret)

    def read(self, given: object) -> Any:
        """The field's value of what was given: a text, or what TOML has. Raises ValueError as a Check does."""
        value = WORDS.get(str(given).lower(), given) if self.base is bool else given
        kind: Any = self.base
        if self.setting.between is not None:
            low, high = self.setting.between
            kind = Annotated[int, msgspec.Meta(ge=low, le=high)]
        try:
            found = msgspec.convert(value, kind, strict=False, dec_hook=_made)
        except msgspec.ValidationError:
            found = None
        if found in (None, ""):
            raise ValueError(self._asks(given))
        check = self.setting.check
        return found if check is None else self.base(check(found))

    def _asks(self, given: object) -> str:
        if self.setting.between is not None:
            low, high = self.setting.between
            return f"is {given!r}; give a whole number from {low} to {high}"
        return f"is {given!r}; give true or false" if self.base is bool else "must be a text"


def fields_of(struct: type[msgspec.Struct]) -> dict[str, Field]:
    """Those of its fields that are given as a setting each, by their names."""
    found = {}
    for name, hint in get_type_hints(struct, include_extras=True).items():
        if get_origin(hint) is not Annotated:
            continue
        base, *beside = get_args(hint)
        if isinstance(base, types.UnionType):
            (base,) = [each for each in get_args(base) if each is not type(None)]
        (setting,) = [each for each in beside if isinstance(each, Setting)]
        found[name] = Field(name, setting, base)
    return found


def _made(kind: type, value: object) -> object:
    """Of a type that is not msgspec's own."""
    if not isinstance(value, str):
        raise ValueError("must be a text")
    if kind is Path:
        return Path(value).expanduser() if value else ""
    return kind(value)
