"""`python -m services.ingest --channel whatsapp`"""

import argparse

from services.ingest.main import serve
from services.ingest.settings import IngestSettings
from shared.running import run_service


def main() -> None:
    parser = argparse.ArgumentParser(prog="services.ingest", description="Take what providers send")
    parser.add_argument("--channel", help="one channel, `commerce`, or `all`")
    chosen = parser.parse_args().channel
    given = {"channel": chosen} if chosen else {}
    run_service("ingest", lambda: IngestSettings(**given), serve)


if __name__ == "__main__":
    main()
