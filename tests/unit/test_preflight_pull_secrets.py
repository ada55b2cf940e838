"""Before the first change the namespace is asked for the logins that pods name."""

from pathlib import Path
from typing import Any

import pytest

from telemetry.operations.preflight import pull_secrets
from tests.doubles import by_path
from tests.preflight import findings_at
from tests.support import Change, put

NAMED = put("images.pull_secrets", ["login", "other"])
AT = "/api/v1/namespaces/ca7f8f-dev/secrets"


@pytest.fixture
def ask(tmp_path: Path) -> Any:
    def ask(answers: dict[str, Any], *changes: Change) -> list[str]:
        with by_path(answers) as server:
            return findings_at(server, tmp_path, pull_secrets.check, "dev", NAMED, *changes)

    return ask


def test_a_login_that_is_not_there_is_named(ask: Any) -> None:
    (line,) = ask({f"{AT}/login": {}})
    assert line.startswith("telemetry:images.pull_secrets: 'other' does not exist in ca7f8f-dev, so no image")
    assert "kubectl create secret docker-registry other -n ca7f8f-dev" in line
    assert ask({f"{AT}/login": {}, f"{AT}/other": {}}) == []


def test_a_namespace_that_is_yet_to_be_made_is_not_asked(ask: Any) -> None:
    ours = put("namespace.create", True)
    assert ask({}, ours) == []
    assert len(ask({"/api/v1/namespaces/ca7f8f-dev": {}}, ours)) == 2


def test_who_may_not_look_is_told_nothing(ask: Any) -> None:
    assert ask({f"{AT}/login": 403, f"{AT}/other": 403}) == []
