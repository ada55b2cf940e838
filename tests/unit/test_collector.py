"""The collector's configuration: where it sends, how it says who it is, and that it names nothing that Alloy has not.

tests/sandbox/test_collector.py holds the text against Alloy's own parser.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from telemetry.backends.loki.values import RELEASE as LOKI
from telemetry.backends.mimir.values import RELEASE as MIMIR
from telemetry.backends.tempo.release import TEMPO
from telemetry.capacity.footprint import of_stack
from telemetry.collector import pipeline
from telemetry.collector import values as alloy
from telemetry.collector.config import configuration
from telemetry.collector.destination import destination
from telemetry.collector.release import collector_release
from telemetry.collector.syntax import Block, Expression, text
from telemetry.gateway.addresses import SERVICE as GATEWAY
from telemetry.monitoring.scraping import targets_of
from telemetry.network.policies import policies_of
from telemetry.releases import releases_of
from tests.support import ENVIRONMENTS, WITH_LOGS, WITH_LOGS_IN_PROD, Change, drop, load_stack, put
from tests.unit.bad_collectors import API_SERVER, DAEMON_SET, POD_LOGS, SCRAPES, TWO

WITH_API_SERVER = {**DAEMON_SET, "api_server": API_SERVER}


def of(environment: str, settings: dict[str, Any], *more: Change) -> str:
    """Return the configuration of a stack with a collector."""
    stack = load_stack(environment, put("collector", settings), *more)
    assert stack.collector is not None
    return configuration(stack, stack.collector)


def access(**settings: Any) -> Change:
    return put("tenants", [{"id": "platform", "display_name": "P", "access": settings}])


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_there_is_none_unless_it_is_asked_for(environment: str) -> None:
    stack = load_stack(environment)
    assert (stack.collector, stack.collector_role, collector_release(stack)) == (None, None, None)


def test_behind_a_gateway_it_shows_the_tenants_token_and_names_no_tenant() -> None:
    found = of("prod", {"metrics": "remote-write"})
    assert 'endpoint = "gateway.ca7f8f-prod.svc.cluster.local.:4317"' in found
    assert 'url               = "https://gateway.ca7f8f-prod.svc.cluster.local./api/v1/push"' in found
    assert 'filename  = "/etc/telemetry/token"' in found
    assert 'bearer_token_file = "/etc/telemetry/token"' in found
    assert 'ca_file     = "/etc/telemetry/ca.crt"' in found
    assert (
        len(re.findall(r'server_name += "gateway\.ca7f8f-prod\.svc"', found)) == 2
    )  # a certificate's name has no final dot
    assert "X-Scope-OrgID" not in found
    assert "insecure" not in found


@pytest.mark.parametrize(
    ("accepts", "token", "certificate"),
    [("token", True, False), ("certificate", False, True), ("either", True, False), ("both", True, True)],
)
def test_it_shows_what_the_gateway_asks_of_the_tenant(accepts: str, token: bool, certificate: bool) -> None:
    found = of("prod", {"metrics": "remote-write"}, access(accepts=accepts))
    assert ("otelcol.auth.bearer" in found, "bearer_token_file" in found) == (token, token)
    assert found.count('cert_file       = "/etc/telemetry/tls.crt"') == (1 if certificate else 0)
    assert found.count('key_file    = "/etc/telemetry/tls.key"') == (1 if certificate else 0)


def test_without_a_gateway_it_names_the_tenant_itself_and_speaks_plainly() -> None:
    found = of("dev", {"tenant": "b", "metrics": "remote-write"}, TWO)
    assert 'key   = "X-Scope-OrgID"' in found
    assert 'value = "b"' in found
    assert 'headers = {"X-Scope-OrgID" = "b"}' in found
    assert "insecure = true" in found
    assert "token" not in found


def test_a_public_certificate_needs_no_authority() -> None:
    issued = {"source": "cert-manager", "issuer": {"name": "public"}}
    assert "ca_file" not in of("prod", {}, put("gateway.certificate", issued))


def test_metrics_stay_as_they_are_or_become_prometheus_and_go_one_way_each() -> None:
    as_they_are, converted = of("prod", {}), of("prod", {"metrics": "remote-write"})
    assert 'endpoint = "https://gateway.ca7f8f-prod.svc.cluster.local./otlp"' in as_they_are
    assert "prometheus.remote_write" not in as_they_are
    assert "otelcol.exporter.otlphttp" not in converted
    assert "forward_to = [prometheus.remote_write.platform.receiver]" in converted


@pytest.mark.parametrize(
    ("more", "endpoint"),
    [
        ((WITH_LOGS_IN_PROD,), "https://gateway.ca7f8f-prod.svc.cluster.local./otlp"),
        (
            (WITH_LOGS_IN_PROD, drop("gateway"), drop("tenants")),
            "http://loki-write.ca7f8f-prod.svc.cluster.local.:3100/otlp",
        ),
    ],
    ids=["behind the gateway", "without one"],
)
def test_logs_are_taken_where_there_is_a_loki(more: tuple[Change, ...], endpoint: str) -> None:
    with_logs, without = of("prod", {}, *more), of("prod", {}, *more[1:])
    assert with_logs.count("logs    = [") == 3  # of the receiver, the limiter and the batch
    block = with_logs.partition('otelcol.exporter.otlphttp "logs" {')[2].partition("\n}\n")[0]
    assert f'endpoint = "{endpoint}"' in block
    assert "sending_queue" in block
    assert "logs" not in without.replace("Logs are not taken", "")


def test_logs_have_a_part_of_the_queues_disk() -> None:
    kept = {**DAEMON_SET, "queue": {"size": "5Gi"}}
    assert of("prod", kept).count("= 1280\n") == 2
    assert of("prod", kept, WITH_LOGS_IN_PROD).count("= 1024\n") == 3


def test_a_queue_fits_into_its_disk_and_one_in_memory_needs_no_preview_of_alloy() -> None:
    stack = load_stack("prod", put("collector", {**DAEMON_SET, "queue": {"size": "4Gi"}}))
    kept = of("prod", {**DAEMON_SET, "queue": {"size": "4Gi"}})
    assert kept.count("1024\n") == 2  # batches of 1 MiB, in a quarter of it
    assert stack.collector is not None
    assert alloy.values(stack, stack.collector)["alloy"]["stabilityLevel"] == "public-preview"
    in_memory = load_stack("prod", put("collector", {**DAEMON_SET, "queue": {"on_disk": False}}))
    assert in_memory.collector is not None
    assert alloy.values(in_memory, in_memory.collector)["alloy"]["stabilityLevel"] == "generally-available"
    assert "otelcol.storage.file" not in configuration(in_memory, in_memory.collector)


def test_scraping_finds_the_backends_own_port_and_names_what_rules_want() -> None:
    found = of("prod", WITH_API_SERVER, SCRAPES, put("gateway.backend_tls", {}))
    assert 'names = ["ca7f8f-prod"]' in found
    assert 'field = "spec.nodeName=" + coalesce(sys.env("HOSTNAME"), constants.hostname)' in found
    assert 'regex         = "mimir;8080|tempo;3200|gateway;8080|alloy;12345"' in found
    for label in ("namespace", "pod", "container", "job"):
        assert f'target_label  = "{label}"' in found
    assert 'server_name = "backends.ca7f8f-prod.svc"' in found
    assert re.search(r'regex += "gateway\|alloy"\s+target_label += "__scheme__"\s+replacement += "http"', found)
    assert 'scheme          = "https"' in found


@pytest.mark.parametrize(
    "own",
    [
        {"key": "dedicated", "value": "telemetry", "effect": "NoSchedule"},
        {"key": "dedicated", "operator": "Exists"},
        {"operator": "Exists"},
    ],
)
def test_it_may_scrape_pods_on_nodes_with_taints_that_it_tolerates(own: dict[str, str]) -> None:
    taints = [
        {"key": "dedicated", "value": "telemetry", "effect": "NoSchedule"},
        {"key": "old", "value": "yes", "effect": "PreferNoSchedule"},
        {"key": "node.kubernetes.io/memory-pressure", "operator": "Exists"},
    ]
    placed = put("metrics.placement.tolerations", taints)
    assert "prometheus.scrape" in of("prod", {**WITH_API_SERVER, "tolerations": [own]}, SCRAPES, placed)


def test_an_alloy_that_exists_shares_targets_where_it_is_a_cluster() -> None:
    theirs, ours = of("prod", {}, SCRAPES), of("prod", WITH_API_SERVER, SCRAPES)
    assert ("enabled = true" in theirs, "spec.nodeName" in theirs) == (True, False)
    assert ("enabled = false" in ours, "spec.nodeName" in ours) == (True, True)


def test_what_is_scraped_is_called_as_the_releases_are() -> None:
    with_logs = load_stack("prod", WITH_LOGS_IN_PROD, put("collector", DAEMON_SET))
    assert {each.name: set(each.releases) for each in targets_of(with_logs)} == {
        "mimir": {MIMIR},
        "tempo": set(TEMPO.values()),
        "loki": {LOKI},
        GATEWAY: {GATEWAY},
        "alloy": {"collector"},
    }
    assert [each.name for each in targets_of(load_stack("dev"))] == ["mimir", "tempo"]


@pytest.mark.parametrize("scrapes", [True, False])
def test_pods_have_a_token_only_to_find_pods_in_their_own_namespace(scrapes: bool) -> None:
    changes = (put("collector", WITH_API_SERVER), SCRAPES) if scrapes else (put("collector", DAEMON_SET),)
    stack = load_stack("prod", *changes)
    assert stack.collector is not None
    values = alloy.values(stack, stack.collector)
    assert values["serviceAccount"] == {"automountServiceAccountToken": scrapes}
    assert values["rbac"]["create"] is scrapes
    if scrapes:
        assert values["rbac"]["namespaces"] == ["ca7f8f-prod"]
        assert values["rbac"]["rules"] == [
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}
        ]
        assert values["rbac"]["clusterRules"] == []


def test_a_pod_on_each_node_is_counted() -> None:
    without, stack = load_stack("dev"), load_stack("dev", put("collector", DAEMON_SET))
    more = of_stack(stack) - of_stack(without)
    assert (more.pods, more.cpu, more.memory) == (3, 3 * (100 + 10), 3 * (256 + 50) * 2**20)
    assert [each.name for each in releases_of(stack)][-1] == "collector"


@pytest.mark.parametrize("deploys", [True, False])
def test_its_pods_are_closed_like_all_others_where_there_are_any(deploys: bool) -> None:
    stack = load_stack("prod", put("collector", DAEMON_SET if deploys else {}))
    (names, instances) = policies_of(stack)["telemetry-default-deny"]["podSelector"]["matchExpressions"]
    assert (("alloy" in names["values"]), ("collector" in instances["values"])) == (deploys, deploys)
    assert ("collector" in policies_of(stack)) is deploys


def test_a_text_is_quoted_and_an_expression_is_not() -> None:
    block = Block("a.b", "c", {"x": 'say "\\n"\t', "of": Expression("d.e"), "all": ["1", Expression("f")], "on": True})
    assert text([block]) == 'a.b "c" {\n\tx   = "say \\"\\\\n\\"\\t"\n\tof  = d.e\n\tall = ["1", f]\n\ton  = true\n}\n'


def test_messages_may_be_as_large_as_tempos_own() -> None:
    assert 'max_recv_msg_size = "16MiB"' in of("dev", {})


def test_no_signal_ends_nowhere() -> None:
    for settings in ({}, {"metrics": "remote-write"}):
        stack = load_stack("prod", put("collector", settings))
        assert stack.collector is not None
        to = destination(stack, stack.collector)
        blocks = list(pipeline.blocks(stack.collector, to, received=2**24, cluster="east"))
        assert set(_consumers(iter(blocks))) <= {f"{each.name}.{each.label}" for each in blocks}


def _consumers(blocks: Iterator[Block]) -> Iterator[str]:
    for each in blocks:
        for inner in each.blocks:
            if inner.name == "output":
                yield from (str(to).removesuffix(".input") for all_ in inner.arguments.values() for to in all_)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("chosen", "secret"),
    [({"tenant": "b"}, "tenant-b"), ({"tenant": "b", "secret": "own"}, "own")],
)
def test_the_credential_is_the_tenants_secret_or_the_one_that_is_named(chosen: dict[str, str], secret: str) -> None:
    stack = load_stack("prod", TWO, put("collector", {**DAEMON_SET, **chosen}))
    assert stack.collector is not None
    assert alloy.credential_secret(stack, stack.collector) == secret
    assert f"'secretName': '{secret}'" in str(alloy.values(stack, stack.collector)["controller"]["volumes"])


def test_the_only_tenant_is_meant_where_nobody_is_named() -> None:
    stack = load_stack("prod", put("collector", DAEMON_SET))
    assert stack.collector is not None
    assert alloy.credential_secret(stack, stack.collector) == "tenant-platform"


def logs_of_pods(environment: str, *more: Change, deploys: bool = True, **settings: Any) -> str:
    """Return the part of a configuration that is about the logs of pods."""
    chosen = {**(WITH_API_SERVER if deploys else {}), "pod_logs": {**POD_LOGS, **settings}}
    found = of(environment, chosen, WITH_LOGS if environment == "dev" else WITH_LOGS_IN_PROD, *more)
    return found.partition("// The logs of pods.\n")[2]


def test_logs_of_pods_are_read_on_their_own_node_and_sent_with_the_tenants_credential() -> None:
    found = logs_of_pods("prod")
    assert 'names = ["ca7f8f-prod"]' in found
    assert 'field = "spec.nodeName=" + coalesce(sys.env("HOSTNAME"), constants.hostname)' in found
    assert re.search(r'url += "https://gateway\.ca7f8f-prod\.svc\.cluster\.local\./loki/api/v1/push"', found)
    assert re.search(r'bearer_token_file += "/etc/telemetry/token"', found)
    assert 'external_labels = {"cluster" = "c"}' in found
    assert "tenant_id" not in found
    theirs = logs_of_pods("prod", deploys=False)
    assert ("enabled = true" in theirs, "spec.nodeName" in theirs) == (True, False)


def test_a_rule_joins_then_drops_then_samples_lines_of_its_namespaces() -> None:
    rule = {"namespaces": ["a", "b"], "first_line": r"^\d", "drop": ["x"], "keep_percent": 12.5}
    found = logs_of_pods("dev", rules=[rule, {"drop": ["y"]}])
    of_all = found.partition("stage.match {")[2]
    assert r'selector = "{namespace=~\"a|b\"}"' in of_all
    steps = (
        r'firstline = "^\\d"',
        'expression          = "x"',
        "rate = 0.125",
        'expression          = "y"',
        "stage.json",
    )
    places = [of_all.index(each) for each in steps]
    assert places == sorted(places)


@pytest.mark.parametrize("gateway", [True, False])
def test_a_lines_tenant_is_metadata_and_who_sends_it_only_where_no_gateway_knows_the_sender(gateway: bool) -> None:
    stack = load_stack(
        "prod" if gateway else "dev",
        TWO,
        WITH_LOGS_IN_PROD if gateway else WITH_LOGS,
        put("collector", {**WITH_API_SERVER, "tenant": "a", "pod_logs": {**POD_LOGS, "tenants": {"shop": "b"}}}),
    )
    assert stack.collector is not None
    found = configuration(stack, stack.collector)
    assert re.search(r'regex += "shop"\s+target_label += "tenant_of_namespace"\s+replacement += "b"', found)
    assert '"tenant_id" = ""' in found
    assert ("stage.tenant" in found, '"^(?P<known_tenant>a|b)$"' in found) == (not gateway, not gateway)


def test_a_token_is_mounted_for_pods_logs_too_and_the_api_server_reached() -> None:
    stack = load_stack("prod", WITH_LOGS_IN_PROD, put("collector", {**WITH_API_SERVER, "pod_logs": POD_LOGS}))
    assert stack.collector is not None
    assert alloy.values(stack, stack.collector)["serviceAccount"] == {"automountServiceAccountToken": True}
    assert "10.0.0.1/32" in str(policies_of(stack)["collector"]["egress"])


def test_only_traces_are_sampled_by_their_id_then_by_what_is_in_them() -> None:
    tail = {"drop": {"http.route": ["/healthz"]}, "slower_than_ms": 500, "keep_percent": 5}
    found = of("dev", {"sampling": {"head_percent": 50, "tail": tail}})
    limiter = found.partition('memory_limiter "all" {')[2].partition("\n}")[0]
    assert "metrics = [otelcol.processor.batch.applications.input]" in limiter
    assert "traces  = [otelcol.processor.probabilistic_sampler.traces.input]" in limiter
    head, _, rest = found.partition('otelcol.processor.tail_sampling "traces"')
    assert "traces = [otelcol.processor.tail_sampling.traces.input]" in head
    assert re.findall(r'name = "(.*)"\n\t\ttype = "(.*)"\n\n\t\t\w', rest) == [
        ("drop http.route", "drop"),
        ("errors", "status_code"),
        ("slow", "latency"),
        ("validation", "string_attribute"),
        ("rest", "probabilistic"),
    ]
    assert "traces = [otelcol.processor.batch.applications.input]" in rest
