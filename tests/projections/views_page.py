"""The page of the views, as the table of contents in code has it."""

from __future__ import annotations

from collections.abc import Iterator

from projections.views import VIEWS

HEAD = """# The views for analysts

All times are UTC; money is USD, exact. How to reach them: [feeds.md](feeds.md). Columns are only ever added, at a view's end; what a name means stays.
This page is made from the code: `RETRACE_GOLDEN=write pytest tests/projections/test_views.py`.
"""


def page() -> str:
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield HEAD
    yield "| view | a row is |"
    yield "|---|---|"
    for view in VIEWS:
        yield f"| [`{view.name}`](#{view.name}) | {view.what} |"
    for view in VIEWS:
        yield f"\n## {view.name}\n"
        keys = ", ".join(f"`{name}`" for name in view.key)
        by = f"; `since` and `until` of an export go by `{view.time}`" if view.time else ""
        yield f"{view.what[0].upper()}{view.what[1:]}. One row for each {keys}{by}.\n"
        yield "| column | type | |"
        yield "|---|---|---|"
        for column in view.columns:
            yield f"| `{column.name}` | {column.type} | {column.what} |"
    yield ""
