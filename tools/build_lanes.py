"""Compiles infra/audit/sha256_lanes.c where there is a C compiler; without one the package works as well, and verifies more slowly.

A build hook of hatchling (https://hatch.pypa.io/latest/plugins/build-hook/custom/): it runs in `pip install -e .` and for a wheel.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FLAGS = ("-O3", "-std=gnu11", "-shared", "-fPIC", "-Wall", "-Wextra", "-Wno-psabi")


class BuildLanes(BuildHookInterface):  # type: ignore[type-arg]  # of which kind, this hook need not know
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        source = Path(self.root, "infra", "audit", "sha256_lanes.c")
        target = source.with_suffix(sysconfig.get_config_var("EXT_SUFFIX"))
        target.unlink(missing_ok=True)
        compiler = shutil.which(os.environ.get("CC", "cc"))
        if compiler is None or sysconfig.get_platform() != "linux-x86_64":
            return
        headers = sysconfig.get_path("include")
        command = [compiler, *FLAGS, f"-I{headers}", "-o", str(target), str(source)]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        if made.returncode:
            self.app.display_warning(
                f"{source.name} was not compiled, verifying will be slower:\n{made.stderr}"
            )
            return
        build_data["artifacts"].append(str(target.relative_to(self.root)))
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
