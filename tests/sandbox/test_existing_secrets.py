"""A stack whose secrets all exist already comes up on the real parts, and nothing that Pulumi writes has one."""

import base64
import json
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client

from telemetry.backends.mimir.blocks import blocks
from telemetry.config.gateway import Issued
from telemetry.gateway.certificates import Authority
from telemetry.known_secrets import secrets_of
from telemetry.stack import Stack, decrypted, file
from tests.sandbox.deployment import Deployment
from tests.sandbox.secret_scan import Scan, Secret
from tests.sandbox.snapshot import take
from tests.waiting import until

pytestmark = pytest.mark.sandbox

EVERYTHING = ("-v=9", "--logtostderr", "--logflow")
GROUP, VERSION = "external-secrets.io", "v1"
OPEN = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
CERTIFICATE = Authority.of("gk0-fake-Vb7qLw2TzXnRc4Jd9sPhYm3A-fake", "dev", Issued()).server(["telemetry.example.org"])
MADE_BY_OPERATOR = "receivers"
KEYS = {"access_key": "id", "secret_key": "secret"}


def without_secrets(config: dict[str, Any]) -> None:
    """Name a Secret for each secret that a stack can have, and let an operator make one of them."""
    del config["telemetry:credentials"]
    del config["telemetry:namespace"]["create"]
    config["telemetry:object_store"]["secrets"] = {
        "provisioner": {"name": "buckets", **KEYS},
        "traces": {"name": "traces-s3", **KEYS},
        "metrics": "metrics-s3",
    }
    config["telemetry:grafana"]["secret"] = "login"
    config["telemetry:tenants"] = [
        {"id": "payments", "display_name": "Payments", "access": {"token_secret": {"name": "teams", "key": "payments"}}}
    ]
    config["telemetry:gateway"] = {
        "total": {"cpu": "500m", "memory": "512Mi"},
        "federation": None,
        "certificate": {"source": "existing", "secret": {"name": "edge", "certificate": "crt", "private_key": "key"}},
    }
    config["telemetry:alerting"] = {
        "receiver": "chat",
        "receivers": [{"name": "chat", "slack": {}, "secret": {"name": "receivers", "key": "chat"}}],
    }
    config["telemetry:security"]["alert_receivers"] = {"cidrs": ["203.0.113.0/24"], "ports": [443]}
    config["telemetry:dashboards"] = {"datasource": "prometheus"}
    config["telemetry:external_secrets"] = {
        "store": {"name": "vault"},
        "secrets": {MADE_BY_OPERATOR: {"data": {"chat": {"key": "telemetry/chat", "property": "url"}}}},
    }


@pytest.fixture(scope="module")
def contents(dev: Deployment) -> dict[str, dict[str, str]]:
    """What the Secrets hold that somebody else has made, by name and key."""
    pairs = dev.connections.s3_identities
    ids = {name: (pairs[name].access_key, pairs[name].secret_key.get_secret_value()) for name in pairs}
    return {
        "buckets": dict(zip(("id", "secret"), ids["provisioner"], strict=True)),
        "traces-s3": dict(zip(("id", "secret"), ids["traces"], strict=True)),
        "metrics-s3": dict(zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), ids["metrics"], strict=True)),
        "login": {"auth": dev.connections.grafana_auth.get_secret_value()},
        "teams": {"payments": secrets.token_urlsafe(32)},
        "edge": {"crt": CERTIFICATE.certificate, "key": CERTIFICATE.key},
        MADE_BY_OPERATOR: {"chat": f"https://hooks.example.org/{secrets.token_urlsafe(32)}"},
    }


@pytest.fixture(scope="module")
def scan(contents: dict[str, dict[str, str]]) -> Scan:
    """A scan for every one of these values; of a private key for the lines that are not in its certificate."""
    texts = {f"{name}.{key}": text for name, held in contents.items() for key, text in held.items() if key != "crt"}
    lines = texts.pop("edge.key").splitlines()[1:3]
    password = texts["login.auth"].partition(":")[2]
    named = {**texts, "the password": password, **{f"edge.key, line {n}": line for n, line in enumerate(lines)}}
    return Scan.of(Secret(name, text) for name, text in named.items())


@pytest.fixture(scope="module")
def variables(contents: dict[str, dict[str, str]]) -> dict[str, str]:
    """What is set where Pulumi runs."""
    return {
        "GRAFANA_AUTH": contents["login"]["auth"],
        "AWS_ACCESS_KEY_ID": contents["buckets"]["id"],
        "AWS_SECRET_ACCESS_KEY": contents["buckets"]["secret"],
    }


@pytest.fixture(scope="module", autouse=True)
def stack(dev: Deployment) -> Iterator[Stack]:
    """The settings of the stack; it has a namespace, as a platform gives it, with nothing in it yet."""
    with dev.edited(without_secrets):
        labels = {"pod-security.kubernetes.io/enforce": "restricted"}
        dev.core.create_namespace({"metadata": {"name": dev.namespace, "labels": labels}})
        yield file.load("dev", dev.engine.config_file("dev"))


@pytest.fixture(scope="module")
def operator(dev: Deployment) -> Iterator[Any]:
    """The kinds of External Secrets Operator; `act` does what it does."""
    made = client.ApiextensionsV1Api(dev.core.api_client)
    names = {"externalsecrets": "ExternalSecret", "secretstores": "SecretStore"}
    for plural, kind in names.items():
        version = {"name": VERSION, "served": True, "storage": True, "schema": {"openAPIV3Schema": OPEN}}
        made.create_custom_resource_definition(
            {
                "metadata": {"name": f"{plural}.{GROUP}"},
                "spec": {
                    "group": GROUP,
                    "scope": "Namespaced",
                    "names": {"plural": plural, "kind": kind},
                    "versions": [version],
                },
            }
        )
    yield client.CustomObjectsApi(dev.core.api_client)
    for plural in names:
        made.delete_custom_resource_definition(f"{plural}.{GROUP}")


def act(dev: Deployment, operator: Any, held: dict[str, str]) -> None:
    """Do as the operator does, once: make the Secret of the ExternalSecret, after a while, and then say so."""
    path = GROUP, VERSION, dev.namespace, "externalsecrets", MADE_BY_OPERATOR

    def found() -> Any:
        try:
            return operator.get_namespaced_custom_object(*path)
        except client.ApiException:
            return None

    until(found)
    assert not dev.pods(), "nothing begins before the Secret is there"
    dev.core.create_namespaced_secret(dev.namespace, {"metadata": {"name": MADE_BY_OPERATOR}, "stringData": held})
    ready = {"conditions": [{"type": "Ready", "status": "True", "reason": "SecretSynced"}]}
    operator.patch_namespaced_custom_object(*path, {"status": ready})


def refused(dev: Deployment, variables: dict[str, str]) -> list[str]:
    """Return why an `up` changes nothing, each line from its setting on."""
    done = dev.pulumi("up", "--yes", "--skip-preview", variables=variables)
    assert done.returncode != 0
    lines = (line.strip() for line in done.stdout.splitlines())
    return list(dict.fromkeys(line for line in lines if line.startswith("telemetry:")))


def test_what_is_not_there_is_told_at_once_and_what_is_needed_of_the_environment_with_a_command(
    dev: Deployment, variables: dict[str, str]
) -> None:
    said = refused(dev, variables)
    assert "telemetry:external_secrets: the cluster has no ExternalSecret of external-secrets.io/v1" in said[-1]
    missing = [line.partition(":")[2].partition(": there is no Secret ")[2].partition(" ")[0] for line in said[:-1]]
    assert sorted(missing) == ["buckets", "edge", "login", "metrics-s3", "traces-s3"]
    (line,) = refused(dev, {key: text for key, text in variables.items() if key != "GRAFANA_AUTH"})
    assert line.startswith("telemetry:grafana.secret: GRAFANA_AUTH is not set where Pulumi runs")
    assert dev.buckets() == set()


@pytest.fixture(scope="module")
def deployed(
    dev: Deployment, contents: dict[str, dict[str, str]], variables: dict[str, str], operator: Any, scan: Scan
) -> Deployment:
    """The stack, deployed beside the Secrets, with a look at every word that is said meanwhile."""
    for name, held in contents.items():
        if name != MADE_BY_OPERATOR:
            dev.core.create_namespaced_secret(dev.namespace, {"metadata": {"name": name}, "stringData": held})
    (line,) = refused(dev, variables)
    assert (
        line == "telemetry:external_secrets.store: there is no SecretStore vault in ca7f8f-dev; make it, or correct it"
    )
    store = {"apiVersion": f"{GROUP}/{VERSION}", "kind": "SecretStore", "metadata": {"name": "vault"}}
    operator.create_namespaced_custom_object(GROUP, VERSION, dev.namespace, "secretstores", store)
    pool = ThreadPoolExecutor()
    acting = pool.submit(act, dev, operator, contents[MADE_BY_OPERATOR])
    for command, *options in (
        ("preview", "--json"),
        ("up", "--yes", "--skip-preview", "--diff", "--show-reads", "--show-sames", *EVERYTHING),
        ("preview", "--diff"),
        ("stack", "export"),
        ("stack", "output", "--json"),
    ):
        words = [command, *options[:1]] if command == "stack" else [command]
        rest = options[1:] if command == "stack" else options
        done = dev.pulumi(words[0], *words[1:], *rest, variables=variables)
        assert done.returncode == 0, f"{' '.join(words)}: {done.stdout[-3000:]}"
        scan.look(f"{' '.join(words)}: stdout", done.stdout)
        if done.stderr:
            scan.look(f"{' '.join(words)}: stderr", done.stderr)
    acting.result()
    return dev


def test_it_comes_up_with_what_exists(deployed: Deployment, variables: dict[str, str], operator: Any) -> None:
    assert deployed.releases() == {"mimir": "deployed", "tempo": "deployed"}
    assert len(deployed.buckets()) == 4
    done = deployed.pulumi("preview", "--json", variables=variables)
    assert set(json.loads(done.stdout)["changeSummary"]) == {"same"}
    made = operator.list_namespaced_custom_object(GROUP, VERSION, deployed.namespace, "externalsecrets")["items"]
    assert [(each["metadata"]["name"], each["spec"]["secretStoreRef"]["name"]) for each in made] == [
        ("receivers", "vault")
    ]
    held = {each.metadata.name: each for each in deployed.core.list_namespaced_secret(deployed.namespace).items}
    ours = {name for name, each in held.items() if each.type != "helm.sh/release.v1"}
    assert ours == {"buckets", "traces-s3", "metrics-s3", "login", "teams", "edge", "gateway-tenants", MADE_BY_OPERATOR}


def test_pods_read_their_key_pairs_of_the_secrets_by_their_keys(deployed: Deployment) -> None:
    pods = {pod.metadata.name: pod for pod in deployed.core.list_namespaced_pod(deployed.namespace).items}
    (tempo,) = pods["tempo-0"].spec.containers
    refs = {each.name: each.value_from.secret_key_ref for each in tempo.env if each.value_from}
    assert (refs["AWS_ACCESS_KEY_ID"].name, refs["AWS_ACCESS_KEY_ID"].key) == ("traces-s3", "id")
    assert (refs["AWS_SECRET_ACCESS_KEY"].name, refs["AWS_SECRET_ACCESS_KEY"].key) == ("traces-s3", "secret")
    (ingester,) = (pod for name, pod in pods.items() if name.startswith("mimir-ingester"))
    assert [each.secret_ref.name for each in ingester.spec.containers[0].env_from] == ["metrics-s3"]


def test_no_value_of_a_secret_stands_in_anything_that_was_written(deployed: Deployment, scan: Scan) -> None:
    for state in (each for each in (deployed.engine.state / "pulumi-state").rglob("*.json*") if each.is_file()):
        scan.look(f"state: {state.name}", state.read_bytes())
    for release in deployed.releases():
        for what, *options in (("values", "--all", "--output", "json"), ("manifest",)):
            shown = deployed.helm("get", what, release, "--namespace", deployed.namespace, *options)
            scan.look(f"{what} of {release}", shown)
    for (system, kind, name), content in take(deployed).items():
        if kind != "Secret" or name == "gateway-tenants":
            scan.look(f"{system}: {kind} {name}", _readable(kind, content))
    assert scan.hits == []
    assert {"state: dev.json", "values of mimir", "kubernetes: Secret gateway-tenants"} <= scan.seen.keys()
    assert scan.seen["up: stderr"] > 1_000_000, "the engine was not made to talk"


def test_not_even_encrypted_is_any_of_them_in_the_state(
    deployed: Deployment, scan: Scan, variables: dict[str, str]
) -> None:
    """Only the gateway's maps are, which have no token in them."""
    decrypted_state = Scan(scan.secrets)
    shown = deployed.pulumi("stack", "export", "--show-secrets", variables=variables).stdout
    decrypted_state.look("the state, decrypted", shown)
    assert '"plaintext"' in shown
    assert decrypted_state.hits == []


def test_commands_read_of_the_cluster_what_they_need(
    deployed: Deployment, stack: Stack, contents: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    known = decrypted.load(stack, deployed.engine.config_file("dev"))
    assert known.metrics is not None
    assert known.grafana.auth.get_secret_value() == contents["login"]["auth"]
    assert blocks(stack.backend("metrics").context, known.metrics, "payments") == set()
    assert decrypted.tokens(stack) == {"payments": contents["teams"]["payments"]}
    assert contents["traces-s3"]["secret"] in secrets_of(stack, known)
    written = tmp_path / "s3.json"
    shown = deployed.command("identities", "--with-secrets", "--output", str(written))
    assert contents["traces-s3"]["secret"] in written.read_text()
    assert not any(text in shown for held in contents.values() for text in held.values())


def _readable(kind: str, content: dict[str, Any]) -> str:
    data = content.get("data", {})
    texts = [base64.b64decode(text).decode() for text in data.values()] if kind == "Secret" else []
    return "\n".join([yaml.safe_dump(content) or "nothing", *texts])
