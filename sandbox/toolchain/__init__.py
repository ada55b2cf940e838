"""The tools that the sandbox runs: the user's own where they fit, else built from Go modules or fetched as packages."""

from sandbox.toolchain.catalog import MODULES, TOOLS, UP_TOOLS
from sandbox.toolchain.errors import ToolchainError
from sandbox.toolchain.resolve import Toolchain

__all__ = ["MODULES", "TOOLS", "UP_TOOLS", "Toolchain", "ToolchainError"]
