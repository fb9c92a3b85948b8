#!/usr/bin/env bash
# rapidocr 3.10.0 (PP-OCRv6 small, onnxruntime 1.32): what a line says depends on what else stands on the page, though its own pixels are the
# same. Lines are read six at a time, each filled up to the widest of them; but also one at a time (rec_batch_num 1), as the bounds in which
# a line is found depend on the rest too.
# Why it matters: signs that look alike (O 0, I l 1) flip, so an order number that was right in a trial of its own may be wrong in a
# document, and two scans of the same label differ. Whoever compares such numbers has to take these signs for the same.
# Seen: "six at a time: 4 of 8 lines change with the line below; one at a time: 5 of 8": 00O0-1lI1 is 0000-1111 above a long line, and
# 0000-111 above a short one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check rapidocr==3.10.0 onnxruntime==1.32.0 pillow==13.0.0 numpy==2.4.6 2>"$folder/pip.log" || { cat "$folder/pip.log"; exit 2; }
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from pathlib import Path

import numpy
import rapidocr
from PIL import Image, ImageDraw, ImageFont

MODELS = Path(rapidocr.__file__).parent / "models"
BELOW = ("Delivered to your door within three to five working days, free of charge from forty euros on", "Free")
CODES = ("00O0-1lI1", "B8S5-2Z01", "O0Q-1I7", "SKU 0O81-IlI", "Nr. 1l01O-55", "A1-I0O-88", "E7O-0I1", "Z0O1-lO")
FONT = ImageFont.load_default(28)


def engine(at_once: int) -> rapidocr.RapidOCR:
    params = {f"{kind}.model_path": str(MODELS / f"PP-OCRv6_{kind.lower()}_small.onnx") for kind in ("Det", "Rec")}
    return rapidocr.RapidOCR(params=params | {"Global.log_level": "critical", "Global.use_cls": False, "Rec.rec_batch_num": at_once})


def page(code: str, below: str) -> numpy.ndarray:
    made = Image.new("RGB", (1500, 220), "white")
    draw = ImageDraw.Draw(made)
    draw.text((20, 20), code, fill="black", font=FONT)
    draw.text((20, 100), below, fill="black", font=FONT)
    return numpy.array(made)


changed = {}
for at_once in (6, 1):
    reads = engine(at_once)
    said = {code: [reads(page(code, below)).txts[0] for below in BELOW] for code in CODES}
    print(at_once, {code: texts for code, texts in said.items() if len(set(texts)) > 1})
    changed[at_once] = sum(len(set(texts)) > 1 for texts in said.values())
print(f"six at a time: {changed[6]} of {len(CODES)} lines change with the line below; one at a time: {changed[1]} of {len(CODES)}")
sys.exit(0 if all(changed.values()) else 1)
PYTHON
