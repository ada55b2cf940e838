"""Not a stand-in itself: what a stand-in plugin tells the engine on its own account."""

from __future__ import annotations

_address = ""


def connect(address: str) -> None:
    """Remember where the engine listens; nothing is opened before there is something to say."""
    global _address
    _address = address


def note(urn: str, message: str) -> None:
    """Show a status note at a resource for as long as the operation runs."""
    import grpc

    from sandbox.plugins.protocol import engine_pb2, engine_pb2_grpc

    with grpc.insecure_channel(_address) as channel:
        severity = engine_pb2.LogSeverity.WARNING
        entry = engine_pb2.LogRequest(severity=severity, message=message, urn=urn, ephemeral=True)
        engine_pb2_grpc.EngineStub(channel).Log(entry)
