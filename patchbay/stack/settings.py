"""Where the tools are and where downloads are kept."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class StackSettings(BaseSettings):
    """Read from the customary environment variables, which have no prefix of ours."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True)

    java_home: Path | None = Field(default=None, description="The JDK to use; else java on PATH.")
    xdg_cache_home: Path = Field(
        default_factory=lambda: Path.home() / ".cache",
        description="Downloads are kept in its folder patchbay, outside the source tree.",
    )

    @property
    def cache(self) -> Path:
        return self.xdg_cache_home / "patchbay"
