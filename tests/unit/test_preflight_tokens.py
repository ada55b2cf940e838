"""A token that exists already is looked at before anything changes: one that can be guessed is one line, without it."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from telemetry.operations.preflight import tokens
from tests.doubles import Answer, answering, refused
from tests.preflight import findings_at
from tests.support import all_of, put

STRONG = "Vb7qLw2TzXnRc4Jd9sPhYm"
TENANTS = [
    {"id": "made", "display_name": "Made"},
    {"id": "theirs", "display_name": "Theirs", "access": {"token_secret": "their-own"}},
]
KEY = "telemetry:tenants.1.access.token_secret"


def holding(**data: str) -> Answer:
    """Return what the API server says of a Secret."""
    coded = {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}
    return Answer(body=json.dumps({"kind": "Secret", "data": coded}))


def ask(tmp_path: Path, server: str, **gateway: Any) -> list[str]:
    with_tenants = all_of(put("tenants", TENANTS), put("gateway", gateway))
    return findings_at(server, tmp_path, tokens.check, "dev", with_tenants)


@pytest.mark.parametrize("token", ["x", "hunter22", "team-payments", "1234567890" * 5, "Vb7qLw2TzX"])
def test_a_token_that_can_be_guessed_is_refused_without_a_word_of_it(tmp_path: Path, token: str) -> None:
    answer = holding(token=token)
    with answering(answer) as server:
        (line,) = ask(tmp_path, server)
    assert line.startswith(f"{KEY}: the token in Secret their-own can be guessed")
    assert "openssl rand" in line
    assert token == "x" or token not in line
    assert [path for path, _ in answer.asked] == ["GET /api/v1/namespaces/ca7f8f-dev/secrets/their-own"]


@pytest.mark.parametrize(
    "answer",
    [holding(token=STRONG), holding(other="x"), holding(token=""), Answer(404), Answer(403), Answer(body="[]")],
    ids=["strong", "another key", "empty", "not there yet", "not for us", "no Secret"],
)
def test_a_strong_one_passes_and_what_cannot_be_seen_lets_nobody_in_anyway(tmp_path: Path, answer: Answer) -> None:
    with answering(answer) as server:
        assert ask(tmp_path, server) == []
    assert answer.asked


def test_nobody_who_answers_is_told_of_elsewhere(tmp_path: Path) -> None:
    assert ask(tmp_path, refused()) == []
