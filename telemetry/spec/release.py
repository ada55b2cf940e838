"""A Helm release, as a backend describes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

from telemetry.config.base import below
from telemetry.config.chart import Chart
from telemetry.config.credentials import S3Identity
from telemetry.config.overlay import Overlay
from telemetry.config.roles import Role
from telemetry.spec.overlay import check, laid_over
from telemetry.spec.values import s3_key
from telemetry.spec.values.common import Values


@dataclass(frozen=True)
class Release:
    """A Helm release as the program deploys it."""

    name: str
    chart: Chart
    rendered: Values
    """The values that the program sets by itself."""
    roles: Mapping[str, Role]
    added: tuple[Values, ...] = ()
    """Objects that the program adds to the chart's own: autoscalers, and disruption budgets of what they scale."""
    components: Mapping[str, str] = field(default_factory=dict)
    """Roles by what the label `app.kubernetes.io/component` of their pods says, where that is not the role's name."""
    workloads: Mapping[str, str] = field(default_factory=dict)
    """What workloads are called, by role, where that is not the release's name and the role's."""
    containers: Mapping[str, Role] = field(default_factory=dict)
    """What each container of its pods is given, by name, where they have several."""
    overlay: Overlay = field(default_factory=Overlay)
    """What is laid over them."""
    section: str = ""
    """Where the settings have it, from their top on: `traces.moving_from`."""
    overlaid: str = "values"
    """Where the settings have the overlay, below the section."""
    sizes: str = "roles"
    """Where the settings have its sizes, below the section."""

    @cached_property
    def values(self) -> Values:
        """What Helm is given: nobody looks at what the program renders without what is laid over it."""
        return laid_over(self.rendered, self.overlay)

    def check(self) -> None:
        """Refuse an overlay that would not do (SettingError, its key from the top of the settings)."""
        with below(f"{self.section}.{self.overlaid}"):
            check(self.rendered, self.overlay, self.chart, sizes=f"telemetry:{self.section}.{self.sizes}")

    def with_key(self, identity: S3Identity | None) -> Self:
        """Return the release with pods that say which key they use, so that they restart with the next.

        None: the program does not know it, so whoever puts another one into the Secret restarts them.
        """
        if identity is None:
            return self
        return replace(self, rendered=s3_key.with_digest(self.rendered, s3_key.digest(identity)))
