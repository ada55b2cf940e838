"""Small pieces of PromQL. Every metric is selected with braces, by which the tests find its name."""

import json
import re
from collections.abc import Iterable, Mapping

_SPECIAL = re.compile(r"[][.+*?^$(){}|\\]")
"""What a regular expression reads; within the quotes of PromQL a backslash is written twice."""


def equal(**labels: str) -> tuple[str, ...]:
    """Return matchers for exact values of labels; what a text in PromQL cannot have as it is, is escaped."""
    return tuple(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in labels.items())


def one_of(label: str, values: Iterable[str]) -> str:
    """Return a matcher for any of some values."""
    plain = (_SPECIAL.sub(r"\\\\\g<0>", each) for each in values)
    return f'{label}=~"{"|".join(plain)}"'


def pods_of(releases: Iterable[str]) -> str:
    """Return a matcher for the pods of releases, as charts call them: the namespace may have others in it."""
    return f'pod=~"({"|".join(releases)})-.+"'


class Scope:
    """Selects metrics of one namespace: whoever scrapes it sets that label, whatever the job is called."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        self.labels = dict(labels)
        """What all metrics of it have."""
        self._matchers = equal(**labels)

    @classmethod
    def namespace(cls, name: str) -> "Scope":
        """Return the scope of a namespace."""
        return cls({"namespace": name})

    def __call__(self, metric: str, /, *matchers: str, **labels: str) -> str:
        """Return a selector within the scope: matchers as PromQL writes them, and labels with their exact values."""
        return f"{metric}{{{', '.join((*self._matchers, *equal(**labels), *matchers))}}}"

    def increase(self, metric: str, window: str, /, *matchers: str) -> str:
        """Return the growth of a counter over a window, all series together."""
        return f"sum(increase({self(metric, *matchers)}[{window}]))"

    def rate(self, metric: str, window: str, /, *matchers: str, by: str = "") -> str:
        """Return the growth of a counter per second, all series together or by labels."""
        grouped = f" by ({by}) " if by else ""
        return f"sum{grouped}(rate({self(metric, *matchers)}[{window}]))"
