"""Bad labels, annotations and priority classes (see tests/unit/bad_inputs.py)."""

from typing import Any

from tests.support import all_of, put
from tests.unit.bad_inputs import Bad


def _of(id_: str, key: str, given: dict[str, Any], allowed: str, mend: str, *, below: str = "") -> Bad:
    (name,) = given
    return Bad(id_, put(key, given), below or f"{key}.{name}", allowed, mend)


METADATA = [
    _of("a selector's label", "labels.objects", {"app.kubernetes.io/name": "x"}, "pods by it", "example.com/name"),
    _of("Helm's label", "labels.objects", {"helm.sh/chart": "x"}, "the charts set it", "example.com/chart"),
    _of("a label of charts", "labels.pods", {"name": "x"}, "tell pods apart", "a key of your own"),
    _of("the provider's annotation", "annotations.objects", {"pulumi.com/skipAwait": "x"}, "provider", "a key of your"),
    _of("our annotation", "traces.annotations.pods", {"telemetry/s3-key": "x"}, "the program sets it", "a key of your"),
    _of("PodSecurity's label", "labels.objects", {"pod-security.kubernetes.io/enforce": "x"}, "namespace", "your own"),
    _of("a label's key with a space", "labels.objects", {"cost center": "x"}, "must match", "must match"),
    _of("a domain with an empty part", "labels.objects", {"a..b/c": "x"}, "must match", "must match"),
    _of("a long domain", "labels.objects", {f"{'a.' * 127}a/c": "x"}, "253", "253"),
    _of("a long name", "annotations.objects", {"a" * 64: "x"}, "must match", "must match"),
    _of("a label's value with a slash", "labels.pods", {"team": "a/b"}, "must match", "must match"),
    _of("a label's value that is too long", "metrics.labels.objects", {"team": "a" * 64}, "must match", "must match"),
    _of("a label that is a number", "labels.objects", {"cost": 4711}, "text", "quotes"),
    Bad(
        "a label twice",
        put("labels", {"objects": {"a": "1"}, "pods": {"a": "2"}}),
        "labels.pods.a",
        "stands at objects",
        "remove it from one",
    ),
    Bad(
        "a label of objects that a backend has of pods",
        all_of(put("labels.objects", {"a": "1"}), put("traces.labels.pods", {"a": "2"})),
        "traces.labels",
        "stands at objects",
        "remove one of the two",
    ),
    Bad(
        "large annotations",
        put("annotations.objects", {"a": "x" * 2**18}),
        "annotations",
        "262145 bytes",
        "shorten it",
    ),
    Bad(
        "a class that is Kubernetes' own",
        put("priority_class", {"name": "system-x", "value": 1}),
        "priority_class.name",
        "keeps for its own",
        "take another",
    ),
    Bad(
        "a class that exists and is to preempt nobody",
        put("priority_class", {"name": "x", "preempts": False}),
        "priority_class.preempts",
        "value is not set",
        "set it",
    ),
    Bad(
        "a priority above everybody's",
        put("priority_class", {"name": "x", "value": 10**9 + 1}),
        "priority_class.value",
        "1000000000",
        "1000000000",
    ),
]
