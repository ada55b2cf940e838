"""Names of the cluster: whole ones wherever a resolver would search, with the domain and DNS that the settings say."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from telemetry.collector.config import configuration
from telemetry.config.network import named, store_of
from telemetry.gateway.addresses import client_endpoints, hosts, query_urls
from telemetry.gateway.secrets import config_map, upstreams
from telemetry.network.peers import neighbours_of
from telemetry.releases import releases_of
from telemetry.spec.ports import absolute
from telemetry.spec.values.common import Values
from telemetry.spec.values.transport import server_name
from telemetry.stack import ConfigError, Stack
from tests.support import WITH_LOGS_IN_PROD, WITH_PROFILES_IN_PROD, WITH_THANOS_IN_PROD, Change, all_of, load_stack, put

COLLECTOR = put("collector", {})
EVERYTHING = all_of(WITH_LOGS_IN_PROD, WITH_PROFILES_IN_PROD, put("gateway.backend_tls", {}), COLLECTOR)
PLAIN = all_of(WITH_LOGS_IN_PROD, WITH_PROFILES_IN_PROD, COLLECTOR)
THANOS = all_of(WITH_THANOS_IN_PROD, COLLECTOR)
OTHER_DOMAIN = put("kubernetes.cluster_domain", "k8s.example.org")
ANY_IPV4 = "0.0.0.0"  # noqa: S104 - what is tested
NAME = re.compile(r"[\w.+-]+\.svc\b[\w.-]*")


def texts(value: Any) -> Iterator[str]:
    """Yield all texts of a tree."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for each in value:
            yield from texts(each)
    elif isinstance(value, str):
        yield value


def told(stack: Stack) -> dict[str, list[str]]:
    """Return what pods and Grafana are told, by whom it is told."""
    assert stack.collector is not None
    values: dict[str, Values] = {each.name: each.values for each in releases_of(stack)}
    return {
        **{name: list(texts(each)) for name, each in values.items()},
        "collector": [configuration(stack, stack.collector)],
        "datasources": list(query_urls(stack).values()),
    }


def names_in(stack: Stack) -> set[tuple[str, str]]:
    """Return the names of Services that somebody is told, but for the user's own and those of certificates."""
    own = {stack.object_store.address.partition(":")[0], server_name(stack.namespace.name)}
    own.add(f"gateway.{stack.namespace.name}.svc")
    found = {(who, name) for who, each in told(stack).items() for text in each for name in NAME.findall(text)}
    return {(who, name) for who, name in found if name not in own}


@pytest.mark.parametrize("change", [EVERYTHING, PLAIN], ids=["TLS to the backends", "plain"])
@pytest.mark.parametrize(("domain", "where"), [(all_of(), "cluster.local"), (OTHER_DOMAIN, "k8s.example.org")])
def test_every_name_that_a_resolver_could_search_is_whole(change: Change, domain: Change, where: str) -> None:
    found = names_in(load_stack("prod", change, domain))
    assert {who for who, _ in found} >= {"tempo-distributed", "pyroscope", "collector", "datasources"}
    assert {(who, name) for who, name in found if not name.endswith(f".svc.{where}.")} == set()


def test_every_name_that_thanos_is_told_is_whole() -> None:
    found = names_in(load_stack("prod", THANOS))
    assert {who for who, _ in found} >= {"prometheus", "thanos", "collector", "datasources"}
    assert {(who, name) for who, name in found if not name.endswith(".svc.cluster.local.")} == set()


@pytest.mark.parametrize("change", [EVERYTHING, PLAIN], ids=["TLS to the backends", "plain"])
def test_no_other_domain_is_named(change: Change) -> None:
    stack = load_stack("prod", change, OTHER_DOMAIN)
    assert stack.gateway is not None
    conf = config_map(stack, stack.gateway)["nginx.conf"]
    assert "resolver dns-default.openshift-dns.svc.k8s.example.org. valid=10s ipv6=off;" in conf
    assert 'set $known_name "kubernetes.default.svc.k8s.example.org";' in conf
    assert all(".svc.k8s.example.org:" in place for place in upstreams(stack).values())
    everything = [conf, *(text for each in told(stack).values() for text in each)]
    assert [text for text in everything if "cluster.local" in text] == []
    assert f"gateway.{stack.namespace.name}.svc.k8s.example.org" in hosts(
        stack.gateway, "ca7f8f-prod", "k8s.example.org"
    )


def test_charts_that_write_names_themselves_are_told_the_domain() -> None:
    values = {each.name: each.values for each in releases_of(load_stack("prod", PLAIN, OTHER_DOMAIN))}
    assert values["mimir"]["global"]["clusterDomain"] == "k8s.example.org."
    assert values["loki"]["global"]["clusterDomain"] == "k8s.example.org."
    assert values["pyroscope"]["pyroscope"]["cluster_domain"] == ".k8s.example.org."


def test_what_clients_in_any_language_are_given_has_no_final_dot() -> None:
    given = [url for backend in load_stack("prod", PLAIN).backends for url in client_endpoints(backend)]
    assert [url for url in given if ".svc." in url] == []


def test_an_address_that_is_no_services_stays() -> None:
    stack = load_stack("prod")
    for address in ("https://mimir.example.org/push", "http://[fd00::1]:9009/push", "http://a.other.svc:80"):
        assert absolute(stack, address) == address
    assert absolute(stack, "a.ca7f8f-prod.svc:4317") == "a.ca7f8f-prod.svc.cluster.local.:4317"


@pytest.mark.parametrize(
    ("platform", "service", "namespace"),
    [("openshift", "dns-default", "openshift-dns"), ("kubernetes", "kube-dns", "kube-system")],
)
def test_dns_is_the_platforms_unless_the_settings_say_another(platform: str, service: str, namespace: str) -> None:
    change = put("kubernetes.platform", platform)
    assert load_stack("prod", change).kubernetes.dns == (service, namespace)
    chosen = load_stack("prod", change, put("kubernetes.dns_service", "rke2-coredns-rke2-coredns.kube-system"))
    assert chosen.gateway is not None
    assert (
        "resolver rke2-coredns-rke2-coredns.kube-system.svc.cluster.local. "
        in (config_map(chosen, chosen.gateway)["nginx.conf"])
    )
    assert neighbours_of(chosen).dns.place == named("kube-system")


@pytest.mark.parametrize(
    ("families", "listens", "itself", "resolves"),
    [
        (["IPv4"], [ANY_IPV4], "127.0.0.1", " ipv6=off"),
        (["IPv6"], ["[::]"], "[::1]", ""),
        (["IPv4", "IPv6"], [ANY_IPV4, "[::]"], "127.0.0.1", ""),
    ],
)
def test_the_gateway_and_tempo_listen_where_pods_have_addresses(
    families: list[str], listens: list[str], itself: str, resolves: str
) -> None:
    stack = load_stack("prod", put("kubernetes.ip_families", families))
    assert stack.gateway is not None
    conf = config_map(stack, stack.gateway)["nginx.conf"]
    for port in (8443, 4317, 8080):
        assert re.findall(rf"listen (\S+):{port}\b", conf) == listens
        assert re.findall(rf" (\S+):{10_000 + port}\b", conf) == [itself, itself]  # passed on to, and taken there
    assert re.findall(r"valid=10s([^;]*);", conf) == [resolves]
    place = "[::]" if "IPv6" in families else ANY_IPV4
    single = {
        each.name: each.values for each in releases_of(load_stack("dev", put("kubernetes.ip_families", families)))
    }
    protocols = single["tempo"]["tempo"]["receivers"]["otlp"]["protocols"]
    assert [each["endpoint"] for each in protocols.values()] == [f"{place}:4317", f"{place}:4318"]
    apart = {each.name: each.values for each in releases_of(stack)}["tempo-distributed"]["traces"]["otlp"]
    given = None if place == ANY_IPV4 else place
    told_apart = [each.get("receiverConfig", {}).get("endpoint") for each in apart.values()]
    assert told_apart == [given and f"{given}:4317", given and f"{given}:4318"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("cluster_domain", "cluster.local."),
        ("cluster_domain", ".local"),
        ("dns_service", "coredns"),
        ("dns_service", "a.b.svc"),
        ("ip_families", []),
        ("ip_families", ["ipv4"]),
        ("ip_families", ["IPv4", "IPv4"]),
    ],
)
def test_what_is_no_name_and_no_family_is_refused(key: str, value: object) -> None:
    with pytest.raises(ConfigError, match=rf"kubernetes\.{key}"):
        load_stack("prod", put(f"kubernetes.{key}", value))


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://s3.tools.svc:8333",
        "http://s3.tools.svc.cluster.local:8333",
        "http://s3.tools.svc.cluster.local.:8333",
        "http://s3.tools.svc.k8s.example.org:8333",
    ],
)
def test_a_policy_knows_the_object_stores_namespace_however_its_name_is_written(endpoint: str) -> None:
    domain = OTHER_DOMAIN if "example" in endpoint else all_of()
    stack = load_stack("prod", put("object_store.endpoint", endpoint), put("security.object_store", None), domain)
    assert store_of(stack.security, stack.object_store, "own", stack.kubernetes.cluster_domain).namespaces == (
        named("tools").namespaces
    )


def test_an_object_store_may_have_an_ipv6_address() -> None:
    stack = load_stack(
        "prod", put("object_store.endpoint", "http://[fd00:10::5]:8333"), put("security.object_store", None)
    )
    assert neighbours_of(stack).object_store.place.cidrs == ["fd00:10::5/128"]
    for each in releases_of(stack):
        stores = [text for text in texts(each.values) if "fd00" in text]
        assert stores
        assert set(stores) <= {"[fd00:10::5]:8333", "http://[fd00:10::5]:8333"}
