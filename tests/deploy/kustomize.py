"""Render an overlay with the real kustomize: from PATH, or built once from its Go module."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.requirements import leave_out

# The newest that the Go of Debian 12 (1.19) builds.
_MODULE = "sigs.k8s.io/kustomize/kustomize/v5@v5.3.0"
_CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "patchbay" / "kustomize"


def program() -> Path:
    """The kustomize to use; without one and without Go the calling test is left out."""
    found = shutil.which("kustomize")
    if found:
        return Path(found)
    built = _CACHE / "kustomize"
    if not built.exists():
        go = shutil.which("go")
        if go is None:
            leave_out("kustomize, or Go to build it", "golang-go")
        subprocess.run(
            [go, "install", _MODULE],
            env={**os.environ, "GOBIN": str(_CACHE)},
            check=True,
            capture_output=True,
            timeout=300,
        )
    return built


def render(folder: Path) -> list[dict[str, Any]]:
    """Every object of the overlay. Raises CalledProcessError when it does not build."""
    command = [str(program()), "build", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, timeout=60)
    return [item for item in yaml.safe_load_all(done.stdout) if item]
