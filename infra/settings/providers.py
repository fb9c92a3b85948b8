"""Two settings for each provider of the table: the deployment's key, and another address than the vendor's."""

from __future__ import annotations

from collections.abc import Mapping

from infra.providers import PROVIDERS
from infra.providers.access import PARTS, Accesses, ProviderAccess, variable
from infra.secret import Secret
from infra.settings.checks import web_address
from infra.settings.fields import Field, Setting


def provider_fields() -> dict[str, Field]:
    """By their names: NAME_api_key and NAME_base_url."""
    found = {}
    for name in PROVIDERS:
        key = Setting(variable(name, "api_key"))
        address = Setting(variable(name, "base_url"), web_address)
        for field in (Field(f"{name}_api_key", key, Secret), Field(f"{name}_base_url", address, str)):
            found[field.name] = field
    return found


def accesses(values: Mapping[str, object]) -> dict[str, ProviderAccess]:
    """Of the providers that anything was given for. `values` by fields' names."""
    found = {}
    for name in PROVIDERS:
        key, address = values.get(f"{name}_api_key"), values.get(f"{name}_base_url")
        if key is not None or address is not None:
            found[name] = ProviderAccess(
                api_key=None if key is None else Secret(key),
                base_url=None if address is None else str(address),
            )
    return found


def variables_of(accesses: Accesses) -> dict[str, str | None]:
    """The environment's names, and what stands there."""
    return {
        variable(name, what): getattr(access, what) for name, access in accesses.items() for what in PARTS
    }


def homeless(given: Mapping[str, tuple[str, object]]) -> list[str]:
    """Errors: keys of providers that have no address of their own and were given none."""
    return [
        f"{given[f'{name}_api_key'][0]} needs {variable(name, 'base_url')} as well: the provider {name} has no address of its own"
        for name, provider in PROVIDERS.items()
        if provider.base_url is None and f"{name}_api_key" in given and f"{name}_base_url" not in given
    ]


def unknown(name: str) -> str | None:
    """What to say of a name that would be a provider's setting, if there were that provider; None: it would not."""
    for part in PARTS:
        if (stem := name.lower().removesuffix(f"_{part}")) != name.lower():
            return f"there is no provider {stem.removeprefix('retrace_')}; known are {', '.join(PROVIDERS)}, each with NAME_API_KEY and NAME_BASE_URL"
    return None
