"""`python -m patchbay`: the same as the `patchbay` command."""

from patchbay.cli import app

if __name__ == "__main__":
    app(prog_name="patchbay")
