"""What happens to a stack while somebody writes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sandbox.continuity.site import AbsentError, Config, Site

_AWAY_SECONDS = 60
_MIMIR = "app.kubernetes.io/name=mimir,app.kubernetes.io/component"
_TEMPO = "app.kubernetes.io/name=tempo,app.kubernetes.io/component"
_GATEWAY = "app.kubernetes.io/name=gateway"

Strike = Callable[[Site], None]


@dataclass(frozen=True)
class Event:
    """Something that happens; ``strike`` returns when it is done, whether or not all pods are ready again."""

    name: str
    what: str
    strike: Strike
    refused: bool = True
    """Whether requests may be refused: not where the gateway and two of everything are to keep it up."""
    strikes: str = "metrics"
    """The signal whose backend has to run for this to mean anything."""
    again: bool = True
    """Whether it can happen more than once: the same change of the settings changes nothing the second time."""


def _killed(selector: str) -> Strike:
    return lambda site: site.kill_pod(selector)


def _restarted(service: str, seconds: float = 0.0) -> Strike:
    return lambda site: site.kill_service(service, seconds)


def _deployed(edit: Callable[[Config], object]) -> Strike:
    return lambda site: site.up(edit)


def _more_memory(config: Config) -> None:
    roles = config["telemetry:metrics"].setdefault("roles", {})
    roles.setdefault("ingester", {})["memory"] = "1100Mi"


def _renewed(config: Config) -> None:
    tomorrow = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT00:00:00Z}"
    _tenants(config)[0]["access"] = {"token": {"version": 2, "previous_until": tomorrow}}
    config["telemetry:gateway"]["issued"] = {"version": 2}


def _one_more(config: Config) -> None:
    _tenants(config).append({"id": "added", "display_name": "Added while others write"})
    config["telemetry:gateway"]["accept_shared_organisation"] = True


def _tenants(config: Config) -> list[Config]:
    tenants: list[Config] = config.get("telemetry:tenants", [])
    if not tenants:
        raise AbsentError("the stack has no tenants")
    return tenants


NOTHING = Event("nothing", "nothing, for comparison", lambda _: None, refused=False)
EVENTS = (
    NOTHING,
    Event(
        "ingesters-roll",
        "`up` with another memory request of Mimir's ingesters: one after the other is replaced",
        _deployed(_more_memory),
        refused=False,
        again=False,
    ),
    Event(
        "ingester-killed",
        "one of three ingesters killed with force, its volume kept",
        _killed(f"{_MIMIR}=ingester"),
    ),
    Event(
        "traces-ingester-killed",
        "one of Tempo's ingesters killed with force, its volume kept",
        _killed(f"{_TEMPO}=ingester"),
        strikes="traces",
    ),
    Event(
        "store-gateway-killed",
        "one store-gateway killed with force",
        _killed(f"{_MIMIR}=store-gateway"),
    ),
    Event("compactor-killed", "the compactor killed with force", _killed(f"{_MIMIR}=compactor")),
    Event("gateway-killed", "one of two gateway pods killed with force", _killed(_GATEWAY)),
    Event("kubelet-restarted", "one node's kubelet killed and started again", _restarted("kubelet-0")),
    Event("store-away", "the object store gone for a minute", _restarted("seaweedfs", _AWAY_SECONDS)),
    Event(
        "credentials-renewed",
        "`up` with a new token, the old one valid for a day, and new servers' certificates",
        _deployed(_renewed),
        refused=False,
        again=False,
    ),
    Event("tenant-added", "`up` with one more tenant", _deployed(_one_more), refused=False, again=False),
)
