"""Says why workloads are not ready, to people."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from telemetry.operations.readiness.why import Log, Unready

_LONGEST = 300


def lines(
    found: Iterable[Unready], *, hidden: Collection[str] = (), said: Mapping[Log, Collection[str]] | None = None
) -> Iterator[str]:
    """Yield a line for each workload, and below it its reasons and the last lines of its pods' logs."""
    for each in found:
        of_release = f" (release {each.release})" if each.release else ""
        yield f"{each}{of_release}"
        yield from (f"    {reason}" for reason in each.reasons or ("nothing is said of it; see its log",))
        for log in each.logs:
            if last := (said or {}).get(log):
                yield f"    pod {log.pod}: container {log.container} has written last:"
                yield from (f"    | {line[:_LONGEST]}" for line in last)
    if hidden:
        yield f"There may be more: we may not see {', '.join(sorted(hidden))} in this namespace."
