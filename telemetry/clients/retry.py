"""Trying again: data takes a while to be found, and a server may be busy."""

import sys
from collections.abc import Callable
from math import inf
from typing import TypeVar

from tenacity import Retrying, retry_if_exception, stop_after_attempt, stop_after_delay, wait_fixed
from tenacity.wait import wait_base

from telemetry.spec.checks import CheckFailed, Refused

_PAUSE = wait_fixed(0.5)
_T = TypeVar("_T")


def retry(
    attempt: Callable[[], _T],
    seconds: float = inf,
    *,
    attempts: int = sys.maxsize,
    on: type[Exception] = CheckFailed,
    wait: wait_base = _PAUSE,
) -> _T:
    """Return what an attempt returns, trying again for so many seconds and so many times.

    Args:
        attempt: what is tried.
        seconds: how long a new attempt may begin.
        attempts: how many there may be.
        on: the failure after which another attempt may help; never one that is Refused.
        wait: the time between two attempts.

    Raises:
        that failure: the last attempt's.
    """
    return Retrying(
        retry=retry_if_exception(lambda error: isinstance(error, on) and not isinstance(error, Refused)),
        stop=stop_after_delay(seconds) | stop_after_attempt(attempts),
        wait=wait,
        reraise=True,
    )(attempt)
