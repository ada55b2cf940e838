"""A Helm release, as a backend describes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from telemetry.config.chart import Chart
from telemetry.config.credentials import S3Identity
from telemetry.config.roles import Role
from telemetry.spec.values import s3_key
from telemetry.spec.values.common import Values


@dataclass(frozen=True)
class Release:
    """A Helm release as the program deploys it."""

    name: str
    chart: Chart
    values: Values
    roles: Mapping[str, Role]
    autoscalers: tuple[Mapping[str, Any], ...] = ()
    """Those that the program adds to the chart's own, as far as they tell how many pods there may be."""
    components: Mapping[str, str] = field(default_factory=dict)
    """Roles by what the label `app.kubernetes.io/component` of their pods says, where that is not the role's name."""

    def with_key(self, identity: S3Identity) -> Self:
        """Return the release with pods that say which key they use, so that they restart with the next."""
        return replace(self, values=s3_key.with_digest(self.values, s3_key.digest(identity)))
