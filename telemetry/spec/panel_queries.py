"""PromQL that several dashboards have in common."""

from telemetry.spec.panels import WINDOW, Variable
from telemetry.spec.promql import Scope

QUANTILE = Variable("quantile", "Quantile", ("0.99", "0.95", "0.9", "0.5"))
TENANT = "tenant"
"""The variable of the dashboard of tenants."""


def of_tenants(label: str) -> str:
    """Return a matcher for the chosen tenants, whose ids are in this label."""
    return f'{label}=~"${TENANT}"'


def quantile(here: Scope, histogram: str, *matchers: str, by: str = "") -> str:
    """Return the chosen quantile of a histogram, all series together or by labels."""
    labels = f"{by}, le" if by else "le"
    return f"histogram_quantile($quantile, {here.rate(f'{histogram}_bucket', WINDOW, *matchers, by=labels)})"


def part(some: str, whole: str) -> str:
    """Return a part of a whole; what is not there is nothing, and of nothing there is no part."""
    return f"({some} or 0 * {whole}) / ({whole} > 0)"
