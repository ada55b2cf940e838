"""Bad sizes of roles, autoscalers and totals, and what is said of them: the table of bad_inputs goes on."""

from tests.support import Change, all_of, put
from tests.unit.bad_inputs import Bad, at

TRACES, METRICS = "traces.roles", "metrics.roles"


def _scaled(role: str, **scaling: object) -> Change:
    return put(role, {"autoscaling": scaling})


def _total(backend: str, cpu: object, memory: object, *roles: Change) -> Change:
    return all_of(put(f"{backend}.total", {"cpu": cpu, "memory": memory}), *roles)


SIZES = [
    at("no replica", f"{METRICS}.querier.replicas", 0, "equal to 1", "correct it"),
    at("limit where none is", f"{METRICS}.querier.memory_limit", "1Gi", "only for ingesters and store", "remove it"),
    at("CPU limit", f"{METRICS}.querier.cpu_limit", "2", "no container has a CPU limit", "policy.cpu_limits: chosen"),
    Bad(
        "CPU limit below request",
        all_of(put("policy.cpu_limits", "chosen"), put(f"{METRICS}.querier.cpu_limit", "1m")),
        f"{METRICS}.querier.cpu_limit",
        "1m is below the request cpu",
        "raise the limit or lower",
    ),
    *(
        Bad(
            f"another {key} than the request of what is guaranteed",
            all_of(put("policy.qos", "guaranteed"), put(f"{METRICS}.querier.{key}", limit)),
            f"{METRICS}.querier.{key}",
            "is not the request, and policy.qos: guaranteed makes it so",
            "remove it",
        )
        for key, limit in (("cpu_limit", "2"), ("memory_limit", "9Gi"))
    ),
    at("no such policy", "policy.cpu_limits", "some", "must be 'none', 'chosen' or 'all'", "correct it"),
    at("limit out of range", f"{METRICS}.ingester.memory_limit", "16Gi", "4Gi to 8Gi", "set it within"),
    at("no limit", f"{TRACES}.all.memory_limit", None, "4Gi to 8Gi", "set it"),
    Bad(
        "limit below request",
        put(f"{METRICS}.ingester.memory", "5Gi"),
        f"{METRICS}.ingester.memory_limit",
        "4Gi is below the request memory 5Gi",
        "raise the limit or lower the request",
    ),
    at("volume where none is", f"{METRICS}.ruler.volume", "1Gi", "on disk", "remove it"),
    at("volume of a Tempo role", f"{TRACES}.compactor.volume", "1Gi", "on disk", "remove it", environment="prod"),
    at("no volume", f"{METRICS}.ingester.volume", None, "on disk", "set a size"),
]

AUTOSCALING = [
    Bad(
        "an ingester that scales",
        _scaled(f"{TRACES}.ingester"),
        f"{TRACES}.ingester.autoscaling",
        "roles that scale: distributor, querier, query-frontend, compactor",
        "remove it",
        "prod",
    ),
    Bad(
        "Mimir's compactor scales",
        _scaled(f"{METRICS}.compactor"),
        f"{METRICS}.compactor.autoscaling",
        "scale: dis",
        "remove",
    ),
    Bad("a single binary that scales", _scaled(f"{TRACES}.all"), f"{TRACES}.all.autoscaling", "scale: none", "remove"),
    Bad(
        "nothing to scale",
        _scaled(f"{METRICS}.querier", min_replicas=3, max_replicas=3),
        f"{METRICS}.querier.autoscaling.max_replicas",
        "3: leaves nothing to scale above min_replicas 3",
        "raise it",
    ),
    Bad(
        "scales to one",
        _scaled(f"{METRICS}.querier", min_replicas=1),
        f"{METRICS}.querier.autoscaling.min_replicas",
        "greater than or equal to 2",
        "correct it",
    ),
    Bad(
        "scales from a crowd",
        _scaled(f"{METRICS}.querier", min_replicas=500),
        f"{METRICS}.querier.autoscaling.min_replicas",
        "less than or equal to 100",
        "correct it",
    ),
    Bad(
        "scales from a text",
        _scaled(f"{METRICS}.querier", min_replicas="2"),
        f"{METRICS}.querier.autoscaling.min_replicas",
        "must be a whole number",
        "without quotes",
    ),
    Bad(
        "aims at nothing",
        _scaled(f"{METRICS}.querier", cpu_percent=0),
        f"{METRICS}.querier.autoscaling.cpu_percent",
        "greater than or equal to 1",
        "correct it",
    ),
    Bad(
        "nothing to scale by",
        _scaled(f"{METRICS}.querier", cpu_percent=None),
        f"{METRICS}.querier.autoscaling.cpu_percent",
        "without metrics nothing says when",
        "set one",
    ),
    *(
        Bad(
            name,
            _scaled(f"{METRICS}.querier", metrics=[{"name": "waiting", **metric}]),
            f"{METRICS}.querier.autoscaling.metrics.0.{key}",
            why,
            mend,
        )
        for name, metric, key, why, mend in (
            ("pods together", {"type": "pods", "value": 5}, "value", "whose average counts", "say average_value"),
            ("aims at no value", {"type": "pods"}, "average_value", "nothing is aimed at", "say what each pod"),
            ("aims at 0", {"type": "pods", "average_value": 0}, "average_value", "not a number above 0", "write it"),
            ("two aims", {"type": "external", "value": 5, "average_value": 1}, "value", "takes one", "remove one"),
            ("of no object", {"type": "object", "value": 5}, "described_object", "object needs it", "say whose"),
            (
                "an object that is not asked for",
                {"type": "external", "value": 5, "described_object": {"api_version": "v1", "kind": "A", "name": "a"}},
                "described_object",
                "belongs to type object",
                "remove it",
            ),
            ("no such type", {"type": "resource", "value": 5}, "type", "must be 'pods'", "correct it"),
        )
    ),
    at("a switch for an autoscaler", f"{METRICS}.querier.autoscaling", True, "must be a mapping", "write its keys"),
    Bad(
        "two who choose the replicas",
        put(f"{METRICS}.querier", {"replicas": 3, "autoscaling": {}}),
        f"{METRICS}.querier.replicas",
        "3: is the autoscaler's to choose",
        "remove it, and set autoscaling.min_replicas",
    ),
]

TOTALS = [
    Bad(
        "all overridden, beyond the total",
        _total("traces", "1300m", "64Gi"),
        TRACES,
        "ask for more than total.cpu 1300m: 200m distributor + 600m ingester + 200m querier + 100m query-frontend + "
        "100m compactor + 200m metrics-generator = 1400m come off first, 100m too much",
        "lower them or raise the total",
        "prod",
    ),
    Bad(
        "one role takes all the memory",
        _total("metrics", "2", "4Gi", put(f"{METRICS}.ruler.memory", "4Gi")),
        METRICS,
        "ask for more than total.memory 4Gi: 96Mi query-scheduler + 224Mi store-gateway + 4Gi ruler + ",
        "too little is left for distributor, ingester, querier, query-frontend, compactor; lower them or raise",
    ),
    Bad("a total for ants", _total("traces", "1m", "512Ki"), TRACES, "total.memory 512Ki: too little is left", "raise"),
    Bad(
        "a total beyond the limit",
        _total("traces", "1", "6Gi"),
        f"{TRACES}.all.memory_limit",
        "4Gi is below the request memory 6Gi",
        "raise the limit",
    ),
    Bad(
        "half a total",
        put("metrics.total", {"cpu": "1"}),
        "metrics.total.memory",
        "is not set",
        "config set -s dev --path",
    ),
    at("text for a total", "traces.total", "4Gi", "must be a mapping", "write its keys below it"),
    at("list for a total", "metrics.total", ["1", "4Gi"], "must be a mapping", "write its keys below it"),
    at("number for a total", "metrics.total", 4, "must be a mapping", "write its keys below it"),
    Bad("words for a total", _total("traces", "two", "4Gi"), "traces.total.cpu", "not a CPU quantity", "such as 250m"),
    *(
        Bad(f"{name} with a total", _total("metrics", "2", "8Gi", put(path, value)), path, allowed, mend)
        for name, path, value, allowed, mend in (
            ("no replicas", f"{METRICS}.ingester.replicas", 0, "equal to 1", "correct it"),
            ("text replicas", f"{METRICS}.ingester.replicas", "2", "whole number", "without quotes"),
            ("null replicas", f"{METRICS}.ruler.replicas", None, "whole number", "without quotes"),
            ("list of replicas", f"{METRICS}.ruler.replicas", [1], "whole number", "without quotes"),
            ("half a replica", f"{METRICS}.ingester.replicas", 1.5, "whole number", "without quotes"),
            ("endless replicas", f"{METRICS}.ruler.replicas", float("inf"), "whole number", "without quotes"),
            ("text memory", f"{METRICS}.ingester.memory", "much", "not a size", "such as 512Mi"),
            ("null memory", f"{METRICS}.ruler.memory", None, "not a size", "such as 512Mi"),
            ("list of CPU", f"{METRICS}.querier.cpu", ["1"], "not a CPU quantity", "such as 250m"),
            ("text role", f"{METRICS}.querier", "big", "must be a mapping", "write its keys below it"),
            ("null role", f"{METRICS}.ruler", None, "must be a mapping", "write its keys below it"),
            ("text roles", METRICS, "big", "must be a mapping", "write its keys below it"),
            ("numbered roles", METRICS, 7, "must be a mapping", "write its keys below it"),
            ("text autoscaler", f"{METRICS}.querier.autoscaling", "yes", "must be a mapping", "write its keys"),
        )
    ),
]

LOADS = [
    Bad(
        "spans smaller than their ids",
        put("load.traces", {"spans_per_second": 1_000, "bytes_per_second": "1Ki"}),
        "load.traces.bytes_per_second",
        "less than the ids of 1,000 spans take (24 bytes each)",
        "correct one of the two",
    ),
    Bad(
        "lines without a byte",
        put("load.logs", {"lines_per_second": 2_000, "bytes_per_second": "1Ki"}),
        "load.logs.bytes_per_second",
        "less than a byte for each of 2,000 lines",
        "correct one of the two",
    ),
    at("load of what is not stored", "load.profiles", {"bytes_per_second": "1Mi"}, "profiles is not", "remove one"),
    at("load of nobody", "load.tenants", 0, "equal to 1", "correct it"),
    Bad(
        "load without series",
        put("load.metrics", {"samples_per_second": 1}),
        "load.metrics.active_series",
        "is not set",
        "pulumi config set -s dev --path 'telemetry:load.metrics.active_series'",
    ),
]

BAD = [*SIZES, *AUTOSCALING, *TOTALS, *LOADS]
