"""What one role of a backend asks for, and how its replicas scale. Figures are per replica."""

from contextlib import suppress
from typing import Any, Self

from pydantic import ConfigDict, Field, ValidationError, model_validator

from telemetry.config.autoscaling import MOST_REPLICAS, Autoscaling
from telemetry.config.base import SettingError, Settings
from telemetry.config.placement import RolePlacement
from telemetry.config.quantities import Bytes, Cpu, Duration, bytes_text, cpu_text


class Bandwidth(Settings):
    """What a pod may send and take, where the cluster's network shapes traffic (the CNI plugin `bandwidth`)."""

    ingress: str | None = Field(
        default=None, pattern=r"^[1-9]\d{0,11}[kMG]?$", description="What it may take, in bits per second: `100M`."
    )
    egress: str | None = Field(
        default=None, pattern=r"^[1-9]\d{0,11}[kMG]?$", description="What it may send, in bits per second: `100M`."
    )


class Role(Settings):
    """What one replica of a role asks for, and how many there are."""

    model_config = ConfigDict(json_schema_extra={"required": []})  # a stack's file need not say what `merged` fills in

    replicas: int = Field(
        ge=1, le=MOST_REPLICAS, description="Number of pods; the fewest, where the role is autoscaled."
    )
    cpu: Cpu = Field(description="CPU request.")
    cpu_limit: Cpu | None = Field(
        default=None,
        description="CPU limit; only where telemetry:policy has a place for one, because CFS throttling delays writes.",
    )
    memory: Bytes = Field(description="Memory request.")
    memory_limit: Bytes | None = Field(
        default=None,
        description="Memory limit; only where growth is unbounded (ingesters, store-gateways), unless telemetry:policy "
        "says otherwise.",
    )
    volume: Bytes | None = Field(default=None, description="Size of its volume claim (WAL, block and index caches).")
    ephemeral_storage: Bytes | None = Field(
        default=None,
        description="Request of its node's own disk, for what it writes beside its volume claim; none asks for "
        "nothing. A quota that counts `requests.ephemeral-storage` counts it.",
    )
    placement: RolePlacement | None = Field(
        default=None, description="Where its pods may run, in place of what `placement` of the backend says."
    )
    termination_grace: Duration | None = Field(
        default=None,
        ge=60,
        le=86_400,
        description="How long its pods may take to end, before they are killed; none is the chart's, which is made to "
        "fit what the role has to flush or drain.",
    )
    bandwidth: Bandwidth | None = Field(default=None, description="What each pod may send and take; none is all.")
    autoscaling: Autoscaling | None = Field(
        default=None,
        description="Scale between two numbers of pods, on CPU or on metrics of your own; never for what holds data.",
    )

    @model_validator(mode="after")
    def _limit_covers_request(self) -> Self:
        if self.memory_limit is not None and self.memory_limit < self.memory:
            raise SettingError(
                "memory_limit",
                f"{bytes_text(self.memory_limit)} is below the request memory {bytes_text(self.memory)}; "
                "raise the limit or lower the request",
            )
        return self

    @model_validator(mode="after")
    def _cpu_limit_covers_request(self) -> Self:
        if self.cpu_limit is not None and self.cpu_limit < self.cpu:
            raise SettingError(
                "cpu_limit",
                f"{cpu_text(self.cpu_limit)} is below the request cpu {cpu_text(self.cpu)}; raise the limit or lower "
                "the request",
            )
        return self

    @model_validator(mode="after")
    def _autoscaler_owns_the_replicas(self) -> Self:
        check_replicas(self.replicas, self.autoscaling)
        return self

    @property
    def max_replicas(self) -> int:
        """The most pods that there may be."""
        return self.autoscaling.max_replicas if self.autoscaling else self.replicas

    @property
    def own_pods(self) -> int:
        """How many pods a replica is."""
        return 1


class ContainerRole(Role):
    """What a container asks for beside another one, in that one's pods."""

    @property
    def own_pods(self) -> int:
        """None: the pods are the other role's."""
        return 0


def check_replicas(replicas: int, autoscaling: Autoscaling | None) -> None:
    """Refuse a number of pods beside an autoscaler that has another fewest (SettingError)."""
    if autoscaling is not None and replicas != autoscaling.min_replicas:
        raise SettingError("replicas", "is the autoscaler's to choose; remove it, and set autoscaling.min_replicas")


def merged(defaults: dict[str, Any], given: object) -> object:
    """Return a role's settings with what was left out filled in; leaves what is no mapping for pydantic to refuse."""
    if not isinstance(given, dict):
        return given
    role = {**defaults, **given}
    if given.get("autoscaling") is not None and "replicas" not in given:
        with suppress(ValidationError):  # refused where it stands, and only there
            role["replicas"] = Autoscaling.model_validate(given["autoscaling"]).min_replicas
    return role
