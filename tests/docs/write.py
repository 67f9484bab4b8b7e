"""`make docs`: write what is made from the code."""

from tests.docs import environment, keys, overlay

if __name__ == "__main__":
    environment.FILE.write_text(environment.written(environment.FILE.read_text()))
    keys.FILE.write_text(keys.written(keys.FILE.read_text()))
    overlay.FILE.write_text(overlay.written(overlay.EXAMPLE.read_text()))
