"""Finds the images that rendered releases name."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from telemetry.kubernetes.manifests import flatten_lists, is_deployed

_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_HUB = "docker.io"


class Reference(NamedTuple):
    """An image's name, taken apart as container engines do."""

    registry: str
    """As people write it; Docker's is `docker.io`."""
    repository: str
    tag: str | None
    digest: str | None


def images_in(documents: Iterable[Any]) -> set[str]:
    """Return the images of all containers in rendered objects, those of hooks of tests left out."""
    return {image for each in flatten_lists(documents) if is_deployed(each) for image in _of(each)}


def parse(image: str) -> Reference:
    """Take an image's name apart: `[registry/]repository[:tag][@digest]`.

    Raises:
        ValueError: its digest is none.
    """
    name, _, digest = image.partition("@")
    if digest and not _DIGEST.fullmatch(digest):
        raise ValueError(f"{digest} is no digest")
    first, slash, rest = name.partition("/")
    has_registry = slash and ("." in first or ":" in first or first == "localhost")
    registry, path = (first, rest) if has_registry else (_HUB, name)
    repository, _, tag = path.partition(":")
    if registry == _HUB and "/" not in repository:
        repository = f"library/{repository}"
    return Reference(registry, repository, tag or (None if digest else "latest"), digest or None)


def _of(node: Any) -> Iterator[str]:
    """Yield the images below a node, in whatever kind of object: those of operators have pods in them as well."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key in _CONTAINERS and isinstance(value, list):
                yield from (str(each["image"]) for each in value if isinstance(each, Mapping) and each.get("image"))
            yield from _of(value)
    elif isinstance(node, list):
        for each in node:
            yield from _of(each)
