from __future__ import annotations

import string
from uuid import uuid4

import pytest

from application.tenancy.key_text import drawn, hash_of, parsed
from domain.base.errors import Unauthenticated


def test_a_key_has_one_text_only() -> None:
    tenant = uuid4()
    id, text, hash = drawn(tenant)
    found, found_id, secret = parsed(text)
    assert (found, found_id, hash_of(secret)) == (tenant, id, hash)
    letters = string.ascii_letters + string.digits + "-_"
    for other in (
        *(text[:-1] + letter for letter in letters),
        f"{text}=",
        f"{text}==",
        text[3:],
        f" {text}",
        "",
    ):
        try:
            _, _, found_secret = parsed(other)
        except Unauthenticated:
            continue
        assert (found_secret == secret) == (other == text)
    with pytest.raises(Unauthenticated):
        parsed(f"{text}=")
