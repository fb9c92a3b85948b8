"""What a content is, and how many tokens it is to a model."""

from __future__ import annotations

from uuid import UUID

import pytest

from domain.models.attachment import Attachment
from domain.models.attachment_tokens import attachment_tokens
from domain.models.attachment_types import recognised
from domain.models.completion import Turn
from tests.doubles.pictures import PDF, jpeg, png, webp


@pytest.mark.parametrize(
    ("content", "content_type", "size"),
    [
        (png(3, 2), "image/png", (3, 2)),
        (jpeg(640, 480), "image/jpeg", (640, 480)),
        (webp(900, 20), "image/webp", (900, 20)),
        (b"GIF89a\x05\x00\x07\x00", "image/gif", (5, 7)),
        (PDF, "application/pdf", (None, None)),
    ],
)
def test_a_content_is_known_by_itself(content: bytes, content_type: str, size: tuple[int, int]) -> None:
    found = recognised(content)
    assert found is not None
    assert (found.content_type, (found.width, found.height)) == (content_type, size)
    assert found.pages == (2 if content is PDF else None)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg/>",
        b"GIF89a",
        png(1, 1)[:20],
        png(0, 5),
        b"\xff\xd8\xff" + b"\xff" * 50,
        b"RIFF....WEBP" + b"?" * 40,
    ],
)
def test_what_no_model_is_shown_is_not_known(content: bytes) -> None:
    assert recognised(content) is None


def image(width: int, height: int, detail: str | None = None) -> Attachment:
    facts = {"id": UUID(int=1), "kind": "image", "content_type": "image/png", "size": 9}
    return Attachment(**facts, width=width, height=height, detail=detail)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("model", "attachment", "tokens"),
    [
        ("gpt-4o", image(1024, 1024), 765),  # the vendor's own example
        ("gpt-4o", image(2048, 4096), 1105),  # and its other one
        ("gpt-4o", image(4096, 8192, "low"), 85),
        ("gpt-4o-mini", image(512, 512), 8_500),
        ("gpt-6.1-terra", image(1024, 1024), 2_520),
        ("gemini-3.8-flash", image(5_000, 5_000), 1_120),
        ("google/gemini-3.8-flash", image(5, 5), 1_120),
    ],
)
def test_an_image_is_as_many_tokens_as_its_vendor_counts(
    model: str, attachment: Attachment, tokens: int
) -> None:
    assert attachment_tokens(attachment, model) == tokens


def test_a_turn_is_told_in_the_order_in_which_it_was_said() -> None:
    first, second = (
        Attachment(id=UUID(int=n), kind="image", content_type="x", size=1, at=at)
        for n, at in ((1, 0), (2, 5))
    )
    turn = Turn(role="user", text="first\nthen", attachments=(first, second))
    assert list(turn.parts) == [first, "first", second, "then"]
