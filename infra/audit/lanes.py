"""SHA-256 of many messages at a time, one in each lane of the processor's vector registers (sha256_lanes.c).

On a processor without instructions for SHA-256 this takes a third to a sixth of the time of one after the other; with short messages less
still, since a call of hashlib costs as much as hashing three blocks. Where it is not built, or nothing is to gain, hashlib does it.
"""

from __future__ import annotations

from domain.audit.merkle import Digests, one_by_one

digests: Digests = one_by_one

try:
    from infra.audit import sha256_lanes
except ImportError:
    BUILT = False
else:
    BUILT = True
    if sha256_lanes.pays():
        digests = sha256_lanes.digests
