"""The overlay's patchbay.yaml: the example at the root, with its secrets as mounted files."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "patchbay.yaml"
OVERLAY = ROOT / "deploy" / "k8s" / "overlays" / "production" / "patchbay.yaml"
MOUNTED = "/run/secrets/patchbay"

_HEAD = f"""\
# The example configuration of this repository, its secrets as files: each is a key of the Secret
# patchbay-secrets (Kubernetes) or a file in a folder (Docker Compose), mounted at {MOUNTED}.
# `make docs` has written this from patchbay.yaml. Put your own in its place.
"""


def mounted(text: str) -> str:
    """The same configuration with `{file: …}` for every `{env: …}`."""
    body = text[text.index("\nversion:") + 1 :]
    return _HEAD + re.sub(
        r"\{env: ([A-Z0-9_]+)\}", lambda found: f"{{file: {MOUNTED}/{_key(found[1])}}}", body
    )


def _key(variable: str) -> str:
    return variable.lower().replace("_", "-")
