"""The images of a stack by name, and the digests that pin them (`telemetry:images.overrides`)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from telemetry.config.images import Image, ImageOverride
from telemetry.operations.bundle.images import Reference, parse
from telemetry.operations.bundle.registries import Registries, UnresolvedError
from telemetry.stack import Stack
from telemetry.stack.images import images_of


@dataclass(frozen=True)
class Used:
    """An image of a stack's pods."""

    image: str
    """As its containers name it."""
    name: str | None
    """By which `images.overrides` knows it; None where a setting names it in full, or the chart adds it by itself."""
    tag: str | None
    digest: str | None
    unknown: str = ""
    """Why its digest is not known."""


def used(stack: Stack, images: Iterable[str]) -> list[Used]:
    """Return the images of rendered objects, and what they are called in the settings."""
    places = {_place(stack, image): name for name, image in images_of(stack).items()}
    return [_of(stack, image, parse(image), places) for image in sorted(images)]


def asked(each: Used, registries: Registries) -> Used:
    """Return an image with the digest that its registry has for its tag now, whatever it is pinned to."""
    if each.tag is None:
        return replace(each, unknown="its digest alone says which it is; give its tag in telemetry:images.overrides")
    reference = parse(each.image)
    try:
        return replace(each, digest=registries.resolve(f"{reference.registry}/{reference.repository}:{each.tag}"))
    except UnresolvedError as error:
        return replace(each, digest=None, unknown=str(error))


def overrides(stack: Stack, found: Iterable[Used]) -> dict[str, dict[str, str]]:
    """Return `images.overrides` with these tags and digests; what else an override says stays."""
    return {
        each.name: {
            **stack.images.overrides.get(each.name, ImageOverride.model_construct()).model_dump(exclude_none=True),
            **({"tag": each.tag, "digest": each.digest} if each.tag and each.digest else {}),
        }
        for each in found
        if each.name is not None
    }


def _of(stack: Stack, image: str, reference: Reference, places: Mapping[tuple[str, str], str]) -> Used:
    name = places.get((reference.registry, reference.repository))
    stated = stack.images.overrides.get(name) if name is not None else None
    return Used(image, name, reference.tag or (stated.tag if stated else None), reference.digest)


def _place(stack: Stack, image: Image) -> tuple[str, str]:
    """Return the registry and repository of an image, as a container engine takes its name apart."""
    chosen = stack.images.chosen(image)
    where = parse(f"{chosen.get('registry', image.registry)}/{chosen.get('repository', image.repository)}")
    return where.registry, where.repository
