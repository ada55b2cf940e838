"""Kubernetes quantities and durations as plain integers.

Settings say `200m`, `1.5Gi` and `14d`; everything behind them adds and compares, so the parsed form is an
integer in the smallest unit (millicores, bytes, seconds) and the text is made again where a chart needs it.
"""

import re
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

_CPU = re.compile(r"(?P<cores>\d{1,9}(\.\d{1,9})?)|(?P<millis>\d{1,9})m", re.ASCII)
_BYTES = re.compile(r"(?P<number>\d{1,15}(\.\d{1,15})?)(?P<unit>Ki|Mi|Gi|Ti)", re.ASCII)
_NUMBER = re.compile(r"(?P<number>\d{1,15}(\.\d{1,9})?)(?P<unit>[mkMGT]?)", re.ASCII)
_DURATION = re.compile(r"(?P<number>\d{1,9})(?P<unit>[mhdw])", re.ASCII)
_PART = re.compile(r"(\d+)(ms|[ywdhms])", re.ASCII)

_UNIT_BYTES = {"Ti": 1 << 40, "Gi": 1 << 30, "Mi": 1 << 20, "Ki": 1 << 10}
_UNIT_MILLIS = {"T": 10**15, "G": 10**12, "M": 10**9, "k": 10**6, "": 1_000, "m": 1}
_UNIT_SECONDS = {"y": 31_536_000, "w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1, "ms": 0}

# A container never gets more than this from any node we know of; beyond it, somebody mistyped a unit.
_MOST_CPU = 1_024_000
_MOST_BYTES = 1 << 50
_MOST_SECONDS = 36_500 * 86_400  # Go's durations end at 292 years


def parse_cpu(value: object) -> int:
    """Return millicores for `250m`, `2`, `0.5` (ValueError says what is allowed)."""
    match = _CPU.fullmatch(str(value)) if isinstance(value, str | int | float) else None
    if match is None or isinstance(value, bool):
        raise ValueError("not a CPU quantity; write millicores such as 250m, or cores such as 2")
    millis = Fraction(match["millis"]) if match["millis"] else Fraction(match["cores"]) * 1000
    if millis.denominator != 1 or not 0 < millis <= _MOST_CPU:
        raise ValueError("CPU must be a whole number of millicores between 1m and 1024 cores; write it such as 250m")
    return int(millis)


def parse_bytes(value: object) -> int:
    """Return bytes for `512Mi`, `1.5Gi` (ValueError says what is allowed)."""
    match = _BYTES.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("not a size; write it with Ki, Mi, Gi or Ti, such as 512Mi or 1.5Gi")
    size = Fraction(match["number"]) * _UNIT_BYTES[match["unit"]]
    if not 1 <= size <= _MOST_BYTES:
        raise ValueError("a size must be above 0 and at most 1024Ti; write it such as 512Mi")
    return int(size)  # 11.3Gi is no whole number of bytes


def parse_number(value: object) -> str:
    """Return a number as the API server writes it: `20`, `500m` for `0.5` (ValueError says what is allowed)."""
    match = _NUMBER.fullmatch(str(value)) if isinstance(value, str | int | float) else None
    if match is None or isinstance(value, bool) or Fraction(match["number"]) == 0:
        raise ValueError("not a number above 0; write it such as 20, 0.5, 500m (the same), or 10k")
    millis = Fraction(match["number"]) * _UNIT_MILLIS[match["unit"]]
    unit = next((unit for unit, factor in _UNIT_MILLIS.items() if millis % factor == 0), None)
    if unit is None:
        raise ValueError("has more than three decimals; round it")
    return f"{millis / _UNIT_MILLIS[unit]}{unit}"


def parse_duration(value: object) -> int:
    """Return seconds for `90m`, `48h`, `14d`, `2w` (ValueError says what is allowed)."""
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match["number"]) == 0:
        raise ValueError("not a duration; write a whole number above 0 with m, h, d or w, such as 48h or 14d")
    seconds = int(match["number"]) * _UNIT_SECONDS[match["unit"]]
    if seconds > _MOST_SECONDS:
        raise ValueError("a duration is at most 36500d; lower it")
    return seconds


def in_seconds(text: object) -> int:
    """Return the whole seconds of a duration as Go and Prometheus write it: `336h0m0s`, `2w`, `1y`; 0 of None."""
    return sum(int(number) * _UNIT_SECONDS[unit] for number, unit in _PART.findall(str(text)))


def cpu_text(millicores: int) -> str:
    """Return the text that a chart takes, one for each amount: whole cores plain, the rest in millicores.

    Plain, because a chart derives GOMAXPROCS from it and reads `2000m` as less than `2`.
    """
    return str(millicores // 1000) if millicores % 1000 == 0 else f"{millicores}m"


def bytes_text(size: int) -> str:
    """Return the text that a chart takes: the largest unit that divides the size exactly."""
    for unit, factor in _UNIT_BYTES.items():
        if size % factor == 0:
            return f"{size // factor}{unit}"
    return str(size)


def duration_text(seconds: int) -> str:
    """Return hours or minutes, the units that durations of both Go and Prometheus know."""
    return f"{seconds // 3_600}h" if seconds % 3_600 == 0 else f"{seconds // 60}m"


def _text(form: re.Pattern[str]) -> Any:
    """Return the type of text of this form; the patterns of JSON schemas know no named groups."""
    unnamed = re.sub(r"\?P<\w+>", "", form.pattern)
    return Annotated[str, Field(pattern=f"^({unnamed})$")]


Cpu = Annotated[int, BeforeValidator(parse_cpu, json_schema_input_type=_text(_CPU) | float)]
"""Millicores; written `250m` or `2`."""
Bytes = Annotated[int, BeforeValidator(parse_bytes, json_schema_input_type=_text(_BYTES))]
"""Bytes; written `512Mi` or `1.5Gi`."""
Number = Annotated[str, BeforeValidator(parse_number, json_schema_input_type=_text(_NUMBER) | float)]
"""A number of anything, as the API server writes quantities; written `20`, `0.5` or `10k`."""
Duration = Annotated[int, BeforeValidator(parse_duration, json_schema_input_type=_text(_DURATION))]
"""Seconds; written `48h` or `14d`."""
