"""Bad settings of images (see tests/unit/bad_inputs.py)."""

from tests.support import put
from tests.unit.bad_inputs import Bad, at

DIGEST = f"sha256:{64 * 'a'}"


def _of(id_: str, name: str, override: dict[str, str], key: str, allowed: str, mend: str) -> Bad:
    return Bad(id_, put("images.overrides", {name: override}), f"images.overrides.{name}{key}", allowed, mend)


IMAGES = [
    at("a registry without a host", "images.registry", "mirror", "Docker's registry", "begin with the registry's host"),
    at(
        "a registry at no port", "images.registry", "r.example:99999", "no registry's host", "registry.example.com:5000"
    ),
    at("a registry by address", "images.registry", "https://r.example", "must match", "must match"),
    at("a registry that ends in a slash", "images.registry", "r.example/", "must match", "must match"),
    Bad(
        "a pull secret in upper case",
        put("images.pull_secrets", ["Mine"]),
        "images.pull_secrets.0",
        "must match",
        "must match",
    ),
    _of("an image of nobody", "grafana/tempoo", {"tag": "2.10.8"}, "", "did you mean grafana/tempo", "remove it"),
    _of("an image that is not deployed", "grafana/loki", {"tag": "3.7.6"}, "", "no image of this stack", "correct it"),
    _of("a digest of no version", "grafana/tempo", {"digest": DIGEST}, ".tag", "which version", "name its tag"),
    _of("an override of nothing", "grafana/tempo", {}, "", "says nothing", "or remove it"),
    _of("a tag with a digest", "grafana/tempo", {"tag": f"1@{DIGEST}"}, ".tag", "must match", "must match"),
    _of(
        "a repository without a host",
        "grafana/tempo",
        {"repository": "team/tempo"},
        ".repository",
        "Docker's registry",
        "begin with the registry's host",
    ),
    _of(
        "an old nginx",
        "nginxinc/nginx-unprivileged",
        {"tag": "1.24.0"},
        ".tag",
        "CVE-2023-44487",
        "take a newer one",
    ),
]
