"""What can go wrong with the world, told so that the reader knows where to look."""

from pathlib import Path

LOG_LINES = 12


class WorldError(Exception):
    """The world, or a part of it, cannot be had. The message is meant for the user as it stands."""


class ServiceError(WorldError):
    """One service did not start or died. Names the service, its log file and the log's last lines."""

    def __init__(self, service: str, reason: str, log: Path) -> None:
        super().__init__(f"{service}: {reason}\n  log: {log}\n{_indented(log_tail(log))}")
        self.service = service


def log_tail(log: Path, lines: int = LOG_LINES) -> list[str]:
    """Return the last lines of a log, cut to a readable width; empty when there is none."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, stream.seek(0, 2) - 64 * 1024))
            text = stream.read().decode(errors="replace")
    except OSError:
        return []
    return [line[:300] for line in text.splitlines()[-lines:]]


def _indented(lines: list[str]) -> str:
    return "\n".join(f"  | {line}" for line in lines) or "  | (the log is empty)"
