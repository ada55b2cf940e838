"""Grafana down, refusing the login, broken, and breaking while datasources are made."""

from random import Random

from sandbox.faults.fault import Fault, Strike, Struck
from sandbox.faults.site import Site

_WRITES = (b"POST ", b"PUT ", b"PATCH ", b"DELETE ")


def _down(site: Site, rng: Random) -> Struck:
    site.new_retention(rng)
    site.kill_part("grafana")
    ran = site.run("up")
    site.heal()
    return Struck(ran)


def _answers(status: int) -> Strike:
    def strike(site: Site, rng: Random) -> Struck:
        site.new_retention(rng)
        site.proxies["grafana"].rule = lambda _: status
        ran = site.run("up")
        site.heal()
        return Struck(ran)

    return strike


def _fails_writes(site: Site, _rng: Random) -> Struck:
    site.run("destroy")
    site.proxies["grafana"].rule = lambda request: 500 if request.startswith(_WRITES) else None
    ran = site.run("up")
    site.heal()
    return Struck(ran)


FAULTS = [
    Fault("grafana-down", "its process killed (-9) before an `up`", _down),
    Fault("grafana-401", "401 to every request of an `up`", _answers(401)),
    Fault("grafana-500", "500 to every request of an `up`", _answers(500)),
    Fault("grafana-500-writes", "500 to every write, when all else is deployed", _fails_writes),
]
