"""Images of every release and of the gateway: from a registry of one's own, in other versions, pinned by digest."""

import hashlib
from typing import Any

import httpx
import pytest

from telemetry.config.images import Image, Images
from telemetry.gateway import workload
from telemetry.operations.bundle import pins
from telemetry.operations.bundle.registries import Registries
from telemetry.releases import releases_of
from telemetry.spec.values.images import joined, with_digest, with_tag
from telemetry.stack import Stack
from tests.support import WITH_LOGS, Change, load_stack, put
from tests.unit.bad_collectors import DAEMON_SET

DIGEST = f"sha256:{64 * 'a'}"
TEMPO = Image("docker.io", "grafana/tempo")
MIRRORED = put("images", {"registry": "r.example:5000/m", "pull_secrets": ["login"]})


def images(**given: Any) -> Images:
    return Images.model_validate(given)


@pytest.mark.parametrize(
    ("given", "values", "repository"),
    [
        ({}, {}, {}),
        (
            {"registry": "r.example/m"},
            {"registry": "r.example/m", "repository": "grafana/tempo"},
            {"repository": "r.example/m/grafana/tempo"},
        ),
        (
            {"registry": "r.example", "overrides": {"grafana/tempo": {"repository": "other.example/a/b"}}},
            {"registry": "other.example", "repository": "a/b"},
            {"repository": "other.example/a/b"},
        ),
        (
            {"overrides": {"grafana/tempo": {"tag": "2.10.9", "digest": DIGEST}}},
            {"tag": f"2.10.9@{DIGEST}"},
            {"tag": f"2.10.9@{DIGEST}"},
        ),
    ],
    ids=["nothing", "a mirror", "a place of its own", "pinned"],
)
def test_a_chart_is_told_what_is_other_than_its_own(
    given: dict[str, Any], values: dict[str, str], repository: dict[str, str]
) -> None:
    assert with_tag(images(**given), TEMPO) == values
    assert joined(images(**given), TEMPO) == repository


def test_a_chart_with_a_key_for_digests_is_told_both() -> None:
    pinned = images(overrides={"grafana/tempo": {"tag": "2.10.9", "digest": DIGEST}})
    assert with_digest(pinned, TEMPO) == {"tag": "2.10.9", "digest": DIGEST}


def pod(stack: Stack) -> dict[str, Any]:
    """Return the gateway's pod."""
    assert stack.gateway is not None
    assert stack.gateway_role is not None
    spec: dict[str, Any] = workload.deployment(stack, stack.gateway, stack.gateway_role, watch="")["template"]["spec"]
    return spec


@pytest.mark.parametrize(
    ("change", "image"),
    [
        (put("images", {}), "docker.io/nginxinc/nginx-unprivileged:1.29.8-alpine"),
        (MIRRORED, "r.example:5000/m/nginxinc/nginx-unprivileged:1.29.8-alpine"),
        (
            put("images.overrides", {"nginxinc/nginx-unprivileged": {"tag": "1.31.0", "digest": DIGEST}}),
            f"docker.io/nginxinc/nginx-unprivileged:1.31.0@{DIGEST}",
        ),
    ],
)
def test_the_gateways_image_is_from_where_all_are(change: Change, image: str) -> None:
    assert pod(load_stack("prod", change))["containers"][0]["image"] == image


def test_an_image_that_the_gateway_names_in_full_stays() -> None:
    own = pod(load_stack("prod", MIRRORED, put("gateway.image", "mine.example/nginx:1.29.9")))
    assert own["containers"][0]["image"] == "mine.example/nginx:1.29.9"
    assert own["imagePullSecrets"] == [{"name": "login"}]


def test_a_stack_knows_the_images_that_it_has_and_no_other() -> None:
    stack = load_stack("dev", WITH_LOGS, put("collector", DAEMON_SET))
    names = [each.name for each in pins.used(stack, ["docker.io/grafana/loki:3.7.6", "grafana/tempo:1", "x/y:1"])]
    assert names == ["grafana/loki", "grafana/tempo", None]


def test_pins_are_what_registries_say_of_each_tag_and_keep_what_is_set() -> None:
    place = "r.example:5000/m/grafana/mimir"
    stack = load_stack(
        "dev", MIRRORED, put("images.overrides", {"grafana/tempo": {"repository": "other.example/tempo", "tag": "2"}})
    )
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200 if "mimir" in request.url.path else 404, content=b"{}")

    registries = Registries(client=httpx.Client(transport=httpx.MockTransport(answer)))
    found = [
        pins.asked(each, registries) for each in pins.used(stack, [f"{place}:3.1.0@{DIGEST}", "other.example/tempo:2"])
    ]
    assert asked == [
        "https://other.example/v2/tempo/manifests/2",
        "https://r.example:5000/v2/m/grafana/mimir/manifests/3.1.0",
    ]
    assert pins.overrides(stack, found) == {
        "grafana/tempo": {"repository": "other.example/tempo", "tag": "2"},
        "grafana/mimir": {"tag": "3.1.0", "digest": f"sha256:{hashlib.sha256(b'{}').hexdigest()}"},
    }
    assert [each.unknown for each in found] == ["other.example answers 404 Not Found", ""]


def test_an_image_that_a_chart_names_by_its_digest_alone_is_asked_for_by_the_tag_of_the_settings() -> None:
    """As Loki's chart does where it is given a digest."""
    overrides = {"grafana/loki": {"tag": "3.7.6", "digest": DIGEST}}
    stack = load_stack("dev", WITH_LOGS, put("images", {"registry": "r.example:5000", "overrides": overrides}))
    names = [f"r.example:5000/grafana/loki@{DIGEST}", f"r.example:5000/grafana/tempo@{DIGEST}"]
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, content=b"{}")

    registries = Registries(client=httpx.Client(transport=httpx.MockTransport(answer)))
    loki, tempo = (pins.asked(each, registries) for each in pins.used(stack, names))
    assert asked == ["https://r.example:5000/v2/grafana/loki/manifests/3.7.6"]
    assert (loki.unknown, tempo.digest) == ("", DIGEST)
    assert "give its tag" in tempo.unknown


def test_without_settings_no_chart_is_told_anything_of_images() -> None:
    for release in releases_of(load_stack("prod", WITH_LOGS)):
        assert "pullSecrets" not in str(release.values)
        assert "grafana/" not in str(release.values)
