"""What of a command's output is its complaint, and whether that is one clear message with the next command."""

import re

_COMMAND = re.compile(r"\b(make|pulumi|kubectl|helm|python -m commands) [a-z]\w*")
_CRASH = ("Traceback (most recent call last)", "panic: ", "goroutine 1 [")
_NOISE = re.compile(r"^(Resources:|Outputs:|Duration:|[+~-] \d+|\d+ (unchanged|errored)|View (Live|in Browser))")
_REASON = re.compile(r"^(\w+\.)*(error|Error)(\[\w+\])?: |nothing was changed, because")
LINES = 12


def complaint(output: str) -> str:
    """Return the lines from the first error on, without the engine's progress, counts and repetitions."""
    lines = [line.strip() for line in output.splitlines()]
    first = next((number for number, line in enumerate(lines) if _is_reason(line)), None)
    if first is None:
        return ""
    kept = dict.fromkeys(line for line in lines[first:] if line and not _NOISE.match(line))
    return "\n".join(list(kept)[-LINES:])


def is_clear(said: str) -> bool:
    """Whether it gives a reason and a next command, and is no crash."""
    return bool(_COMMAND.search(said)) and bool(said) and not any(crash in said for crash in _CRASH)


def reason(said: str) -> str:
    """Return the line that says most about why: the one after what merely introduces it."""
    lines = [line for line in said.splitlines() if line]
    for number, line in enumerate(lines):
        if "nothing was changed, because" in line and number + 1 < len(lines):
            return lines[number + 1]
    return lines[0].removeprefix("error: ") if lines else ""


def _is_reason(line: str) -> bool:
    return bool(_REASON.search(line)) and not line.endswith("update failed")
