"""`kill -9` of the engine at random moments, alone or with its plugins, as when its machine is lost."""

import time
from random import Random

from sandbox.faults.fault import Fault, Strike, Struck
from sandbox.faults.site import Ran, Site

_ROUNDS = 4
_EARLY = 0.15
"""How many of the moments are before the engine has begun with its first resource: there is little to break."""
_USUAL_SECONDS = {"up": 8.0, "destroy": 4.0}
"""How long it is at work on resources on two cores, until it has been measured here."""
_START_SECONDS = 4.0


def _prepared(what: str, site: Site, rng: Random) -> str:
    """Bring the stack to where `what` begins, and return the command that does it."""
    if what == "up":
        site.run("destroy")
    if what == "update":
        site.new_retention(rng)
    return "destroy" if what == "destroy" else "up"


def _killed(what: str) -> Strike:
    def strike(site: Site, rng: Random) -> Struck:
        share, early, with_plugins = rng.random(), rng.random() < _EARLY, rng.random() < 0.5
        for _ in range(_ROUNDS):
            command = _prepared(what, site, rng)
            process = site.start(command)
            if not early:
                site.waits(site.pending, site.deadline, process)
            begun = time.monotonic()
            moment = share * (
                _START_SECONDS if early else site.seconds.get(f"{command}, at work", _USUAL_SECONDS[command])
            )
            if not site.waits(lambda process=process: process.poll() is not None, moment):  # type: ignore[misc]
                site.kill(process, with_plugins=with_plugins)
                when = f"{moment:.1f} s after {'its start' if early else 'its first resource'}"
                how = "with its plugins" if with_plugins else "alone"
                return Struck(Ran(command, -9, ""), f"{when}, {how}; {_under_way(site)}")
            site.end(process, command)
            site.seconds[f"{command}, at work"] = time.monotonic() - begun  # faster than thought: once more
            if what == "destroy":
                site.run("up")
        return Struck(Ran(command, 0, ""), "not killed: it always ended before its moment", hit=False)

    return strike


def _under_way(site: Site) -> str:
    operations = site.pending()
    return f"under way: {', '.join(operations)}" if operations else "nothing under way"


FAULTS = [
    Fault("engine-killed-first-up", "`kill -9` in the first `up`, buckets included", _killed("first"), 3, fresh=True),
    Fault("engine-killed-up", "`kill -9` in an `up` after a `destroy`", _killed("up"), 5),
    Fault("engine-killed-update", "`kill -9` in an `up` that rolls both backends", _killed("update"), 6),
    Fault("engine-killed-destroy", "`kill -9` in a `destroy`", _killed("destroy"), 6),
]
