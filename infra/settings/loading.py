"""Settings of what was given. All errors are told at once, each with where it stands and the way out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.settings.cells import MAIN, cells_in
from infra.settings.fields import Field, InvalidSettings
from infra.settings.masters import NEW_KEY
from infra.settings.providers import accesses, homeless, provider_fields, variables_of
from infra.settings.replicas import replicas_in
from infra.settings.settings import FIELDS, Settings
from infra.settings.sources import of_environment, of_file


def all_fields() -> dict[str, Field]:
    """By their names, which `retrace.toml` has, those of the table of providers among them."""
    return FIELDS | provider_fields()


def load(environment: Mapping[str, str], folder: Path = Path()) -> Settings:
    """Settings from `environment`, which wins, and from `folder`/retrace.toml or the file that RETRACE_CONFIG names.

    A secret may lie in a file of its own, which the variable with `_FILE` behind its name names, as orchestrators hand secrets over.
    An empty variable counts as not set. Raises InvalidSettings.
    """
    errors: list[str] = []
    fields = all_fields()
    given = of_file(environment, folder, fields, errors) | of_environment(environment, fields, errors)
    values: dict[str, Any] = {}
    for name, (source, value) in given.items():
        try:
            values[name] = fields[name].read(value)
        except ValueError as error:
            errors.append(f"{source} {error}")
    if (
        "database_url" in given
        and "master_key" not in given
        and not environment.get("RETRACE_MASTER_KEY_FILE")
    ):
        errors.append(f"{given['database_url'][0]} needs RETRACE_MASTER_KEY as well; {NEW_KEY}")
    errors += homeless(given)
    if "files" in given and ("aws_access_key_id" in given) != ("aws_secret_access_key" in given):
        errors.append(
            f"{given['files'][0]} needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY together, or neither where the machine has a role"
        )
    if "replica_url" in values:
        known = {MAIN, *cells_in(values.get("cells", ""))}
        strange = sorted(replicas_in(values["replica_url"]).keys() - known)
        errors += [
            f"{given['replica_url'][0]} names a cell {name!r}, which RETRACE_CELLS has not"
            for name in strange
        ]
    if errors:
        raise InvalidSettings(errors)
    own = {name: value for name, value in values.items() if name in FIELDS}
    own.setdefault("allow_private_addresses", "database_url" not in own)
    return Settings(**own, providers=accesses(values))


def environment_of(settings: Settings) -> dict[str, str]:
    """The variables from which `load` makes these settings again; for child processes. Holds the secrets."""
    values: dict[str, Any] = {field.variable: getattr(settings, name) for name, field in FIELDS.items()}
    values |= variables_of(settings.providers)
    return {variable: str(value) for variable, value in values.items() if value is not None}
