"""Sampling of traces, between the memory limiter and the batches (the order that the samplers' own pages ask for)."""

from collections.abc import Iterator, Mapping, Sequence

from telemetry.collector.syntax import Block, Value
from telemetry.config.sampling import Sampling, TailSampling
from telemetry.spec.checks import SERVICE

_REMEMBERED = 10
"""Decisions that are kept, per trace that waits: for spans that come late."""


def samplers(sampling: Sampling | None) -> list[Block]:
    """Return the processors, in their order, without their outputs."""
    found = []
    if sampling is not None and sampling.head_percent is not None:
        found.append(
            Block("otelcol.processor.probabilistic_sampler", "traces", {"sampling_percentage": sampling.head_percent})
        )
    if sampling is not None and sampling.tail is not None:
        found.append(_tail(sampling.tail))
    return found


def _tail(tail: TailSampling) -> Block:
    remembered = tail.max_traces * _REMEMBERED
    return Block(
        "otelcol.processor.tail_sampling",
        "traces",
        {
            "decision_wait": f"{tail.wait_seconds}s",
            "num_traces": tail.max_traces,
            "decision_cache": {"sampled_cache_size": remembered, "non_sampled_cache_size": remembered},
        },
        tuple(_policies(tail)),
    )


def _policies(tail: TailSampling) -> Iterator[Block]:
    """Yield what each say something of a trace; one that says drop is obeyed, else one that says send."""
    for key, values in tail.drop.items():
        dropped = _policy("drop_sub_policy", key, "string_attribute", {"key": key, "values": values})
        yield _policy("policy", f"drop {key}", "drop", blocks=(dropped,))
    if tail.errors:
        yield _policy("policy", "errors", "status_code", {"status_codes": ["ERROR"]})
    if tail.slower_than_ms is not None:
        yield _policy("policy", "slow", "latency", {"threshold_ms": tail.slower_than_ms})
    for key, values in tail.attributes.items():
        yield _policy("policy", f"keep {key}", "string_attribute", {"key": key, "values": values})
    # What `validate` sends has to arrive.
    yield _policy("policy", "validation", "string_attribute", {"key": "service.name", "values": [SERVICE]})
    yield _policy("policy", "rest", "probabilistic", {"sampling_percentage": tail.keep_percent})


def _policy(
    block: str, name: str, kind: str, arguments: Mapping[str, Value] | None = None, blocks: Sequence[Block] = ()
) -> Block:
    return Block(
        block, arguments={"name": name, "type": kind}, blocks=(Block(kind, "", arguments or {}, tuple(blocks)),)
    )
