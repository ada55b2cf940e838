"""Errors of an adoption, or of a copy of the state."""

_NO_STACK = "no stack named"
_UNREADABLE = ("failed to load checkpoint", "unexpected end of JSON input")


class AdoptError(Exception):
    """The command cannot be carried out; the message says why, and what to do."""


def explained(error: Exception, stack: str) -> Exception:
    """Return what pulumi says of a state that is lost or cut off with what to do; anything else as it is."""
    said = str(error)
    if _NO_STACK in said:
        return AdoptError(
            f"there is no stack {stack}. Make it, empty: pulumi stack init {stack} (with the --secrets-provider that "
            f"it had; the salt in Pulumi.{stack}.yaml stays as it is). Then this command again"
        )
    if any(each in said for each in _UNREADABLE):
        return AdoptError(
            f"the state of {stack} is cut off, pulumi cannot read it. Put a copy in its place: "
            f"python -m telemetry restore-state {stack} COPY (docs/recovery.md says which)"
        )
    return error
