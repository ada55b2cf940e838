"""What nobody but the user can say of a new stack, in the order in which it is asked."""

from collections.abc import Iterable, Mapping

from telemetry.backends import BACKENDS
from telemetry.clients.kubeconfig import contexts
from telemetry.config.namespace import THE_CLUSTERS
from telemetry.operations.init.monitoring_questions import MONITORING
from telemetry.operations.init.question import (
    EVERYWHERE,
    Question,
    Situation,
    Tree,
    boolean,
    is_said,
    place,
    words,
)
from telemetry.operations.init.secret_questions import EXISTING, GIVEN
from telemetry.stack import Stack
from telemetry.stack.backends import SIGNALS

ALWAYS = tuple(signal for signal in SIGNALS if Stack.model_fields[signal].is_required())
"""Signals that every stack has."""
_OTHERS = tuple(signal for signal in SIGNALS if signal not in ALWAYS)
_S3_PORT, _GRAFANA_PORT = 8333, 3000
"""Where SeaweedFS and Grafana listen if nobody says otherwise."""


def put_signals(settings: Tree, _: str, signals: Iterable[str]) -> None:
    """Write the first settings of the backends of some signals; the program says which signals there are not."""
    starters = {backend.signal: backend.starter for backend in reversed(BACKENDS)}
    for signal in signals:
        settings[signal] = starters[signal](settings["environment"]) if signal in starters else {}


def _put_charts(settings: Tree, _: str, place: str) -> None:
    for chart in (section["chart"] for section in (settings[each] for each in SIGNALS if each in settings)):
        del chart["repository"]
        chart["reference"] = f"{place.rstrip('/')}/{chart['name']}"


def _put_tenants(settings: Tree, _: str, tenants: Iterable[str]) -> None:
    settings["gateway"] = {"replicas": 2} if settings["environment"] == "prod" else {}
    settings["tenants"] = [_tenant(*each.partition(":")) for each in tenants]


def _tenant(name: str, _: str, org: str) -> Tree:
    own_org = {"grafana_org": int(org) if org.isdecimal() else org} if org else {}
    return {"id": name, "display_name": name, **own_org}


def _amounts(text: str) -> dict[str, str]:
    return dict(word.partition("=")[::2] for word in words(text))


def _amounts_text(amounts: Mapping[str, str]) -> str:
    return " ".join(f"{resource}={amount}" for resource, amount in amounts.items())


def _platform(now: Situation) -> Iterable[str]:
    platform = now.cluster.platform if now.cluster else None
    return [platform] if platform else []


def _namespaces(now: Situation) -> Iterable[str]:
    """Return the cluster's namespaces but its own, those first that have the environment in their name."""
    names = (name for name in (now.cluster.namespaces if now.cluster else ()) if not THE_CLUSTERS.match(name))
    return sorted(names, key=lambda name: now.settings["environment"] not in name)


def _is_missing(now: Situation) -> bool:
    names = now.cluster.namespaces if now.cluster else ()
    return bool(names) and now.settings["namespace"]["name"] not in names


def _allowed(now: Situation) -> list[str]:
    found = now.cluster.allowed(now.settings["namespace"]["name"]) if now.cluster else {}
    return [_amounts_text(found)] if found else []


def _used(now: Situation) -> list[str]:
    found = now.cluster.used(now.settings["namespace"]["name"]) if now.cluster else {}
    return [_amounts_text(found)] if found else []


def _in_cluster(now: Situation) -> Iterable[str]:
    services = now.cluster.services(_S3_PORT) if now.cluster else ()
    addresses = [f"http://{name}.{namespace}.svc:{_S3_PORT}" for name, namespace in services]
    return [*addresses, now.settings["object_store"]["provisioning_endpoint"]]


def _grafanas(now: Situation) -> Iterable[str]:
    services = now.cluster.services(_GRAFANA_PORT) if now.cluster else ()
    return [*dict.fromkeys(namespace for _, namespace in services), EVERYWHERE]


QUESTIONS: tuple[Question, ...] = (
    Question(
        key="kubernetes.context",
        text="The kubeconfig context of the cluster",
        example="example",
        found=lambda _: contexts(),
    ),
    Question(
        key="kubernetes.platform",
        text="What the cluster is: openshift or kubernetes",
        example="openshift",
        found=_platform,
    ),
    Question(key="namespace.name", text="The namespace of the workloads", example="telemetry", found=_namespaces),
    Question(
        key="namespace.create",
        text="There is no such namespace; shall the program make it (yes), or does the platform (no)",
        applies=_is_missing,
        found=lambda _: ["no"],
        read=boolean,
    ),
    Question(
        key="namespace.quota",
        text="What its quota allows, such as cpu=4 memory=16Gi storage=64Gi",
        applies=lambda now: bool(now.settings["namespace"].get("create") or _allowed(now)),
        found=_allowed,
        read=_amounts,
    ),
    Question(
        key="namespace.used",
        text="What others in the namespace ask for of it already",
        applies=lambda now: "quota" in now.settings["namespace"] and bool(_used(now)),
        found=_used,
        read=_amounts,
    ),
    Question(
        key="object_store.provisioning_endpoint",
        text="SeaweedFS' S3 address as seen from here, such as https://seaweedfs.example.org:8333",
        example="http://seaweedfs.storage.svc:8333",
    ),
    Question(
        key="object_store.endpoint",
        text="The same as the pods see it",
        example="http://seaweedfs.storage.svc:8333",
        found=_in_cluster,
    ),
    Question(
        key="object_store.seaweedfs_version", text="SeaweedFS' release, such as 4.44 (weed version)", example="4.44"
    ),
    Question(
        key="security.object_store",
        text="The addresses of SeaweedFS, such as 10.20.30.0/24, or the namespace that it is in",
        applies=is_said("security.object_store"),
        read=place,
    ),
    Question(key="grafana.url", text="The address of Grafana as seen from here", example="http://grafana.example"),
    Question(
        key="security.grafana",
        text="The namespace, or the addresses, that Grafana asks from; * is every namespace",
        example={"namespaces": [{}]},
        found=_grafanas,
        read=place,
    ),
    Question(
        key="security.clients",
        text="The namespaces, or the addresses, that applications send from; * is every namespace",
        example={"namespaces": [{}]},
        found=lambda _: [EVERYWHERE],
        read=place,
    ),
    Question(
        key="signals",
        text=f"What to store besides {' and '.join(ALWAYS)}: {', '.join(_OTHERS)}",
        read=words,
        put=put_signals,
    ),
    Question(
        key="charts",
        text="Where charts come from if not from Grafana's own repositories, such as oci://registry.example.org/charts",
        put=_put_charts,
    ),
    Question(
        key="tenants",
        text="Tenants whose data is kept apart, each with its Grafana organisation, such as payments:2 search:3; none: "
        "there is one tenant without a name, and no gateway",
        read=words,
        put=_put_tenants,
    ),
    *EXISTING,
    *MONITORING,
    *GIVEN,
)
