"""Traces of one span each, over OTLP: five in each request, found by their ids."""

from collections.abc import Mapping, Sequence

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sandbox.continuity.traffic import Signal, Way, asked
from telemetry.clients.otlp import PROTOBUF

IN_A_REQUEST = 5
SPANS = "spans"
_NAME = "telemetry_continuity"
_LONG_NANOSECONDS = 1_000_000


def trace_id(moment: int, number: int) -> bytes:
    """Return the id of a trace that was written at a moment, by which it can be asked for."""
    return moment.to_bytes(8, "big") + (number + 1).to_bytes(8, "big")


def _missing(client: httpx.Client, addresses: Mapping[str, str], _: str, moments: Sequence[int]) -> int:
    url = f"{addresses['traces.query']}/api/traces"
    ids = [trace_id(moment, number).hex() for moment in moments for number in range(IN_A_REQUEST)]
    return sum(not asked(client, f"{url}/{each}", {}, absent={}) for each in ids)


def _spans(moment: int) -> bytes:
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    name = resource.resource.attributes.add(key="service.name")
    name.value.string_value = _NAME
    spans = resource.scope_spans.add().spans
    end = moment * 1_000_000
    for number in range(IN_A_REQUEST):
        own = trace_id(moment, number)
        spans.add(
            trace_id=own,
            span_id=own[8:],
            name=_NAME,
            start_time_unix_nano=end - _LONG_NANOSECONDS,
            end_time_unix_nano=end,
        )
    return bytes(request.SerializeToString())


TRACES = Signal("traces", [Way(SPANS, "traces.otlp_http", _spans, PROTOBUF)], IN_A_REQUEST, _missing)
