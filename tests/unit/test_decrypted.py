"""What commands know of secrets that are elsewhere: the environment's, else what the cluster shows, else a refusal."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from telemetry.stack import ConfigError, Stack, decrypted, file
from tests.doubles import by_path, kubeconfig
from tests.support import put
from tests.unit.test_existing_secrets import VARIABLES, nothing_secret

AT = "/api/v1/namespaces/ca7f8f-prod/secrets"
HELD = {
    "login": {"auth": "in0-fake"},
    "buckets": {"AWS_ACCESS_KEY_ID": "ib0-fake", "AWS_SECRET_ACCESS_KEY": "is0-fake"},
    "ours": {"AWS_ACCESS_KEY_ID": "io0-fake", "AWS_SECRET_ACCESS_KEY": "iv0-fake"},
    "teams": {"pay": "it0-fake"},
}


@pytest.fixture
def shown() -> dict[str, Any]:
    """What the API server answers, to be changed."""
    return {
        f"{AT}/{name}": {"data": {key: base64.b64encode(text.encode()).decode() for key, text in held.items()}}
        for name, held in HELD.items()
    }


@pytest.fixture
def path(tmp_path: Path, shown: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file of a stack whose secrets are all elsewhere."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", "")  # no engine is asked
    with by_path(shown) as server:
        config, settings, kube = tmp_path / "Pulumi.prod.yaml", nothing_secret("prod"), tmp_path / "kubeconfig"
        kube.write_text(kubeconfig(server, "ca7f8f-prod", "kt0-fake"))
        put("kubernetes.kubeconfig", str(kube))(settings)
        config.write_text(yaml.safe_dump({"config": {f"telemetry:{key}": each for key, each in settings.items()}}))
        yield config


@pytest.fixture
def stack(path: Path) -> Stack:
    return file.load("prod", path)


def test_secrets_are_read_of_the_cluster(stack: Stack, path: Path) -> None:
    known = decrypted.load(stack, path)
    assert known.grafana.auth.get_secret_value() == "in0-fake"
    assert known.provisioner.secret_key.get_secret_value() == "is0-fake"
    assert known.traces is not None
    assert known.traces.access_key.get_secret_value() == "io0-fake"
    assert decrypted.tokens(stack) == {"payments": "it0-fake"}, "the other one is not there yet"


def test_those_of_the_environment_come_first(stack: Stack, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in VARIABLES.items():
        monkeypatch.setenv(name, text)
    known = decrypted.load(stack, path)
    assert known.grafana.auth.get_secret_value() == VARIABLES["GRAFANA_AUTH"]
    assert known.provisioner.access_key.get_secret_value() == VARIABLES["AWS_ACCESS_KEY_ID"]


def test_a_backends_that_is_not_shown_is_unknown(stack: Stack, path: Path, shown: dict[str, Any]) -> None:
    shown[f"{AT}/ours"] = 403
    known = decrypted.load(stack, path)
    assert (known.traces, known.metrics) == (None, None)


def test_without_a_providers_a_command_is_refused_with_what_to_set(
    stack: Stack, path: Path, shown: dict[str, Any]
) -> None:
    shown[f"{AT}/login"] = 403
    with pytest.raises(ConfigError, match="GRAFANA_AUTH is not set where Pulumi runs"):
        decrypted.load(stack, path)


def test_what_is_of_no_use_is_not_shown(stack: Stack, path: Path, shown: dict[str, Any]) -> None:
    shown[f"{AT}/login"] = {"data": {"auth": base64.b64encode(b"in0-fake\n").decode()}}
    with pytest.raises(ConfigError, match=r"grafana\.auth") as refused:
        decrypted.load(stack, path)
    assert "in0-fake" not in str(refused.value)
