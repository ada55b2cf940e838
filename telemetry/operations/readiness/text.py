"""Says why workloads are not ready, to people."""

from collections.abc import Collection, Iterable, Iterator

from telemetry.operations.readiness.why import Unready


def lines(found: Iterable[Unready], *, hidden: Collection[str] = ()) -> Iterator[str]:
    """Yield a line for each workload, and below it its reasons."""
    for each in found:
        of_release = f" (release {each.release})" if each.release else ""
        yield f"{each}{of_release}"
        yield from (f"    {reason}" for reason in each.reasons or ("nothing is said of it; see its log",))
    if hidden:
        yield f"There may be more: we may not see {', '.join(sorted(hidden))} in this namespace."
