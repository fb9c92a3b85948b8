"""The table of word vectors and the vocabulary that lie in the package `wordllama`, read from its files.

The table is mapped, not read: of 16 MB half-precision numbers those rows are in memory that were asked for, once for all processes. The package itself, which would make
a single-precision copy for each, is not imported. safetensors: length u64 | header JSON | numbers (https://github.com/huggingface/safetensors#format).
"""

from __future__ import annotations

import json
import struct
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from infra.retrieval.vocabulary import Vocabulary, read

PACKAGE, NAME = "wordllama", "l2_supercat"
TENSOR, NUMBERS = "embedding.weight", {"F16": "<f2", "F32": "<f4"}


def table(dimension: int) -> NDArray[np.floating]:
    """A row a token; read-only. Raises FileNotFoundError, ValueError where the package's files are of another form."""
    file = _folder() / "weights" / f"{NAME}_{dimension}.safetensors"
    with file.open("rb") as opened:
        (size,) = struct.unpack("<Q", opened.read(8))
        header = json.loads(opened.read(size))
    about = header[TENSOR]
    if about["dtype"] not in NUMBERS or about["shape"][1] != dimension:
        raise ValueError(f"{file} has {about['dtype']} of shape {about['shape']}, which is not known here")
    return np.memmap(
        file,
        dtype=NUMBERS[about["dtype"]],
        mode="r",
        offset=8 + size + about["data_offsets"][0],
        shape=tuple(about["shape"]),
    )


def vocabulary() -> Vocabulary:
    """Of the same model. Raises as `read` does."""
    return read(_folder() / "tokenizers" / f"{NAME}_tokenizer_config.json")


def _folder() -> Path:
    found = find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError(f"the package {PACKAGE} is not installed: install the lock anew")
    return Path(found.submodule_search_locations[0])
