"""How many pods there are as load comes and goes: a HorizontalPodAutoscaler's settings."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from telemetry.config.base import SettingError, Settings
from telemetry.config.labels import LabelKey, LabelValue
from telemetry.config.quantities import Number

MOST_REPLICAS = 100
"""The most pods that a role may have: more is more likely a slip than a wish."""


class DescribedObject(Settings):
    """An object of the stack's namespace, in Kubernetes' own terms."""

    api_version: str = Field(
        pattern=r"^([a-z0-9.-]+/)?v[0-9][a-z0-9]*$", description="Its API version, such as `v1` or `apps/v1`."
    )
    kind: str = Field(pattern=r"^[A-Z][A-Za-z0-9]{0,62}$", description="Its kind, such as `Service`.")
    name: str = Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$", description="Its name.")


class Metric(Settings):
    """A metric that an adapter serves, such as Prometheus Adapter or KEDA (docs/operations.md, 'Autoscaling')."""

    type: Literal["pods", "object", "external"] = Field(
        description="pods: each pod of the role has it, and their average counts; object: an object of the cluster has "
        "it; external: nothing in the cluster does."
    )
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,253}$")] = Field(
        description="What the adapter calls it, which need not be what Prometheus does."
    )
    labels: dict[LabelKey, LabelValue] = Field(
        default_factory=dict, description="Labels that its series must have (`selector.matchLabels`); none is all."
    )
    described_object: DescribedObject | None = Field(default=None, description="Of type object: whose it is.")
    average_value: Number | None = Field(
        default=None, description="What is aimed at for each pod, such as `20` or `500m` (half of one)."
    )
    value: Number | None = Field(
        default=None, description="What is aimed at for all pods together; not of type pods, which are averaged."
    )

    @model_validator(mode="after")
    def _has_the_object_that_it_is_of(self) -> Self:
        if self.type == "object" and self.described_object is None:
            raise SettingError("described_object", "is not set, and type object needs it; say whose metric it is")
        if self.type != "object" and self.described_object is not None:
            raise SettingError("described_object", f"belongs to type object, and type is {self.type}; remove it")
        return self

    @model_validator(mode="after")
    def _aims_at_one_value(self) -> Self:
        if self.type == "pods" and self.value is not None:
            raise SettingError("value", "is not for type pods, whose average counts; say average_value")
        if self.value is not None and self.average_value is not None:
            raise SettingError("value", "is set beside average_value, and Kubernetes takes one; remove one of the two")
        if self.value is None and self.average_value is None:
            raise SettingError("average_value", "is not set, so nothing is aimed at; say what each pod may have of it")
        return self


class Autoscaling(Settings):
    """A HorizontalPodAutoscaler on CPU, on metrics of your own, or on both: who asks for the most pods has it."""

    min_replicas: int = Field(default=2, ge=2, le=MOST_REPLICAS, description="Fewest pods.")
    max_replicas: int = Field(default=10, ge=2, le=MOST_REPLICAS, description="Most pods; quota checks count these.")
    cpu_percent: int | None = Field(
        default=70,
        ge=1,
        le=100,
        description="Average CPU use that is aimed at, in percent of the request; null: CPU does not count, only "
        "`metrics` do.",
    )
    metrics: list[Metric] = Field(
        default_factory=list,
        max_length=10,
        description="What counts besides CPU, for a role whose load another figure tells earlier, such as queries that "
        "wait. Somebody must serve these metrics in the cluster, which an `up` asks first.",
    )

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        if self.max_replicas <= self.min_replicas:
            raise SettingError(
                "max_replicas", f"leaves nothing to scale above min_replicas {self.min_replicas}; raise it"
            )
        return self

    @model_validator(mode="after")
    def _goes_by_something(self) -> Self:
        if self.cpu_percent is None and not self.metrics:
            raise SettingError("cpu_percent", "is null, and without metrics nothing says when to scale; set one")
        return self
