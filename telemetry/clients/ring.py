"""Checks that a ring has as many members as planned; Mimir, Tempo and Loki show theirs alike (dskit)."""

from collections import Counter
from collections.abc import Callable

import httpx

from telemetry.clients.reach import ask
from telemetry.clients.retry import retry
from telemetry.spec.checks import CheckFailed


def check_ring(
    connect: Callable[[], httpx.Client], url: str, members: int, seconds: float, *, page: str = "/ingester/ring"
) -> str:
    """Wait for the ingesters' ring to be complete, and return a line about it.

    Args:
        connect: makes a client of the backends' own pages.
        url: a backend's own address.
        members: how many ingesters are planned.
        seconds: how long to wait for them.
        page: where the backend shows its ring.

    Raises:
        CheckFailed: it has not so many members, or one of them is not active.
    """

    def look() -> str:
        with connect() as client:
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

    return retry(look, seconds)
