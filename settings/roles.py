"""The roles of a backend and what each of them asks for.

The defaults are the smallest honest size: the dev stack's. Figures are per replica. Requests are never below what
the real binaries use idle (82-108 MB a Mimir role, 93 MB Tempo: facts/toolchain.md), and all of dev together stays
within seed 000's 400m CPU, 2Gi memory and 4Gi of volumes.
"""

from typing import Any, NamedTuple, Self

from pydantic import Field, model_validator

from settings.base import SettingError, Settings, did_you_mean
from settings.quantities import Bytes, Cpu, bytes_text, parse_bytes


class Role(Settings):
    """What one replica of a role asks for, and how many there are. There is no CPU limit to set (seed 000)."""

    replicas: int = Field(ge=1, le=100, description="Number of pods.")
    cpu: Cpu = Field(description="CPU request; no limit, because CFS throttling delays writes (seed 000).")
    memory: Bytes = Field(description="Memory request.")
    memory_limit: Bytes | None = Field(
        default=None,
        description="Memory limit; only where growth is unbounded: ingesters, store-gateways (seed 000).",
    )
    volume: Bytes | None = Field(default=None, description="Size of its volume claim (WAL, block and index caches).")

    @model_validator(mode="after")
    def _limit_covers_request(self) -> Self:
        if self.memory_limit is not None and self.memory_limit < self.memory:
            raise SettingError(
                "memory_limit",
                f"{bytes_text(self.memory_limit)} is below the request memory {bytes_text(self.memory)}; "
                "raise the limit or lower the request",
            )
        return self


class RoleSpec(NamedTuple):
    """What the platform knows of a role before anybody sets anything."""

    cpu: str
    memory: str
    volume: str | None = None
    limit: str | None = None
    """Default memory limit; a role without one may not be given one (seed 000, 'Resource Policy')."""
    limit_range: tuple[str, str] | None = None
    """Smallest and largest memory limit that seed 000's resource policy allows."""

    def defaults(self) -> dict[str, Any]:
        """Return the settings of one replica of this role."""
        return {
            "replicas": 1,
            "cpu": self.cpu,
            "memory": self.memory,
            "memory_limit": self.limit,
            "volume": self.volume,
        }


_INGESTER_LIMITS = ("4Gi", "8Gi")
_STORE_GATEWAY_LIMITS = ("2Gi", "4Gi")

TEMPO_ROLES = {
    # The single binary holds the ingester and follows its rule for limits.
    "all": RoleSpec("75m", "384Mi", volume="1Gi", limit="4Gi", limit_range=_INGESTER_LIMITS),
}
MIMIR_ROLES = {
    "distributor": RoleSpec("40m", "128Mi"),
    "ingester": RoleSpec("75m", "384Mi", volume="1Gi", limit="4Gi", limit_range=_INGESTER_LIMITS),
    "querier": RoleSpec("40m", "160Mi"),
    "query-frontend": RoleSpec("25m", "128Mi"),
    "query-scheduler": RoleSpec("20m", "96Mi"),
    # Its Go runtime is held to the memory *request* (chart template), so a small one costs index cache.
    "store-gateway": RoleSpec("40m", "224Mi", volume="1Gi", limit="2Gi", limit_range=_STORE_GATEWAY_LIMITS),
    "compactor": RoleSpec("30m", "192Mi", volume="512Mi"),
    "ruler": RoleSpec("25m", "128Mi"),
    "alertmanager": RoleSpec("10m", "96Mi", volume="512Mi"),
    "gateway": RoleSpec("10m", "32Mi"),
}


def with_defaults(given: object, known: dict[str, RoleSpec]) -> object:
    """Return the role settings with what was left out filled in; leaves what is no mapping for pydantic to refuse."""
    if not isinstance(given, dict):
        return given
    roles: dict[str, Any] = {name: spec.defaults() for name, spec in known.items()}
    for name, role in given.items():
        if name not in known:
            raise SettingError(
                name, f"unknown role{did_you_mean(name, known)}; known here: {', '.join(known)}; correct or remove it"
            )
        roles[name] = {**roles[name], **role} if isinstance(role, dict) else role
    return roles


def check_policy(roles: dict[str, Role], known: dict[str, RoleSpec]) -> dict[str, Role]:
    """Refuse memory limits and volumes where the resource policy or the chart has no place for them."""
    for name, role in roles.items():
        spec = known[name]
        if spec.limit_range is None:
            if role.memory_limit is not None:
                raise SettingError(
                    f"{name}.memory_limit",
                    "memory limits are only for ingesters and store-gateways (seed 000); remove it",
                )
        else:
            low, high = spec.limit_range
            if role.memory_limit is None or not parse_bytes(low) <= role.memory_limit <= parse_bytes(high):
                raise SettingError(
                    f"{name}.memory_limit", f"must be {low} to {high} (seed 000); set it within that range"
                )
        if (role.volume is None) != (spec.volume is None):
            verb = "keeps its data on disk; set a size" if spec.volume else "keeps nothing on disk; remove it"
            raise SettingError(f"{name}.volume", f"{name} {verb}")
    return roles
