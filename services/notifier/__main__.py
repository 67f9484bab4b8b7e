"""`python -m services.notifier`"""

from services.notifier.main import serve
from services.notifier.settings import NotifierSettings
from shared.running import run_service

if __name__ == "__main__":
    run_service("notifier", NotifierSettings, serve)
