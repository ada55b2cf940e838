"""What is known of Pyroscope under a load: nobody says what its roles need, so only its bucket is told of."""

from telemetry.backends.pyroscope.context import PyroscopeContext
from telemetry.config.load import ProfilesLoad
from telemetry.spec.sizing import DAY, Growth, Sizing

_WANTED = "https://github.com/grafana/pyroscope/issues/2089"


def sizing(context: PyroscopeContext, load: ProfilesLoad, _: int) -> Sizing:
    """Return what the bucket takes."""
    grants = (grant.retention or 0 for grant in context.tenants.values())
    growth = Growth(
        bucket="blocks",
        bytes_per_day=load.bytes_per_second * load.stored_ratio * DAY,
        kept_seconds=max(context.settings.retention, *grants, 0),
        objects_per_day=None,
        reason=f"{load.stored_ratio:g} times what is received; how much smaller blocks are is not documented",
        source=_WANTED,
    )
    return Sizing(
        (),
        (growth,),
        unknown=f"no rule is documented for any role ({_WANTED})",
        limits={"ingestion_rate": load.bytes_per_second},
    )
