"""Answers of the stand-in for Grafana's API: a status and JSON, or a refusal in one of Grafana's forms."""

from http import HTTPStatus
from typing import Any

Answer = tuple[HTTPStatus, Any]


class RefusedError(Exception):
    """A request that Grafana would refuse."""

    def __init__(self, status: HTTPStatus, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"message": message, "traceID": "", **more}


def unauthorized(message: str, message_id: str) -> RefusedError:
    """Return the refusal of a login."""
    status = HTTPStatus.UNAUTHORIZED
    return RefusedError(status, message, messageId=message_id, statusCode=int(status))


def denied(permission: str) -> RefusedError:
    """Return the refusal of somebody who is logged in, but may not do this in this organisation."""
    message = f"You'll need additional permissions to perform this action. Permissions needed: {permission}"
    return RefusedError(HTTPStatus.FORBIDDEN, message, accessErrorId="ACE0000000000", title="Access denied")


def bad_request() -> RefusedError:
    """Return the refusal of a body that makes no sense."""
    return RefusedError(HTTPStatus.BAD_REQUEST, "bad request data")
