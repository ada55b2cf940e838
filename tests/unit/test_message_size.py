"""How large a message of spans may be on each part of its way: one figure, and the smallest part decides."""

import re
from typing import Any

import pytest

from telemetry.collector.config import configuration
from telemetry.gateway.secrets import config_map
from telemetry.releases import releases_of
from telemetry.stack import Stack
from tests.support import Change, all_of, load_stack, put

MI = 2**20
INGESTER_CLIENTS = 100 * MI
"""Tempo's own largest message of clients (docs/sources/tempo/configuration/manifest.md of grafana/tempo 2.10)."""
NO_TENANTS = all_of(put("collector", {}))
LARGER = put("traces.max_message_size", "32Mi")
BODY = put("tenants", [{"id": "a", "display_name": "A", "limits": {"max_body": "2Mi"}}])


def of_collector(stack: Stack) -> dict[str, int]:
    """Return what the collector takes."""
    assert stack.collector is not None
    text = configuration(stack, stack.collector)
    keys = ("max_recv_msg_size", "max_request_body_size")
    (grpc,), (http,) = (re.findall(rf'{name}\s*= "(\d+)MiB"', text) for name in keys)
    return {"collector's gRPC": int(grpc) * MI, "collector's HTTP": int(http) * MI}


def sent(stack: Stack) -> set[int]:
    """Return the largest messages that the collector's exporters make."""
    assert stack.collector is not None
    return set(map(int, re.findall(r"max_size = (\d+)\n", configuration(stack, stack.collector))))


def of_gateway(stack: Stack) -> dict[str, int]:
    """Return what the gateway takes."""
    if stack.gateway is None:
        return {}
    (size,) = re.findall(r"client_max_body_size (\d+);", config_map(stack, stack.gateway)["nginx.conf"])
    return {"gateway's body": int(size)}


def of_tempo(stack: Stack) -> dict[str, int]:
    """Return what Tempo's values say, in either chart's words."""
    (values,) = (each.values for each in releases_of(stack) if each.name.startswith("tempo"))
    tempo: Any = values["tempo"]
    if "traces" in values:
        otlp = {name: each["receiverConfig"] for name, each in values["traces"]["otlp"].items()}
        server, querier = values["server"], values["querier"]["config"]
    else:
        otlp, server, querier = tempo["receivers"]["otlp"]["protocols"], tempo["server"], tempo["querier"]
    return {
        "receiver's gRPC": otlp["grpc"]["max_recv_msg_size_mib"] * MI,
        "receiver's HTTP": otlp["http"]["max_request_body_size"],
        "server takes": server["grpc_server_max_recv_msg_size"],
        "server answers": server["grpc_server_max_send_msg_size"],
        "querier answers": querier["frontend_worker"]["grpc_client_config"]["max_send_msg_size"],
        "ingester's clients": INGESTER_CLIENTS,
    }


@pytest.mark.parametrize("environment", ["dev", "test", "prod"])
@pytest.mark.parametrize(("change", "size"), [(all_of(), 16 * MI), (LARGER, 32 * MI)], ids=["by default", "larger"])
def test_every_part_of_the_way_takes_what_is_set_and_none_less(environment: str, change: Change, size: int) -> None:
    stack = load_stack(environment, put("collector", {}), change)
    way = {**of_collector(stack), **of_gateway(stack), **of_tempo(stack)}
    assert stack.traces.max_message_size == size
    assert {part: its for part, its in way.items() if its < size} == {}
    assert min(way.values()) == size
    assert size - 5 > max(sent(stack)) > size - 2 * 1024  # gRPC puts five bytes before a message
    assert stack.traces.largest_trace < size


def test_the_collector_sends_no_more_than_its_tenant_may() -> None:
    stack = load_stack("prod", put("collector", {}), BODY)
    assert max(sent(stack)) < 2 * MI
    assert of_gateway(stack) == {"gateway's body": 2 * MI}


def test_a_tenant_without_a_limit_follows_the_one_size() -> None:
    others = [{"id": "a", "display_name": "A", "limits": {"max_body": "2Mi"}}, {"id": "b", "display_name": "B"}]
    assert of_gateway(load_stack("prod", LARGER, put("tenants", others))) == {"gateway's body": 32 * MI}
