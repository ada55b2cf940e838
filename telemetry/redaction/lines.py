"""Hides secrets in a stream line by line, and private keys over several lines."""

from telemetry.redaction.forms import Forms
from telemetry.redaction.patterns import HIDDEN, ends_key, hidden_in, is_of_key, leaves_key_open

_BYTES = "latin-1"
"""Gives back every byte as it was, whatever the line is written in."""


class Lines:
    """One stream."""

    def __init__(self, secrets: frozenset[str] = frozenset()) -> None:
        """Take the secrets that are known by their value."""
        self._forms = Forms(secrets, encoding=_BYTES)
        self._in_key = False

    def shown(self, line: bytes) -> bytes:
        """Return the next line as it may be shown."""
        text = line.decode(_BYTES)
        if self._in_key and (ends_key(text) or is_of_key(text)):
            self._in_key = not ends_key(text)
            return b"" if self._in_key else f"{HIDDEN}\n".encode()
        self._in_key = leaves_key_open(text)
        return hidden_in(self._forms.hidden_in(text)).encode(_BYTES)
