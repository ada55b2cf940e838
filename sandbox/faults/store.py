"""SeaweedFS down before, during and after buckets are made, and S3 that answers 500 or 503 for a while."""

import time
from random import Random

from sandbox.faults.fault import Fault, Strike, Struck
from sandbox.faults.site import Site

_ALL = 4
"""The buckets of a stack."""
_SECOND = 2
_PATIENCE_SECONDS = 240.0
_WHILE_SECONDS = 6.0


def _before(site: Site, _rng: Random) -> Struck:
    site.kill_part("store")
    ran = site.run("up")
    site.heal()
    return Struck(ran)


def _during(site: Site, _rng: Random) -> Struck:
    """Kill it when the second bucket is asked for: they are made side by side, so some may be there and some not."""
    asked: list[bytes] = []

    def rule(request: bytes) -> int | None:
        if request.startswith(b"PUT "):
            asked.append(request)
            if len(asked) == _SECOND:
                site.kill_part("store")
        return None

    site.proxies["store"].rule = rule
    ran = site.run("up")
    site.heal()
    return Struck(ran, f"{len(site.buckets())} of {_ALL} buckets were made", hit=len(asked) >= _SECOND)


def _after(site: Site, rng: Random) -> Struck:
    """Kill it as soon as all buckets exist, with a block in each of them."""
    process = site.start("up")
    hit = site.waits(lambda: len(site.buckets()) == _ALL, _PATIENCE_SECONDS, process)
    site.put_blocks(rng)
    before = site.witness()
    site.kill_part("store")
    ran = site.end(process, "up")
    site.heal()
    return Struck(ran, f"with blocks in {len(site.buckets())} of {_ALL} buckets", before, hit=hit)


def _answers(status: int) -> Strike:
    def strike(site: Site, rng: Random) -> Struck:
        site.new_retention(rng)
        site.proxies["store"].rule = lambda _: status
        ran = site.run("up")
        site.heal()
        return Struck(ran)

    return strike


def _answers_while_buckets_are_made(status: int) -> Strike:
    def strike(site: Site, _rng: Random) -> Struck:
        first: list[float] = []

        def rule(request: bytes) -> int | None:
            if not first and not request.startswith((b"PUT ", b"HEAD ")):
                return None  # preflight only lists
            first.append(time.monotonic())
            return status if first[-1] - first[0] < _WHILE_SECONDS else None

        site.proxies["store"].rule = rule
        ran = site.run("up")
        site.heal()
        return Struck(ran, f"{len(first)} requests within {_WHILE_SECONDS:g} s")

    return strike


FAULTS = [
    Fault("store-down-before", "SeaweedFS killed (-9) before the first `up`", _before, fresh=True),
    Fault("store-down-during", "killed (-9) when some of the buckets were made", _during, fresh=True),
    Fault("store-down-after", "killed (-9) when all buckets were made", _after, fresh=True),
    Fault(
        "s3-503-creating", "503 to all for 6 s while buckets are made", _answers_while_buckets_are_made(503), fresh=True
    ),
    Fault("s3-500", "500 to every request of an `up`", _answers(500)),
    Fault("s3-503", "503 to every request of an `up`", _answers(503)),
]
