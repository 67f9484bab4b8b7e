"""`python -m services.router engine`, `view` or `api`."""

import argparse

from services.router.api.serve import serve_api
from services.router.main import serve_engine, serve_view
from services.router.settings import ApiSettings, EngineSettings, ViewSettings
from shared.running import run_service


def main() -> None:
    parser = argparse.ArgumentParser(prog="services.router", description="Route conversations")
    parser.add_argument("role", choices=("engine", "view", "api"))
    role = parser.parse_args().role
    if role == "engine":
        run_service("router-engine", EngineSettings, serve_engine)
    elif role == "view":
        run_service("router-view", ViewSettings, serve_view)
    else:
        run_service("router-api", ApiSettings, serve_api)


if __name__ == "__main__":
    main()
