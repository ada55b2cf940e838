"""Whether a ring has the members that the plan promises; Mimir, Tempo and Loki show theirs alike (dskit)."""

from collections import Counter

from telemetry.clients.reach import ask
from telemetry.operations.validation.target import Target
from telemetry.spec.checks import CheckFailed, insistently


def check_ring(target: Target, url: str, members: int, seconds: float, *, page: str = "/ingester/ring") -> str:
    """Return what was seen of the ingesters' ring at a backend's own address.

    Raises:
        CheckFailed: it has not so many members, or one of them is not active.
    """

    def look() -> str:
        with target.admin() as client:
            shown = ask(client, "GET", f"{url}{page}", headers={"Accept": "application/json"})
        try:
            states = Counter(str(each["state"]) for each in shown.json()["shards"])
        except (ValueError, KeyError, TypeError) as error:
            raise CheckFailed(f"{url}{page}: shows no ring as JSON ({type(error).__name__})") from error
        if states != {"ACTIVE": members}:
            seen = ", ".join(f"{count} {state}" for state, count in sorted(states.items())) or "none"
            raise CheckFailed(
                f"ring of {seen}, planned are {members} ACTIVE; see: kubectl get pods, and each one's log"
            )
        return f"{members} of {members} ingesters ACTIVE"

    return insistently(look, seconds)
