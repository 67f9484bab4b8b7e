"""The example configuration of the Kubernetes overlay: the same, with its secrets in files."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "patchbay.yaml"
FILE = ROOT / "deploy" / "k8s" / "overlays" / "production" / "patchbay.yaml"

_HEAD = """\
# The example configuration of the repository, with every secret as a file: the keys of the Secret
# patchbay-secrets are mounted there. `make docs` writes this file from patchbay.yaml; in a copy of
# this folder, put your own in its place.
"""


def written(example: str) -> str:
    """The overlay's file for this example."""
    _, begin, rest = example.partition("version: 1\n")
    return _HEAD + re.sub(r"\{env: (\w+)\}", _as_file, begin + rest)


def _as_file(found: re.Match[str]) -> str:
    return f"{{file: /run/secrets/patchbay/{found[1].lower().replace('_', '-')}}}"
