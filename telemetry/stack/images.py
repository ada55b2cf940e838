"""The images of a stack's pods: which there are, and what of them is set."""

from typing import TYPE_CHECKING

from telemetry.config import collector
from telemetry.config.base import SettingError, below, did_you_mean
from telemetry.config.gateway import NGINX_TAG, Gateway, check_nginx
from telemetry.config.images import NGINX, Image, Images

if TYPE_CHECKING:
    from telemetry.stack.model import Stack


def images_of(stack: "Stack") -> dict[str, Image]:
    """Return the images that a stack has and does not name in full, by their publishers' names."""
    ours: list[Image] = []
    if stack.gateway is not None and stack.gateway.image is None:
        ours.append(NGINX)
    if stack.collector is not None and stack.collector.deploys:
        ours += collector.IMAGES
    of_backends = (image for each in stack.backends for image in each.of.images(each.context))
    return {image.repository: image for image in (*of_backends, *ours)}


def image_of_gateway(gateway: Gateway, images: Images) -> str:
    """Return the image of the gateway's pods: the one that it names, else nginx' own as `images` have it."""
    if gateway.image is not None:
        return gateway.image
    registry, repository, tag, digest = (
        {**NGINX._asdict(), "tag": NGINX_TAG, "digest": "", **images.chosen(NGINX)}[key]
        for key in ("registry", "repository", "tag", "digest")
    )
    return f"{registry}/{repository}:{tag}{f'@{digest}' if digest else ''}"


def check(stack: "Stack") -> None:
    """Refuse overrides of images that the stack does not have, and an nginx that is too old (SettingError)."""
    known = images_of(stack) if stack.images.overrides else {}
    for name in stack.images.overrides:
        if name not in known:
            raise SettingError(
                f"images.overrides.{name}",
                f"is no image of this stack{did_you_mean(name, known)}; it has {', '.join(known)}; correct it or "
                "remove it",
            )
    with below(f"images.overrides.{NGINX.repository}"):
        override = stack.images.overrides.get(NGINX.repository)
        if override is not None and override.tag is not None:
            try:
                check_nginx(f":{override.tag}")
            except ValueError as error:
                raise SettingError("tag", str(error)) from error
