#!/usr/bin/env bash
# pypdfium2 5.15.2 and a page that has its MediaBox from its parent in the page tree, as fpdf2 2.8.9 writes it (inheritable, ISO 32000-1, 7.7.3.4):
# get_mediabox() and get_cropbox() don't look there and give their fall-back, 612 x 792, while get_size() and get_bbox() give the page's own. Whoever
# leaves out what lies beyond the crop box loses the right quarter of a landscape A4 page, the last columns of a table, without a word.
# Seen: get_size 842 x 595, get_bbox 0 0 842 595; get_mediabox and get_cropbox 0 0 612 792; the text begins at 701.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pypdfium2==5.15.2 fpdf2==2.8.9 2>"$folder/pip.log" || { cat "$folder/pip.log"; exit 2; }
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import fpdf
import pypdfium2

sheet = fpdf.FPDF("landscape", "pt", "A4")
sheet.add_page()
sheet.set_font("helvetica", size=12)
sheet.text(700, 300, "last column")
page = pypdfium2.PdfDocument(bytes(sheet.output()))[0]
size, box, crop, whole = page.get_size(), page.get_mediabox(), page.get_cropbox(), page.get_bbox()
text = next(page.get_objects())
print("pypdfium2 5.15.2, fpdf2 2.8.9; the text begins at", round(text.get_bounds()[0]))
print("get_size    ", [round(each) for each in size])
print("get_mediabox", [round(each) for each in box])
print("get_cropbox ", [round(each) for each in crop])
print("get_bbox    ", [round(each) for each in whole])
seen = box[2] == crop[2] == 612 and round(size[0]) == round(whole[2]) == 842
sys.exit(0 if seen else 1)
PYTHON
