"""What rules are made of, and what they look at."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from telemetry.engine.urn import RELEASE_TYPE
from telemetry.stack import Stack

Object = Mapping[str, Any]
"""A Kubernetes object as YAML or the engine has it."""
Severity = Literal["mandatory", "advisory"]
"""A mandatory rule stops a preview; an advisory one is a warning."""
About = Literal["registered resources", "manifests"]
Seen = Literal["one by one", "all together", "not at all"]
"""How a policy pack can look at what a rule is about: an engine shows it no secrets and no objects of releases."""

SECRET = "[secret]"  # noqa: S105 - the engine's mask
"""Stands for a value that is encrypted in the state: what a preview's JSON has in its place."""
_PROVIDERS = "pulumi:providers:"


@dataclass(frozen=True)
class Registered:
    """A custom resource or a provider as the program registers it, its inputs as providers spell them."""

    type: str
    name: str
    inputs: Mapping[str, Any] = field(repr=False)
    explicit_provider: bool = True
    """Whether it has a provider that the program made; always true of a provider itself."""
    protect: bool = False
    retain_on_delete: bool | None = False
    """None where it cannot be known: engines do not tell a policy pack."""

    @property
    def title(self) -> str:
        """Return what people call it: `Bucket dts-traces-prod-blocks`, `Provider s3`."""
        return f"{'Provider' if self.is_provider else self.type.rpartition(':')[2]} {self.name}"

    @property
    def is_provider(self) -> bool:
        """Whether it is a provider."""
        return self.type.startswith(_PROVIDERS)

    @property
    def is_manifest(self) -> bool:
        """Whether it is a Kubernetes object of its own, and no release."""
        return self.type.startswith("kubernetes:") and self.type != RELEASE_TYPE


@dataclass(frozen=True)
class Manifest:
    """A Kubernetes object that will be there."""

    object: Object = field(repr=False)
    release: str = ""
    """The Helm release that it belongs to; empty for what the program makes itself."""

    @property
    def kind(self) -> str:
        """Return its kind."""
        return str(self.object.get("kind", ""))

    @property
    def name(self) -> str:
        """Return its name."""
        return str((self.object.get("metadata") or {}).get("name", ""))

    @property
    def singles(self) -> Iterator["Manifest"]:
        """Yield the objects of a List, as which Helm takes several; else the object itself."""
        if self.kind == "List":
            for each in self.object.get("items") or ():
                yield from Manifest(each, self.release).singles
        else:
            yield self

    @property
    def title(self) -> str:
        """Return what people call it, kind and name: `Deployment gateway`."""
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class World:
    """All that rules may look at: a stack's settings, what is registered, and the objects of its releases."""

    stack: Stack
    registered: tuple[Registered, ...] = ()
    rendered: tuple[Manifest, ...] = ()
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    """The secrets that the stack was given, where they are known: only in the program itself."""

    @cached_property
    def manifests(self) -> tuple[Manifest, ...]:
        """Return every Kubernetes object, whoever makes it, those of a List one by one."""
        listed = (*(Manifest(each.inputs) for each in self.registered if each.is_manifest), *self.rendered)
        return tuple(single for each in listed for single in each.singles)

    @classmethod
    def of(
        cls, stack: Stack, registered: Iterable[Registered], rendered: Mapping[str, Iterable[Object]] | None = None
    ) -> "World":
        """Return the world of a stack; `rendered` are the objects of its releases, by release."""
        objects = (Manifest(each, release) for release, found in (rendered or {}).items() for each in found)
        return cls(stack, tuple(registered), tuple(objects))


@dataclass(frozen=True)
class Breach:
    """Where a rule is not kept."""

    object: str
    """What people call the object: `Deployment gateway`."""
    path: str
    """The field, as people write it; empty for the object as a whole."""
    found: str
    """What is there. Never a secret's value."""
    allowed: str = ""
    """What is allowed here, if it is not the same everywhere."""


Check = Callable[[World], Iterator[Breach]]


@dataclass(frozen=True)
class Rule:
    """Something that every stack keeps to."""

    name: str
    about: About
    allowed: str
    """What is allowed, as the end of a sentence."""
    mend: str
    """What to do about a violation."""
    why: str
    """A sentence with its source."""
    check: Check = field(repr=False)
    severity: Severity = "mandatory"
    pack: Seen = "one by one"


@dataclass(frozen=True)
class Violation:
    """A breach of a rule, with all that somebody needs who is to mend it."""

    rule: str
    severity: Severity
    object: str
    path: str
    found: str
    allowed: str
    mend: str

    @property
    def text(self) -> str:
        """Return what is where, what would be allowed, and how to mend it."""
        where = f"{self.object}, {self.path}" if self.path else self.object
        return f"{where} is {self.found}; allowed: {self.allowed}; {self.mend}"

    def __str__(self) -> str:
        return f"{self.rule}: {self.text}"
