"""The tools that the sandbox runs: the user's own where they fit, else built from Go modules or fetched as packages."""

from sandbox.toolchain.catalog import BACKEND_TOOLS, CNI_PLUGINS, MODULES, OWN_TOOLS, REAL_NODES_TOOLS, TOOLS, UP_TOOLS
from sandbox.toolchain.errors import ToolchainError
from sandbox.toolchain.resolve import Toolchain

__all__ = [
    "BACKEND_TOOLS",
    "CNI_PLUGINS",
    "MODULES",
    "OWN_TOOLS",
    "REAL_NODES_TOOLS",
    "TOOLS",
    "UP_TOOLS",
    "Toolchain",
    "ToolchainError",
]
