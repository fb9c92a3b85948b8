"""Addresses of servers: every form that libpq and redis-py take is taken, what can't be read is told, and no password is shown."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from infra.server_urls import checked_database_url, checked_redis_url, place_of


@pytest.mark.parametrize(
    ("url", "facts"),
    [
        (
            "postgresql://u:p@db:5433/r",
            {"user": "u", "password": "p", "host": "db", "port": "5433", "dbname": "r"},
        ),
        ("postgres://db/r?sslmode=verify-full&sslrootcert=/ca.pem", {"sslmode": "verify-full"}),
        ("postgresql+psycopg://u@db/r", {"user": "u", "host": "db"}),
        ("postgres+asyncpg://u@db/r", {"user": "u", "host": "db"}),
        ("postgresql:///r?host=/run/postgresql", {"host": "/run/postgresql"}),
        ("postgresql://%2Frun%2Fpostgresql/r", {"host": "/run/postgresql"}),
        ("postgresql://a:1,b:2/r?target_session_attrs=read-write", {"host": "a,b", "port": "1,2"}),
        ("postgresql://[::1]:5433/r", {"host": "::1", "port": "5433"}),
        ("host=db port=5433 dbname=r user=u password='p w' sslmode=require", {"password": "p w"}),
        ("postgresql://u:p#?[:x@db/r", {"password": "p#?[:x", "host": "db"}),
    ],
)
def test_each_form_of_a_database_url_is_taken(url: str, facts: dict[str, str]) -> None:
    found = conninfo_to_dict(checked_database_url(url))
    assert {key: found.get(key) for key in facts} == facts


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://u:canary/x@db/r", "in an address's password / is written %2F, @ is %40"),
        ("postgresql://u:canary@x@db/r", "in an address's password / is written %2F, @ is %40"),
        (
            "postgresql://u:canary%x@db/r",
            "has a % that begins no code: in an address's password / is written %2F",
        ),
        ("postgresql+asyncpg://u:p@db/r?ssl=canary", "has the parameter ssl, which is none of libpq's"),
        ("postgresql://u:canary?secret=1@db@x/r", "in an address's password"),
        ("host=db nonsense=1", "has the parameter nonsense, which is none of libpq's"),
        ("host=db port=canary", "a port that is no number"),
        ("mysql://u:canary@db/r", "must begin with postgresql:// or postgres://, or be of libpq's form"),
        ("db.example.com", "must begin with postgresql://"),
        ("jdbc:postgresql://db/r", "must begin with postgresql://"),
    ],
)
def test_what_can_not_be_read_is_told_with_the_way_out_and_without_the_password(url: str, told: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        checked_database_url(url)
    assert told in str(refused.value)
    assert not {"canary", "secret"} & set(str(refused.value).replace("'", " ").split())
    assert "canary" not in str(refused.value)


@given(
    password=st.text(
        st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"]), min_size=1
    )
)
def test_whatever_a_password_has_goes_through_as_it_is_told_and_is_not_shown(password: str) -> None:
    url = checked_database_url(f"postgresql://u:{quote(password, safe='')}@db/r")
    assert conninfo_to_dict(url)["password"] == password
    assert place_of(url) == "postgresql://db/r"
    redis = checked_redis_url(f"rediss://:{quote(password, safe='')}@r:6380/1")
    assert place_of(redis) == "rediss://r:6380/1"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("redis://:canary/x@r/0", "can't be read"),
        ("redis://:canary#x@r/0", "can't be read"),
        ("redis://r/name", "which Redis has as a number"),
        ("http://r", "must begin with redis://"),
        ("redis://r?socket_timeout=canary", "can't be read"),
    ],
)
def test_a_redis_url_that_can_not_be_read_is_told(url: str, told: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        checked_redis_url(url)
    assert told in str(refused.value)
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    ["redis://r", "redis://u:p@r:1/3", "rediss://r/0", "unix:///run/r.sock?db=2", "redis://[::1]:6379/0"],
)
def test_each_form_of_a_redis_url_is_taken(url: str) -> None:
    assert checked_redis_url(url) == url


def test_a_place_has_no_user_and_no_password() -> None:
    assert place_of("postgresql://me:secret@db:5433/retrace?sslmode=x") == "postgresql://db:5433/retrace"
    assert place_of("postgresql:///retrace?host=%2Ftmp%2Fx&user=u") == "postgresql:///tmp/x/retrace"
    assert place_of("host=db password=secret dbname=retrace") == "postgresql://db/retrace"
    assert place_of("postgresql://me:s#cret@[::1]/retrace") == "postgresql://[::1]/retrace"
    assert place_of("unix:///tmp/redis.sock") == "unix:///tmp/redis.sock"
    assert place_of("rediss://:secret@r:6380/1") == "rediss://r:6380/1"
    assert place_of("redis://[::1]:6379/0") == "redis://[::1]:6379/0"
