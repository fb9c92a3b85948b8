from __future__ import annotations

from base64 import b64decode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from domain.audit.note import Checkpoint, NoteRejected, open_note, sign, verifier_key, verify

# The key, text and signature of the tests of golang.org/x/mod/sumdb/note.
NAME = "PeterNeumann"
SEED = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNATURE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
OTHER = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
NOTE = f"{TEXT}\n{SIGNATURE}"

CHECKPOINT = Checkpoint("log.example/5", 20852163, bytes(range(32)))


@pytest.fixture(scope="module")
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(b64decode(SEED)[1:])


def test_signing_makes_the_known_note_to_the_byte(key: Ed25519PrivateKey) -> None:
    assert sign(TEXT, NAME, key) == NOTE
    assert verifier_key(NAME, key.public_key()) == KEY
    assert open_note(NOTE, KEY) == TEXT


def test_other_signatures_are_passed_over() -> None:
    assert open_note(NOTE + OTHER, KEY) == TEXT
    assert open_note(f"{TEXT}\n{OTHER}{SIGNATURE}{SIGNATURE}", KEY) == TEXT


def test_a_checkpoint_comes_back_from_its_note(key: Ed25519PrivateKey) -> None:
    assert CHECKPOINT.text() == "log.example/5\n20852163\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    assert verify(sign(CHECKPOINT.text(), NAME, key), KEY) == CHECKPOINT
    more = Checkpoint("log.example/5", 0, bytes(32), ("one", "two"))
    assert Checkpoint.parse(more.text()) == more


def test_the_specifications_example_is_a_checkpoint() -> None:
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    checkpoint = Checkpoint.parse(text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text() == text


@pytest.mark.parametrize(
    ("note", "reason"),
    [
        (TEXT, "no signatures"),
        (TEXT + "\n", "does not end in a signature"),
        (NOTE[:-1], "does not end in a signature"),
        ("\x01" + NOTE, "control"),
        (NOTE.replace("\n", "\r\n"), "no signatures"),
        ("\udcff" + NOTE, "not Unicode"),
        (f"{TEXT}\n{SIGNATURE.replace(NAME, 'Bad Name')}", "malformed"),
        (NOTE + "Unexpected line.\n", "malformed"),
        (NOTE.replace("—", "-"), "malformed"),
        (f"{TEXT}\n{SIGNATURE * 101}", "too many"),
        (f"{TEXT}\n{SIGNATURE[:60]}ABCD{SIGNATURE[60:]}", "does not fit"),
        (f"{NOTE}{SIGNATURE[:60]}ABCD{SIGNATURE[64:]}", "does not fit"),
        (f"{TEXT}\n{OTHER}", "has not signed"),
        (NOTE.replace("— Peter", "— Paul"), "has not signed"),
        (NOTE.replace("nAM=", "nAN="), "not base64"),
        (f"{TEXT}\n— {NAME} x08gow==\n", "too short"),
    ],
)
def test_a_malformed_or_unsigned_note_is_rejected(note: str, reason: str) -> None:
    with pytest.raises(NoteRejected, match=reason):
        open_note(note, KEY)


@given(st.integers(0, len(NOTE) - 1), st.integers(1, 127))
def test_a_note_with_any_character_changed_is_rejected(at: int, flip: int) -> None:
    changed = NOTE[:at] + chr(ord(NOTE[at]) ^ flip) + NOTE[at + 1 :]
    with pytest.raises(NoteRejected):
        open_note(changed, KEY)


def test_a_mangled_key_is_rejected() -> None:
    mangled = [KEY[:at] + chr(ord(KEY[at]) + 1) + KEY[at + 1 :] for at in range(len(KEY))]
    mangled += [KEY[:end] for end in range(len(KEY))] + [KEY[start:] for start in range(1, len(KEY))]
    mangled += [
        # A key of a wrong length and one of another algorithm, with the key hashes that belong to them.
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ]
    for bad in mangled:
        with pytest.raises(NoteRejected):
            open_note(NOTE, bad)


ROOT = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@pytest.mark.parametrize(
    "text",
    [
        "",
        "log.example\n1\n",
        f"log.example\n1\n{ROOT}",
        f"\n1\n{ROOT}\n",
        f"log.example\n01\n{ROOT}\n",
        f"log.example\n-1\n{ROOT}\n",
        f"log.example\n١\n{ROOT}\n",
        f"log.example\n{10**19}\n{ROOT}\n",
        "log.example\n1\nAAEC\n",
        f"log.example\n1\n{ROOT[:-1]}\n",
        f"log.example\n1\n{ROOT[:-2]}9=\n",
        f"log.example\n1\n{ROOT}\n\n",
        f"log.example\n1\n{ROOT}\nmore\n\nmore\n",
    ],
)
def test_a_malformed_checkpoint_is_rejected(text: str) -> None:
    with pytest.raises(NoteRejected):
        Checkpoint.parse(text)


def test_a_checkpoint_cannot_smuggle_lines() -> None:
    with pytest.raises(NoteRejected):
        Checkpoint(f"evil\n9\n{ROOT}", 1, bytes(32))
    with pytest.raises(NoteRejected):
        Checkpoint("good", 1, bytes(32), ("one\n\ntwo",))


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u2003b", "a\n", "\ud800"])
def test_a_key_with_a_bad_name_does_not_sign(name: str, key: Ed25519PrivateKey) -> None:
    with pytest.raises(NoteRejected):
        sign(TEXT, name, key)


@pytest.mark.parametrize("text", ["", "\n", "no newline", "tab\there\n", "\ud800\n"])
def test_a_malformed_text_is_not_signed(text: str, key: Ed25519PrivateKey) -> None:
    with pytest.raises(NoteRejected):
        sign(text, NAME, key)
