"""The gateway's pods: restricted, placed, mounted with exactly what nginx reads, and left alone by most changes."""

from typing import Any

import pytest

from telemetry.config.roles import Role
from telemetry.gateway import workload
from telemetry.gateway.addresses import client_endpoints, hosts
from telemetry.stack import ConfigError, Stack
from tests.support import EVERY_SIGNAL, WITH_THANOS_IN_PROD, Change, all_of, load_stack, put

TENANTS: list[dict[str, Any]] = [{"id": "payments", "display_name": "Payments"}, {"id": "A!B", "display_name": "AB"}]
EXISTING = [*TENANTS, {"id": "own", "display_name": "Own", "access": {"token_secret": "own-token"}}]
CERTIFICATES = [*TENANTS, {"id": "certs", "display_name": "Certs", "access": {"accepts": "certificate"}}]
ON_KUBERNETES = put("kubernetes.platform", "kubernetes")


def stack_with(*changes: Change, tenants: Any = TENANTS, **gateway: Any) -> Stack:
    return load_stack("dev", put("tenants", tenants), put("gateway", gateway), *changes)


def role_of(stack: Stack) -> Role:
    assert stack.gateway_role is not None
    return stack.gateway_role


def spec_of(stack: Stack, watch: str = "text") -> dict[str, Any]:
    assert stack.gateway is not None
    return workload.deployment(stack, stack.gateway, role_of(stack), watch=watch)


def pod_of(stack: Stack) -> dict[str, Any]:
    pod: dict[str, Any] = spec_of(stack)["template"]["spec"]
    return pod


def volumes_of(stack: Stack) -> dict[str, Any]:
    return {volume["name"]: volume for volume in pod_of(stack)["volumes"]}


def mounts_of(stack: Stack) -> dict[str, Any]:
    (container,) = pod_of(stack)["containers"]
    return {mount["name"]: mount for mount in container["volumeMounts"]}


def requests_of(stack: Stack) -> dict[str, str]:
    (container,) = pod_of(stack)["containers"]
    requests: dict[str, str] = container["resources"]["requests"]
    return requests


@pytest.mark.parametrize("change", [all_of(), ON_KUBERNETES], ids=["openshift", "kubernetes"])
def test_the_pod_is_restricted(change: Change) -> None:
    pod = pod_of(stack_with(change))
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False


def test_ids_are_left_to_openshift_and_without_nones() -> None:
    assert pod_of(stack_with())["securityContext"].keys() == {"runAsNonRoot", "seccompProfile"}
    ours = pod_of(stack_with(ON_KUBERNETES))["securityContext"]
    assert ours["runAsUser"] == ours["fsGroup"] == 101


def test_what_is_mounted_where() -> None:
    stack = stack_with(tenants=[*EXISTING, CERTIFICATES[-1]], backend_tls={})
    assert {name: mount["mountPath"] for name, mount in mounts_of(stack).items()} == {
        "config": "/etc/gateway/config",
        "tenants": "/etc/gateway/tenants",
        "tls": "/etc/gateway/tls",
        "client-ca": "/etc/gateway/client-ca",
        "backend-ca": "/etc/gateway/backend-ca",
        "existing": "/etc/gateway/existing",
        "scratch": "/tmp",
        "state": "/run/gateway",
    }
    assert {name for name, mount in mounts_of(stack).items() if not mount.get("readOnly")} == {"scratch", "state"}
    assert mounts_of(stack).keys() == volumes_of(stack).keys()


def test_only_what_is_needed_is_mounted() -> None:
    assert volumes_of(stack_with()).keys() == {"config", "tenants", "tls", "scratch", "state"}


def test_no_private_key_but_its_own_reaches_the_gateway() -> None:
    volumes = volumes_of(stack_with(tenants=CERTIFICATES, backend_tls={}))
    files = {
        name: {item["key"] for item in volume["secret"]["items"]}
        for name, volume in volumes.items()
        if "secret" in volume
    }
    assert files == {
        "tenants": {"tenants.conf"},
        "tls": {"tls.crt", "tls.key"},
        "client-ca": {"ca.crt"},
        "backend-ca": {"ca.crt"},
    }
    assert {volume["secret"]["defaultMode"] for volume in volumes.values() if "secret" in volume} == {0o440}


def test_secrets_are_those_of_the_settings_where_they_name_some() -> None:
    tenant = {**CERTIFICATES[-1], "access": {"accepts": "certificate", "certificate_subject": "CN=a"}}
    named = volumes_of(
        stack_with(
            tenants=[tenant],
            certificate={"source": "existing", "secret": "own-tls"},
            client_ca_secret="own-ca",
            backend_tls={"secret": "own-backends"},
        )
    )
    ours = volumes_of(stack_with(tenants=CERTIFICATES, backend_tls={}))
    for volumes, expected in (
        (named, {"tls": "own-tls", "client-ca": "own-ca", "backend-ca": "own-backends"}),
        (ours, {"tls": "gateway-tls", "client-ca": "gateway-client-ca", "backend-ca": "backends-tls"}),
    ):
        assert {name: volumes[name]["secret"]["secretName"] for name in expected} == expected


def test_what_holds_tokens_is_in_memory_and_counted_in_it() -> None:
    many = [{"id": f"t{n}", "display_name": f"T{n}", "access": {"token_secret": f"of-{n}"}} for n in range(200)]
    for tenants, size, more in ((TENANTS, "1Mi", 0), (EXISTING, "2Mi", 1), (many, "3Mi", 2)):
        stack = stack_with(tenants=tenants, replicas=2, base={"cpu": "200m", "memory": "256Mi"})
        assert volumes_of(stack)["state"]["emptyDir"] == {"medium": "Memory", "sizeLimit": size}
        others = sum(each.budget.memory for each in stack.tenants) // 2**20
        assert requests_of(stack)["memory"] == f"{128 + -(-others // 2) + more}Mi"


def test_a_stated_total_has_room_for_existing_tokens() -> None:
    with pytest.raises(ConfigError, match=r"gateway\.total\.memory.*existing tokens come to"):
        stack_with(tenants=EXISTING, base={"cpu": "200m", "memory": "256Mi"}, total={"cpu": "1", "memory": "256Mi"})


def test_a_pod_that_cannot_resolve_names_is_not_restarted_for_it() -> None:
    (container,) = pod_of(stack_with())["containers"]
    assert container["readinessProbe"]["httpGet"] == {"path": "/ready", "port": "health"}
    assert container["livenessProbe"]["httpGet"] == {"path": "/live", "port": "health"}


def test_a_tenants_own_secret_that_is_missing_keeps_out_nobody_else() -> None:
    (source,) = volumes_of(stack_with(tenants=EXISTING))["existing"]["projected"]["sources"]
    assert source["secret"] == {
        "name": "own-token",
        "optional": True,
        "items": [{"key": "token", "path": "own/token"}],
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"id": "payments", "display_name": "Paid", "limits": {"requests_per_second": 5}},
        {"id": "payments", "display_name": "Payments", "access": {"token": {"version": 2}}},
        {"id": "other", "display_name": "Other"},
    ],
    ids=["limits", "rotation", "another in its place"],
)
def test_a_change_of_tenants_restarts_nothing(changed: dict[str, Any]) -> None:
    assert spec_of(stack_with(tenants=[changed, TENANTS[1]])) == spec_of(stack_with())


def test_a_tenant_added_restarts_nothing_while_there_is_room_for_it() -> None:
    more = [*TENANTS, {"id": "more", "display_name": "More"}]
    room = {"cpu": "1", "memory": "1Gi"}
    assert spec_of(stack_with(tenants=more, total=room)) == spec_of(stack_with(total=room))
    assert requests_of(stack_with(tenants=more)) != requests_of(stack_with())


def test_a_new_watch_script_is_run_by_new_pods() -> None:
    stack = stack_with()
    assert spec_of(stack, "one") == spec_of(stack, "one")
    assert spec_of(stack, "one")["template"] != spec_of(stack, "two")["template"]


def test_replicas_roll_one_at_a_time_within_the_quota_and_are_spread() -> None:
    one, two = stack_with(), stack_with(replicas=2)
    assert "strategy" not in spec_of(one)
    assert "topologySpreadConstraints" not in pod_of(one)
    assert spec_of(two)["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}
    (rule,) = pod_of(two)["topologySpreadConstraints"]
    assert rule["labelSelector"]["matchLabels"] == workload.SELECTOR
    assert workload.disruption_budget(role_of(one)) is None
    assert workload.disruption_budget(role_of(two)) == {
        "maxUnavailable": 1,
        "selector": {"matchLabels": workload.SELECTOR},
    }


def test_it_runs_where_the_settings_say_with_what_they_say() -> None:
    placement = {"node_selector": {"node-type": "telemetry"}, "priority_class": "high"}
    stack = stack_with(placement=placement, image="registry.example/nginx:1.29.8")
    pod = pod_of(stack)
    (container,) = pod["containers"]
    assert (pod["nodeSelector"], pod["priorityClassName"]) == ({"node-type": "telemetry"}, "high")
    assert container["image"] == "registry.example/nginx:1.29.8"
    role = role_of(stack)
    requests = {"cpu": f"{role.cpu}m", "memory": f"{role.memory // 2**20}Mi", "ephemeral-storage": "1Gi"}
    assert container["resources"] == {"requests": requests}


def test_the_disk_for_requests_is_asked_for_and_cannot_grow() -> None:
    stack = stack_with(scratch="256Mi")
    assert volumes_of(stack)["scratch"] == {"name": "scratch", "emptyDir": {"sizeLimit": "256Mi"}}
    assert requests_of(stack)["ephemeral-storage"] == "256Mi"


def test_the_service_leads_to_ports_of_the_pod() -> None:
    (container,) = pod_of(stack_with())["containers"]
    own = {port["containerPort"] for port in container["ports"]}
    ports = {port["port"]: port["targetPort"] for port in workload.service()["ports"]}
    assert ports == {443: 8443, 4318: 8443, 4317: 4317}
    assert set(ports.values()) < own
    template = spec_of(stack_with())["template"]["metadata"]["labels"]
    assert workload.SELECTOR.items() <= template.items()


def test_requests_under_way_may_end_before_the_pod_does() -> None:
    """Mimir answers within two minutes, and nginx waits five for it (telemetry/gateway/nginx.py)."""
    assert pod_of(stack_with())["terminationGracePeriodSeconds"] > 320


def test_a_certificate_is_asked_for_where_the_settings_say() -> None:
    issuer = {"name": "corporate", "kind": "ClusterIssuer"}
    stack = stack_with(certificate={"source": "cert-manager", "issuer": issuer}, hosts=["telemetry.example.org"])
    assert stack.gateway is not None
    spec = workload.certificate(stack.gateway, hosts(stack.gateway, "ns", "cluster.local"))
    assert spec is not None
    assert spec["secretName"] == volumes_of(stack)["tls"]["secret"]["secretName"]
    assert spec["issuerRef"] == {**issuer, "group": "cert-manager.io"}
    assert {"gateway.ns.svc", "telemetry.example.org"} <= set(spec["dnsNames"])
    assert len(set(spec["dnsNames"])) == len(spec["dnsNames"])
    issued = stack_with()
    assert issued.gateway is not None
    assert workload.certificate(issued.gateway, ["a"]) is None


@pytest.mark.parametrize("change", [EVERY_SIGNAL["prod"], WITH_THANOS_IN_PROD], ids=["default backends", "Thanos"])
def test_every_address_is_one_that_the_certificate_names_and_tls(change: Change) -> None:
    stack = load_stack("prod", change)
    name = f"gateway.{stack.namespace.name}.svc"
    assert client_endpoints(stack.backend("traces")).otlp_grpc == f"{name}:4317"
    for url in (url for backend in stack.backends for url in client_endpoints(backend) if url != f"{name}:4317"):
        assert f"{url}/".startswith(f"https://{name}/")
