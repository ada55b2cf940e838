"""Not a stand-in itself: serves a Provider of base.py to the engine, the process around the stand-in plugins."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import any_pb2, empty_pb2  # type: ignore[import-untyped]

from sandbox.plugins.base import CheckError, IncompleteError, Provider, ProviderError, Request
from sandbox.plugins.diff import Diff, top
from sandbox.plugins.protocol import plugin_pb2, status_pb2
from sandbox.plugins.protocol import provider_pb2 as pb
from sandbox.plugins.values import decode, encode, reveal

_SERVICE = "pulumirpc.ResourceProvider"
_MESSAGE_SIZE = 400 * 1024 * 1024  # bytes; the engine's own limit
_DETAILS = "grpc-status-details-bin"
_INTERRUPT_GRACE = 4.0  # seconds; the engine kills a plugin that has not left after 5


def _diff_response(found: Diff) -> pb.DiffResponse:
    suffix = {path: "_REPLACE" if path in found.replaces else "" for path in found.changes}
    return pb.DiffResponse(
        changes=pb.DiffResponse.DIFF_SOME if found.changes else pb.DiffResponse.DIFF_NONE,
        replaces=sorted(found.replaces),
        diffs=sorted({top(path) for path in found.changes}),
        deleteBeforeReplace=found.delete_before_replace,
        hasDetailedDiff=True,
        detailedDiff={
            path: pb.PropertyDiff(kind=pb.PropertyDiff.Kind.Value(kind + suffix[path]), inputDiff=True)
            for path, kind in found.changes.items()
        },
    )


class _Servicer:
    """The protocol's methods, in terms of a Provider. What is not here the engine learns to be unimplemented."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._lock = threading.Lock()
        self.under_way = 0

    def register(self, server: grpc.Server) -> None:
        methods: dict[str, tuple[Callable[[Any], Any], Any]] = {
            "Attach": (self.nothing, plugin_pb2.PluginAttach),
            "Cancel": (self.nothing, empty_pb2.Empty),
            "Check": (self.check, pb.CheckRequest),
            "CheckConfig": (self.check_config, pb.CheckRequest),
            "Configure": (self.configure, pb.ConfigureRequest),
            "Create": (self.create, pb.CreateRequest),
            "Delete": (self.delete, pb.DeleteRequest),
            "Diff": (self.diff, pb.DiffRequest),
            "DiffConfig": (self.diff_config, pb.DiffRequest),
            "GetPluginInfo": (self.plugin_info, empty_pb2.Empty),
            "Read": (self.read, pb.ReadRequest),
            "Update": (self.update, pb.UpdateRequest),
        }
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(
                self._reported(method), message.FromString, lambda answer: answer.SerializeToString()
            )
            for name, (method, message) in methods.items()
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, handlers),))

    def _reported(self, method: Callable[[Any], Any]) -> Callable[[Any, grpc.ServicerContext], Any]:
        """Turn exceptions into what the engine understands, and count the call as under way."""

        def call(request: Any, context: grpc.ServicerContext) -> Any:
            with self._busy():
                try:
                    return method(request)
                except IncompleteError as error:
                    context.set_trailing_metadata(((_DETAILS, _kept(error)),))
                    return context.abort(grpc.StatusCode.UNKNOWN, str(error))
                except ProviderError as error:
                    return context.abort(grpc.StatusCode.UNKNOWN, str(error))
                except Exception as error:  # noqa: BLE001 - a plugin's bug has to reach the user too
                    return context.abort(grpc.StatusCode.INTERNAL, f"stand-in plugin: {type(error).__name__}: {error}")

        return call

    @contextmanager
    def _busy(self) -> Iterator[None]:
        with self._lock:
            self.under_way += 1
        try:
            yield
        finally:
            with self._lock:
                self.under_way -= 1

    def nothing(self, _: Any) -> Any:
        return empty_pb2.Empty()

    def plugin_info(self, _: Any) -> Any:
        return plugin_pb2.PluginInfo(version=os.environ.get("TELEMETRY_PLUGIN_VERSION", ""))

    def check_config(self, request: pb.CheckRequest) -> Any:
        return pb.CheckResponse(inputs=request.news)

    def diff_config(self, request: pb.DiffRequest) -> Any:
        old = decode(request.old_inputs) or decode(request.olds)
        return _diff_response(self._provider.diff_config(reveal(old), reveal(decode(request.news))))

    def configure(self, request: pb.ConfigureRequest) -> Any:
        self._provider.configure(reveal(decode(request.args)))
        return pb.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def check(self, request: pb.CheckRequest) -> Any:
        asked = _request(request, inputs=request.news, old_inputs=request.olds)
        try:
            return pb.CheckResponse(inputs=encode(self._provider.resource_type(asked.type).check(asked)))
        except CheckError as error:
            return pb.CheckResponse(failures=[pb.CheckFailure(property=error.path, reason=str(error))])

    def diff(self, request: pb.DiffRequest) -> Any:
        asked = _request(request, inputs=request.news, old_inputs=request.old_inputs, state=request.olds)
        return _diff_response(self._provider.resource_type(asked.type).diff(asked))

    def create(self, request: pb.CreateRequest) -> Any:
        asked = _request(request, inputs=request.properties)
        resource_id, state = self._provider.resource_type(asked.type).create(asked)
        return pb.CreateResponse(id=resource_id, properties=encode(state))

    def read(self, request: pb.ReadRequest) -> Any:
        asked = _request(request, inputs=request.inputs, state=request.properties)
        live = self._provider.resource_type(asked.type).read(asked)
        if live is None:
            return pb.ReadResponse()
        return pb.ReadResponse(id=live.id, inputs=encode(live.inputs), properties=encode(live.state))

    def update(self, request: pb.UpdateRequest) -> Any:
        asked = _request(request, inputs=request.news, old_inputs=request.old_inputs, state=request.olds)
        return pb.UpdateResponse(properties=encode(self._provider.resource_type(asked.type).update(asked)))

    def delete(self, request: pb.DeleteRequest) -> Any:
        asked = _request(request, old_inputs=request.old_inputs, state=request.properties)
        self._provider.resource_type(asked.type).delete(asked)
        return empty_pb2.Empty()


def _kept(error: IncompleteError) -> bytes:
    """Return what the engine keeps of a resource, as the details of the call's status."""
    details = any_pb2.Any()
    details.Pack(pb.ErrorResourceInitFailed(id=error.id, properties=encode(error.state), reasons=[str(error)]))
    code = grpc.StatusCode.UNKNOWN.value[0]
    status: bytes = status_pb2.Status(code=code, message=str(error), details=[details]).SerializeToString()
    return status


def _request(message: Any, **structs: Any) -> Request:
    parts = message.urn.split("::", 3)
    scalars = {key: getattr(message, key) for key in ("id", "preview") if hasattr(message, key)}
    fields: dict[str, Any] = {key: decode(struct) for key, struct in structs.items()}
    return Request(urn=message.urn, type=parts[2].rsplit("$", 1)[-1], name=parts[3], **scalars, **fields)


def serve(provider: Provider) -> None:
    """Answer the engine at the address in the first argument until it ends the plugin, or is gone itself.

    An engine that was killed leaves the plugin to finish what is under way, as the real ones do.
    """
    servicer = _Servicer(provider)
    with suppress(OSError):  # as a real one is called, so that one that is left over can be told from any Python
        Path("/proc/self/comm").write_text("pulumi-resource")

    def leave(*_: object) -> None:
        deadline = time.monotonic() + _INTERRUPT_GRACE
        while servicer.under_way and time.monotonic() < deadline:
            time.sleep(0.02)
        os._exit(0)  # at once: nothing is left to tidy up, and the engine waits for it

    signal.signal(signal.SIGINT, leave)
    signal.signal(signal.SIGTERM, leave)
    parent = os.getppid()
    limits = [("grpc.max_receive_message_length", _MESSAGE_SIZE), ("grpc.max_send_message_length", _MESSAGE_SIZE)]
    server = grpc.server(ThreadPoolExecutor(max_workers=16), options=limits)
    servicer.register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    while os.getppid() == parent or servicer.under_way:
        time.sleep(1)
    os._exit(0)
