#!/usr/bin/env bash
# litestar 2.25.0 (msgspec 0.22.0): a query parameter that is called otherwise in the request than in the handler, as `from`, a word of Python's,
# must be, is described by its own name in OpenAPI, but a value that does not fit it is reported under the handler's name.
# Why it matters: who sends ?from=x reads that "first" is wrong, a name that stands nowhere in the API's description; a form that marks the
# field by that key marks none.
# Seen: "described as ['from'], reported as ['first']".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check litestar==2.25.0 msgspec==0.22.0 httpx==0.28.1 2>"$folder/pip.log" || { cat "$folder/pip.log"; exit 2; }
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from datetime import date
from typing import Annotated

from litestar import Litestar, get
from litestar.params import QueryParameter
from litestar.testing import TestClient


@get("/days")
async def days(first: Annotated[date, QueryParameter(name="from")]) -> str:
    return first.isoformat()


with TestClient(Litestar([days])) as client:
    assert client.get("/days", params={"from": "2026-01-31"}).text == "2026-01-31"
    described = [given["name"] for given in client.get("/schema/openapi.json").json()["paths"]["/days"]["get"]["parameters"]]
    refused = client.get("/days", params={"from": "soon"})
    reported = [each["key"] for each in refused.json()["extra"]]
print(f"described as {described}, reported as {reported}")
sys.exit(0 if refused.status_code == 400 and described == ["from"] and reported == ["first"] else 1)
PYTHON
