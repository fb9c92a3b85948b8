"""How many tokens images and files are to a model, by the vendors' own rules: for what is held of a budget before the vendor has counted. Pure.

https://platform.openai.com/docs/guides/images-vision#calculating-costs, https://ai.google.dev/gemini-api/docs/tokens and …/media-resolution, as of November 2026. Where a model is
not known the larger figure stands.
"""

from __future__ import annotations

import math
import re

import msgspec

from domain.models.attachment import Attachment
from domain.models.completion import CompletionRequest


class Tiles(msgspec.Struct, frozen=True):
    """`base`, and `tile` for each square of 512 pixels, once the image is made to fit 2,048 pixels, and 768 on its shorter side."""

    base: int
    tile: int


class Patches(msgspec.Struct, frozen=True):
    """A token for each square of 32 pixels, `most` at most, times `factor`."""

    most: int
    factor: float


IMAGES: tuple[tuple[re.Pattern[str], Tiles | Patches | int], ...] = (
    (re.compile(r"gpt-4o-mini"), Tiles(2_833, 5_667)),
    (re.compile(r"gpt-4o|gpt-4\.|gpt-4-turbo"), Tiles(85, 170)),
    (re.compile(r"o1|o3"), Tiles(75, 150)),
    (re.compile(r"o4-mini"), Patches(1_536, 1.72)),
    (re.compile(r"gemini-[12]\."), 258 * 6),
    (re.compile(r"gemini"), 1_120),
)
"""Model's name, by its beginning → tokens of an image; of several the first holds."""

OTHERS = Patches(1_536, 2.46)
PAGES: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(r"gemini-[12]\."), 258),
    (re.compile(r"gemini"), 560),
)
OTHER_PAGE = 2_500
"""A page's text, and its picture beside it, which OpenAI's models get both."""


def attachment_tokens(attachment: Attachment, model: str) -> int:
    name = model.rpartition("/")[2]
    if attachment.kind == "file":
        page = next((tokens for pattern, tokens in PAGES if pattern.match(name)), OTHER_PAGE)
        return page * (attachment.pages or 1)
    rule = next((rule for pattern, rule in IMAGES if pattern.match(name)), OTHERS)
    if isinstance(rule, int):
        return rule
    width, height = attachment.width or 2_048, attachment.height or 2_048
    if isinstance(rule, Patches):
        return math.ceil(min(rule.most, math.ceil(width / 32) * math.ceil(height / 32)) * rule.factor)
    if attachment.detail == "low":
        return rule.base
    scale = min(1.0, 2_048 / max(width, height))
    scale = min(scale, 768 / min(width, height))
    return rule.base + rule.tile * math.ceil(width * scale / 512) * math.ceil(height * scale / 512)


def attached_tokens(request: CompletionRequest) -> int:
    """Of all that is attached to a prompt, to the model that is asked."""
    return sum(attachment_tokens(each, request.model) for turn in request.prompt for each in turn.attachments)
