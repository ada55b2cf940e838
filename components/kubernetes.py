"""Kubernetes objects that several components make alike."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from telemetry.config.credentials import S3Identity
from telemetry.config.existing_secrets import S3Secret
from telemetry.monitoring.operator import GROUP, VERSION, OperatorObject
from telemetry.spec.release import Release


def credentials_secret(
    wanted: S3Secret, *, namespace: str, identity: S3Identity, parent: pulumi.Resource
) -> k8s.core.v1.Secret:
    """Register the Secret through which the pods of a backend learn their S3 credentials."""
    return k8s.core.v1.Secret(
        wanted.name,
        metadata={"name": wanted.name, "namespace": namespace},
        string_data={
            wanted.access_key: pulumi.Output.secret(identity.access_key.get_secret_value()),
            wanted.secret_key: pulumi.Output.secret(identity.secret_key.get_secret_value()),
        },
        opts=pulumi.ResourceOptions(parent=parent),
    )


def release(
    wanted: Release, *, namespace: str, timeout: int, after: Sequence[pulumi.Resource], parent: pulumi.Resource
) -> k8s.helm.v3.Release:
    """Register a Helm release that waits ``timeout`` seconds until its pods are ready, after what these pods mount.

    Not atomic: a roll-back of a slow ring does more harm than a failed release that the next `up` repairs. Its
    `manifest` is never exported: the provider never sets it.
    """
    chart = wanted.chart
    repository = {"repository_opts": {"repo": chart.repository}} if chart.repository else {}
    return k8s.helm.v3.Release(
        wanted.name,
        name=wanted.name,
        namespace=namespace,
        chart=chart.source,
        version=chart.version,
        values=wanted.values,
        timeout=timeout,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=after),
        **repository,
    )


def service(
    name: str,
    *,
    namespace: str,
    ports: dict[str, int],
    selector: dict[str, str],
    parent: pulumi.Resource,
    after: pulumi.Resource,
    headless: bool = False,
) -> k8s.core.v1.Service:
    """Register a Service.

    Args:
        name: its name, the first part of the address.
        namespace: where it and its pods are.
        ports: port numbers by name; pods listen on the same numbers.
        selector: the labels of the pods behind it.
        parent: the component that it belongs to.
        after: what must be ready before the Service turns to it.
        headless: whether its name stands for the pods themselves, for a client that chooses among them.
    """
    return k8s.core.v1.Service(
        name,
        metadata={"name": name, "namespace": namespace},
        spec={
            **({"cluster_ip": "None"} if headless else {}),
            "selector": selector,
            "ports": [{"name": port, "port": number, "target_port": number} for port, number in ports.items()],
        },
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[after]),
    )


def operator_objects(
    wanted: Iterable[OperatorObject], *, labels: Mapping[str, str], parent: pulumi.Resource
) -> list[str]:
    """Register objects of the Prometheus operator, with the labels by which it finds them, and return their names."""
    names = []
    for each in wanted:
        k8s.apiextensions.CustomResource(
            each.name,
            api_version=f"{GROUP}/{VERSION}",
            kind=each.kind,
            metadata={
                "name": each.name,
                "namespace": each.namespace,
                "labels": {"app.kubernetes.io/part-of": "telemetry", **labels},
            },
            spec=each.spec,
            opts=pulumi.ResourceOptions(parent=parent),
        )
        names.append(each.name)
    return names


def service_account(name: str, *, namespace: str, parent: pulumi.Resource) -> k8s.core.v1.ServiceAccount:
    """Register an account that is given no token: its pods never speak with the API server."""
    return k8s.core.v1.ServiceAccount(
        name,
        metadata={"name": name, "namespace": namespace},
        automount_service_account_token=False,
        opts=pulumi.ResourceOptions(parent=parent),
    )


def added(wanted: Mapping[str, Any], *, namespace: str, parent: pulumi.Resource, after: pulumi.Resource) -> None:
    """Register an object that the program adds to what a release, or a component of ours, has."""
    name = wanted["metadata"]["name"]
    opts = pulumi.ResourceOptions(parent=parent, depends_on=[after])
    of_kind = {
        "HorizontalPodAutoscaler": k8s.autoscaling.v2.HorizontalPodAutoscaler,
        "PodDisruptionBudget": k8s.policy.v1.PodDisruptionBudget,
    }[wanted["kind"]]
    of_kind(name, metadata={"name": name, "namespace": namespace}, spec=wanted["spec"], opts=opts)
