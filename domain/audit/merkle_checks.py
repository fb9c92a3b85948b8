"""Merkle proofs checked (RFC 9162, 2.1.3.2 and 2.1.4.2), by whoever has nothing but the roots."""

from __future__ import annotations

from collections.abc import Sequence

from domain.audit.merkle import lengths_of, node_hash


class ProofFailed(Exception):
    """The proof does not prove it; the text says why."""


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that `leaf` (its hash) stands at `index` in the tree of `size` leaves with this root.

    Raises ProofFailed. Section 2.1.3.2; a proof of a wrong length or with a hash of a wrong length fails too.
    """
    if not 0 <= index < size:
        raise ProofFailed(f"there is no leaf {index} in a tree of {size}")
    _check_hashes(leaf, *proof)
    inner, border = lengths_of(index, size)
    _check_length(proof, inner + border)
    _check_root(_climb(leaf, index, proof, inner), root, "the root")


def verify_consistency(
    first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes
) -> None:
    """Check that the tree of `second` leaves begins with the tree of `first` leaves, of which there must be one at least.

    Raises ProofFailed. Section 2.1.4.2.
    """
    if not 0 < first <= second:
        raise ProofFailed(f"no proof leads from {first} leaves to {second}")
    _check_hashes(*proof)
    if first == second:
        _check_length(proof, 0)
        _check_root(first_root, second_root, "the root")
        return
    shift = (first & -first).bit_length() - 1
    whole = first == 1 << shift
    inner, border = lengths_of(first - 1, second)
    inner -= shift
    _check_length(proof, inner + border + (not whole))
    seed, path, index = (first_root, proof, 0) if whole else (proof[0], proof[1:], first - 1 >> shift)
    # Upwards from the last perfect subtree of the first tree: what is on its left belongs to both trees.
    old = seed
    for level, sibling in enumerate(path):
        if level >= inner or index >> level & 1:
            old = node_hash(sibling, old)
    _check_root(old, first_root, "the first root")
    _check_root(_climb(seed, index, path, inner), second_root, "the second root")


def _climb(seed: bytes, index: int, path: Sequence[bytes], inner: int) -> bytes:
    for level, sibling in enumerate(path):
        on_the_left = level >= inner or index >> level & 1
        seed = node_hash(sibling, seed) if on_the_left else node_hash(seed, sibling)
    return seed


def _check_hashes(*hashes: bytes) -> None:
    if any(len(hash) != 32 for hash in hashes):
        raise ProofFailed("a hash is not of 32 bytes")


def _check_length(proof: Sequence[bytes], length: int) -> None:
    if len(proof) != length:
        raise ProofFailed(f"the proof has {len(proof)} hashes, not {length}")


def _check_root(calculated: bytes, root: bytes, name: str) -> None:
    if calculated != root:
        raise ProofFailed(f"the proof leads to {calculated.hex()}, {name} is {root.hex()}")
