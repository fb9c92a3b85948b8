#!/usr/bin/env bash
# opentelemetry-sdk 1.45.2: TraceIdRatioBased compares the lower 64 bits of a trace id with ratio x 2^64. Where trace ids are UUIDs (RFC 9562, any
# version), as correlation ids that serve as trace ids, these bits begin with the variant, 10: they lie between 2^63 and 3 x 2^62. So a ratio up to 0.5
# samples nothing at all, one of 0.75 or more samples everything, and one between the two a share that nobody asked for. W3C's Trace Context asks for
# random bits in the rightmost 7 bytes alone, which a UUID of version 4 or 7 has; the eighth, which decides here, is not among them.
# Seen: of 20,000 traces with UUIDs of version 4 a ratio of 0.1 samples 0, 0.5 samples 0, 0.6 about 0.4, 0.75 all; with random ids each samples its share.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check opentelemetry-sdk==1.45.2 2>"$folder/pip.log" || { cat "$folder/pip.log"; exit 2; }
"$folder/venv/bin/python" - <<'PYTHON'
import random
import sys
import uuid

from opentelemetry.sdk.trace.sampling import Decision, TraceIdRatioBased

chance = random.Random(1)
ids = {
    "random": [chance.getrandbits(128) for _ in range(20_000)],
    "UUIDs": [uuid.UUID(int=chance.getrandbits(128), version=4).int for _ in range(20_000)],
}
seen = {}
for name, some in ids.items():
    for ratio in (0.1, 0.5, 0.6, 0.75):
        sampler = TraceIdRatioBased(ratio)
        taken = sum(sampler.should_sample(None, each, "x").decision is Decision.RECORD_AND_SAMPLE for each in some)
        seen[name, ratio] = taken / len(some)
        print(f"opentelemetry-sdk 1.45.2, {name}, ratio {ratio}: {seen[name, ratio]:.3f} sampled")
strange = seen["UUIDs", 0.1] == seen["UUIDs", 0.5] == 0 and seen["UUIDs", 0.75] == 1 and 0.35 < seen["UUIDs", 0.6] < 0.45
usual = all(abs(seen["random", ratio] - ratio) < 0.02 for ratio in (0.1, 0.5, 0.6, 0.75))
sys.exit(0 if strange and usual else 1)
PYTHON
