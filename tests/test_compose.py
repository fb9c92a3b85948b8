"""`compose.yaml` and the image against the program: roles, settings, secrets and files that they name are there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.postgres.cell import Cell
from infra.settings import all_fields
from interfaces.cli import COMMANDS
from interfaces.supervisor import ROLES

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def compose() -> Any:
    return yaml.safe_load((ROOT / "compose.yaml").read_text())


def test_each_role_runs_as_a_command_of_its_own_from_the_one_image(compose: Any) -> None:
    services = compose["services"]
    assert set(services) == {*ROLES, "migrate", "postgres", "redis"}
    for role in ROLES:
        assert services[role]["build"] == "."
        assert services[role]["command"] == [role]
        assert role in COMMANDS
        assert services[role]["depends_on"].keys() == {"migrate", "redis"}
    assert services["migrate"]["command"] == ["migrate"]
    assert "migrate" in COMMANDS


def test_nobody_but_migrate_has_a_login_that_may_change_the_schema(compose: Any) -> None:
    for role in ROLES:
        service = compose["services"][role]
        assert not Cell(service["environment"]["DATABASE_URL"], bytes(32)).migrates
        assert not {"database_url", "postgres_password"} & set(service["secrets"])
    assert "database_url" in compose["services"]["migrate"]["secrets"]


def test_roles_get_only_settings_that_there_are_and_their_secrets_as_files(compose: Any) -> None:
    fields = {field.variable: field for field in all_fields().values()}
    for role in (*ROLES, "migrate"):
        service = compose["services"][role]
        for variable, value in service["environment"].items():
            plain = variable.removesuffix("_FILE")
            assert plain in fields
            if variable != plain:
                assert fields[plain].secret
                assert value.removeprefix("/run/secrets/") in service["secrets"]
    used = {secret for service in compose["services"].values() for secret in service.get("secrets", ())}
    assert used == set(compose["secrets"])


def test_what_others_wait_for_tells_whether_it_is_ready(compose: Any) -> None:
    for service in (*ROLES, "postgres", "redis"):
        assert compose["services"][service]["healthcheck"]["test"]


def test_the_image_copies_what_there_is_and_runs_without_root() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    copied = [line.split()[1] for line in lines if line.startswith("COPY ") and "--from" not in line]
    assert copied
    for source in copied:
        assert (ROOT / source).exists(), source
    (user,) = [line.removeprefix("USER ") for line in lines if line.startswith("USER ")]
    assert int(user) > 0, "a number, for Kubernetes' runAsNonRoot looks up no names"
    assert any(f"useradd --system --uid {user} " in line for line in lines)
    taken = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    for each in taken:
        assert (ROOT / each).exists(), each
