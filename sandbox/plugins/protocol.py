"""Not a stand-in itself: Pulumi's provider protocol for the stand-in plugins, without the Python SDK around it.

`import pulumi` costs more than all else that a plugin does before it can answer the engine (0.4 s against 0.15 s), and
the SDK's own provider base needs it. Only the SDK's generated messages are of use here, so they are loaded from its
folder as a package of their own.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi.runtime.proto import (
        engine_pb2,
        engine_pb2_grpc,
        plugin_pb2,
        provider_pb2,
        status_pb2,
    )
else:
    _PACKAGE = "sandbox_pulumi_messages"

    def __getattr__(name: str) -> types.ModuleType:
        """Load a generated module at its first use: the engine's messages are only needed to log."""
        if not name.endswith(("_pb2", "_pb2_grpc")):
            raise AttributeError(name)
        if _PACKAGE not in sys.modules:
            sdk = importlib.util.find_spec("pulumi")  # finds it, does not run it
            if sdk is None or sdk.origin is None:
                raise ImportError("the Pulumi SDK is not installed in this Python environment")
            package = types.ModuleType(_PACKAGE)
            package.__path__ = [str(Path(sdk.origin).parent / "runtime" / "proto")]
            sys.modules[_PACKAGE] = package
        return importlib.import_module(f"{_PACKAGE}.{name}")


__all__ = ["engine_pb2", "engine_pb2_grpc", "plugin_pb2", "provider_pb2", "status_pb2"]
