"""Runs checks with a time limit for each and for all together."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from telemetry.redaction import Redactor
from telemetry.spec.checks import Check, CheckFailed, CheckSkipped, Lane, Result, State

_WAITING = 0.75
"""The share of a check's time in which it may try again; in the rest its last attempt ends and can be told of."""
_Ended = tuple[State, str]


@dataclass(frozen=True)
class Bounds:
    """The time limits, in seconds, and how many lanes run at once."""

    check: float = 60
    overall: float = 600
    at_once: int = 4
    """Lanes that run at a time."""


def run(
    lanes: Sequence[Lane], bounds: Bounds, tell: Callable[[Result], None], redactor: Redactor | None = None
) -> list[Result]:
    """Run lanes side by side, tell of each result as it comes, and return them in the order of the lanes.

    What answers is not ours: `redactor` takes secrets out of what is told of it. Whoever interrupts it waits for the
    checks that are under way, and no other begins.
    """
    hides = redactor or Redactor()
    until = time.monotonic() + bounds.overall
    telling, stopped = threading.Lock(), threading.Event()

    def follow(lane: Lane) -> list[Result]:
        results = []
        for check in lane.checks:
            if stopped.is_set():
                break
            result = _run(lane, check, bounds, until, hides)
            with telling:
                tell(result)
            results.append(result)
        return results

    with ThreadPoolExecutor(bounds.at_once) as pool:
        try:
            return [result for results in pool.map(follow, lanes) for result in results]
        except BaseException:
            stopped.set()
            raise


def _run(lane: Lane, check: Check, bounds: Bounds, until: float, redactor: Redactor) -> Result:
    begun = time.monotonic()
    seconds = min(bounds.check, until - begun)
    if seconds <= 0:
        state, detail = _failed(f"was not begun: all checks together may take {bounds.overall:g} s; raise --overall")
    else:
        state, detail = _bounded(check, seconds)
    return Result(lane.name, check.signal, check.name, state, redactor.message(detail), time.monotonic() - begun)


def _bounded(check: Check, seconds: float) -> _Ended:
    """Return how a check ended. One that hangs is left behind: its thread keeps nobody from ending."""
    ended: queue.Queue[_Ended] = queue.Queue(1)
    threading.Thread(target=lambda: ended.put(_ended(check, seconds * _WAITING)), daemon=True).start()
    try:
        return ended.get(timeout=seconds)
    except queue.Empty:
        return _failed(f"did not end within {seconds:.1f} s; what it asks does not answer, or raise --bound")


def _ended(check: Check, waiting: float) -> _Ended:
    try:
        return "passed", check.run(waiting)
    except CheckSkipped as reason:
        return "skipped", str(reason)
    except CheckFailed as error:
        return _failed(str(error))
    except Exception as error:  # noqa: BLE001 - one check's mistake must not hide how the others end
        return _failed(f"the check itself broke: {type(error).__name__}: {error}")


def _failed(detail: str) -> _Ended:
    return "failed", detail
