"""The findings of drift, without secrets (conceal.py)."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from telemetry.kubernetes.managed_fields import Writer

Part = Literal["release", "values", "object", "alerting", "program"]
"""release: Helm's word for it; values: what it was deployed with; object: a live object; alerting: what tenants have
loaded into the Alertmanager; program: the preview."""


class DriftError(Exception):
    """Drift cannot be found out; the message is for the user."""


@dataclass(frozen=True)
class DriftFinding:
    """One difference."""

    part: Part
    subject: str
    """What differs, such as `Deployment ca7f8f-dev/mimir-gateway`."""
    path: str
    """Which of its fields; empty if it is the whole."""
    wanted: Any = None
    """What was deployed; None: nothing was stated."""
    found: Any = None
    """What is there; None: nothing is."""
    by: tuple[Writer, ...] = ()
    """Who changed it. Empty if nobody knows: the API server keeps no record of who has removed something."""
    release: str | None = None
    note: str = ""
    """What to know of it, in words."""


@dataclass(frozen=True)
class DriftReport:
    """What was compared, and all that was found."""

    stack: str
    findings: tuple[DriftFinding, ...]
    releases: int
    objects: int
    previewed: bool
    unasked: str = ""
    """Why what tenants have loaded into the Alertmanager is not known; empty where it is, or concerns nobody."""

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain JSON values; `drift` is the verdict."""
        compared = {
            "releases": self.releases,
            "objects": self.objects,
            "program": self.previewed,
            "alerting": not self.unasked,
        }
        findings = [asdict(each) for each in self.findings]
        return {"stack": self.stack, "drift": bool(findings), "compared": compared, "findings": findings}
