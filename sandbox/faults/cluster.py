"""The API server down, slow, and restarting while a release is rolled."""

from random import Random

from sandbox.faults.fault import Fault, Strike, Struck
from sandbox.faults.site import Site

_LATE_SECONDS = 0.15
_TOO_LATE_SECONDS = 12.0
"""More than preflight waits."""
_OUT_SECONDS = 3.0


def _down(site: Site, rng: Random) -> Struck:
    site.new_retention(rng)
    site.kill_part("cluster")
    ran = site.run("up")
    site.heal()
    return Struck(ran)


def _slow(seconds: float) -> Strike:
    def strike(site: Site, rng: Random) -> Struck:
        site.new_retention(rng)
        site.proxies["cluster"].latency = seconds
        ran = site.run("up")
        site.heal()
        return Struck(ran, f"{seconds:g} s on every piece, both ways")

    return strike


def _restarting(site: Site, rng: Random) -> Struck:
    site.new_retention(rng)
    process = site.start("up")
    hit = site.awaits_status("pending-upgrade", process)
    site.kill_part("cluster")
    site.waits(lambda: False, _OUT_SECONDS)
    site.heal()
    return Struck(site.end(process, "up"), "while a release was pending-upgrade", hit=hit)


FAULTS = [
    Fault("api-down", "kube-apiserver killed (-9) before an `up`", _down),
    Fault("api-slow", f"{_LATE_SECONDS:g} s of latency in front of it", _slow(_LATE_SECONDS)),
    Fault("api-too-slow", f"{_TOO_LATE_SECONDS:g} s of latency in front of it", _slow(_TOO_LATE_SECONDS)),
    Fault("api-restart", "kube-apiserver killed (-9) in mid-`up` and started again", _restarting, tries=2),
]
