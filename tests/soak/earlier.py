"""Earlier states of the project, out of its own history: a tree of such a commit, whose roles run with what is installed for this one."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


def before(file: str) -> str | None:
    """The commit before the one that brought `infra/schema/FILE`; None where there is no history, or none that goes so far back."""
    words = ("log", "--diff-filter=A", "--format=%H", "--", f"infra/schema/{file}")
    try:
        found = _git(*words).split()
        return _git("rev-parse", "--verify", "--quiet", f"{found[-1]}^") if found else None
    except (subprocess.CalledProcessError, FileNotFoundError):
        return None


@contextmanager
def tree_of(commit: str) -> Iterator[Path]:
    """A worktree of its own, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="retrace-earlier-") as folder:
        place = Path(folder) / "tree"
        _git("worktree", "add", "--quiet", "--detach", str(place), commit)
        try:
            yield place
        finally:
            _git("worktree", "remove", "--force", str(place))


def _git(*words: str) -> str:
    done = subprocess.run(["git", "-C", str(ROOT), *words], check=True, capture_output=True, text=True)
    return done.stdout.strip()
