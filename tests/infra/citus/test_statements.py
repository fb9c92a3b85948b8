"""What a Citus refuses, held against every statement, so that nobody has to have one to write the next.

Rules are of what one was seen to refuse (Citus 15 development, PostgreSQL 18). They can't say that it takes all that passes: `make citus` does.
"""

from __future__ import annotations

import re

import pytest

from infra.schema.migrate import SCHEMA
from tests.infra.citus.statements import functions, texts

RULES = {
    "a row's place (ctid) is a shard's own: name rows by their keys": re.compile(r"\bctid\b"),
    "a subquery without columns can't be sent to a node: SELECT 1 FROM": re.compile(r"\bSELECT FROM\b"),
    "rows of two columns can't be compared with a subquery's: EXISTS, or two statements": re.compile(
        r"\(\w+(\.\w+)?, \w+(\.\w+)?\) IN \(\s*SELECT (?!\* FROM unnest)"
    ),
    "a stable function beside a column can't be in SET: give the time as a value": re.compile(
        r"\bUPDATE \w+(\.\w+)?( \w+)? SET [^;]*?\b(coalesce|greatest|least)\([^()]*\bnow\(\)"
    ),
    "the tenant of a function's statement is a value, not a subquery, which is asked of all nodes": re.compile(
        r"tenant = \(SELECT tenant\(\)\)"
    ),
    "a message of several statements goes on as it is: one statement each": re.compile(
        r";\s*SET LOCAL|SET LOCAL [^;]*;\s*\S"
    ),
}

EXCEPTIONS = {
    "infra/projections/swap.py": "one statement of a PostgreSQL alone; that of a Citus stands beside it",
}
"""Files that the rules do not hold for, and why."""

OURS = {
    "end_analysts": "asks the server's own catalogues, on the coordinator",
    "make_analyst_login": "never called there: analyst_logins_hindered() says why",
    "analyst_logins_standing": "the same; its table is the coordinator's alone",
    "lock_analyst_login": "the same",
    "drop_analyst_login": "the same",
}
"""Functions of the schema that stay as they are in spite of a rule."""


def _broken(text: str) -> list[str]:
    return [rule for rule, found in RULES.items() if found.search(text)]


def test_no_statement_is_one_that_a_citus_refuses() -> None:
    seen, wrong = 0, []
    for place, text in texts():
        seen += 1
        if not place.startswith(tuple(EXCEPTIONS)):
            wrong += [f"{place}: {rule}\n    {text[:160]}" for rule in _broken(text)]
    assert seen > 200, "statements are not found any more"
    assert not wrong, "\n".join(wrong)


def test_each_exception_is_needed() -> None:
    places = [place for place, text in texts() if _broken(text)]
    for start in EXCEPTIONS:
        assert any(place.startswith(start) for place in places), f"{start} breaks no rule any more"


def test_a_function_that_a_citus_refuses_has_another_there() -> None:
    plain, there = functions(SCHEMA), functions(SCHEMA / "citus")
    assert len(plain) > 15, "functions are not found any more"
    wrong = [
        f"{name}: {broken}; write it anew in infra/schema/citus/"
        for name, text in plain.items()
        if name not in there and f"{name}_of" not in there and name not in OURS and (broken := _broken(text))
    ]
    assert not wrong, "\n".join(wrong)
    for name, text in there.items():
        assert not _broken(text), (name, _broken(text))


@pytest.mark.parametrize(
    "bad",
    [
        "DELETE FROM work WHERE ctid = ANY (ARRAY(SELECT ctid FROM work))",
        "SELECT EXISTS (SELECT FROM heads)",
        "DELETE FROM idempotency WHERE (tenant, key) IN (SELECT tenant, key FROM idempotency)",
        "UPDATE retrace.builds SET place = 'live', built_at = coalesce(built_at, now()) WHERE place = 'next'",
        "BEGIN; SET LOCAL search_path = retrace_next",
        "PERFORM 1 FROM subject_keys WHERE tenant = (SELECT tenant()) FOR KEY SHARE",
    ],
)
def test_the_rules_bite(bad: str) -> None:
    assert len(_broken(bad)) == 1
