"""Where the workloads run, and how much room there is."""

from typing import Self

from pydantic import Field, model_validator

from settings.base import SettingError, Settings
from settings.quantities import Bytes, Cpu


class Resources(Settings):
    """An amount of the three resources that a namespace's quota counts."""

    cpu: Cpu = Field(description="CPU requests, in millicores (seed 000, 'Namespace Resource Analysis').")
    memory: Bytes = Field(description="Memory requests, in bytes (seed 000).")
    storage: Bytes = Field(description="Storage requests of volume claims, in bytes (seed 000).")


class Namespace(Settings):
    """The namespace of one environment."""

    name: str = Field(
        pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$",
        description="Its name, a DNS label; the first user's are ca7f8f-dev, -test and -prod (seed 000).",
    )
    create: bool = Field(
        default=False,
        description="Whether the program owns the namespace: makes it, labels it for PodSecurity `restricted` "
        "and sets its quota. Off by default, because on the first user's OpenShift the platform does that.",
    )
    quota: Resources | None = Field(
        default=None,
        description="What its ResourceQuota allows (seed 000); set on the namespace only if the program owns it.",
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
