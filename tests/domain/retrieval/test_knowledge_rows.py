from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.base.errors import Invalid
from domain.base.table_rows import RefusedRow
from domain.retrieval.knowledge_rows import EntryRow, rows_of


def told(data: bytes | str) -> list[Any]:
    """Title or reason of each row."""
    rows = rows_of(data.encode() if isinstance(data, str) else data)
    return [
        (row.row, row.reason) if isinstance(row, RefusedRow) else (row.number, row.knowledge.title)
        for row in rows
    ]


def test_a_list_of_questions_is_a_list_of_entries() -> None:
    [row] = rows_of(
        "Question;Answer;Keywords;Category;Priority;Active;Kind\r\n"
        '"When are you ""open""?";"From nine\r\nto five.";"hours| times |";Visit;7;No;Question-Answer\r\n'.encode(
            "utf-16"
        )
    )
    assert isinstance(row, EntryRow)
    said = row.knowledge
    assert (row.number, said.title, said.content) == (2, 'When are you "open"?', "From nine\nto five.")
    assert (said.keywords, said.category, said.priority) == (("hours", "times"), "Visit", 7)
    assert (said.active, said.kind) == (False, "question_answer")


@pytest.mark.parametrize("lines", [True, False])
def test_json_comes_as_lines_or_as_an_array(lines: bool) -> None:
    rows = [
        {"key": 7, "title": "One", "content": "1", "keywords": ["a;b"]},
        {"question": "Two?", "answer": "2"},
    ]
    text = "\n".join(map(json.dumps, rows)) if lines else json.dumps(rows, indent=2)
    first, second = rows_of(text.encode())
    assert isinstance(first, EntryRow)
    assert isinstance(second, EntryRow)
    assert (first.names, first.knowledge.keywords) == (("key", "7"), ("a;b",))
    assert (second.names, second.knowledge.content) == (("title", "two?"), "2")


def test_each_row_that_is_none_is_told_and_the_others_are_taken() -> None:
    found = dict(
        told(
            "key,title,content,priority,active,kind\n"
            "a,One,1,,,\n"
            ",,2,,,\n"
            ",Three,,,,\n"
            ",Four,4,many,,\n"
            ",Five,5,11,,\n"
            ",Six,6,,perhaps,\n"
            ",Seven,7,,,poem\n"
            "a,Eight,8,,,\n"
            ",one,9,,,\n"
            ",ONE,10,,,\n"
            "a,b,c,d,e,f,g\n"
            f",{'x' * 301},12,,,\n"
            ",Thirteen,\x00,,,\n"
            "\n"
            ",Fifteen,15,5,yes,fact\n"
        )
    )
    assert (found[2], found[10], found[16]) == ("One", "one", "Fifteen")
    for row, why in {
        3: "title has no text",
        4: "content has no text",
        5: "no whole number",
        6: "priority lies between",
        7: "active is one of",
        8: "poem",
        9: "row 2 has the same key",
        11: "row 10 has the same title",
        12: "7 cells",
        13: "301 characters",
        14: "U+0000",
    }.items():
        assert why in found[row], (row, found[row])


def test_rows_of_json_are_told_by_themselves() -> None:
    deep = '{"title":' + "[" * 100_000 + "]" * 100_000 + "}"
    lines = ['{"title": "One", "content": "1"}', "{", '{"title": "Two"}', deep, '{"nonsense": 1}']
    found = dict(told("\n".join(lines)))
    assert found[1] == "One"
    assert set(found) == {1, 2, 3, 4, 5}
    assert "content has no text" in found[3]
    assert dict(told("[" + ",".join(lines[::2]) + "]"))[2].startswith("content")
    both = '{"title": "a", "question": "b", "content": "c"}'
    assert "give one of them" in dict(told(both))[1]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b"\xff\xfe", "empty"),
        (b"title,content\nOne,\xe9", "UTF-8"),
        (b"title\nOne", "no column content or answer"),
        (b"title,content,price\nOne,1,2", "'price' is unknown"),
        (b"title,title,content\nOne,1,2", "there twice"),
        (b"[1, 2", "array of JSON"),
        (b"[" * 100_000, "array of JSON"),
        (b'"unclosed', "first row can't be read"),
    ],
)
def test_a_file_of_which_no_row_can_be_read_is_refused_with_what_to_do(data: bytes, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        list(rows_of(data))


TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=30).filter(str.strip)


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=5), st.sampled_from([",", ";", "\t"]))
def test_what_a_spreadsheet_writes_is_read_back(rows: list[tuple[str, str]], delimiter: str) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter)
    writer.writerow(["key", "title", "content"])
    writer.writerows([(number, title, content) for number, (title, content) in enumerate(rows)])
    found = list(rows_of(file.getvalue().encode("utf-8-sig")))
    assert len(found) == len(rows)
    for row in found:
        if isinstance(row, RefusedRow):  # a title of several lines, as U+2028 makes it
            assert "one line" in row.reason
