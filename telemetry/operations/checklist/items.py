"""The items of the list, with how each is checked."""

from collections.abc import Iterator

from telemetry.config.targets import make
from telemetry.operations.checklist import activity, metrics, rules, secrets
from telemetry.operations.checklist.model import ChecklistFinding, Given, Item, Ticked
from telemetry.spec.checks import CheckFailed, CheckSkipped

ITEMS = (
    Item(
        "Certificates rotated and secrets updated.",
        secrets.look,
        "make up STACK=STACK; to renew, see docs/tenants.md, 'Credentials', and docs/object-store.md, 'Another key'",
    ),
    Item(
        "Prometheus scrape succeeds (`curl -sk --cert client.crt --key client.key https://collector:9464`).",
        metrics.look,
        'ask the Prometheus that scrapes: count(cortex_build_info{namespace="NAMESPACE"}) and '
        "count(tempo_build_info{namespace=\"NAMESPACE\"}) are above 0; see docs/monitoring.md, 'Switching it on'",
    ),
    Item(
        "Tempo and Loki report tenant activity (`/api/status`).",
        activity.look,
        "make validate STACK=STACK ARGS='--output validate.json', then this command with --validation validate.json",
    ),
    Item(
        "Retention policy tested by uploading sample data and verifying expiry.",
        activity.look_at_retention,
        "nothing can be made older than it is: note the time of a `make validate STACK=STACK`, and ask for "
        "telemetry_validation and for its trace at that time again when the retention and a day are over; neither may "
        "be found",
    ),
    Item(
        "Alerts wired into SLO evaluator (DEVOPS-OBS-51-001).",
        rules.look_at_objectives,
        "set telemetry:monitoring.rules, or load what `python -m telemetry rules STACK --output rules/` writes "
        "(telemetry-slo*.yaml) into the Prometheus that has the metrics",
    ),
    Item(
        "Component rule packs imported (e.g. `docs/ops/scheduler-worker-prometheus-rules.yaml`).",
        rules.look_at_packs,
        "set telemetry:monitoring.rules, or load what `python -m telemetry rules STACK --output rules/` writes into "
        "the Prometheus that has the metrics",
    ),
)


def ticked(given: Given) -> Iterator[Ticked]:
    """Yield every item with what is seen of it."""
    stack = given.stack.environment
    names = {
        "NAMESPACE": given.stack.namespace.name,
        **{f"make {target} STACK=STACK": make(target, stack) for target in ("up", "validate")},
        "rules STACK": f"rules {stack}",
    }
    for item in ITEMS:
        found, how = _looked(item, given), item.how
        for name, value in names.items():
            how = how.replace(name, value)
        yield Ticked(item.text, found.state, found.detail, how)


def _looked(item: Item, given: Given) -> ChecklistFinding:
    try:
        return item.look(given)
    except CheckSkipped as reason:
        return ChecklistFinding("by hand", str(reason))
    except CheckFailed as error:
        return ChecklistFinding("open", str(error))
