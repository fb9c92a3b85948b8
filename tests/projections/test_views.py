"""The views for analysts: documented column by column, plain, and never changed under whoever names them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from domain.kinds import TOPICS
from projections import PROJECTIONS
from projections.views import VIEWS, View
from tests.projections.views_page import page

ROOT = Path(__file__).parent.parent.parent
PAGE, GOLDEN = ROOT / "docs/views.md", ROOT / "tests/golden/views.json"
WRITING = os.environ.get("RETRACE_GOLDEN") == "write"

INTERNAL = {"tenant", "version", "first_version", "last_version", "fingerprint", "name_key", "category_key", "comment", "texts",
            "facts", "stock", "said", "made", "placed", "uploaded", "proposed", "reviewed", "unread", "over", "again"}  # fmt: skip
"""Columns of read models that only the program understands, or that lead to texts."""

COUNTS = {("learning_by_month", "proposed"), ("sales_by_day", "made")}


def test_the_page_of_the_views_is_what_the_code_says() -> None:
    if WRITING:
        PAGE.write_text(page())
    assert PAGE.read_text() == page(), "RETRACE_GOLDEN=write pytest tests/projections/test_views.py"


def test_columns_are_only_ever_added_at_the_end() -> None:
    now = {view.name: [f"{column.name} {column.type}" for column in view.columns] for view in VIEWS}
    known = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    for name, columns in known.items():
        assert now.get(name, [])[: len(columns)] == columns, f"reports of others name the columns of {name}"
    if WRITING:
        GOLDEN.write_text(json.dumps(now, indent=1) + "\n")
    assert json.loads(GOLDEN.read_text()) == now, (
        "RETRACE_GOLDEN=write pytest tests/projections/test_views.py"
    )


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_is_plain_and_whole(view: View) -> None:
    names = [column.name for column in view.columns]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() and name.islower() for name in (view.name, *names))
    assert set(view.key) <= set(names)
    assert {view.time, view.stream} - {None} <= set(names)
    assert all(column.what and "|" not in column.what for column in view.columns)
    (table,) = view.tables()
    assert table in view.projection.tables, "a view is of one projection, so that one switch makes it anew"
    assert view.projection in {type(projection) for projection in PROJECTIONS}
    read = {
        column.source.name for column in view.columns if getattr(column.source, "table", None) is not None
    }
    assert {(view.name, name) for name in read & INTERNAL} <= COUNTS


def test_rows_that_change_with_a_stream_change_with_no_other() -> None:
    """An export from a position on finds by its events which rows of such a view have changed."""
    for view in VIEWS:
        if view.stream is not None:
            events = [event for event in view.projection.events if not event.ERASES]  # these take rows away
            kinds = {event.TOPIC.partition(".")[0] for event in events}
            assert kinds <= {topic.partition(".")[0] for topic in TOPICS}
            assert len(kinds) == 1, f"{view.name} follows from events of {kinds}"
