"""Where the workloads run, and how much room there is."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from telemetry.config.base import SettingError, Settings
from telemetry.config.labels import NamespaceName
from telemetry.config.quota import Quota
from telemetry.config.resources import Resources

THE_CLUSTERS = re.compile(r"(kube|openshift)(-|$)|default$")
"""Namespaces that are no team's."""


def _is_a_teams(name: str) -> str:
    if THE_CLUSTERS.match(name):
        raise ValueError("is the cluster's own, where a quota may stop its pods; name one of the tenant's")
    return name


class TenantNamespace(Settings):
    """A namespace that a tenant's own workloads run in. It exists already: `down` takes away the quota alone."""

    name: Annotated[NamespaceName, AfterValidator(_is_a_teams)] = Field(description="Its name.")
    quota: Quota = Field(
        description="What all pods and objects in it may come to: a ResourceQuota `telemetry-<environment>`, beside "
        "those that are there already; Kubernetes holds to all of them."
    )


class Namespace(Settings):
    """The namespace of one environment."""

    name: NamespaceName = Field(description="Its name, a DNS label; the first user's are ca7f8f-dev, -test and -prod.")
    create: bool = Field(
        default=False,
        description="Whether the program owns the namespace: makes it, labels it for PodSecurity `restricted` "
        "and sets its quota. Off by default, because on the first user's OpenShift the platform does that.",
    )
    quota: Quota | None = Field(
        default=None,
        description="What its ResourceQuota allows today; set on the namespace only if the program owns it, or with "
        "set_quota.",
    )
    set_quota: bool = Field(
        default=False,
        description="Whether the program sets the quota on a namespace that exists already, as a ResourceQuota "
        "`telemetry` beside those of the platform; Kubernetes holds to all of them.",
    )
    used: Quota | None = Field(
        default=None,
        description="What others in the namespace ask for already; none is nothing.",
    )
    quota_increase: Literal["requested", "granted"] | None = Field(
        default=None,
        description="How far a quota increase is: while it is under way, a stack that needs it is warned of and not "
        "refused.",
    )
    requested_quota: Quota | None = Field(default=None, description="What the ResourceQuota allows after the increase.")
    phase_3: Resources | None = Field(
        default=None, description="What Phase 3 (Pyroscope) will add; the quota request covers it already."
    )

    @model_validator(mode="after")
    def _owned_namespace_has_a_quota(self) -> Self:
        if self.create and self.quota is None:
            raise SettingError(
                "quota",
                "a namespace that the program creates needs a quota; add quota: {cpu, memory, storage}, "
                "or leave create off and let the platform own the namespace",
            )
        return self

    @model_validator(mode="after")
    def _set_quota_has_figures(self) -> Self:
        if self.set_quota and self.quota is None:
            raise SettingError("quota", "is not set, and set_quota makes one of it; add quota: {cpu, memory, storage}")
        if self.set_quota and self.create:
            raise SettingError("set_quota", "goes without saying where the program creates the namespace; remove it")
        return self

    @model_validator(mode="after")
    def _increase_has_a_figure(self) -> Self:
        if self.quota_increase is not None and self.requested_quota is None:
            raise SettingError(
                "requested_quota",
                f"is not set, but quota_increase is {self.quota_increase}; say what the quota becomes, "
                "or remove quota_increase",
            )
        return self

    @model_validator(mode="after")
    def _comparisons_have_a_quota(self) -> Self:
        if self.quota is None and (self.used is not None or self.requested_quota is not None):
            raise SettingError("quota", "is not set, so used and requested_quota mean nothing; add it or remove them")
        return self

    @property
    def quota_in_force(self) -> Quota | None:
        """What the ResourceQuota allows: the requested one as soon as it is granted."""
        return self.requested_quota if self.quota_increase == "granted" else self.quota
