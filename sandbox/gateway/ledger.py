"""What a stand-in has seen of requests, to be counted and looked into by tests."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Seen:
    """One request as it reached a backend. ``tenants`` are the values of X-Scope-OrgID, one a header."""

    protocol: str
    address: str
    method: str
    path: str
    tenants: tuple[str, ...]
    headers: Mapping[str, str] = field(default_factory=dict)
    size: int = 0


class Ledger:
    """Requests in the order of their arrival; many threads write to it."""

    def __init__(self) -> None:
        self._seen: list[Seen] = []
        self._lock = threading.Lock()

    def note(self, request: Seen) -> None:
        """Take note of a request."""
        with self._lock:
            self._seen.append(request)

    def all(self) -> list[Seen]:
        """Return all requests so far."""
        with self._lock:
            return list(self._seen)

    def last(self) -> Seen:
        """Return the latest request."""
        return self.all()[-1]

    def __len__(self) -> int:
        with self._lock:
            return len(self._seen)
