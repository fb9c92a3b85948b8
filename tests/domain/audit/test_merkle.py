from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.audit.merkle import (
    EMPTY,
    Tree,
    consistency_proof,
    consistency_ranges,
    inclusion_proof,
    inclusion_ranges,
    leaf_hash,
    root,
)
from domain.audit.merkle_checks import ProofFailed, verify_consistency, verify_inclusion

VECTORS = json.loads((Path(__file__).parents[2] / "golden" / "merkle_vectors.json").read_text())
LEAVES = [leaf_hash(number.to_bytes(2, "big")) for number in range(300)]
SIZES = st.integers(1, 70)


def defined(leaves: Sequence[bytes]) -> bytes:
    """RFC 9162, section 2.1.1, word for word; k is found by trying."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + defined(leaves[:k]) + defined(leaves[k:])).digest()


def holds(vector: dict[str, Any]) -> bool:
    def bytes_of(name: str) -> bytes:
        return b64decode(vector[name] or "")

    proof = [b64decode(hash or "") for hash in vector["proof"] or []]
    try:
        if "leafIdx" in vector:
            verify_inclusion(
                bytes_of("leafHash"), vector["leafIdx"], vector["treeSize"], proof, bytes_of("root")
            )
        else:
            verify_consistency(vector["size1"], vector["size2"], proof, bytes_of("root1"), bytes_of("root2"))
    except ProofFailed:
        return False
    return True


@pytest.mark.parametrize("kind", ["inclusion", "consistency"])
def test_public_vectors_hold_or_fail_as_stated(kind: str) -> None:
    vectors = VECTORS[kind]
    assert len(vectors) == 98
    assert {vector["wantErr"] for vector in vectors} == {False, True}
    assert [vector["file"] for vector in vectors if holds(vector) is vector["wantErr"]] == []


def test_a_tree_without_leaves_has_the_hash_of_nothing_as_root() -> None:
    assert Tree().root() == EMPTY == root([]) == sha256().digest()


def test_a_leaf_is_no_node() -> None:
    assert leaf_hash(b"") == sha256(b"\x00").digest()
    assert root(LEAVES[:1]) == LEAVES[0]


@given(st.lists(st.integers(0, 40), max_size=7))
def test_a_tree_that_grows_by_any_steps_has_the_defined_root(steps: list[int]) -> None:
    tree = Tree()
    for step in steps:
        tree.extend(LEAVES[tree.size : tree.size + step])
        tree = msgspec.msgpack.decode(msgspec.msgpack.encode(tree), type=Tree)
        assert tree.root() == defined(LEAVES[: tree.size])
    assert tree.size == sum(steps)


def test_a_tree_that_grows_leaf_by_leaf_has_the_defined_root() -> None:
    tree = Tree()
    for size, leaf in enumerate(LEAVES, 1):
        tree.append(leaf)
        assert tree.size == size
        assert tree.root() == defined(LEAVES[:size])


def test_a_tree_is_not_made_from_another_trees_frontier() -> None:
    with pytest.raises(ValueError, match="perfect subtrees"):
        Tree(3, (EMPTY,))


def test_every_inclusion_proof_verifies() -> None:
    for size in range(1, 71):
        leaves = LEAVES[:size]
        for index in range(size):
            verify_inclusion(leaves[index], index, size, inclusion_proof(leaves, index), root(leaves))


def test_every_consistency_proof_verifies() -> None:
    for second in range(1, 71):
        leaves = LEAVES[:second]
        for first in range(1, second + 1):
            proof = consistency_proof(leaves, first)
            verify_consistency(first, second, proof, root(leaves[:first]), root(leaves))


@given(st.data())
@settings(max_examples=200)
def test_an_inclusion_proof_with_any_byte_changed_fails(data: st.DataObject) -> None:
    size = data.draw(SIZES)
    index = data.draw(st.integers(0, size - 1))
    leaves = LEAVES[:size]
    proof, top = inclusion_proof(leaves, index), root(leaves)
    for wrong in mutations(data, [leaves[index], *proof, top]):
        with pytest.raises(ProofFailed):
            verify_inclusion(wrong[0], index, size, wrong[1:-1], wrong[-1])


@given(st.data())
@settings(max_examples=200)
def test_a_consistency_proof_with_any_byte_changed_fails(data: st.DataObject) -> None:
    second = data.draw(SIZES)
    first = data.draw(st.integers(1, second))
    leaves = LEAVES[:second]
    for wrong in mutations(data, [root(leaves[:first]), *consistency_proof(leaves, first), root(leaves)]):
        with pytest.raises(ProofFailed):
            verify_consistency(first, second, wrong[1:-1], wrong[0], wrong[-1])


def mutations(data: st.DataObject, hashes: list[bytes]) -> list[list[bytes]]:
    """Each hash with a byte changed, longer, shorter; one hash more at each place, one less."""
    wrong = []
    for place, hash in enumerate(hashes):
        at, flip = data.draw(st.integers(0, 31)), data.draw(st.integers(1, 255))
        changed = bytes([*hash[:at], hash[at] ^ flip, *hash[at + 1 :]])
        wrong += [
            [*hashes[:place], other, *hashes[place + 1 :]] for other in (changed, hash + b"\0", hash[:-1])
        ]
        if place:
            wrong.append([*hashes[:place], EMPTY, *hashes[place:]])
        if 0 < place < len(hashes) - 1:
            wrong.append([*hashes[:place], *hashes[place + 1 :]])
    return wrong


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 3), (3, 3), (4, 3)])
def test_leaves_that_are_not_there_have_no_proof(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="there is no leaf"):
        inclusion_ranges(index, size)
    with pytest.raises(ProofFailed, match="there is no leaf"):
        verify_inclusion(EMPTY, index, size, [], EMPTY)


@pytest.mark.parametrize(("first", "second"), [(0, 0), (0, 3), (-1, 3), (4, 3)])
def test_nothing_follows_from_no_leaves_or_from_more_of_them(first: int, second: int) -> None:
    with pytest.raises(ValueError, match="no proof leads"):
        consistency_ranges(first, second)
    with pytest.raises(ProofFailed, match="no proof leads"):
        verify_consistency(first, second, [], EMPTY, EMPTY)
