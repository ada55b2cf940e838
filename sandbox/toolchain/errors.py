"""What can go wrong with the tools."""


class ToolchainError(Exception):
    """A tool cannot be had. The message names it, says why and what to do; it is meant for the user as it stands."""
