"""What of a command's output is its complaint, and whether that is one clear message with the next command."""

import re

_COMMAND = re.compile(r"\b(make|pulumi|kubectl|helm|python -m telemetry) [a-z]\w*")
_CRASH = ("Traceback (most recent call last)", "panic: ", "goroutine 1 [")
_NOISE = (
    re.compile(
        r"^(Resources:|Outputs:|Duration:|[+~-] \d+ |\d+ (unchanged|errored)|@ updating|View (Live|in Browser))"
    ),
    re.compile(r"an unhandled error occurred: program exited with non-zero exit code|^error: update failed$"),
    re.compile(r"^[\w/.:-]+ \([\w/.-]+\):$"),  # whose diagnostics follow
)
_DIAGNOSTICS = "Diagnostics:"
_OUTPUTS = "Outputs:"
LINES = 12


def complaint(output: str) -> str:
    """Return the errors of a command's output, without the engine's progress, counts, outputs and repetitions."""
    lines = [line.strip() for line in output.splitlines()]
    if _DIAGNOSTICS in lines:
        lines = _without_outputs(lines[lines.index(_DIAGNOSTICS) + 1 :])
    first = next((number for number, line in enumerate(lines) if line.startswith(("error:", "Error:"))), None)
    if first is None:
        return ""
    kept = dict.fromkeys(line for line in lines[first:] if line and not any(noise.search(line) for noise in _NOISE))
    return "\n".join(_first_and_last(list(kept)))


def _first_and_last(lines: list[str]) -> list[str]:
    """Return no more lines than people read: the first ones, and the last, which says what comes next."""
    return lines if len(lines) <= LINES else [*lines[: LINES - 1], lines[-1]]


def _without_outputs(lines: list[str]) -> list[str]:
    """Return the lines without the stack's outputs, which end at the next heading."""
    if _OUTPUTS not in lines:
        return lines
    begin = lines.index(_OUTPUTS)
    end = next((number for number in range(begin, len(lines)) if lines[number].startswith("Resources:")), len(lines))
    return [*lines[:begin], *lines[end:]]


def is_clear(said: str) -> bool:
    """Whether it gives a reason and a next command, and is no crash."""
    return bool(_COMMAND.search(said)) and bool(said) and not any(crash in said for crash in _CRASH)


def reason(said: str) -> str:
    """Return the line that says most about why: the first that does not merely introduce others."""
    lines = [line.removeprefix("error: ").removeprefix("* ") for line in said.splitlines() if line]
    return next((line for line in lines if not line.endswith(":")), lines[0] if lines else "")
