"""What can go wrong when a development server is started."""

from shared.errors import PatchbayError


class StackFailed(PatchbayError):
    """A server did not start, or did not answer in time; the message ends with its last output."""

    code = "stack_failed"


class ToolMissing(PatchbayError):
    """A program we need is not installed. `package` is the Debian package that brings it."""

    code = "tool_missing"

    def __init__(self, tool: str, package: str) -> None:
        super().__init__(f"{tool} is missing; on Debian: apt-get install {package}")
        self.tool = tool
        self.package = package
