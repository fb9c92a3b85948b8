from __future__ import annotations

import hashlib
from uuid import uuid4

import pytest

from domain.audit.authorship import candidates, digest_of, fingerprint, fingerprints, plain

TENANT = uuid4()
DISCLOSURE = "You are talking to an automated assistant."


@pytest.mark.parametrize(
    "form",
    [
        "We open at 9. [1]",
        "we OPEN at 9.",
        "  We  open\n\tat 9. [12]",
        "We open at ９.",
        "We open at 9.［1］",
        f"{DISCLOSURE}\n\nWe open at 9. [1]",
        f"{DISCLOSURE.upper()} We open at 9.",
    ],
)
def test_a_text_is_found_in_whatever_form_it_comes(form: str) -> None:
    assert candidates(TENANT, form, [DISCLOSURE]) & fingerprints(TENANT, "We open at 9. [1]")


@pytest.mark.parametrize("other", ["We open at 8. [1]", DISCLOSURE, "We open at 9. Really.", "\ud800", "[1]"])
def test_another_text_is_not(other: str) -> None:
    assert not candidates(TENANT, other, [DISCLOSURE, ""]) & fingerprints(TENANT, "We open at 9. [1]")


def test_a_text_s_own_hash_finds_it_and_another_tenant_s_fingerprints_differ() -> None:
    text = "Grüße [1]"
    raw = hashlib.sha256(text.encode()).digest()
    assert fingerprint(TENANT, raw) in fingerprints(TENANT, text)
    assert not fingerprints(TENANT, text) & fingerprints(uuid4(), text)
    assert digest_of(plain(text)) == hashlib.sha256("grüsse".encode()).digest()
