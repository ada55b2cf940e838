"""A platform's labels and annotations, on whatever Kubernetes object the program registers."""

from collections.abc import Callable
from typing import Any

import pulumi

from telemetry.config.metadata import Annotations, Labels
from telemetry.engine.urn import RELEASE_TYPE
from telemetry.stack import Stack

_Seen = pulumi.ResourceTransformationArgs
_OBJECTS = "kubernetes:"


def put_on_all(stack: Stack) -> None:
    """Put the stack's labels and annotations on what is registered from now on; to be called before policies look."""
    if stack.labels.objects or stack.annotations.objects:
        pulumi.runtime.register_stack_transformation(_putting(stack.labels, stack.annotations))


def of_part(labels: Labels, annotations: Annotations) -> pulumi.ResourceOptions | None:
    """Return options for the component of a part of the stack, which put its own on its children; None for none."""
    if not (labels.objects or annotations.objects):
        return None
    return pulumi.ResourceOptions(transformations=[_putting(labels, annotations)])


def _putting(labels: Labels, annotations: Annotations) -> Callable[[_Seen], pulumi.ResourceTransformationResult | None]:
    """Return a transformation. What an object says itself stays, for Services and policies go by it."""

    def put(args: _Seen) -> pulumi.ResourceTransformationResult | None:
        if not args.type_.startswith(_OBJECTS) or args.type_ == RELEASE_TYPE:
            return None
        metadata: Any = args.props["metadata"]
        more = {
            key: {**wanted, **metadata.get(key, {})}
            for key, wanted in (("labels", labels.objects), ("annotations", annotations.objects))
            if wanted
        }
        return pulumi.ResourceTransformationResult({**args.props, "metadata": {**metadata, **more}}, args.opts)

    return put
