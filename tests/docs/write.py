"""`make docs`: write what is made from the code."""

from tests.docs import environment, keys

if __name__ == "__main__":
    environment.FILE.write_text(environment.written(environment.FILE.read_text()))
    keys.FILE.write_text(keys.written(keys.FILE.read_text()))
