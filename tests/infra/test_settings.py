"""Settings: the environment wins over the file, every error is told at once, and no secret is shown."""

from __future__ import annotations

import base64
from pathlib import Path

import msgspec
import pytest

from infra import providers
from infra.providers import PROVIDERS
from infra.providers.access import ProviderAccess, variable
from infra.settings import (
    FIELDS,
    InvalidSettings,
    Secret,
    Settings,
    all_fields,
    cells_text,
    environment_of,
    load,
    master_text,
)
from infra.settings.cells import cells_in

KEY = base64.b64encode(bytes(range(32))).decode()
EVERYTHING = {
    "DATABASE_URL": "postgresql://user:word@host/name",
    "RETRACE_CELLS": "west=postgresql://user:secret-of-west@west/name east=postgresql:///?host=east",
    "DATABASE_REPLICA_URL": "postgresql://user:secret-of-replica@host2/name west=postgresql://west2/name",
    "RETRACE_REPLICA_LAG": "9",
    "REDIS_URL": "unix:///run/redis.sock",
    "RETRACE_DATA": "/var/lib/retrace",
    "RETRACE_FILES": "s3://shop/retrace?endpoint=https://minio.example:9000&region=eu-west-1",
    "AWS_ACCESS_KEY_ID": "secret-key-id",
    "AWS_SECRET_ACCESS_KEY": "secret-access-key",
    "AWS_SESSION_TOKEN": "secret-session-token",
    "RETRACE_MASTER_KEY": KEY,
    "RETRACE_OPERATOR_KEY": "secret-operator-key-of-32-letters",
    "RETRACE_HOST": "0.0.0.0",
    "RETRACE_PORT": "9000",
    **{variable(name, "api_key"): f"secret-{name}" for name in PROVIDERS},
    **{variable(name, "base_url"): f"http://127.0.0.1:1/{name}" for name in PROVIDERS},
    "RETRACE_PUBLIC_URL": "https://service.example",
    "RETRACE_CORS_ORIGINS": "https://app.example",
    "TWILIO_BASE_URL": "http://127.0.0.1:5",
    "BRAVE_SEARCH_KEY": "secret-brave-key",
    "BRAVE_SEARCH_BASE_URL": "http://127.0.0.1:8",
    "GOOGLE_SEARCH_KEY": "secret-search-key",
    "GOOGLE_SEARCH_ENGINE": "engine",
    "GOOGLE_SEARCH_BASE_URL": "http://127.0.0.1:6",
    "RETRACE_SMTP_URL": "smtps://user:word@mail.example:465",
    "RETRACE_SMTP_FROM": "Retrace <alerts@retrace.example>",
    "PAGERDUTY_BASE_URL": "http://127.0.0.1:7",
    "RETRACE_ALERT_INTERVAL": "30",
    "RETRACE_ALLOW_PRIVATE_ADDRESSES": "True",
    "RETRACE_EMBEDDING_MODEL": "gemini/gemini-embedding-001@768",
    "RETRACE_SOURCE_TIMEOUT_MS": "450",
    "RETRACE_VECTOR_INDEX_CHUNKS": "5000",
    "RETRACE_VECTOR_INDEX_RECALL": "95",
    "RETRACE_VECTOR_INDEXES": "3",
    "RETRACE_LOG_LEVEL": "DEBUG",
    "RETRACE_WORKER_CONCURRENCY": "4",
    "RETRACE_METRICS_PORT": "9464",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318",
    "RETRACE_TRACE_CONTENT": "True",
    "RETRACE_REMOVAL_GRACE_DAYS": "7",
    "RETRACE_RATE_SIGN_INS_PER_ACCOUNT": "20",
    "RETRACE_RATE_SIGN_INS_PER_ADDRESS": "200",
    "RETRACE_SESSION_IDLE_MINUTES": "15",
    "RETRACE_SESSION_HOURS": "8",
    "RETRACE_INVITATION_HOURS": "24",
    "RETRACE_MAX_CONNECTIONS": "100",
    "RETRACE_HEADER_TIMEOUT": "5",
    "RETRACE_SILENCE_TIMEOUT": "6",
    "RETRACE_MIN_TRANSFER_RATE": "100",
    "RETRACE_MAX_STREAMS_PER_KEY": "20",
    "RETRACE_MAX_STREAMS_PER_TENANT": "30",
    "RETRACE_RATE_REQUESTS": "100",
    "RETRACE_RATE_REQUESTS_PER_KEY": "200",
    "RETRACE_RATE_ANSWERS": "300",
    "RETRACE_RATE_MESSAGES_PER_CUSTOMER": "400",
    "RETRACE_RATE_UPLOADS": "500",
    "RETRACE_RATE_SEARCHES": "600",
    "RETRACE_RATE_RATINGS_PER_INTERACTION": "700",
    "RETRACE_RATE_RATINGS_PER_ADDRESS": "800",
    "VAULT_ADDR": "https://vault.example:8200",
    "VAULT_TOKEN": "secret-v",
    "RETRACE_VAULT_KEY": "transit/shop",
}


def errors(environment: dict[str, str], folder: Path) -> list[str]:
    with pytest.raises(InvalidSettings) as refused:
        load(environment, folder)
    assert all(error in str(refused.value) for error in refused.value.errors)
    return refused.value.errors


def test_without_any_setting_everything_is_embedded(tmp_path: Path) -> None:
    settings = load({}, tmp_path)
    assert settings.embedded
    assert settings.allow_private_addresses
    assert (settings.host, settings.port, settings.data) == ("127.0.0.1", 8080, Path(".retrace"))


def test_the_environment_makes_every_setting_and_can_be_made_again(tmp_path: Path) -> None:
    settings = load(EVERYTHING, tmp_path)
    assert environment_of(settings) == EVERYTHING
    assert load(environment_of(settings), tmp_path) == settings


def test_the_file_has_the_same_names_and_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / "retrace.toml").write_text('port = 9000\nhost = "::1"\nallow_private_addresses = false\n')
    settings = load({"RETRACE_PORT": "9001", "RETRACE_HOST": ""}, tmp_path)
    assert (settings.port, settings.host, settings.allow_private_addresses) == (9001, "::1", False)


def test_another_file_can_be_named_and_must_then_exist(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("port = 9000\n")
    assert load({"RETRACE_CONFIG": "other.toml"}, tmp_path).port == 9000
    assert errors({"RETRACE_CONFIG": "none.toml"}, tmp_path) == [
        f"{tmp_path / 'none.toml'} can't be read: No such file or directory"
    ]


def test_all_errors_are_told_at_once_with_where_they_stand_and_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "retrace.toml"
    file.write_text('colour = "red"\nport = true\ndata = 3\nlog_level = "loud"\nredis_url = "host:1"\n')
    environment = {
        "DATABASE_URL": "mysql://user:word@host",
        "RETRACE_MASTER_KEY": "c2hvcnQ=",
        "OPENAI_BASE_URL": "ftp://x",
        "RETRACE_WORKER_CONCURRENCY": "0",
        "RETRACE_ALLOW_PRIVATE_ADDRESSES": "maybe",
    }
    told = errors(environment, tmp_path)
    beginnings = [
        f"colour in {file} is no setting; known are database_url",
        f"port in {file} is True; give a whole number from 1 to 65535",
        f"data in {file} must be a text",
        f"log_level in {file} is 'loud'; give one of DEBUG",
        f"redis_url in {file} must begin with redis:// or rediss:// or unix://",
        "DATABASE_URL must begin with postgresql:// or postgres://, or be of libpq's form host=… dbname=…",
        "RETRACE_MASTER_KEY is not base64 of 32 bytes; make one with",
        "OPENAI_BASE_URL must begin with http:// or https://",
        "RETRACE_WORKER_CONCURRENCY is '0'; give a whole number from 1 to 1000",
        "RETRACE_ALLOW_PRIVATE_ADDRESSES is 'maybe'; give true or false",
    ]
    assert len(told) == len(beginnings)
    for beginning in beginnings:
        assert any(error.startswith(beginning) for error in told), beginning
    assert "word" not in str(told)
    assert "c2hvcnQ" not in str(told)


def test_a_secret_may_lie_in_a_file_and_the_variable_itself_wins(tmp_path: Path) -> None:
    file = tmp_path / "openai_key"
    file.write_text("sk-of-the-file\n")
    environment = {"OPENAI_API_KEY_FILE": str(file)}
    assert load(environment, tmp_path).providers["openai"].api_key == "sk-of-the-file"
    said = load({**environment, "OPENAI_API_KEY": "sk-said"}, tmp_path)
    assert said.providers["openai"].api_key == "sk-said"


def test_a_secrets_file_that_is_missing_empty_or_wrong_is_told_and_not_shown(tmp_path: Path) -> None:
    missing, empty, wrong = (tmp_path / name for name in ("missing", "empty", "wrong"))
    empty.write_text("\n")
    wrong.write_text("mysql://user:word@host")
    told = errors(
        {
            "RETRACE_MASTER_KEY_FILE": str(missing),
            "OPENAI_API_KEY_FILE": str(empty),
            "DATABASE_URL_FILE": str(wrong),
        },
        tmp_path,
    )
    assert sorted(told) == [
        "DATABASE_URL_FILE must begin with postgresql:// or postgres://, or be of libpq's form host=… dbname=…",
        "OPENAI_API_KEY_FILE must be a text",
        f"RETRACE_MASTER_KEY_FILE names {missing}, which can't be read: No such file or directory",
    ]


def test_the_public_address_is_plain_and_without_one_it_is_where_the_api_listens(tmp_path: Path) -> None:
    given = {"RETRACE_PUBLIC_URL": "https://service.example/api/"}
    assert load(given, tmp_path).public == "https://service.example/api"
    assert load({"RETRACE_PORT": "9000"}, tmp_path).public == "http://127.0.0.1:9000"
    for wrong in (
        "service.example",
        "https://ann:pw@service.example",
        "https://service.example/?a=b",
        "https://",
    ):
        assert errors({"RETRACE_PUBLIC_URL": wrong}, tmp_path), wrong


def test_origins_are_told_as_a_browser_sends_them(tmp_path: Path) -> None:
    given = {"RETRACE_CORS_ORIGINS": " HTTPS://App.example:443/, http://127.0.0.1:5173,https://app.example"}
    assert load(given, tmp_path).origins == ("https://app.example", "http://127.0.0.1:5173")
    assert load({"RETRACE_CORS_ORIGINS": "*"}, tmp_path).origins == ("*",)
    for wrong in ("app.example", "https://app.example/page", "https://a@b.example", "ftp://a", "https://a:x"):
        assert errors({"RETRACE_CORS_ORIGINS": wrong}, tmp_path), wrong


def test_what_is_certainly_meant_for_us_and_is_no_setting_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "retrace.toml"
    file.write_text('mistralx_api_key = "sk-canary"\n')
    told = errors(
        {
            "RETRACE_PROT": "80",
            "RETRACE_PORT_FILE": "/run/port",
            "RETRACE_OPENAI_API_KEY": "sk-canary",
            "RETRACE_MISTRALX_API_KEY": "sk-canary",
            "RETRACE_COLOUR": "canary",
        },
        tmp_path,
    )
    known = f"there is no provider mistralx; known are {', '.join(PROVIDERS)}, each with NAME_API_KEY and NAME_BASE_URL"
    assert sorted(told) == [
        "RETRACE_COLOUR is no setting; docs/settings.md has all of them",
        f"RETRACE_MISTRALX_API_KEY is no setting; {known}",
        "RETRACE_OPENAI_API_KEY is no setting; did you mean OPENAI_API_KEY?",
        "RETRACE_PORT_FILE is no setting: only secrets may lie in files; give RETRACE_PORT",
        "RETRACE_PROT is no setting; did you mean RETRACE_PORT?",
        f"mistralx_api_key in {file} is no setting; {known}",
    ]


def test_what_may_be_meant_for_others_is_left_alone(tmp_path: Path) -> None:
    others = {
        "MISTRALX_API_KEY": "sk-theirs",
        "OPENAI_ORG_ID": "theirs",
        "RETRACE_INSTANCE": "of retrace up",
        "RETRACE_TEST_POSTGRES": "of the tests",
        "RETRACE_API_SERVICE_HOST": "10.0.0.1",
        "RETRACE_API_SERVICE_PORT_HTTP": "8080",
        "RETRACE_API_PORT": "tcp://10.0.0.1:8080",
        "RETRACE_PORT_8080_TCP_ADDR": "10.0.0.1",
    }
    assert load(others, tmp_path) == load({}, tmp_path)


def test_a_line_in_the_table_of_providers_is_all_that_its_settings_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor = providers.Provider(make=PROVIDERS["openai"].make, base_url="https://acme.example/v1")
    monkeypatch.setitem(PROVIDERS, "acme", vendor)
    key = tmp_path / "key"
    key.write_text("sk-acme\n")
    (tmp_path / "retrace.toml").write_text('acme_base_url = "https://eu.acme.example/v1"\n')
    settings = load({"ACME_API_KEY_FILE": str(key)}, tmp_path)
    acme = ProviderAccess(api_key=Secret("sk-acme"), base_url="https://eu.acme.example/v1")
    assert settings.providers == {"acme": acme}
    assert load(environment_of(settings), tmp_path) == settings
    assert errors({"ACME_BASE_URL": "acme.example"}, tmp_path) == [
        "ACME_BASE_URL must begin with http:// or https://"
    ]


def test_a_key_without_an_address_is_refused_where_the_provider_has_none(tmp_path: Path) -> None:
    assert errors({"COMPATIBLE_API_KEY": "sk-canary"}, tmp_path) == [
        "COMPATIBLE_API_KEY needs COMPATIBLE_BASE_URL as well: the provider compatible has no address of its own"
    ]


@pytest.mark.parametrize("value", ["null", "9.5", "0x10", " ", "tcp://10.0.0.1:8080"])
def test_a_number_is_whole(tmp_path: Path, value: str) -> None:
    assert errors({"RETRACE_METRICS_PORT": value}, tmp_path) == [
        f"RETRACE_METRICS_PORT is {value!r}; give a whole number from 1 to 65533"
    ]


@pytest.mark.parametrize(("value", "meant"), [("Yes", True), ("1", True), ("no", False), ("FALSE", False)])
def test_words_for_true_and_false(tmp_path: Path, value: str, meant: bool) -> None:
    assert load({"RETRACE_ALLOW_PRIVATE_ADDRESSES": value}, tmp_path).allow_private_addresses is meant


def test_a_database_of_ones_own_needs_a_master_key(tmp_path: Path) -> None:
    told = errors({"DATABASE_URL": "postgresql://host/name"}, tmp_path)
    assert [error.split(";")[0] for error in told] == ["DATABASE_URL needs RETRACE_MASTER_KEY as well"]


@pytest.mark.parametrize("content", [b"port = ", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "retrace.toml").write_bytes(content)
    assert errors({}, tmp_path)[0].startswith(f"{tmp_path / 'retrace.toml'} is no TOML")


def test_no_secret_shows_in_the_settings_text(tmp_path: Path) -> None:
    text = repr(load(EVERYTHING, tmp_path))
    assert "secret-" not in text
    assert "word" not in text
    assert KEY not in text
    kept = {field.variable for field in all_fields().values() if field.secret}
    assert all(
        (EVERYTHING[variable] in text) != (variable in kept)
        for variable in EVERYTHING
        if variable != "RETRACE_WORKER_CONCURRENCY"
    )


def test_every_field_is_a_setting() -> None:
    assert {*FIELDS, "providers"} == {field.name for field in msgspec.structs.fields(Settings)}
    assert {field.variable for field in all_fields().values()} == set(EVERYTHING)


def test_the_embedded_mode_makes_one_master_key_for_its_user_only(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    key = settings.master()
    assert len(key) == 32
    assert settings.master() == key
    assert settings.master_file.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in settings.data.iterdir()] == ["master.key"]


def test_a_damaged_master_key_is_not_replaced(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    settings.master_file.write_text("half a k")
    with pytest.raises(InvalidSettings, match="put back the file"):
        settings.master()
    assert settings.master_file.read_text() == "half a k"


def test_several_master_keys_are_given_with_the_current_one_first(tmp_path: Path) -> None:
    older = base64.b64encode(b"o" * 32).decode()
    settings = load({"RETRACE_MASTER_KEY": f"{KEY}, {older}"}, tmp_path)
    assert settings.master() == bytes(range(32)) + b"o" * 32
    assert (
        load({"RETRACE_MASTER_KEY": master_text(settings.master())}, tmp_path).master() == settings.master()
    )
    (tmp_path / "master.key").write_text(f"{KEY}\n{older}\n")
    assert Settings(data=tmp_path).master() == settings.master()
    assert errors({"RETRACE_MASTER_KEY": f"{KEY},c2hvcnQ="}, tmp_path) == [
        "RETRACE_MASTER_KEY is not base64 of 32 bytes; make one with: openssl rand -base64 32"
    ]


@pytest.mark.parametrize("name", ["small", "openai/", "openai/small@", "openai/small@0", "openai/small@9999"])
def test_what_names_no_embedding_model_is_told(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="RETRACE_EMBEDDING_MODEL is"):
        load({"RETRACE_EMBEDDING_MODEL": name}, tmp_path)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("postgresql://west/name", "no name"),
        ("West=postgresql://west/name", "no name"),
        ("main=postgresql://west/name", "choose another name"),
        ("west=postgresql://west/a west=postgresql://west/b", "two cells 'west'"),
        ("west=postgresql://west/a east=postgresql://west/a", "twice"),
        ("west=mysql://west/a", "'west' whose address must begin with postgresql"),
        ("west=postgresql://user:pa/ss@west/a", "'west' whose address"),
    ],
)
def test_cells_that_can_not_be_meant_are_refused(text: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings) as refused:
        load({"RETRACE_CELLS": text, "RETRACE_MASTER_KEY": KEY}, tmp_path)
    assert "RETRACE_CELLS" in str(refused.value)
    assert why in str(refused.value)
    assert "pa/ss" not in str(refused.value)


def test_a_cell_has_its_own_database_and_files(tmp_path: Path) -> None:
    main, west, east = load(EVERYTHING, tmp_path).by_cell.items()
    assert (main[0], main[1].database_url) == ("main", EVERYTHING["DATABASE_URL"])
    assert (west[0], west[1].data) == ("west", Path("/var/lib/retrace/cells/west"))
    assert west[1].database_url == "postgresql://user:secret-of-west@west/name"
    assert main[1].replicas == ("postgresql://user:secret-of-replica@host2/name",)
    assert (west[1].replicas, east[1].replicas) == (("postgresql://west2/name",), ())
    assert {each.master() for each in (main[1], west[1], east[1])} == {bytes(range(32))}
    # An address without a login, as the roles get it, is written in libpq's other form.
    assert cells_in(cells_text({"west": "host='a b' user=retrace_app dbname=x%y"})) == {
        "west": "postgresql:///?user=retrace_app&dbname=x%25y&host=a%20b"
    }


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("host", "no address at its 1. place"),
        ("postgresql://a/x West=postgresql://b/x", "no name of a cell before the = at its 2. place"),
        ("west=mysql://b/x", "no address at its 1. place"),
        ("postgresql://a/x west=postgresql://a/x", "twice"),
        ("postgresql://user:pa/ss@a/x", "an address at its 1. place that"),
        ("postgresql://a/x east=postgresql://b/x", "names a cell 'east'"),
    ],
)
def test_replicas_that_can_not_be_meant_are_refused(text: str, why: str, tmp_path: Path) -> None:
    given = {"DATABASE_REPLICA_URL": text, "DATABASE_URL": "postgresql://main/x", "RETRACE_MASTER_KEY": KEY}
    with pytest.raises(InvalidSettings) as refused:
        load({**given, "RETRACE_CELLS": "west=postgresql://west/x"}, tmp_path)
    assert "DATABASE_REPLICA_URL" in str(refused.value)
    assert why in str(refused.value)
    assert "pa/ss" not in str(refused.value)
