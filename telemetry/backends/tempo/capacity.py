"""What the copies that Tempo's ingesters hold cost, against the plan's sizes.

The plan counts on 2 of 3 ingesters for each trace. Requests are settings and do not follow the factor: what follows it
is the share of all spans that each ingester takes, and with it how far its size goes.
"""

from collections.abc import Iterator
from fractions import Fraction

from telemetry.backends.tempo.context import TempoContext
from telemetry.config.amounts import rounded

_PLANNED = 2
_KEPT_SECONDS = 45 * 60
"""Tempo's defaults: a block is cut after 30 minutes, and stays for 15 after it was written to the bucket."""


def capacity_notes(context: TempoContext) -> Iterator[str]:
    """Yield what ingesters take with a larger factor than the plan's; nothing of one binary."""
    traces = context.settings
    if traces.topology != "distributed" or traces.replication_factor <= _PLANNED:
        return
    role, factor = traces.roles["ingester"], traces.replication_factor
    share, planned = (Fraction(min(each, role.replicas), role.replicas) for each in (factor, _PLANNED))
    volume, of_all = role.volume or 0, (share / planned - 1) * role.replicas
    more = [rounded(*each) for each in (("cpu", int(role.cpu * of_all)), ("memory", int(role.memory * of_all)))]
    now, before = (rounded("storage", int(volume / _KEPT_SECONDS / each)) for each in (share, planned))
    yield (
        f"Each trace is on {factor} of {role.replicas} ingesters of Tempo, and not on the plan's {_PLANNED}, which "
        f"lost traces (docs/decisions.md). For the same spans each ingester then takes {float(share / planned):.1f} "
        "times the CPU, memory and volume. Their sizes stand as they are set: the volumes are enough for "
        f"{now} of spans a second before compression, in place of {before}, as a block stays on them for 45 minutes. "
        f"For the plan's reserve they would ask for {more[0]}, {more[1]} and "
        f"{rounded('storage', int(volume * of_all))} more."
    )
