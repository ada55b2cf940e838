"""Labels and names as Kubernetes takes them."""

from typing import Annotated

from pydantic import AfterValidator, Field

_DOMAIN = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"
_LONGEST_DOMAIN = 253


def _check_domain(key: str) -> str:
    domain = key.rpartition("/")[0]
    if len(domain) > _LONGEST_DOMAIN:
        raise ValueError(f"has {len(domain)} characters before the slash, Kubernetes allows {_LONGEST_DOMAIN}")
    return key


LabelKey = Annotated[
    str,
    Field(pattern=rf"^({_DOMAIN}/)?[A-Za-z0-9]([A-Za-z0-9_.-]{{0,61}}[A-Za-z0-9])?$"),
    AfterValidator(_check_domain),
]
"""A label's key as Kubernetes takes it, with or without a domain in front."""
LabelValue = Annotated[str, Field(pattern=r"^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$")]
"""A label's value as Kubernetes takes it."""
NamespaceName = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
"""A namespace's name, which is a DNS label."""
