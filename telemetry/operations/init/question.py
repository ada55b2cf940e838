"""What a question is: what it depends on, how its answer is read, and where that stands in the settings."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from telemetry.config.network import NAMESPACE_LABEL
from telemetry.operations.init.cluster import Cluster

Tree = dict[str, Any]
"""Settings as they stand in a stack's file, without the `telemetry:` in front of the keys."""
EVERYWHERE = "*"


@dataclass(frozen=True)
class Situation:
    """What a question may depend on."""

    settings: Tree
    """What was answered, with examples in place of what was not yet."""
    cluster: Cluster | None
    """None: nothing is asked of any system."""
    findings: Sequence[str]
    """What the program would say of these settings."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question. Its key is what `--set` calls it, and as a rule where the answer stands in the settings."""

    key: str
    text: str
    example: Any = None
    """A good answer, which stands in for it until there is one; None: it may be left out."""
    found: Callable[[Situation], Iterable[str]] = lambda _: ()
    """What it was found to be, the likeliest first."""
    applies: Callable[[Situation], bool] = lambda _: True
    read: Callable[[str], Any] = str
    put: Callable[[Tree, str, Any], None] | None = None
    """Writes an answer into the settings, where that is not just its key."""
    secret: bool = False
    make: Callable[[], str] | None = None
    """Makes an answer where nobody has one yet."""
    pair: str | None = None
    """The question that it is made together with."""

    def write(self, settings: Tree, answer: Any) -> None:
        """Write an answer into the settings."""
        (self.put or put)(settings, self.key, answer)


def put(settings: Tree, key: str, value: Any) -> None:
    """Write a value at a key, making the mappings on the way."""
    *parents, last = key.split(".")
    for parent in parents:
        settings = settings.setdefault(parent, {})
    settings[last] = value


def value_at(settings: Tree, key: str) -> Any:
    """Return what stands at a key; None where nothing does."""
    found: Any = settings
    for part in key.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def is_said(key: str) -> Callable[[Situation], bool]:
    """Return whether the program would ask for a key."""
    return lambda now: any(each.startswith(f"telemetry:{key}:") for each in now.findings)


def has(key: str) -> Callable[[Situation], bool]:
    """Return whether the settings have a key."""
    return lambda now: value_at(now.settings, key) is not None


def words(text: str) -> list[str]:
    """Return what is separated by spaces or commas."""
    return text.replace(",", " ").split()


def boolean(text: str) -> bool | str:
    """Return yes or no; any other word as it is, for the program to refuse."""
    return {"yes": True, "true": True, "no": False, "false": False}.get(text.lower(), text)


def place(text: str) -> Tree:
    """Return a place: ranges of addresses, names of namespaces, or all of these."""
    parts = words(text)
    cidrs = [part for part in parts if "/" in part]
    named = [{} if part == EVERYWHERE else {NAMESPACE_LABEL: part} for part in parts if part not in cidrs]
    return {**({"namespaces": named} if named else {}), **({"cidrs": cidrs} if cidrs else {})}


def secret(*keys: str) -> Callable[[str], Tree]:
    """Return what reads `name`, or `name:key` with a key for each part."""

    def read(text: str) -> Tree:
        name, *named = text.split(":")
        return {"name": name, **dict(zip(keys, named, strict=False))}

    return read


def secrets_like(*words: str) -> Callable[[Situation], Iterable[str]]:
    """Return the namespace's Secrets, those first that have one of some words in their name."""

    def found(now: Situation) -> Iterable[str]:
        names = now.cluster.secrets(now.settings["namespace"]["name"]) if now.cluster else ()
        return sorted(names, key=lambda name: not any(word in name for word in words))

    return found
