"""A double of Slack's incoming webhooks and of PagerDuty's Events API: it takes what they would take, and tells nobody.

What that is, is read from their documentation:
https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/ and
https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments/ (attachments);
https://developer.pagerduty.com/docs/send-alert-event (the event, and its answers).
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sandbox.gateway.pair import PairFiles
from tests.sandbox.receivers import serving

WEBHOOK, ENQUEUE = "/services/T0FAKE/B0FAKE/wh0-fake", "/v2/enqueue"
ROUTING_KEY = "rk0-fake-rk0-fake-rk0-fake-rk0-f"
"""Of 32 characters, as an integration key of PagerDuty is."""


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Attachment(_Shape):
    """What an attachment of a message may have; it shows nothing without a text of some kind."""

    title: str = ""
    title_link: str = ""
    pretext: str = ""
    text: str = ""
    fallback: str = ""
    callback_id: str = ""
    color: str = ""
    footer: str = ""
    fields: list[dict[str, Any]] = []
    actions: list[dict[str, Any]] = []
    mrkdwn_in: list[Literal["fallback", "pretext", "text"]] = []

    @model_validator(mode="after")
    def _is_seen(self) -> "Attachment":
        assert self.text or self.fallback
        return self


class Message(_Shape):
    """A message to an incoming webhook."""

    channel: str = Field(pattern="^[#@]")
    username: str = ""
    attachments: list[Attachment] = Field(min_length=1, max_length=100)


class Payload(_Shape):
    """What an event is about."""

    summary: str = Field(min_length=1, max_length=1024)
    source: str = Field(min_length=1)
    severity: Literal["critical", "error", "warning", "info"]
    custom_details: dict[str, Any] = {}


class Link(_Shape):
    """A link of an event."""

    href: str = Field(min_length=1)
    text: str = ""


class Event(_Shape):
    """An event."""

    routing_key: str = Field(pattern=f"^{ROUTING_KEY}$")
    event_action: Literal["trigger", "acknowledge", "resolve"]
    dedup_key: str = Field(max_length=255)
    payload: Payload
    client: str = ""
    client_url: str = ""
    links: list[Link] = []


@dataclass(frozen=True)
class Doubles:
    """What has arrived, and why something was not taken."""

    messages: list[Message] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def of_messages(self) -> Counter[str]:
        """Return how many messages there were of each title."""
        return Counter(message.attachments[0].title for message in self.messages)

    def of_events(self) -> Counter[str]:
        """Return how many events there were of each summary."""
        return Counter(event.payload.summary for event in self.events)


@contextmanager
def slack_and_pagerduty(port: int, doubles: Doubles, tls: PairFiles) -> Iterator[None]:
    """Take messages and events on a port of loopback, by TLS."""

    def answer(path: str, _: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        try:
            if path == WEBHOOK:
                doubles.messages.append(Message.model_validate_json(body))
                return 200, b"ok"
            if path == ENQUEUE:
                doubles.events.append(Event.model_validate_json(body))
                return 202, b'{"status": "success", "message": "Event processed"}'
        except ValidationError as error:
            doubles.refused.append(f"{path}: {error}")
            return 400, b"invalid_payload"
        doubles.refused.append(f"{path}: no such path")
        return 404, b"no_service"

    with serving(port, tls, answer):
        yield
