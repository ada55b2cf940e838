"""Tries an answer on the system that it is about, as `up` would before it begins, and says the same of it."""

from collections.abc import Callable, Sequence

from telemetry.config.credentials import Credentials
from telemetry.operations.preflight import cluster, existing_secrets, grafana, in_cluster, s3
from telemetry.stack import Stack
from telemetry.stack.backends import SIGNALS

Trial = Callable[[Stack, Credentials], Sequence[str]]


def _cluster(stack: Stack, _: Credentials) -> Sequence[str]:
    created = stack.namespace.model_copy(update={"create": True})
    return in_cluster.findings(stack.model_copy(update={"namespace": created}), [cluster.check])


def _identity(name: str) -> Trial:
    def check(stack: Stack, credentials: Credentials) -> Sequence[str]:
        identities = credentials.identities(SIGNALS)
        return s3.check(stack, {name: identities[name]})

    return check


def _grafana(stack: Stack, credentials: Credentials) -> Sequence[str]:
    return grafana.check(stack, credentials.grafana)


def _existing(stack: Stack, _: Credentials) -> Sequence[str]:
    return in_cluster.findings(stack, [existing_secrets.check])


TRIALS: dict[str, Trial] = {
    "kubernetes.context": _cluster,
    "object_store.provisioning_endpoint": _identity("provisioner"),
    "grafana.url": _grafana,
    "credentials.grafana.auth": _grafana,
    **{f"object_store.secrets.{name}": _existing for name in ("provisioner", *SIGNALS)},
    "grafana.secret": _existing,
    **{f"credentials.{name}.secret_key": _identity(name) for name in ("provisioner", *SIGNALS)},
}
"""By the key of the question; what is found about a question that comes later is the later one's to say."""
