"""RapidOCR (PP-OCRv6, ONNX Runtime): the words of a picture, with their places. Models are those in its package; nothing is fetched."""

from __future__ import annotations

import math
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

SIDE = 960
"""Pixels of the longer side in which words are looked for; they are read in the picture as it is."""

LONG = 8
"""A line whose bounds tell how aslant it is, in its heights."""

PACKAGES = ("rapidocr", "onnxruntime")


class Word(msgspec.Struct, frozen=True, array_like=True):
    """A text in one place, as a cell of a table or a line, in pixels: the ends of its middle line, and its height."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    height: float


def is_installed() -> bool:
    return all(find_spec(name) is not None for name in PACKAGES)


def load() -> Any:
    """Import and settings; no thread is started and no model read before it is first used."""
    import cv2
    import rapidocr

    cv2.setNumThreads(1)
    models = Path(rapidocr.__file__).parent / "models"
    return rapidocr.RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,  # it turns long upright lines upside down
            "Det.model_path": str(models / "PP-OCRv6_det_small.onnx"),
            "Det.limit_type": "max",
            "Det.limit_side_len": SIDE,
            "Rec.model_path": str(models / "PP-OCRv6_rec_small.onnx"),
            "Rec.rec_batch_num": 1,  # of six at once the shorter are as costly as the longest
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def words_of(engine: Any, picture: Any) -> list[Word]:
    """`picture`: height × width × 3 bytes, blue first."""
    found = engine(picture)
    if found.txts is None or found.boxes is None:
        return []
    words = [_word(text, box) for text, box in zip(found.txts, found.boxes, strict=True)]
    return upright([word for word in words if any(map(str.isalnum, word.text))])


def _word(text: str, box: Any) -> Word:
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = ((float(x), float(y)) for x, y in box)
    height = (math.hypot(dx - ax, dy - ay) + math.hypot(cx - bx, cy - by)) / 2
    return Word(
        " ".join(text.split()), (ax + dx) / 2, (ay + dy) / 2, (bx + cx) / 2, (by + cy) / 2, height or 1.0
    )


def upright(words: list[Word]) -> list[Word]:
    """With the slant taken out with which the sheet lay on the scanner."""
    angles = [_angle(word, word) for word in words if word.x1 - word.x0 > LONG * word.height]
    angles += [_angle(word, other) for word in words if (other := _next_to(word, words)) is not None]
    if not angles or not 0.001 < abs(angle := median(angles)) < 0.2:
        return words
    cos, sin = math.cos(angle), math.sin(angle)
    return [
        Word(
            word.text,
            word.x0 * cos + word.y0 * sin,
            word.y0 * cos - word.x0 * sin,
            word.x1 * cos + word.y1 * sin,
            word.y1 * cos - word.x1 * sin,
            word.height,
        )
        for word in words
    ]


def _angle(word: Word, other: Word) -> float:
    """From a word's middle to another's; of one alone from its start to its end."""
    if word is other:
        return math.atan2(word.y1 - word.y0, word.x1 - word.x0)
    along = (other.x0 + other.x1 - word.x0 - word.x1) / 2
    return math.atan2((other.y0 + other.y1 - word.y0 - word.y1) / 2, along)


def _next_to(word: Word, words: list[Word]) -> Word | None:
    """The next in its row: bounds of short words are never aslant, so it is their places that tell."""
    right = [
        other
        for other in words
        if other.x0 >= word.x1 and abs(other.y0 - word.y1) < 0.5 * min(word.height, other.height)
    ]
    return min(right, key=lambda other: other.x0, default=None)
