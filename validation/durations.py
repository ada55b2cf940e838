"""Durations as backends tell them."""

import re

_DURATION = re.compile(r"(\d+)([wdhms])")
_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}


def in_seconds(text: object) -> int:
    """Return the seconds of a duration as Go and Prometheus write it: `336h0m0s`, `2w`."""
    return sum(int(number) * _SECONDS[unit] for number, unit in _DURATION.findall(str(text)))
