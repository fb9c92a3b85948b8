"""Together's own checker of training files takes what is made for it."""

from __future__ import annotations

import base64
import os
from pathlib import Path

from together.lib.utils import check_file


def test_a_training_file_is_taken(tmp_path: Path) -> None:
    made = tmp_path / "training.jsonl"
    made.write_bytes(base64.b64decode(os.environ["RETRACE_TRAINING"]))
    report = check_file(made)
    assert report["is_check_passed"], report
    assert report["num_samples"] == 12


def test_a_line_that_is_cut_is_not(tmp_path: Path) -> None:
    """The checker looks at what it is given: at lines of JSON, not at the turns in them."""
    made = tmp_path / "training.jsonl"
    made.write_bytes(b'{"messages": [\n')
    assert not check_file(made)["is_check_passed"]
