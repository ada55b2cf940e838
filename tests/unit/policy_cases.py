"""For each policy a world that keeps it, and worlds that do not: what is wrong there, by object and field."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

from telemetry.engine.preview import UNKNOWN
from telemetry.network.peers import gateway
from telemetry.policies.data import BUCKET
from telemetry.policies.model import SECRET, Registered, World
from telemetry.stack import Stack
from tests.support import all_of, load_stack, put

Edit = Callable[[dict[str, Any]], None]
"""Changes an object, or a pod's spec, in place."""

CONTAINER: Mapping[str, Any] = {
    "name": "nginx",
    "image": "registry.example.org:5000/nginx:1.29.3",
    "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}},
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    },
}
POD: Mapping[str, Any] = {
    "automountServiceAccountToken": False,
    "securityContext": {"runAsNonRoot": True},
    "initContainers": [{**deepcopy(dict(CONTAINER)), "name": "wait"}],
    "containers": [deepcopy(dict(CONTAINER))],
    "volumes": [{"name": "scratch", "emptyDir": {}}],
}
LIMITS_IN_ALL = all_of(
    put("policy", {"cpu_limits": "all", "memory_limits": "all"}), put("metrics.roles.ingester.cpu_limit", "2")
)
NO_POLICIES = put("security.network_policies", False)
AT = "spec.template.spec"
WAIT = "initContainers"
NGINX = f"{AT}.containers[nginx]"


@dataclass(frozen=True)
class Case:
    """A world, and the (object, path) pairs of a policy's breaches in it."""

    policy: str
    name: str
    world: World
    breaches: tuple[tuple[str, str], ...] = ()


stack_of = cache(load_stack)
"""The settings of a real stack file, read once."""


def workload(*edits: Edit, kind: str = "Deployment", name: str = "gateway") -> dict[str, Any]:
    """Return a workload whose pods keep every policy, but for what the edits do to their spec."""
    spec = deepcopy(dict(POD))
    for edit in edits:
        edit(spec)
    template = {"metadata": {"labels": gateway().labels}, "spec": spec}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": {"template": template}}


def deployed(obj: dict[str, Any]) -> Registered:
    """Return an object as the program registers it."""
    return Registered(f"kubernetes:apps/v1:{obj['kind']}", obj["metadata"]["name"], obj)


def world(*registered: Registered, environment: str = "prod", **rendered: list[dict[str, Any]]) -> World:
    """Return the world of an environment's stack; by keyword the objects of its releases."""
    return World.of(stack_of(environment), registered, rendered)


def first(path: str, value: Any, sort: str = "containers") -> Edit:
    """Return an edit of a pod's first container."""
    return lambda spec: put(path, value)(spec[sort][0])


def ingester(limit: str | None, component: str = "ingester", release: str = "mimir") -> World:
    """Return a world with one workload of a release, whose container has a memory limit."""
    obj = workload(*([first("resources.limits", {"memory": limit})] if limit else []), kind="StatefulSet", name="x")
    obj["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"] = component
    return World.of(stack_of("prod"), (), {release: [obj]})


def limited(component: str, **limits: str) -> World:
    """Return a world whose policy wants limits in each container, with one workload of a release."""
    obj = workload(first("resources.limits", limits), kind="StatefulSet", name="x")
    del obj["spec"]["template"]["spec"]["initContainers"]
    obj["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"] = component
    return World.of(load_stack("prod", LIMITS_IN_ALL), (), {"mimir": [obj]})


def of_pods(policy: str, *wrong: tuple[str, Edit, str]) -> list[Case]:
    """Return the cases of a policy about pods: one that is kept, and for each edit one that is not."""
    good = Case(policy, "a pod that keeps them all", world(deployed(workload()), mimir=[workload(kind="StatefulSet")]))
    return [
        good,
        *(
            Case(policy, name, world(deployed(workload(edit))), (("Deployment gateway", path),))
            for name, edit, path in wrong
        ),
    ]


def pinned(*edits: Edit) -> World:
    """Return the world of a stack that wants every image to have a digest."""
    stack = load_stack("prod", put("images.require_digests", True))
    return World.of(stack, (deployed(workload(*edits)),), {})


def bucket(*, protect: bool = True, retain: bool | None = True, **inputs: Any) -> Registered:
    """Return a bucket as the program registers it."""
    given = {"bucket": "dts-x", "forceDestroy": False, **inputs}
    return Registered(BUCKET, "dts-x", given, protect=protect, retain_on_delete=retain)


def on(version: str, *registered: Registered, key: bool = False) -> World:
    """Return the world of a stack on some SeaweedFS."""
    edits = (put("object_store.seaweedfs_version", version), put("object_store.sse_key_configured", key))
    stack: Stack = load_stack("dev", put("object_store.allow_unsafe_version", True), *edits)
    return World(stack, registered)


def aws(kind: str, **inputs: Any) -> Registered:
    """Return a part of a bucket that is a resource of its own."""
    return Registered(f"aws:s3/bucket{kind}:Bucket{kind}", "dts-x", inputs)


def expiring(name: str, days: int | str) -> Registered:
    """Return the lifecycle of a bucket whose objects end."""
    kind = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    return Registered(kind, name, {"bucket": name, "rules": [{"id": "expire-objects", "expiration": {"days": days}}]})


def secret(**inputs: Any) -> Registered:
    """Return a Secret as the program registers it."""
    return Registered("kubernetes:core/v1:Secret", "s3", {"kind": "Secret", "metadata": {"name": "s3"}, **inputs})


def _held(text: str) -> Registered:
    """Return a ConfigMap with a text."""
    return Registered(
        "kubernetes:core/v1:ConfigMap", "x", {"kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"a": text}}
    )


def claims(when: str) -> dict[str, Any]:
    """Return a StatefulSet with a policy for its claims."""
    obj = workload(kind="StatefulSet", name="tempo")
    obj["spec"]["persistentVolumeClaimRetentionPolicy"] = {"whenDeleted": when, "whenScaled": "Retain"}
    return obj


def account(automount: bool | None) -> dict[str, Any]:
    """Return a ServiceAccount."""
    stated = {} if automount is None else {"automountServiceAccountToken": automount}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "mimir"}, **stated}


def stranger() -> dict[str, Any]:
    """Return a workload of a release that is in no flow."""
    obj = workload(kind="StatefulSet", name="mimir-chunks-cache")
    labels = {"app.kubernetes.io/name": "mimir", "app.kubernetes.io/instance": "mimir"}
    obj["spec"]["template"]["metadata"]["labels"] = {**labels, "app.kubernetes.io/component": "chunks-cache"}
    return obj


def trusting(spec: dict[str, Any]) -> None:
    """Leave the token to the pod's ServiceAccount."""
    del spec["automountServiceAccountToken"]
    spec["serviceAccountName"] = "mimir"


def volume(**of: Any) -> Edit:
    """Return an edit that adds a volume."""
    return lambda spec: spec["volumes"].append({"name": "v", **of})


_AUTOMOUNT = f"{AT}.automountServiceAccountToken"
_RELEASE = Registered("kubernetes:helm.sh/v3:Release", "mimir", {"values": {"a": [{"b": "key=0123456789"}]}})
_TRUSTING = workload(trusting, name="mimir")
_OWN_ACCOUNT = Registered("kubernetes:core/v1:ServiceAccount", "mimir", account(False))

CASES = (
    *of_pods(
        "cpu-limits",
        ("a limit", first("resources.limits", {"cpu": "1"}), f"{NGINX}.resources.limits.cpu"),
        (
            "of an init container",
            first("resources.limits", {"cpu": 1}, "initContainers"),
            f"{AT}.initContainers[wait].resources.limits.cpu",
        ),
    ),
    Case("cpu-limits", "as chosen for the role", limited("ingester", cpu="2", memory="4Gi")),
    Case(
        "cpu-limits",
        "another than chosen",
        limited("ingester", cpu="3", memory="4Gi"),
        (("StatefulSet x", f"{NGINX}.resources.limits.cpu"),),
    ),
    Case(
        "cpu-limits",
        "none where each container has one",
        limited("querier", memory="512Mi"),
        (("StatefulSet x", f"{NGINX}.resources.limits.cpu"),),
    ),
    Case("memory-limits", "the request, where each container has one", limited("querier", cpu="100m", memory="512Mi")),
    Case(
        "memory-limits",
        "none where each container has one",
        limited("querier", cpu="100m"),
        (("StatefulSet x", f"{NGINX}.resources.limits.memory"),),
    ),
    Case("memory-limits", "an ingester's", ingester("4Gi")),
    Case("memory-limits", "an ingester's, in bytes", ingester(str(4 << 30))),
    Case("memory-limits", "none where one may be", ingester(None)),
    Case("memory-limits", "Tempo's ingester's", ingester("4Gi", release="tempo-distributed")),
    *(
        Case("memory-limits", name, where, (("StatefulSet x", f"{NGINX}.resources.limits.memory"),))
        for name, where in (
            ("a querier's", ingester("4Gi", "querier")),
            ("another than the settings'", ingester("5Gi")),
            ("what is no size", ingester("much")),
            ("of a role of another release", ingester("4Gi", release="loki")),
        )
    ),
    Case(
        "memory-limits",
        "the gateway's",
        world(deployed(workload(first("resources.limits", {"memory": "64Mi"})))),
        (("Deployment gateway", f"{NGINX}.resources.limits.memory"),),
    ),
    *of_pods(
        "requests",
        ("no CPU", first("resources.requests", {"memory": "1Mi"}), f"{NGINX}.resources.requests.cpu"),
        ("no memory", first("resources.requests", {"cpu": "1m"}), f"{NGINX}.resources.requests.memory"),
        ("nothing", first("resources.requests", {"cpu": "0", "memory": "1Mi"}), f"{NGINX}.resources.requests.cpu"),
        *(
            (f"{zero} of nothing", first("resources.requests.memory", zero), f"{NGINX}.resources.requests.memory")
            for zero in ("0.0", "0n", "00Pi", "0e3", 0)
        ),
        (
            "an init container",
            first("resources.requests", {"cpu": "1m"}, "initContainers"),
            f"{AT}.initContainers[wait].resources.requests.memory",
        ),
    ),
    *of_pods(
        "image-version",
        *(
            (image or "no image", first("image", image), f"{NGINX}.image")
            for image in (
                "",
                "nginx",
                "nginx:latest",
                "nginx:LATEST",
                "nginx:1.29-alpine",
                "nginx:nightly",
                "nginx:bookworm-slim",
                "registry.example.org:5000/nginx",
                "nginx:",
            )
        ),
    ),
    Case(
        "image-version",
        "a digest",
        world(
            deployed(workload(first("image", f"nginx@sha256:{'0' * 64}"), first("image", "a:1.0.0", "initContainers")))
        ),
    ),
    Case(
        "image-digest",
        "every image with one",
        pinned(first("image", f"nginx:1.29.3@sha256:{'0' * 64}"), first("image", f"a@sha256:{'0' * 64}", WAIT)),
    ),
    Case(
        "image-digest",
        "a version alone",
        pinned(first("image", f"a@sha256:{'0' * 64}", WAIT)),
        (("Deployment gateway", f"{NGINX}.image"),),
    ),
    Case("image-digest", "a stack that wants none", world(deployed(workload()))),
    Case(
        "no-privileged",
        "an object of a List",
        world(chart=[{"kind": "List", "items": [workload(first("securityContext.privileged", True))]}]),
        (("Deployment gateway", f"{NGINX}.securityContext.privileged"),),
    ),
    *of_pods(
        "no-privileged",
        ("privileged", first("securityContext.privileged", True), f"{NGINX}.securityContext.privileged"),
    ),
    *of_pods(
        "no-privilege-escalation",
        *(
            (
                str(value),
                first("securityContext.allowPrivilegeEscalation", value),
                f"{NGINX}.securityContext.allowPrivilegeEscalation",
            )
            for value in (True, None)
        ),
    ),
    *of_pods(
        "no-host-namespaces",
        *((which, put(which, True), f"{AT}.{which}") for which in ("hostNetwork", "hostPID", "hostIPC")),
        (
            "a node's port",
            first("ports", [{"name": "http", "containerPort": 80, "hostPort": 80}]),
            f"{NGINX}.ports[http].hostPort",
        ),
    ),
    Case("known-pods", "a flow's pods", world(deployed(workload()))),
    Case(
        "known-pods",
        "a cache that values have switched on",
        world(mimir=[stranger()]),
        (("StatefulSet mimir-chunks-cache", f"{AT}.containers"),),
    ),
    Case("known-pods", "no policies", World.of(load_stack("dev", NO_POLICIES), (), {"mimir": [stranger()]})),
    *of_pods("no-host-path", ("a node's directory", volume(hostPath={"path": "/"}), f"{AT}.volumes[v].hostPath")),
    *of_pods(
        "no-capabilities",
        *(
            (f"drops {drop}", first("securityContext.capabilities", {"drop": drop}), f"{NGINX}.{where}")
            for where in ["securityContext.capabilities.drop"]
            for drop in (["NET_RAW"], [])
        ),
        (
            "adds",
            first("securityContext.capabilities.add", ["NET_ADMIN"]),
            f"{NGINX}.securityContext.capabilities.add",
        ),
    ),
    *of_pods(
        "run-as-non-root",
        ("its own word", first("securityContext.runAsNonRoot", False), f"{NGINX}.securityContext.runAsNonRoot"),
        ("user 0", first("securityContext.runAsUser", 0), f"{NGINX}.securityContext.runAsUser"),
    ),
    *of_pods(
        "read-only-root",
        *(
            (
                str(value),
                first("securityContext.readOnlyRootFilesystem", value),
                f"{NGINX}.securityContext.readOnlyRootFilesystem",
            )
            for value in (False, None)
        ),
    ),
    *of_pods(
        "no-service-account-token",
        ("mounted", put("automountServiceAccountToken", True), _AUTOMOUNT),
        ("the default account's", lambda spec: spec.pop("automountServiceAccountToken"), _AUTOMOUNT),
        (
            "projected",
            volume(projected={"sources": [{"serviceAccountToken": {"path": "token"}}]}),
            f"{AT}.volumes[v].projected",
        ),
    ),
    Case("no-service-account-token", "the chart's account says no", world(mimir=[_TRUSTING, account(False)])),
    Case("no-service-account-token", "the program's says no", world(_OWN_ACCOUNT, mimir=[_TRUSTING])),
    *(
        Case("no-service-account-token", f"account {name}", where, (("Deployment mimir", _AUTOMOUNT),))
        for name, where in (
            ("of a stranger", world(mimir=[_TRUSTING])),
            ("that says nothing", world(mimir=[_TRUSTING, account(None)])),
            ("that says yes", world(mimir=[_TRUSTING, account(True)])),
        )
    ),
    Case("volumes-retained", "kept", world(tempo=[claims("Retain"), workload(kind="StatefulSet")])),
    Case(
        "volumes-retained",
        "deleted",
        world(tempo=[claims("Delete")]),
        (("StatefulSet tempo", "spec.persistentVolumeClaimRetentionPolicy.whenDeleted"),),
    ),
    Case("data-protected", "prod's", world(bucket())),
    Case("data-protected", "as a pack sees it", world(bucket(retain=None))),
    Case("data-protected", "dev's", world(bucket(protect=False, retain=False), environment="dev")),
    Case("data-protected", "unprotected", world(bucket(protect=False)), (("Bucket dts-x", "protect"),)),
    Case("data-protected", "not retained", world(bucket(retain=False)), (("Bucket dts-x", "retainOnDelete"),)),
    Case("data-protected", "forced", world(bucket(forceDestroy=True)), (("Bucket dts-x", "forceDestroy"),)),
    Case("expiry-behind-retention", "a week behind", world(expiring("dts-metrics-prod-blocks", 37))),
    Case("expiry-behind-retention", "not known yet", world(expiring("dts-metrics-prod-blocks", UNKNOWN))),
    Case(
        "expiry-behind-retention",
        "on the heels of the compactor",
        world(expiring("dts-metrics-prod-blocks", 36)),
        (("BucketLifecycleConfiguration dts-metrics-prod-blocks", "rules[0].expiration"),),
    ),
    Case(
        "expiry-behind-retention",
        "of rules that nobody writes again",
        world(expiring("dts-metrics-prod-ruler", 3650)),
        (("BucketLifecycleConfiguration dts-metrics-prod-ruler", "rules[0].expiration"),),
    ),
    Case(
        "secrets-encrypted",
        "masked",
        World(load_stack(), (secret(stringData=SECRET), secret(data={"a": SECRET}), _RELEASE)),
    ),
    Case("secrets-encrypted", "a Secret's", world(secret(stringData={"a": "x"})), (("Secret s3", "stringData.a"),)),
    Case(
        "secrets-encrypted",
        "a Secret under another type",
        world(Registered("kubernetes:yaml:Thing", "s3", {"kind": "Secret", "data": {"a": "eA=="}})),
        (("Thing s3", "data.a"),),
    ),
    Case(
        "secrets-encrypted",
        "a datasource's",
        world(Registered("grafana:oss/dataSource:DataSource", "mimir", {"httpHeaders": {"Authorization": "x"}})),
        (("DataSource mimir", "httpHeaders.Authorization"),),
    ),
    Case(
        "secrets-encrypted",
        "a provider's",
        world(Registered("pulumi:providers:aws", "s3", {"secretKey": "x", "accessKey": SECRET})),
        (("Provider s3", "secretKey"),),
    ),
    Case(
        "secrets-encrypted",
        "a kubeconfig's content",
        world(
            Registered("pulumi:providers:kubernetes", "k", {"kubeconfig": "apiVersion: v1\n"}),
            Registered("pulumi:providers:kubernetes", "l", {"kubeconfig": "/home/x/.kube/config"}),
        ),
        (("Provider k", "kubeconfig"),),
    ),
    Case(
        "secrets-encrypted",
        "a known secret in a release's values",
        World(load_stack(), (_RELEASE,), secrets=frozenset({"0123456789"})),
        (("Release mimir", "values.a[0].b"),),
    ),
    Case(
        "secrets-encrypted",
        "a known secret in the base64 of more",
        World(load_stack(), (_held("dXNlcjowMTIzNDU2Nzg5YWI="),), secrets=frozenset({"0123456789ab"})),
        (("ConfigMap x", "data.a"),),
    ),
    Case(
        "secrets-encrypted",
        "a private key of nobody known",
        world(_held("-----BEGIN EC PRIVATE KEY-----\nMHcCAQ==\n-----END EC PRIVATE KEY-----\n")),
        (("ConfigMap x", "data.a"),),
    ),
    Case("secrets-encrypted", "a token of ours", world(_held(f"map tlm_{'aB3-' * 10};")), (("ConfigMap x", "data.a"),)),
    Case("secrets-encrypted", "a certificate", world(_held("-----BEGIN CERTIFICATE-----\nMIIB\n"))),
    Case("secrets-one-maker", "the program's", world(secret())),
    *(
        Case(
            "secrets-one-maker",
            name,
            World(load_stack("prod", put(path, value)), (secret(),)),
            (("Secret s3", "metadata.name"),),
        )
        for name, path, value in (
            ("one that exists", "gateway.client_ca_secret", "s3"),
            (
                "an operator's",
                "external_secrets",
                {
                    "store": {"name": "vault"},
                    "secrets": {"s3": {"data": {"a": {"key": "it"}}}},
                },
            ),
        )
    ),
    Case("no-secrets-in-releases", "an empty one", world(secret(data=SECRET), mimir=[{"kind": "Secret"}])),
    Case(
        "no-secrets-in-releases",
        "with content",
        world(mimir=[{"kind": "Secret", "metadata": {"name": "x"}, "data": {"a": "eA=="}}]),
        (("Secret x", ""),),
    ),
    Case("explicit-provider", "the program's", world(bucket(), Registered("pulumi:providers:aws", "s3", {}))),
    Case(
        "explicit-provider",
        "the engine's",
        world(Registered(BUCKET, "dts-x", {}, explicit_provider=False)),
        (("Bucket dts-x", "provider"),),
    ),
    Case(
        "seaweedfs-features",
        "4.44's",
        on("4.44", bucket(), aws("Policy"), aws("Versioning"), aws("LifecycleConfiguration", rules=[{"id": "abort"}])),
    ),
    Case("seaweedfs-features", "a key to encrypt with", on("4.44", aws("ServerSideEncryptionConfiguration"), key=True)),
    *(
        Case("seaweedfs-features", name, on(version, it), ((it.title, path),))
        for name, version, it, path in (
            ("a policy before 3.97", "3.96", aws("Policy"), ""),
            ("versions before 3.94", "3.93", aws("Versioning"), ""),
            (
                "an expiry before 4.42",
                "4.41",
                aws("LifecycleConfiguration", rules=[{"expiration": {"days": 90}}]),
                "rules[0].expiration",
            ),
            ("a lifecycle before 4.18", "4.17", aws("LifecycleConfiguration"), ""),
            ("no key to encrypt with", "4.44", aws("ServerSideEncryptionConfiguration"), ""),
            ("public access block", "4.44", aws("PublicAccessBlock"), ""),
            ("website", "4.44", aws("WebsiteConfiguration"), ""),
            ("replication", "4.44", aws("ReplicationConfig"), ""),
            ("notification", "4.44", aws("Notification"), ""),
            ("tags", "4.44", bucket(tags={"a": "b"}), "tags"),
            (
                "a transition",
                "4.44",
                aws("LifecycleConfiguration", rules=[{"transitions": [{"days": 1}]}]),
                "rules[0].transitions",
            ),
        )
    ),
)
