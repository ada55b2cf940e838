"""Images and pull secrets in the words of charts, which differ in little but the names of their keys."""

from telemetry.config.images import Image, Images
from telemetry.spec.values.common import Values


def with_tag(images: Images, image: Image) -> Values:
    """Return `registry`, `repository` and `tag`, for charts without a key for digests: `tag@digest` is one too.

    Only what is other than the chart's own.
    """
    chosen: Values = images.chosen(image)
    digest = chosen.pop("digest", None)
    return chosen | ({"tag": f"{chosen['tag']}@{digest}"} if digest else {})


def with_digest(images: Images, image: Image) -> Values:
    """Return `registry`, `repository`, `tag` and `digest`, for charts that have all of these keys."""
    return dict(images.chosen(image))


def joined(images: Images, image: Image) -> Values:
    """Return `repository`, its registry in front, and `tag`, for charts that know no registry."""
    chosen = with_tag(images, image)
    registry = chosen.pop("registry", None)
    return chosen | ({"repository": f"{registry}/{chosen['repository']}"} if registry else {})


def pull_secrets(images: Images) -> list[Values]:
    """Return the pull secrets as a pod's spec has them."""
    return [{"name": name} for name in images.pull_secrets]
