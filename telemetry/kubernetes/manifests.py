"""Reads the objects in rendered YAML."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Libyaml's, where it is there: it takes a tenth of the time of the one in Python."""
_RUNS_ON_INSTALL = {"pre-install", "post-install", "pre-upgrade", "post-upgrade"}


def documents(text: str) -> Iterator[Any]:
    """Yield the documents of YAML, empty ones included (yaml.YAMLError)."""
    yield from yaml.load_all(text, Loader=LOADER)


def flatten_lists(documents: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Yield the objects of YAML documents, those of `List`s one by one; what is no object is passed over."""
    for each in documents:
        if isinstance(each, dict) and each.get("kind"):
            if str(each["kind"]).endswith("List") and "items" in each:
                yield from flatten_lists(each["items"] or ())
            else:
                yield each


def annotations(it: Mapping[str, Any]) -> dict[str, str]:
    """Return an object's annotations."""
    found = (it.get("metadata") or {}).get("annotations") or {}
    return {str(key): str(value) for key, value in found.items()}


def is_deployed(it: Mapping[str, Any]) -> bool:
    """Whether an installation or upgrade makes an object: it is no hook, or one that runs then."""
    hooks = {hook.strip() for hook in annotations(it).get("helm.sh/hook", "").split(",")} - {""}
    return not hooks or not _RUNS_ON_INSTALL.isdisjoint(hooks)
