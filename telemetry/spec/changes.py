"""What a report has to know of a backend to say what a change of it does."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

DAY_SECONDS = 86_400
FOREVER = math.inf


@dataclass(frozen=True)
class RetentionPlace:
    """Where a configuration says how long data is kept."""

    defaults: tuple[tuple[str, ...], ...]
    """Paths of what holds for everybody, the one that counts most first."""
    of_tenant: tuple[str, ...]
    """Path below a tenant's overrides."""
    unstated: float = FOREVER
    """Seconds where nothing is said."""


@dataclass(frozen=True)
class ReplicationPlace:
    """Where the values of a release have the replication factor of its ingesters, and what another one means."""

    path: tuple[str, ...]
    """Of what holds `replication_factor`."""
    until: str
    """When what was there before is in the bucket."""
    risk: str = "what a lost ingester has not flushed may be on no other (docs/decisions.md)"
    """What fewer copies put at risk."""


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What changes of a backend do, beside what Kubernetes makes of them."""

    reloaded: tuple[str, ...]
    """ConfigMaps that its pods read again by themselves, so that nothing restarts."""
    retention: Mapping[str, RetentionPlace]
    """By release, or by ConfigMap where overrides are in no release."""
    replication: Mapping[str, ReplicationPlace] = field(default_factory=dict)
    """By release."""
    destructive: Mapping[str, str] = field(default_factory=dict)
    """By a part of a path of its configuration, what a change there does to data that is written already."""
    releases_by_topology: Mapping[str, str] = field(default_factory=dict)
    """Its release in each topology, where there are two, so that both run during a move."""
