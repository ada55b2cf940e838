"""Rules for Pyroscope. Beside its service levels there is one: what else it exports was never measured."""

from collections.abc import Iterator

from telemetry.backends.pyroscope.context import PyroscopeContext
from telemetry.spec.alerts import Alert
from telemetry.spec.promql import Scope

BUILD_INFO = "pyroscope_build_info"


def rules(context: PyroscopeContext) -> Iterator[Alert]:
    """Yield Pyroscope's alert."""
    here = Scope.namespace(context.namespace.name)
    yield Alert(
        "PyroscopeNotScraped",
        f"absent({here(BUILD_INFO)})",
        "ticket",
        "15m",
        "Nothing is known of Pyroscope: its metrics are not scraped.",
        "The service levels of profiles are blind until they are.",
    )
