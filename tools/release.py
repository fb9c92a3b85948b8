"""Makes a release from the commit that is checked out, into dist/VERSION: `make release KEY=~/.ssh/release`.

Wheels: one with the compiled part for this system, where there is a C compiler, and one for every other. Each is built twice, in different folders, and has to
come out the same, byte by byte; whoever builds that commit with the same compiler gets these files. Beside them: the lock with hashes, SHA256SUMS, and its signature.

    python tools/release.py --key FILE                 # signed; without --key: not signed, and it says so
    python tools/release.py --check dist/0.1.0         # sums, and the signature against .ci/release_signers
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SUMS, SIGNATURE = "SHA256SUMS", "SHA256SUMS.sig"
SIGNERS = Path(".ci") / "release_signers"
"""Who may sign, in ssh-keygen's form of allowed signers: `release ssh-ed25519 AAAA…`."""

WHO, PURPOSE = "release", "retrace-release"
NO_COMPILER = {"CC": "no-compiler"}
"""For the wheel that runs everywhere."""


class NotReleased(Exception):
    """The text says why, and the way out."""


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--key", type=Path, help="private key, as `ssh-keygen -t ed25519` makes one")
    parser.add_argument("--check", type=Path, metavar="FOLDER", help="check a release that is there")
    options = parser.parse_args(words)
    try:
        if options.check is not None:
            check(options.check, ROOT / SIGNERS)
            print(f"{options.check}: every file is as it was released, and signed by {WHO}")
            return 0
        folder = release(ROOT, options.key)
    except NotReleased as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    print(f"{folder}: {', '.join(sorted(path.name for path in folder.iterdir()))}")
    if options.key is None:
        print("not signed: give KEY=FILE (docs/releasing.md)")
    return 0


def release(root: Path, key: Path | None) -> Path:
    """Into a new folder dist/VERSION. Raises NotReleased."""
    if _git(root, "status", "--porcelain"):
        raise NotReleased(
            "there are changes that are not committed: commit or stash them, a release is of a commit"
        )
    version = version_of(root)
    folder = root / "dist" / version
    if folder.exists():
        raise NotReleased(f"{folder} is there already: remove it, or raise `version` in pyproject.toml")
    at = _git(root, "log", "-1", "--format=%ct")
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=root, check=True, capture_output=True).stdout
    with tempfile.TemporaryDirectory() as made:
        place = Path(made) / version
        place.mkdir()
        build(archive, at, place)
        shutil.copy(root / "requirements" / "run.txt", place / f"retrace-{version}-requirements.txt")
        write_sums(place)
        if key is not None:
            sign(place / SUMS, key)
        folder.parent.mkdir(exist_ok=True)
        shutil.copytree(place, folder)
    return folder


def version_of(root: Path) -> str:
    """The one in pyproject.toml, which has a section in the changelog. Raises NotReleased."""
    version: str = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    if not re.search(rf"^## {re.escape(version)}\b", (root / "CHANGELOG.md").read_text(), re.MULTILINE):
        raise NotReleased(f"CHANGELOG.md has no section `## {version}`: name the one of this release so")
    return version


def build(archive: bytes, at: str, place: Path) -> None:
    """Wheels of an archive (tar), twice. `at`: seconds since 1970, the time of all files within. Raises NotReleased."""
    for variables in ({}, NO_COMPILER):
        first, second = (_wheel(archive, at, variables) for _ in range(2))
        if first != second:
            raise NotReleased(
                f"{first[0]} came out different when it was built again: something in it depends on time or place"
            )
        (place / first[0]).write_bytes(first[1])


def _wheel(archive: bytes, at: str, variables: dict[str, str]) -> tuple[str, bytes]:
    """Its name, and what is in it."""
    environment = {**os.environ, **variables, "SOURCE_DATE_EPOCH": at, "PYTHONHASHSEED": "0", "TZ": "UTC"}
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=BytesIO(archive)) as tar:
            tar.extractall(folder, filter="data")
        done = subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "made"],
            cwd=folder,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise NotReleased(f"the wheel can't be built: {done.stderr.strip()[-1000:]}")
        (wheel,) = (Path(folder) / "made").glob("*.whl")
        return wheel.name, wheel.read_bytes()


def write_sums(folder: Path) -> None:
    """In the form of `sha256sum`."""
    names = sorted(path.name for path in folder.iterdir() if path.name not in (SUMS, SIGNATURE))
    (folder / SUMS).write_text("".join(f"{_digest(folder / name)}  {name}\n" for name in names))


def sign(file: Path, key: Path) -> None:
    """With ssh-keygen, which every machine has that one signs commits on; nothing is asked of a network. Raises NotReleased."""
    _ssh_keygen("-Y", "sign", "-q", "-f", str(key), "-n", PURPOSE, str(file))


def check(folder: Path, signers: Path) -> None:
    """Raises NotReleased."""
    try:
        lines = (folder / SUMS).read_text().splitlines()
    except OSError:
        raise NotReleased(f"{folder} has no {SUMS}: it is no release") from None
    named = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    there = {path.name for path in folder.iterdir()} - {SUMS, SIGNATURE}
    for name in sorted(named.keys() | there):
        if name not in named:
            raise NotReleased(f"{name} is not in {SUMS}: it is none of the release")
        if name not in there or _digest(folder / name) != named[name]:
            raise NotReleased(f"{name} is missing or was changed: take it again from where it was published")
    if not (folder / SIGNATURE).exists():
        raise NotReleased(f"{folder} is not signed")
    if not signers.exists():
        raise NotReleased(f"there is no {signers}: put the line of who may sign there (docs/releasing.md)")
    words = ["-f", str(signers), "-I", WHO, "-n", PURPOSE, "-s", str(folder / SIGNATURE)]
    _ssh_keygen("-Y", "verify", *words, stdin=(folder / SUMS).read_bytes())


def _ssh_keygen(*words: str, stdin: bytes | None = None) -> None:
    program = shutil.which("ssh-keygen")
    if program is None:
        raise NotReleased("there is no ssh-keygen: install OpenSSH's client, 8.1 or later")
    done = subprocess.run([program, *words], input=stdin, check=False, capture_output=True)
    if done.returncode:
        told = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise NotReleased(f"ssh-keygen says: {told}")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=root, check=False, capture_output=True, text=True)
    if done.returncode:
        raise NotReleased(f"git says: {done.stderr.strip()}")
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
