"""Where container images come from: a registry of one's own, what it is logged in to with, and digests."""

import re
from typing import Annotated, NamedTuple, Self

from pydantic import AfterValidator, Field, model_validator

from telemetry.config.addresses import is_server
from telemetry.config.base import SettingError, Settings
from telemetry.config.existing_secrets import SecretName

# The grammar of https://github.com/distribution/reference/blob/main/reference.go
_HOST = r"(\[[0-9a-f:]+\]|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(:[0-9]{1,5})?"
_PART = r"[a-z0-9]+((\.|__?|-+)[a-z0-9]+)*"
_PATH = rf"{_PART}(/{_PART})*"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST = "sha256:[0-9a-f]{64}"
_LIKE_A_HOST = re.compile(r"[.:]|^localhost$")


def _has_a_host(value: str) -> str:
    host = value.partition("/")[0]
    if not is_server(host):
        raise ValueError("begins with no registry's host; write it such as registry.example.com:5000/team")
    if not _LIKE_A_HOST.search(host):
        raise ValueError(
            "container engines take its first part for a name at Docker's registry, because it has neither a dot nor a "
            "port; begin with the registry's host, such as registry.example.com/team"
        )
    return value


def _check_reference(value: str) -> str:
    name = value.partition("@")[0]
    host, slash, _ = name.partition("/")
    if slash and _LIKE_A_HOST.search(host) and not is_server(host):
        raise ValueError("begins with no registry's host; write it such as registry.example.com:5000/team/image:1.2.3")
    return value


Tag = Annotated[str, Field(pattern=f"^{_TAG}$")]
"""An image's version."""
Digest = Annotated[str, Field(pattern=f"^{_DIGEST}$")]
"""What an image is, by its content."""
Registry = Annotated[str, Field(pattern=f"^{_HOST}(/{_PATH})?$"), AfterValidator(_has_a_host)]
"""A registry, with a path or without."""
Repository = Annotated[str, Field(pattern=f"^{_HOST}/{_PATH}$"), AfterValidator(_has_a_host)]
"""Where an image is, without a version."""
Reference = Annotated[
    str,
    Field(pattern=f"^({_HOST}/)?{_PATH}(:{_TAG}(@{_DIGEST})?|@{_DIGEST})$", max_length=512),
    AfterValidator(_check_reference),
]
"""An image by its full name: with a tag, a digest, or both."""


class Image(NamedTuple):
    """An image as somebody publishes it, without a version."""

    registry: str
    repository: str
    """Its name there, by which `images.overrides` knows it."""


NGINX = Image("docker.io", "nginxinc/nginx-unprivileged")
"""nginx without root, which our gateway and a chart's are made of."""


class ImageOverride(Settings):
    """One image, of another place or version than its chart's."""

    repository: Repository | None = Field(
        default=None,
        description="Where it is, its registry included, such as `registry.example.com/team/tempo`; none is its own "
        "name, at `images.registry` where that is set.",
    )
    tag: Tag | None = Field(
        default=None,
        description="Its version; none is the chart's, whose values are checked against no other.",
    )
    digest: Digest | None = Field(
        default=None,
        description="What the tag must be (`make images ARGS=--pin` asks the registries): a registry that gives "
        "the tag to something else is then not believed.",
    )

    @model_validator(mode="after")
    def _digest_has_a_version(self) -> Self:
        if self.digest is not None and self.tag is None:
            raise SettingError("tag", "is not set, and a digest tells nobody which version it is; name its tag as well")
        if self.digest is None and self.tag is None and self.repository is None:
            raise ValueError("says nothing; set its repository, tag or digest, or remove it")
        return self


class Images(Settings):
    """Where the images of all pods come from, whether a chart or the program makes them."""

    registry: Registry | None = Field(
        default=None,
        description="A mirror in place of every image's registry, with a path if it has one: at "
        "`registry.example.com/mirror`, docker.io/grafana/tempo is registry.example.com/mirror/grafana/tempo. Names "
        "stay as they are. `gateway.image` and an override's `repository` are taken as they are written. None: as the "
        "charts have them.",
    )
    pull_secrets: list[SecretName] = Field(
        default_factory=list,
        description="Secrets of type kubernetes.io/dockerconfigjson in the namespace, with which nodes log in to the "
        "registry. The program makes none of them.",
    )
    overrides: dict[str, ImageOverride] = Field(
        default_factory=dict,
        description="Single images, by their names at their publishers' such as `grafana/tempo`; "
        "`make images` lists them.",
    )
    require_digests: bool = Field(
        default=False, description="Whether an image without a digest breaks the policy `image-digest`."
    )

    def chosen(self, image: Image) -> dict[str, str]:
        """Return what of an image is other than its publisher's: `registry`, `repository`, `tag`, `digest`.

        Registry and repository come together: charts write them beside each other with a slash between.
        """
        override = self.overrides.get(image.repository, ImageOverride.model_construct())
        chosen: dict[str, str | None] = {"tag": override.tag, "digest": override.digest}
        if override.repository is not None:
            chosen["registry"], _, chosen["repository"] = override.repository.partition("/")
        elif self.registry is not None:
            chosen |= {"registry": self.registry, "repository": image.repository}
        return {key: value for key, value in chosen.items() if value is not None}
