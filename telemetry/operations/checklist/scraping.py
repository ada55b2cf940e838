"""Checks that the Prometheus operator is told what to scrape, and that there is something at those places."""

from telemetry.monitoring.operator import pod_monitors
from telemetry.monitoring.scraping import targets_of
from telemetry.operations.checklist.model import ChecklistFinding, Given
from telemetry.operations.checklist.objects import live_spec, ready_pods


def look(given: Given) -> ChecklistFinding:
    """Look for the PodMonitor objects, and for pods that they select."""
    wanted = list(pod_monitors(given.stack))
    specs = {each.name: live_spec(given, each) for each in wanted}
    wrong = [
        f"PodMonitor {each.name} is {'missing' if specs[each.name] is None else 'another'}"
        for each in wanted
        if specs[each.name] != each.spec
    ]
    counts = {
        target.title: ready_pods(given, target.namespace, target.query, target.port)
        for target in targets_of(given.stack)
    }
    wrong += [f"no pod of {title} is ready to be scraped" for title, count in counts.items() if count == 0]
    if wrong:
        return ChecklistFinding("open", "; ".join(wrong))
    pods = ", ".join(f"{count} pods of {title}" for title, count in counts.items())
    return ChecklistFinding("done", f"{len(wanted)} PodMonitor objects select {pods}")
