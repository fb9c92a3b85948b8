"""What was given, and where: the environment, secrets' files, `retrace.toml`. What is meant for us and unknown is refused."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from infra.settings.fields import Field
from infra.settings.providers import unknown

Given = dict[str, tuple[str, object]]
"""By fields' names: where it stands, and what."""

OURS = "RETRACE_"
NO_SETTINGS = {"RETRACE_CONFIG", "RETRACE_INSTANCE"}
"""The file, and by what `retrace up` knows its own roles."""

TESTS = ("RETRACE_TEST_", "RETRACE_GOLDEN")

LINKED = re.compile(r"RETRACE_(\w+_)?(SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)")
"""What Kubernetes tells every pod of a service whose name begins with `retrace`."""


def of_environment(environment: Mapping[str, str], fields: Mapping[str, Field], errors: list[str]) -> Given:
    """An empty variable counts as not set. A secret's may name, with `_FILE` behind it, the file in which it lies."""
    given: Given = {}
    known = {*NO_SETTINGS}
    for name, field in fields.items():
        known.add(field.variable)
        if field.secret:
            known.add(f"{field.variable}_FILE")
        if environment.get(field.variable):
            given[name] = (field.variable, environment[field.variable])
        elif field.secret and environment.get(f"{field.variable}_FILE"):
            given |= _secret_file(name, f"{field.variable}_FILE", environment, errors)
    for name in sorted(environment.keys() - known):
        linked = LINKED.fullmatch(name) or environment[name].startswith("tcp://")
        if name.startswith(OURS) and not name.startswith(TESTS) and not linked:
            errors.append(_unknown(name, sorted(known)))
    return given


def of_file(
    environment: Mapping[str, str], folder: Path, fields: Mapping[str, Field], errors: list[str]
) -> Given:
    """Of `folder`/retrace.toml, or of the file that RETRACE_CONFIG names, which there must be then."""
    named = environment.get("RETRACE_CONFIG")
    file = folder / (named or "retrace.toml")
    if not named and not file.exists():
        return {}
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        errors.append(f"{file} can't be read: {error.strerror}")
        return {}
    except ValueError as error:  # no TOML, or no UTF-8
        errors.append(f"{file} is no TOML: {error}")
        return {}
    for name in sorted(values.keys() - fields.keys()):
        hint = unknown(name) or f"known are {', '.join(fields)}"
        errors.append(f"{name} in {file} is no setting; {hint}")
    return {name: (f"{name} in {file}", value) for name, value in values.items() if name in fields}


def _secret_file(name: str, variable: str, environment: Mapping[str, str], errors: list[str]) -> Given:
    try:
        return {name: (variable, Path(environment[variable]).read_text(encoding="utf-8").strip())}
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        errors.append(f"{variable} names {environment[variable]}, which can't be read: {reason}")
        return {}


def _unknown(name: str, known: list[str]) -> str:
    """Said of a variable that can be meant for nobody else."""
    plain = name.removesuffix("_FILE")
    if plain != name and plain in known:
        return f"{name} is no setting: only secrets may lie in files; give {plain}"
    without = name.removeprefix(OURS)
    close = [without] if without in known else difflib.get_close_matches(name, known, 1, 0.8)
    hint = f"did you mean {close[0]}?" if close else unknown(name) or "docs/settings.md has all of them"
    return f"{name} is no setting; {hint}"
