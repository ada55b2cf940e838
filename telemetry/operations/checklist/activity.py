"""Items that the last validation's results answer; this command sends nothing itself."""

from collections.abc import Iterator
from typing import Any

from telemetry.operations.checklist.model import ChecklistFinding, Given
from telemetry.spec.checks import CheckSkipped

_OUT = "out"
_RETENTION = "retention"
"""How the names of those checks begin: not every backend shows its limits."""


def look(given: Given) -> ChecklistFinding:
    """Look whether the data of every tenant was found again."""
    trips = [each for each in _checks(given) if each["name"].endswith(_OUT)]
    if failed := [_named(each) for each in trips if each["state"] == "failed"]:
        return ChecklistFinding("open", f"validate found nothing again of {'; '.join(failed)}")
    seen = {(each["lane"], each["signal"]) for each in trips if each["state"] == "passed"}
    sent = {(each["lane"], each["signal"]) for each in trips}
    if not seen:
        raise CheckSkipped("validate could make no round trip from where it ran")
    if unseen := sent - seen:
        raise CheckSkipped(f"validate skipped {', '.join(f'{signal} of {lane}' for lane, signal in sorted(unseen))}")
    return ChecklistFinding(
        "done",
        f"{_listed({signal for _, signal in seen})} of {len({lane for lane, _ in seen})} found again by validate",
    )


def look_at_retention(given: Given) -> ChecklistFinding:
    """Say which retention is in force; only time shows that data is deleted."""
    rules = [each for each in _checks(given) if each["name"].startswith(_RETENTION)]
    if failed := [f"{_named(each)}: {each['detail']}" for each in rules if each["state"] == "failed"]:
        return ChecklistFinding("open", "; ".join(failed))
    seen = [f"{_named(each)}: {each['detail']}" for each in rules if each["state"] == "passed"]
    raise CheckSkipped(f"in force: {'; '.join(seen)}" if seen else "validate could not see which retention is in force")


def _checks(given: Given) -> Iterator[dict[str, Any]]:
    """Yield the results of tenants' checks.

    Raises:
        CheckSkipped: there are none of this stack.
    """
    if isinstance(given.validation, str):
        raise CheckSkipped(given.validation)
    signals = {backend.signal for backend in given.stack.backends}
    return (each for each in given.validation["checks"] if each["signal"] in signals)


def _listed(signals: set[str]) -> str:
    return " and ".join(", ".join(sorted(signals)).rsplit(", ", 1))


def _named(check: dict[str, Any]) -> str:
    return f"{check['lane']} · {check['signal']}"
