"""Settings of a deployment: from the environment, else from `retrace.toml`, else the default.

`settings.py` has one field a setting, which msgspec checks (docs/decisions/0004-settings.md). What a provider needs
follows from `PROVIDERS` (`infra/providers/`). `sources.py` finds what was given and refuses what is none; `loading.py` makes the settings of
it and tells all errors at once; `masters.py` has the master key. Begin in `loading.py`.
"""

from infra.secret import Secret
from infra.settings.cells import MAIN, cells_text
from infra.settings.fields import Field, InvalidSettings
from infra.settings.loading import all_fields, environment_of, load
from infra.settings.masters import master_text
from infra.settings.settings import FIELDS, Settings

__all__ = [
    "FIELDS",
    "MAIN",
    "Field",
    "InvalidSettings",
    "Secret",
    "Settings",
    "all_fields",
    "cells_text",
    "environment_of",
    "load",
    "master_text",
]
