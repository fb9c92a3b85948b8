"""An operator: invited, let in, given roles, taken out; and what they prove it by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.base.aggregate import events_of
from domain.base.errors import Invalid, NotFound, Refused, Unauthenticated
from domain.operators.address import same_address
from domain.operators.credentials import check_password, recovery_hash
from domain.operators.operator import Operator
from domain.operators.roles import ROLES, scopes_of
from domain.operators.sessions import MOST
from domain.operators.state import OperatorPart
from domain.operators.totp import code_of, matching_step, secret_text, step_at
from domain.tenancy.scopes import SCOPES
from tests.domain.given import NOW, when

HOUR = timedelta(hours=1)
LINK, PASSWORD = b"l" * 32, b"$argon2id$hash"
SECRET = b"12345678901234567890"


def invited(**more: Any) -> Operator:
    facts: dict[str, Any] = {"email": "ann@example.com", "name": "Ann", "roles": ["agent"], **more}
    return Operator.invite(uuid4(), secret_hash=LINK, expires_at=NOW + HOUR, at=NOW, **facts)


@pytest.fixture(name="ann")
def _ann() -> Operator:
    ann = invited()
    ann.accept(LINK, PASSWORD, NOW)
    return ann


def sign_in(ann: Operator, session: str = "s", *, code: str = "", at: datetime = NOW) -> None:
    ann.sign_in(session, b"s" * 32, proved=PASSWORD, code=code, ends_at=at + 12 * HOUR, at=at)


def test_every_event_of_a_part_is_the_operators() -> None:
    parts = [part for part in Operator.__mro__ if part is not Operator and issubclass(part, OperatorPart)]
    said = {topic: event for part in parts for topic, event in events_of(part).items()}
    assert said == events_of(Operator)


def test_every_scope_is_in_a_role_and_only_an_admin_has_all() -> None:
    assert {scope for role, scopes in ROLES.items() if role != "admin" for scope in scopes} == set(SCOPES) - {
        "tenants:admin"
    }
    assert scopes_of(["admin", "agent"]) == SCOPES
    assert scopes_of(["reviewer", "agent"]) == (
        "conversations:write",
        "conversations:read",
        "feedback:review",
    )


def test_a_link_works_once_and_until_it_expires() -> None:
    ann = invited()
    for secret, at in ((b"x" * 32, NOW), (LINK, NOW + HOUR)):
        with pytest.raises(Refused, match="ask an administrator"):
            ann.accept(secret, PASSWORD, at)
    ann.accept(LINK, PASSWORD, NOW)
    with pytest.raises(Refused):
        ann.accept(LINK, b"another", NOW)
    assert (ann.state.status, ann.state.password) == ("active", PASSWORD)


def test_a_newer_link_takes_the_place_of_the_one_before_and_sets_a_new_password(ann: Operator) -> None:
    sign_in(ann)
    ann.issue_link(b"1" * 32, NOW + HOUR, NOW)
    ann.issue_link(b"2" * 32, NOW + HOUR, NOW)
    with pytest.raises(Refused):
        ann.accept(b"1" * 32, b"new", NOW)
    assert ann.state.sessions
    ann.accept(b"2" * 32, b"new", NOW)
    assert (ann.state.password, ann.state.sessions) == (b"new", {})


@pytest.mark.parametrize("change", ["roles", "suspended", "password", "link", "totp"])
def test_whatever_changes_what_they_may_do_or_how_they_prove_it_ends_their_sessions(
    ann: Operator, change: str
) -> None:
    sign_in(ann)
    if change == "roles":
        ann.change_roles(["admin"], NOW)
    elif change == "suspended":
        ann.suspend(NOW)
    elif change == "password":
        ann.change_password(b"new", NOW)
    elif change == "link":
        ann.issue_link(b"1" * 32, NOW + HOUR, NOW)
        ann.accept(b"1" * 32, b"new", NOW)
    else:
        ann.enroll_totp(SECRET, [], code_of(SECRET, step_at(NOW)), NOW)
    with pytest.raises(Unauthenticated):
        ann.live_session("s", b"s" * 32, NOW)


def test_a_suspended_operator_gets_nothing_until_restored() -> None:
    ann = invited()
    ann.suspend(NOW)
    for refused in (lambda: ann.accept(LINK, PASSWORD, NOW), lambda: ann.issue_link(LINK, NOW + HOUR, NOW)):
        with pytest.raises(Refused):
            refused()
    assert when(ann, lambda: ann.suspend(NOW)) == []
    ann.bring_back(NOW)
    assert ann.state.status == "invited"
    ann.issue_link(LINK, NOW + HOUR, NOW)
    ann.accept(LINK, PASSWORD, NOW)
    ann.suspend(NOW)
    with pytest.raises(Unauthenticated):
        sign_in(ann)
    ann.bring_back(NOW)
    sign_in(ann)


def test_nothing_is_left_of_one_who_was_removed(ann: Operator) -> None:
    sign_in(ann)
    ann.remove(NOW)
    assert ann.state == type(ann.state)(status="removed")
    for command in (ann.remove, ann.suspend, ann.bring_back, ann.disable_totp):
        with pytest.raises(NotFound):
            command(NOW)
    with pytest.raises(Unauthenticated):
        sign_in(ann)
    with pytest.raises(Unauthenticated):
        ann.live_session("s", b"s" * 32, NOW)


def test_the_roles_that_they_have_are_given_without_an_event(ann: Operator) -> None:
    assert when(ann, lambda: ann.change_roles(["agent", "agent"], NOW)) == []
    for roles in ([], ["boss"]):
        with pytest.raises(Invalid):
            ann.change_roles(roles, NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "email", ["zoe", "zoe@", "@shop.test", "a b@example.com", "a@b@c", "a\n@b.c", "a@" + "b" * 260]
)
def test_what_is_no_address_is_refused_without_repeating_it(email: str) -> None:
    with pytest.raises(Invalid) as refused:
        invited(email=email)
    assert email not in str(refused.value)


def test_capitals_and_composition_do_not_make_another_address() -> None:
    assert same_address(" ANN@Example.COM ") == same_address("ann@example.com")
    assert same_address("ren\u00e9@example.com") == same_address("RENE\u0301@example.com")


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "x" * 201,
        "aaaaaaaaaaaaaaaa",
        "ann.smith@example.com",
        "Password-retrace",
        "ann smith ann smith",
    ],
)
def test_a_password_that_anybody_would_try_is_refused(password: str) -> None:
    with pytest.raises(Invalid):
        check_password(password, "ann.smith@example.com", "Ann Smith")
    check_password("four words that stay", "ann.smith@example.com", "Ann Smith")


# RFC 6238, appendix B: SHA-1, eight digits.
VECTORS = [
    (59, "94287082"),
    (1111111109, "07081804"),
    (1111111111, "14050471"),
    (1234567890, "89005924"),
    (2000000000, "69279037"),
    (20000000000, "65353130"),
]


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_codes_are_those_of_the_rfc(seconds: int, code: str) -> None:
    assert code_of(SECRET, seconds // 30, digits=8) == code
    at = datetime.fromtimestamp(seconds, UTC)
    assert matching_step(SECRET, code[2:], at) == step_at(at)


def test_a_secret_is_typed_in_base32() -> None:
    assert secret_text(SECRET) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@given(st.integers(-3, 3))
def test_a_clock_may_be_off_by_one_step(off: int) -> None:
    found = matching_step(SECRET, code_of(SECRET, step_at(NOW) + off), NOW)
    assert (found == step_at(NOW) + off) if abs(off) <= 1 else found is None


def test_a_code_is_taken_once_and_none_before_it(ann: Operator) -> None:
    now = step_at(NOW)
    ann.enroll_totp(SECRET, [recovery_hash("AAAA-BBBB")], code_of(SECRET, now - 1), NOW)
    for code in (code_of(SECRET, now - 1), "", "000000x"):
        with pytest.raises(Unauthenticated, match="password or code"):
            sign_in(ann, code=code)
    sign_in(ann, code=code_of(SECRET, now + 1))
    for step in (now, now + 1):
        with pytest.raises(Unauthenticated):
            sign_in(ann, code=code_of(SECRET, step))
    later = NOW + timedelta(seconds=60)
    sign_in(ann, code=f" {code_of(SECRET, now + 2)[:3]} {code_of(SECRET, now + 2)[3:]}", at=later)


def test_a_recovery_code_is_taken_once(ann: Operator) -> None:
    ann.enroll_totp(
        SECRET, [recovery_hash("AAAA-BBBB"), recovery_hash("CCCC")], code_of(SECRET, step_at(NOW)), NOW
    )
    sign_in(ann, code="aaaabbbb")
    with pytest.raises(Unauthenticated):
        sign_in(ann, code="AAAA-BBBB")
    assert ann.state.recovery == (recovery_hash("CCCC"),)
    ann.disable_totp(NOW)
    sign_in(ann)
    assert not ann.state.recovery


def test_a_secret_is_enrolled_by_a_code_of_it_only(ann: Operator) -> None:
    with pytest.raises(Refused, match="clock"):
        ann.enroll_totp(SECRET, [], "123456", NOW)
    ann.enroll_totp(SECRET, [], code_of(SECRET, step_at(NOW)), NOW)
    with pytest.raises(Refused, match="switch them off"):
        ann.enroll_totp(SECRET, [], code_of(SECRET, step_at(NOW)), NOW)
    assert "12345" not in repr(when(ann, lambda: ann.disable_totp(NOW)))


def test_a_password_that_was_changed_meanwhile_proves_nothing(ann: Operator) -> None:
    ann.change_password(b"new", NOW)
    with pytest.raises(Unauthenticated):
        sign_in(ann)


def test_a_session_ends_by_itself_when_ended_and_when_too_many_follow(ann: Operator) -> None:
    sign_in(ann, "first")
    with pytest.raises(Unauthenticated):
        ann.live_session("first", b"x" * 32, NOW)
    with pytest.raises(Unauthenticated):
        ann.live_session("first", b"s" * 32, NOW + 12 * HOUR)
    ann.live_session("first", b"s" * 32, NOW + 11 * HOUR)
    for number in range(MOST):
        sign_in(ann, f"{number}", at=NOW + timedelta(minutes=1 + number))
    assert len(ann.state.sessions) == MOST
    assert "first" not in ann.state.sessions
    ann.end_session("3", "signed_out", NOW)
    with pytest.raises(NotFound):
        ann.end_session("3", "signed_out", NOW)
    sign_in(ann, "last", at=NOW + 13 * HOUR)
    assert set(ann.state.sessions) == {"last"}
