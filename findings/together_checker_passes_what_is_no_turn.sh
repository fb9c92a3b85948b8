#!/usr/bin/env bash
# together 3.1.1 (the vendor's SDK): `check_file`, which its command line runs before an upload, looks at a training file's lines of JSON and
# hardly at what they say. A conversation without messages passes, one whose roles are of somebody's own invention, and a text that is a number.
# Why it matters: "is_check_passed" reads like "can be trained on". What is wrong with such a line shows later, at the vendor, in a job that
# may be billed; whoever makes training files has to check roles, turns and types by themselves.
# Seen: the four lines "... passes" and "broken json: does not pass" below.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check together==3.1.1 2>"$folder/pip.log" || { cat "$folder/pip.log"; exit 2; }
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import json
import sys
from pathlib import Path

from together.lib.utils import check_file

TURNS = [{"role": "user", "content": "When do you open?"}, {"role": "assistant", "content": "At nine."}]
LINES = {
    "a conversation": (json.dumps({"messages": TURNS}), True),
    "no messages": (json.dumps({"messages": []}), True),
    "roles of our own": (json.dumps({"messages": [{**turn, "role": "porter"} for turn in TURNS]}), True),
    "a text that is a number": (json.dumps({"text": 3}), True),
    "broken json": ('{"messages": [', False),
}
same = True
for name, (line, seen) in LINES.items():
    file = Path("training.jsonl")
    file.write_text(f"{line}\n" * 3)
    passed = check_file(file)["is_check_passed"]
    print(f"{name}: {'passes' if passed else 'does not pass'}")
    same = same and passed == seen
sys.exit(0 if same else "together's checker has changed")
PYTHON
