"""Master keys sealed by a key management service: opened once by a process, rotated like any other, refused with a reason."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from click.testing import CliRunner

from infra.crypto import kms
from infra.crypto.keyring import Keyring
from infra.crypto.wrapping import Masters
from infra.postgres.database import Database
from infra.settings import InvalidSettings, environment_of, load
from interfaces.cli import cli
from tests.cells import cell
from tests.doubles.vault import TOKEN, Vault, vault_double

SECRET = bytes(range(32))
PLAIN = base64.b64encode(bytes(range(32, 64))).decode()


@pytest_asyncio.fixture(name="vault")
async def _vault() -> AsyncIterator[Vault]:
    async with vault_double() as double:
        yield double


def given(vault: Vault, *keys: str, **more: str) -> dict[str, str]:
    return {
        "RETRACE_MASTER_KEY": ",".join(keys),
        "VAULT_ADDR": vault.url,
        "VAULT_TOKEN": TOKEN,
        "RETRACE_VAULT_KEY": "transit/shop",
        **more,
    }


async def master(environment: dict[str, str], folder: Path) -> bytes:
    """In a thread: the double runs on this loop."""
    return await asyncio.to_thread(lambda: load(environment, folder).master())


async def test_a_sealed_key_is_opened_once_by_a_process(vault: Vault, tmp_path: Path) -> None:
    environment = given(vault, vault.seal(SECRET), PLAIN)
    for _ in range(3):
        assert await master(environment, tmp_path) == SECRET + base64.b64decode(PLAIN)
    assert [call.path for call in vault.calls] == ["/v1/transit/decrypt/shop"]
    again = load(environment, tmp_path)
    assert load(environment_of(again), tmp_path) == again  # it stays sealed on its way to the roles
    assert TOKEN not in repr(again)


async def test_what_it_sealed_before_its_own_rotation_opens(vault: Vault, tmp_path: Path) -> None:
    old = vault.seal(SECRET)
    vault.rotate()
    assert await master(given(vault, vault.seal(SECRET[::-1]), old), tmp_path) == SECRET[::-1] + SECRET


async def test_a_new_key_is_sealed_by_command(vault: Vault, tmp_path: Path) -> None:
    environment = given(vault, PLAIN) | {"RETRACE_DATA": str(tmp_path)}
    run = CliRunner().invoke
    made = await asyncio.to_thread(run, cli, ["keys", "new", "--kms", "vault"], env=environment)
    assert made.exit_code == 0, made.output
    assert made.output.startswith("vault:v1:")
    assert len(await master(given(vault, made.output.strip()), tmp_path)) == 32
    plain = await asyncio.to_thread(run, cli, ["keys", "new"], env=environment)
    assert len(base64.b64decode(plain.output)) == 32
    strange = await asyncio.to_thread(run, cli, ["keys", "new", "--kms", "nobody"], env=environment)
    assert strange.exit_code == 1
    assert "there are vault" in strange.output


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"VAULT_TOKEN": "hvs.wrong"}, "answered 403 (permission denied)"),
        ({"RETRACE_VAULT_KEY": "transit/other"}, "answered 404"),
        ({"VAULT_ADDR": "http://127.0.0.1:9"}, "does not answer: ConnectError"),
        ({"VAULT_ADDR": ""}, "needs VAULT_ADDR and VAULT_TOKEN"),
    ],
)
async def test_a_service_that_does_not_open_it_is_told(
    vault: Vault, tmp_path: Path, change: dict[str, str], told: str
) -> None:
    with pytest.raises(InvalidSettings, match="a master key does not open") as refused:
        await master(given(vault, vault.seal(SECRET), **change), tmp_path)
    assert told in str(refused.value)
    assert TOKEN not in str(refused.value)


async def test_a_sealed_vault_and_a_changed_text_are_told(vault: Vault, tmp_path: Path) -> None:
    text = vault.seal(SECRET)
    vault.sealed = True
    with pytest.raises(InvalidSettings, match="503 .Vault is sealed"):
        await master(given(vault, text), tmp_path)
    vault.sealed = False
    changed = text[:-6] + ("AAAA==" if text.endswith("==") else "AAAAAA")
    with pytest.raises(InvalidSettings, match="400 .cipher"):
        await master(given(vault, changed), tmp_path)
    assert await master(given(vault, text), tmp_path) == SECRET  # a failure is not kept


@pytest.mark.parametrize("key", ["transit", "/shop", "transit/"])
def test_the_key_has_a_mount_and_a_name(tmp_path: Path, key: str) -> None:
    with pytest.raises(InvalidSettings, match="MOUNT/NAME"):
        load({"RETRACE_VAULT_KEY": key}, tmp_path)


class Reversed:
    """A service that somebody brings along."""

    def wrap(self, secret: bytes) -> str:
        return f"reversed:{secret[::-1].hex()}"

    def unwrap(self, text: str) -> bytes:
        return bytes.fromhex(text.partition(":")[2])[::-1]


async def test_another_service_comes_by_its_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = EntryPoint("reversed", f"{__name__}:Reversed", kms.GROUP)
    monkeypatch.setattr(kms, "entry_points", lambda **facts: EntryPoints([entry]).select(**facts))
    settings = load({"RETRACE_MASTER_KEY": Reversed().wrap(SECRET)}, tmp_path)
    assert settings.master() == SECRET
    with pytest.raises(InvalidSettings, match="there are vault, reversed"):
        load({"RETRACE_MASTER_KEY": "nobody:abc"}, tmp_path).master()
    with pytest.raises(InvalidSettings, match="has 3 bytes"):
        load({"RETRACE_MASTER_KEY": "reversed:010203"}, tmp_path).master()


async def test_what_was_sealed_under_it_opens_in_another_process(
    vault: Vault, database_url: str, tmp_path: Path
) -> None:
    """And a key that is missing is named by its fingerprint, as ever."""
    tenant, keys = uuid4(), await master(given(vault, vault.seal(SECRET)), tmp_path)
    async with Database(cell(database_url), size=1) as database:
        sealed = await Keyring(database, keys).seal(tenant, tenant, b"text", b"")
        again = await master(given(vault, PLAIN, vault.seal(SECRET)), tmp_path)
        assert await Keyring(database, again).unseal(tenant, sealed, b"") == b"text"
        with pytest.raises(Exception, match=Masters(SECRET).current.hex()):
            await Keyring(database, base64.b64decode(PLAIN)).unseal(tenant, sealed, b"")
