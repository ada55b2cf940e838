"""The gateway on the real engine and the real API server: it comes up, and changes touch what they concern."""

import base64
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client

from sandbox.gateway.pod import install
from sandbox.toolchain import Toolchain
from telemetry.gateway.keys import TOKEN_PREFIX
from tests.sandbox.deployment import Deployment
from tests.sandbox.snapshot import Fields, Identity, changes, take
from tests.waiting import until

pytestmark = pytest.mark.sandbox

PAYMENTS: dict[str, Any] = {"id": "payments", "display_name": "Payments"}
SEARCH: dict[str, Any] = {"id": "Search!", "display_name": "Search", "access": {"accepts": "either"}}
NEW: dict[str, Any] = {"id": "new", "display_name": "New"}
GONE: dict[str, Any] = {"id": "gone", "display_name": "Gone"}
ROTATED: dict[str, Any] = {
    **PAYMENTS,
    "access": {"token": {"version": 2, "previous_until": "2030-01-01T00:00:00Z"}},
}
OWN, THEIRS = ({f"{what}-{tenant}" for what in ("tenant", "mimir-dev", "tempo-dev")} for tenant in ("new", "gone"))
"""What a tenant has of its own: that of the one who comes, and of the one who goes."""
SHARED = {"gateway-tenants": "update", "tempo-tenants": "update", "mimir": "update"}
"""The gateway's Secret of who is let in, and the two backends' limits of tenants."""
ROOM = {"cpu": "600m", "memory": "768Mi"}
ISSUER = {"name": "corporate", "kind": "ClusterIssuer"}


def served(*tenants: dict[str, Any], **gateway: Any) -> Callable[[dict[str, Any]], None]:
    """Return an edit that puts the gateway in front of the backends, with room for more tenants."""

    def edit(config: dict[str, Any]) -> None:
        config["telemetry:tenants"] = list(tenants)
        own = {"replicas": 2, "backend_tls": {}, "total": ROOM, "accept_shared_organisation": True}
        config["telemetry:gateway"] = own | gateway

    return edit


@pytest.fixture(scope="module")
def stack(dev: Deployment) -> Iterator[Deployment]:
    """The dev stack with a gateway and three tenants."""
    with dev.edited(served(PAYMENTS, SEARCH, GONE)):
        dev.up()
        yield dev


@dataclass(frozen=True)
class Change:
    """What an `up` has changed: objects as `objects` has them, and the rest of what was seen."""

    before: dict[str, str]
    after: dict[str, str]
    things: dict[Identity, str | Fields]
    """What has become of each thing, field by field."""
    old_token: str
    done: dict[str, str]
    """What `up` said: resource name to operation."""


@pytest.fixture(scope="module")
def changed(stack: Deployment) -> Iterator[Change]:
    """A tenant comes, another goes, and one who was there has another token."""
    before, things, old_token = objects(stack), take(stack), secret(stack, "tenant-payments")["token"]
    with stack.edited(served(ROTATED, SEARCH, NEW)):
        done = stack.changed_by_up()
        yield Change(before, objects(stack), changes(things, take(stack)), old_token, done)


@pytest.fixture
def certificates(stack: Deployment) -> Iterator[client.CustomObjectsApi]:
    """The kinds that cert-manager brings along, and an issuer, without cert-manager; what is of the kinds goes too."""
    extensions, api = client.ApiextensionsV1Api(stack.core.api_client), client.CustomObjectsApi(stack.core.api_client)
    definitions = [definition("Certificate", "Namespaced"), definition(ISSUER["kind"], "Cluster")]
    for each in definitions:
        extensions.create_custom_resource_definition(each)
    for each in definitions:
        until(partial(served_kind, api, each["spec"]["names"]["plural"]))
    issuer = {"apiVersion": "cert-manager.io/v1", "kind": ISSUER["kind"], "metadata": {"name": ISSUER["name"]}}
    api.create_cluster_custom_object("cert-manager.io", "v1", "clusterissuers", issuer)
    yield api
    for each in definitions:
        extensions.delete_custom_resource_definition(each["metadata"]["name"])


def definition(kind: str, scope: str) -> dict[str, Any]:
    """Return the definition of one of cert-manager's kinds, which takes anything."""
    names = {"plural": f"{kind.lower()}s", "singular": kind.lower(), "kind": kind}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    spec = {"group": "cert-manager.io", "scope": scope, "names": names, "versions": [version]}
    return {"metadata": {"name": f"{names['plural']}.cert-manager.io"}, "spec": spec}


def served_kind(api: client.CustomObjectsApi, plural: str) -> bool:
    """Whether the API server knows one of cert-manager's kinds by now."""
    try:
        return "items" in api.list_cluster_custom_object("cert-manager.io", "v1", plural)
    except client.ApiException:
        return False


def objects(stack: Deployment) -> dict[str, str]:
    """Return the version of every Secret, ConfigMap and Deployment, and the uid of every pod, by `Kind/name`."""
    core, apps = stack.core, client.AppsV1Api(stack.core.api_client)
    lists = {
        "Secret": core.list_namespaced_secret(stack.namespace).items,
        "ConfigMap": core.list_namespaced_config_map(stack.namespace).items,
        "Deployment": apps.list_namespaced_deployment(stack.namespace).items,
    }
    versions = {
        f"{kind}/{each.metadata.name}": version(each.metadata) for kind, found in lists.items() for each in found
    }
    pods = core.list_namespaced_pod(stack.namespace).items
    return versions | {f"Pod/{pod.metadata.name}": pod.metadata.uid for pod in pods}


def version(metadata: Any) -> str:
    """Return what changes with what was asked for: what has a status has a generation too."""
    return f"{metadata.uid} {metadata.generation or metadata.resource_version}"


def of_gateway(names: set[str]) -> set[str]:
    """Return what of these is the gateway's or its tenants'."""
    return {name for name in names if name.partition("/")[2].startswith(("gateway", "tenant-", "backends-tls"))}


def mounted_files(stack: Deployment, pod: Any, name: str) -> dict[str, str]:
    """Return what a pod finds in one of its volumes."""
    (volume,) = (each for each in pod.spec.volumes if each.name == name)
    if volume.config_map is not None:
        found: dict[str, str] = stack.core.read_namespaced_config_map(volume.config_map.name, stack.namespace).data
        return found
    if volume.secret is None:
        return {}
    data = secret(stack, volume.secret.secret_name)
    return {item.path: data[item.key] for item in volume.secret.items}


def touched(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def secret(stack: Deployment, name: str) -> dict[str, str]:
    data = stack.core.read_namespaced_secret(name, stack.namespace).data
    return {key: base64.b64decode(text).decode() for key, text in data.items()}


def gateway_pods(stack: Deployment) -> list[Any]:
    listed = stack.core.list_namespaced_pod(stack.namespace, label_selector="app.kubernetes.io/name=gateway")
    return list(listed.items)


def test_it_comes_up_restricted_and_behind_its_address(stack: Deployment) -> None:
    namespace = stack.core.read_namespace(stack.namespace)
    assert namespace.metadata.labels["pod-security.kubernetes.io/enforce"] == "restricted"
    pods = gateway_pods(stack)
    assert len(pods) == 2
    assert all(ready for name, ready in stack.pods().items() if name.startswith("gateway-"))
    subsets = stack.core.read_namespaced_endpoints("gateway", stack.namespace).subsets
    assert {port.port for subset in subsets for port in subset.ports} == {8443, 4317}
    assert {address.target_ref.name for subset in subsets for address in subset.addresses} == {
        pod.metadata.name for pod in pods
    }


def test_all_that_the_pods_mount_is_there(stack: Deployment) -> None:
    (*_, pod) = gateway_pods(stack)
    assert {volume.name: set(mounted_files(stack, pod, volume.name)) for volume in pod.spec.volumes} == {
        "scratch": set(),
        "state": set(),
        "config": {"nginx.conf", "log.sh", "watch.sh"},
        "tenants": {"tenants.conf"},
        "tls": {"tls.crt", "tls.key"},
        "client-ca": {"ca.crt"},
        "backend-ca": {"ca.crt"},
    }


def test_nginx_takes_what_the_pods_mount(stack: Deployment, toolchain: Toolchain, tmp_path: Path) -> None:
    toolchain.ensure(["nginx"])
    root, own = tmp_path / "root", {name: tmp_path / name for name in ("scratch", "state")}
    (*_, pod) = gateway_pods(stack)
    for mount in pod.spec.containers[0].volume_mounts:
        place = own.get(mount.name, root / mount.name)
        place.mkdir(parents=True)
        for file, text in mounted_files(stack, pod, mount.name).items():
            (place / file).write_text(text)
    conf = root / "config" / "nginx.conf"
    (own["state"] / "generation.conf").write_text("set $generation tried;\n")  # watch.sh writes it
    here = conf.read_text().replace(" /tmp/", f" {own['scratch']}/").replace("/run/gateway/", f"{own['state']}/")
    here = here.replace("/etc/gateway/", f"{root}/")
    conf.write_text(re.sub(r"resolver [\w.-]+ ", "resolver 127.0.0.1 ", here))  # the world has no DNS
    tried = subprocess.run(
        [install(toolchain.path("nginx"), tmp_path), "-t", "-q", "-e", "stderr", "-p", own["scratch"], "-c", conf],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert tried.returncode == 0, tried.stderr


def test_tenants_find_their_credentials(stack: Deployment) -> None:
    ((name, certificate),) = (
        (each.metadata.name, each)
        for each in stack.core.list_namespaced_secret(stack.namespace).items
        if (each.metadata.annotations or {}).get("telemetry/tenant") == "Search!"
    )
    assert certificate.data.keys() == {"token", "tls.crt", "tls.key", "ca.crt"}
    conf = secret(stack, "gateway-tenants")["tenants.conf"]
    for each in (name, "tenant-payments"):
        token = secret(stack, each)["token"]
        assert token.startswith(TOKEN_PREFIX)
        assert token in conf


def test_a_tenant_has_objects_of_its_own_and_of_the_shared_ones_its_lines(changed: Change) -> None:
    things = {name: what if isinstance(what, str) else set(what) for (_, _, name), what in changed.things.items()}
    assert things == {
        **dict.fromkeys(OWN, "create"),
        **dict.fromkeys(THEIRS, "delete"),
        "gateway-tenants": {'data["tenants.conf"]'},
        "tempo-tenants": {f'data["overrides.yaml"].overrides.{each}' for each in ("new", "gone")},
        "mimir-runtime": {f'data["runtime.yaml"].overrides.{each}' for each in ("new", "gone")},
        "tenant-payments": {"data.token"},
    }


def test_changes_of_tenants_touch_what_they_concern_and_restart_nothing(stack: Deployment, changed: Change) -> None:
    own = {**dict.fromkeys(OWN, "create"), **dict.fromkeys(THEIRS, "delete")}
    assert changed.done == {**own, **SHARED, "tenant-payments": "update"}
    found = touched(changed.before, changed.after)
    tenants = {f"Secret/tenant-{each}" for each in ("new", "gone", "payments")}
    assert of_gateway(found) == {"Secret/gateway-tenants", *tenants}
    assert not {name for name in found if name.startswith(("Pod/", "Deployment/"))}
    new, conf = secret(stack, "tenant-payments")["token"], secret(stack, "gateway-tenants")["tenants.conf"]
    assert new != changed.old_token
    assert {new, changed.old_token} <= set(re.findall(r"tlm_[\w-]{43}", conf))


@pytest.mark.usefixtures("changed")
def test_cert_manager_is_asked_for_the_certificate(stack: Deployment, certificates: client.CustomObjectsApi) -> None:
    with stack.edited(served(ROTATED, SEARCH, certificate={"source": "cert-manager", "issuer": ISSUER})):
        stack.up()
        asked = certificates.get_namespaced_custom_object(
            "cert-manager.io", "v1", stack.namespace, "certificates", "gateway"
        )
        assert asked["spec"]["issuerRef"] == {**ISSUER, "group": "cert-manager.io"}
        assert f"gateway.{stack.namespace}.svc" in asked["spec"]["dnsNames"]
        volumes = {volume.name: volume for volume in gateway_pods(stack)[0].spec.volumes}
        assert volumes["tls"].secret.secret_name == asked["spec"]["secretName"]
        assert objects(stack).keys().isdisjoint({"Secret/gateway-tls", "Secret/tenant-new"})
