"""What nobody but the user can say of a new stack, in the order in which it is asked."""

import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from telemetry.backends import BACKENDS
from telemetry.clients.kubernetes import contexts
from telemetry.config.network import NAMESPACE_LABEL
from telemetry.operations.init.cluster import Cluster
from telemetry.stack import Stack
from telemetry.stack.backends import SIGNALS

Tree = dict[str, Any]
"""Settings as they stand in a stack's file, without the `telemetry:` in front of the keys."""
ALWAYS = tuple(signal for signal in SIGNALS if Stack.model_fields[signal].is_required())
"""Signals that every stack has."""
_OTHERS = tuple(signal for signal in SIGNALS if signal not in ALWAYS)
_S3_PORT, _GRAFANA_PORT = 8333, 3000
"""Where SeaweedFS and Grafana listen if nobody says otherwise."""
_EVERYWHERE = "*"
_THE_CLUSTERS = re.compile(r"(kube|openshift)(-|$)|default$")
"""Namespaces that are no team's."""


@dataclass(frozen=True)
class Situation:
    """What a question may depend on."""

    settings: Tree
    """What was answered, with examples in place of what was not yet."""
    cluster: Cluster | None
    """None: nothing is asked of any system."""
    findings: Sequence[str]
    """What the program would say of these settings."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question. Its key is what `--set` calls it, and as a rule where the answer stands in the settings."""

    key: str
    text: str
    example: Any = None
    """A good answer, which stands in for it until there is one; None: it may be left out."""
    found: Callable[[Situation], Iterable[str]] = lambda _: ()
    """What it was found to be, the likeliest first."""
    applies: Callable[[Situation], bool] = lambda _: True
    read: Callable[[str], Any] = str
    put: Callable[[Tree, str, Any], None] | None = None
    """Writes an answer into the settings, where that is not just its key."""
    secret: bool = False
    make: Callable[[], str] | None = None
    """Makes an answer where nobody has one yet."""
    pair: str | None = None
    """The question that it is made together with."""

    def write(self, settings: Tree, answer: Any) -> None:
        """Write an answer into the settings."""
        (self.put or _put)(settings, self.key, answer)


def _put(settings: Tree, key: str, value: Any) -> None:
    *parents, last = key.split(".")
    for parent in parents:
        settings = settings.setdefault(parent, {})
    settings[last] = value


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


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _boolean(text: str) -> bool | str:
    return {"yes": True, "true": True, "no": False, "false": False}.get(text.lower(), text)


def _amounts(text: str) -> dict[str, str]:
    return dict(word.partition("=")[::2] for word in _words(text))


def _amounts_text(amounts: Mapping[str, str]) -> str:
    return " ".join(f"{resource}={amount}" for resource, amount in amounts.items())


def _place(text: str) -> Tree:
    """Return a place: ranges of addresses, names of namespaces, or all of these."""
    words = _words(text)
    cidrs = [word for word in words if "/" in word]
    named = [{} if word == _EVERYWHERE else {NAMESPACE_LABEL: word} for word in words if word not in cidrs]
    return {**({"namespaces": named} if named else {}), **({"cidrs": cidrs} if cidrs else {})}


def _platform(now: Situation) -> Iterable[str]:
    platform = now.cluster.platform if now.cluster else None
    return [platform] if platform else []


def _namespaces(now: Situation) -> Iterable[str]:
    """Return the cluster's namespaces but its own, those first that have the environment in their name."""
    names = (name for name in (now.cluster.namespaces if now.cluster else ()) if not _THE_CLUSTERS.match(name))
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
    return [*dict.fromkeys(namespace for _, namespace in services), _EVERYWHERE]


def _is_said(key: str) -> Callable[[Situation], bool]:
    """Return whether the program would ask for a key."""
    return lambda now: any(each.startswith(f"telemetry:{key}:") for each in now.findings)


def _has(key: str) -> Callable[[Situation], bool]:
    return lambda now: key in now.settings


def _identity(name: str, of: str) -> tuple[Question, Question]:
    key, applies = f"credentials.{name}", (lambda now: name == "provisioner" or name in now.settings)
    return (
        Question(
            key=f"{key}.access_key",
            text=f"Access key of {of}",
            example="example",
            applies=applies,
            secret=True,
            make=lambda: secrets.token_hex(10).upper(),
        ),
        Question(
            key=f"{key}.secret_key",
            text=f"Secret key of {of}",
            example="example",
            applies=applies,
            secret=True,
            make=lambda: secrets.token_urlsafe(30),
            pair=f"{key}.access_key",
        ),
    )


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
        read=_boolean,
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
        applies=_is_said("security.object_store"),
        read=_place,
    ),
    Question(key="grafana.url", text="The address of Grafana as seen from here", example="http://grafana.example"),
    Question(
        key="security.grafana",
        text="The namespace, or the addresses, that Grafana asks from; * is every namespace",
        example={"namespaces": [{}]},
        found=_grafanas,
        read=_place,
    ),
    Question(
        key="security.clients",
        text="The namespaces, or the addresses, that applications send from; * is every namespace",
        example={"namespaces": [{}]},
        found=lambda _: [_EVERYWHERE],
        read=_place,
    ),
    Question(
        key="signals",
        text=f"What to store besides {' and '.join(ALWAYS)}: {', '.join(_OTHERS)}",
        read=_words,
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
        read=_words,
        put=_put_tenants,
    ),
    *_identity("provisioner", "the S3 identity that makes buckets"),
    *(each for backend in BACKENDS for each in _identity(backend.signal, f"{backend.title}'s S3 identity")),
    Question(
        key="credentials.grafana.auth",
        text="Grafana's service account token, or user:password",
        example="example",
        secret=True,
    ),
    Question(
        key="credentials.gateway.key",
        text="The key that the gateway's tokens and certificates are derived from",
        example=secrets.token_urlsafe(32),
        applies=_has("gateway"),
        secret=True,
        make=lambda: secrets.token_urlsafe(32),
    ),
)
