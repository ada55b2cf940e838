"""Scraping the platform's own pods: found by the API server, told apart by their labels, and nobody else's."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from telemetry.collector.discovery import names_of_pods, of_own_node, rule
from telemetry.collector.pipeline import REMOTE_WRITE
from telemetry.collector.syntax import Block, Expression, Value
from telemetry.config.collector import Collector
from telemetry.monitoring.scraping import Target, targets_of
from telemetry.spec.flows import INSTANCE_LABEL
from telemetry.spec.values.transport import server_name, serves_tls
from telemetry.stack import Stack

BACKENDS = "/etc/telemetry-backends"
"""Where Alloy finds the authority of the backends' certificate, where they have one."""
SHOWN = "/etc/telemetry-scraped"
"""Where it finds, in a folder for each, what pods of others ask of who scrapes them."""
_LABEL = "__meta_kubernetes_pod_label_app_kubernetes_io_"


_PORT = "__meta_kubernetes_pod_container_port_number"


@dataclass(frozen=True)
class _Job:
    """What is scraped in one way."""

    label: str
    """How its blocks are called."""
    namespace: str
    selected: str
    """The pods, as a label selector."""
    rules: tuple[Block, ...]
    """What keeps their port, and names what is scraped."""
    comment: str
    tls: Mapping[str, Value] | None = None
    """Whom to trust and what to show, where the port speaks TLS."""
    token: Mapping[str, Value] = field(default_factory=dict)
    """The argument with the token to show."""


def blocks(stack: Stack, collector: Collector) -> Iterator[Block]:
    """Yield discovery, relabelling and scraping."""
    for job in _jobs(stack):
        yield from _scrape(stack, collector, job)


def _jobs(stack: Stack) -> Iterator[_Job]:
    """Yield one of all pods that are ours, and one for each program of others."""
    ours, others = ([each for each in targets_of(stack) if each.is_ours is wanted] for wanted in (True, False))
    releases = ", ".join(dict.fromkeys(name for target in ours for name in target.releases))
    trusted = {"ca_file": f"{BACKENDS}/ca.crt", "server_name": server_name(stack.namespace.name)}
    yield _Job(
        "platform",
        stack.namespace.name,
        f"{INSTANCE_LABEL} in ({releases})",
        tuple(_of_ours(ours)),
        "The platform's own metrics, for its alerts and dashboards.",
        tls=trusted if serves_tls(stack) else None,
    )
    for target in others:
        label, comment = target.name.replace("-", "_"), f"The metrics of {target.title}."
        yield _Job(label, target.namespace, target.query, tuple(_of_others(target)), comment, *_access(target))


def _scrape(stack: Stack, collector: Collector, job: _Job) -> Iterator[Block]:
    """Yield what scrapes the pods of a job.

    Each pod of ours scrapes those of its own node. Of an Alloy that exists we know nothing, so there the targets are
    shared, which does nothing where Alloy is no cluster.
    """
    discovery = Block("discovery.kubernetes", job.label)
    relabel = Block("discovery.relabel", job.label, {"targets": discovery.refer("targets")}, job.rules)
    yield Block(
        discovery.name,
        discovery.label,
        {"role": "pod"},
        (
            Block("namespaces", arguments={"names": [job.namespace]}),
            Block("selectors", arguments={"role": "pod", "label": job.selected, **of_own_node(collector)}),
        ),
        comment=job.comment,
    )
    yield relabel
    secured: dict[str, Value] = {"scheme": "https"} if job.tls else {}
    yield Block(
        "prometheus.scrape",
        job.label,
        {
            "targets": relabel.refer("output"),
            "forward_to": [Expression(REMOTE_WRITE)],
            "scrape_interval": f"{stack.monitoring.scrape_interval}s",
            **secured,
            **job.token,
        },
        (
            *((Block("tls_config", arguments=job.tls),) if job.tls else ()),
            Block("clustering", arguments={"enabled": not collector.deploys}),
        ),
    )


def folder(target: Target) -> str:
    """Return where the collector finds what a target asks of who scrapes it."""
    return f"{SHOWN}/{target.name}"


def _access(target: Target) -> tuple[Mapping[str, Value] | None, Mapping[str, Value]]:
    """Return whom to trust and what to show by TLS, and the token."""
    if target.access is None:
        return None, {}
    place = folder(target)
    tls = {
        "ca_file": f"{place}/ca.crt",
        "cert_file": f"{place}/tls.crt",
        "key_file": f"{place}/tls.key",
        "server_name": target.access.server_name,
    }
    return tls, {"bearer_token_file": f"{place}/token"} if target.access.token is not None else {}


def _of_ours(targets: Sequence[Target]) -> Iterator[Block]:
    """Yield what keeps a target of each pod of ours and names it as rules and dashboards want it."""
    yield rule([f"{_LABEL}name", _PORT], action="keep", regex="|".join(f"{each.app};{each.port}" for each in targets))
    if without := [role for each in targets for role in each.without]:
        yield rule([f"{_LABEL}component"], action="drop", regex="|".join(without))
    if any(each.tls for each in targets):
        plain = "|".join(each.app for each in targets if not each.tls)
        yield rule([f"{_LABEL}name"], regex=plain, target_label="__scheme__", replacement="http")
    yield from _named()
    yield rule([f"{_LABEL}instance", f"{_LABEL}component"], separator="/", target_label="job")


def _of_others(target: Target) -> Iterator[Block]:
    """Yield the same for pods of others."""
    yield rule([_PORT], action="keep", regex=str(target.port))
    yield from _named()
    yield Block("rule", arguments={"target_label": "job", "replacement": target.name})


def _named() -> Iterator[Block]:
    """Yield what leaves out pods that have ended, and the labels that docs/monitoring.md names."""
    yield rule(["__meta_kubernetes_pod_phase"], action="drop", regex="Succeeded|Failed")
    yield from names_of_pods()
