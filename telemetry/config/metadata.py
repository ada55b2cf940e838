"""Labels and annotations that a platform wants on objects and pods, for cost centres, meshes and admission."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from telemetry.config.base import SettingError, Settings
from telemetry.config.labels import LabelKey, LabelValue

_OWNED_PREFIXES = {
    "app.kubernetes.io": "Services, NetworkPolicies and the charts know pods by it",
    "helm.sh": "the charts set it",
    "meta.helm.sh": "Helm knows by it what is a release's",
    "checksum": "the charts restart pods by it",
    "storage": "the charts set it",
    "telemetry": "the program sets it",
    "pulumi.com": "it tells the provider what to do",
    "pod-security.kubernetes.io": "it is the namespace's, where telemetry:namespace.create sets it",
    "kubectl.kubernetes.io": "kubectl and the charts set it",
    "deployment.kubernetes.io": "Kubernetes sets it",
    "statefulset.kubernetes.io": "Kubernetes sets it",
    "apps.kubernetes.io": "Kubernetes sets it",
    "batch.kubernetes.io": "Kubernetes sets it",
}
"""Whose keys are nobody else's, by what stands before the slash, and why."""
_OWNED = {
    **dict.fromkeys(("app", "chart", "heritage", "release", "target", "gossip_ring_member"), "charts set it"),
    **dict.fromkeys(("name", "component", "zone", "rollout-group"), "charts tell pods apart by it"),
    **dict.fromkeys(("pod-template-hash", "controller-revision-hash"), "Kubernetes tells pods apart by it"),
    "prometheus.io/service-monitor": "the charts set it",
    "kubernetes.io/metadata.name": "Kubernetes sets it",
}
"""Keys that are nobody else's."""
_MOST = 256 * 1024
"""Bytes of all annotations of an object (Kubernetes, 'Annotations')."""


def _is_nobodys(key: str) -> str:
    reason = _OWNED.get(key) or _OWNED_PREFIXES.get(key.partition("/")[0] if "/" in key else "")
    if reason is not None:
        raise ValueError(f"is not to be set: {reason}; take a key of your own, such as example.com/{_name(key)}")
    return key


def _name(key: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]", "-", key.rpartition("/")[2])


FreeKey = Annotated[LabelKey, AfterValidator(_is_nobodys)]
"""A label's or annotation's key that is neither the program's nor a chart's nor Kubernetes'."""


class _Metadata(Settings):
    """What labels and annotations have in common."""

    objects: dict[str, str]
    pods: dict[str, str]

    @model_validator(mode="after")
    def _says_each_once(self) -> Self:
        twice = self.twice
        if twice is not None:
            raise SettingError(f"pods.{twice}", f"{ON_BOTH}; remove it from one of the two")
        return self

    @property
    def twice(self) -> str | None:
        """A key that stands at objects and at pods: charts that put the former on pods too would write it twice."""
        return next(iter(sorted(self.objects.keys() & self.pods.keys())), None)

    @property
    def of_pods(self) -> dict[str, str]:
        """All that is on a pod."""
        return self.objects | self.pods

    def under(self, own: Self) -> Self:
        """Return these with others of a part of the stack, which come first."""
        return self.model_copy(update={"objects": self.objects | own.objects, "pods": self.pods | own.pods})


ON_BOTH = "stands at objects as well, which pods are among"


class Labels(_Metadata):
    """Labels for all objects, and for pods alone. Pods whose labels change are replaced, one at a time."""

    objects: dict[FreeKey, LabelValue] = Field(
        default_factory=dict,
        description="On every object that the program makes, on all pods, and on the charts' objects as far as the "
        'charts have a key for it (docs/platform.md), such as `cost-center: "4711"`.',
    )
    pods: dict[FreeKey, LabelValue] = Field(
        default_factory=dict,
        description='On all pods beside those, such as `sidecar.istio.io/inject: "false"`.',
    )


class Annotations(_Metadata):
    """Annotations for all objects, and for pods alone. Pods whose annotations change are replaced, one at a time."""

    objects: dict[FreeKey, str] = Field(
        default_factory=dict,
        description="On every object that the program makes, on all pods, and on the charts' objects as far as the "
        "charts have a key for it (docs/platform.md).",
    )
    pods: dict[FreeKey, str] = Field(
        default_factory=dict,
        description='On all pods beside those, such as `cluster-autoscaler.kubernetes.io/safe-to-evict: "false"`.',
    )

    @model_validator(mode="after")
    def _is_small(self) -> Self:
        size = sum(len(f"{key}{value}".encode()) for key, value in self.of_pods.items())
        if size > _MOST:
            raise ValueError(f"comes to {size} bytes, and Kubernetes takes {_MOST} of an object; shorten it")
        return self


class WithMetadata(Settings):
    """A part of a stack that has labels and annotations of its own."""

    labels: Labels = Field(
        default_factory=Labels, description="Labels of its objects and pods, beside those of telemetry:labels."
    )
    annotations: Annotations = Field(
        default_factory=Annotations,
        description="Annotations of its objects and pods, beside those of telemetry:annotations.",
    )
