"""A release (tools/release.py): the same wheel wherever it is built, sums and a signature that tell what was changed, one version in one place."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import zipfile
from importlib.util import module_from_spec, spec_from_file_location
from io import BytesIO
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

from infra.schema.migrate import SCHEMA
from interfaces.cli import cli
from interfaces.cli.version import version_of

ROOT = Path(__file__).parents[1]
WHAT = ("domain", "application", "projections", "interfaces", "infra", "tools", "pyproject.toml", "README.md")


@pytest.fixture(scope="module", name="release")
def _release() -> ModuleType:
    spec = spec_from_file_location("release", ROOT / "tools" / "release.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module", name="made")
def _made(release: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel for every system, and its sums."""
    data = BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for name in WHAT:
            tar.add(
                ROOT / name, name, filter=lambda info: None if info.name.endswith((".so", ".pyc")) else info
            )
    folder = Path(tmp_path_factory.mktemp("release"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in release.NO_COMPILER.items():
            patch.setenv(name, value)
        release.build(data.getvalue(), "1700000000", folder)  # raises where the second one is another
    release.write_sums(folder)
    return folder


def test_a_wheel_is_the_same_twice_and_has_all_that_runs(made: Path) -> None:
    (wheel,) = made.glob("*.whl")
    assert wheel.name == f"retrace-{version_of()}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        assert {info.date_time[0] for info in archive.infolist()} == {2023}
    for file in (
        *SCHEMA.glob("*.sql"),
        *(ROOT / "interfaces").rglob("*.html"),
        *(ROOT / "infra").rglob("*.toml"),
    ):
        assert file.relative_to(ROOT).as_posix() in names
    assert not [name for name in names if name.startswith(("tests/", "bench/", "tools/"))]


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen here")
def test_what_was_changed_after_it_was_signed_is_refused(
    release: ModuleType, made: Path, tmp_path: Path
) -> None:
    key, signers, folder = tmp_path / "key", tmp_path / "signers", tmp_path / "dist"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    shutil.copytree(made, folder)
    signers.write_text(f"release {key.with_suffix('.pub').read_text()}")
    with pytest.raises(release.NotReleased, match="is not signed"):
        release.check(folder, signers)
    release.sign(folder / release.SUMS, key)
    release.check(folder, signers)
    with pytest.raises(release.NotReleased, match="put the line of who may sign there"):
        release.check(folder, tmp_path / "nobody")
    (wheel,) = folder.glob("*.whl")
    content = wheel.read_bytes()
    wheel.write_bytes(content + b"x")
    with pytest.raises(release.NotReleased, match="was changed"):
        release.check(folder, signers)
    release.write_sums(folder)  # by whoever changed it, who can't sign
    with pytest.raises(release.NotReleased, match="ssh-keygen says"):
        release.check(folder, signers)
    wheel.write_bytes(content)
    release.write_sums(folder)
    (folder / "more").write_text("x")
    with pytest.raises(release.NotReleased, match="none of the release"):
        release.check(folder, signers)


def test_the_version_stands_in_one_place_has_a_section_in_the_changelog_and_is_told(
    release: ModuleType, tmp_path: Path
) -> None:
    version = release.version_of(ROOT)
    last = max(file.stem for file in SCHEMA.glob("*.sql"))
    told = CliRunner().invoke(cli, ["--version"])
    assert told.exit_code == 0
    assert told.output.startswith(f"retrace {version} (schema {last}, Python 3.")
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "0.2.0"\n')
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## 0.2.01\n")
    with pytest.raises(release.NotReleased, match="no section `## 0.2.0`"):
        release.version_of(tmp_path)
