"""A run of half an hour under faults at random: its schedule, what is said of memory, and its page."""

from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from sandbox.continuity.events import EVENTS, NOTHING, Event
from sandbox.continuity.run import Outcome
from sandbox.faults.page import Run
from sandbox.soak import chart, page
from sandbox.soak.growth import SETTLED, Growth, Reading, Verdict, growths, memories
from sandbox.soak.run import WHOLE, Soak
from sandbox.soak.schedule import drawn, within
from tests.support import REPO

MI = 1 << 20
END = 1800
PERIOD = 120
"""Seconds after which an ingester has let go of what it had."""


def names(seed: int, count: int) -> list[str]:
    return [event.name for _, event in islice(drawn(EVENTS, seed), count)]


def test_a_seed_repeats_a_run_and_another_one_does_not() -> None:
    assert list(islice(drawn(EVENTS, 7), 40)) == list(islice(drawn(EVENTS, 7), 40))
    assert names(7, 40) != names(8, 40)


@given(st.integers(0, 1_000_000))
def test_every_event_comes_and_none_more_often_than_another_but_for_those_that_come_once(seed: int) -> None:
    again = [event.name for event in EVENTS if event.again]
    once = {event.name for event in EVENTS} - set(again)
    assert once == {"ingesters-roll", "credentials-renewed", "tenant-added"}
    seen = Counter(names(seed, len(EVENTS) + 2 * len(again)))
    assert seen == Counter({**dict.fromkeys(once, 1), **dict.fromkeys(again, 3)})


def test_a_schedule_without_end_has_to_have_something_to_come() -> None:
    with pytest.raises(ValueError, match="no event may come again"):
        next(drawn([event for event in EVENTS if not event.again], 1))


class Clock:
    """Time that goes by as somebody waits, and as events take it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.waits.append(seconds)


def test_no_event_begins_when_the_time_is_over_which_is_waited_for() -> None:
    clock, coming = Clock(), [(10.0, NOTHING), (20.0, NOTHING), (30.0, NOTHING), (5.0, NOTHING)]
    taken = []
    for event in within(coming, 100, lambda: clock.now, clock.wait):
        taken.append(event)
        clock.now += 20
    assert (len(taken), clock.now) == (2, 100)
    assert clock.waits == [10, 20, 30]


def test_an_event_that_outlasts_the_run_is_the_last_one() -> None:
    clock = Clock()
    for _ in within([(0.0, NOTHING), (5.0, NOTHING)], 100, lambda: clock.now, clock.wait):
        clock.now += 256
    assert (clock.now, clock.waits) == (256, [0, 0])


def pod(life: str, begun: int, ended: int, memory: float, slope: float = 0.0, swing: float = 0.0) -> list[Reading]:
    """Readings of a pod, every ten seconds: bytes at first, bytes a second, and what each period differs by."""
    return [
        Reading(at, "mimir ingester", life, memory + slope * (at - begun) + swing * (-1) ** ((at - END // 2) // PERIOD))
        for at in range(begun, ended + 1, 10)
    ]


def sawtooth(life: str, begun: int, ended: int, phase: int, slope: float = 0.0) -> list[Reading]:
    """Readings of a pod of 50 MiB that takes 20 more over each period, and lets go of them at its end."""
    return [
        replace(each, memory=each.memory + 20 * MI * ((each.at + phase) % PERIOD) / PERIOD)
        for each in pod(life, begun, ended, 50 * MI, slope)
    ]


def of(*lives: list[Reading]) -> Growth:
    (found,) = growths([reading for life in lives for reading in life], PERIOD)
    return found


def test_a_slope_is_found_whatever_pods_have_at_first_and_when_they_began() -> None:
    """One from the beginning, one with more memory, one that took the place of another in the second half."""
    slope = 1000.0
    found = of(
        pod("a", 0, END, 100 * MI, slope), pod("b", 0, 1000, 300 * MI, slope), pod("c", 1010, END, 50 * MI, slope)
    )
    assert found.slope == pytest.approx(slope, rel=1e-3)
    assert found.bytes == pytest.approx(slope * 900, rel=1e-3)
    assert found.swing < 1, "of a line that is straight"
    assert (found.lives, found.most) == (3, 300 * MI + 1000 * 1000)


@pytest.mark.parametrize(
    ("growth", "swing", "verdict"),
    [
        (0.0, 0.0, Verdict.FLAT),
        (0.04, 0.0, Verdict.FLAT),
        (0.06, 0.0, Verdict.GROWS),
        (-0.5, 0.0, Verdict.FLAT),
        (0.15, 0.08, Verdict.FLAT),
        (0.25, 0.08, Verdict.GROWS),
    ],
)
def test_a_role_is_flat_if_it_grows_by_little_or_by_less_than_it_swings(
    growth: float, swing: float, verdict: Verdict
) -> None:
    """Parts of what it has in the middle of the second half."""
    memory = 100 * MI
    slope = growth * memory / 900
    assert of(pod("a", 0, END, memory - slope * 1350, slope, swing * memory)).verdict is verdict


LEAK = 0.1 * 60 * MI / 900
"""Bytes a second: a tenth of what a sawtooth's pod has, over half of a run."""


@pytest.mark.parametrize(("leak", "verdict"), [(0.0, Verdict.FLAT), (LEAK, Verdict.GROWS)])
@pytest.mark.parametrize("phase", range(0, PERIOD, 10))
def test_a_sawtooth_is_flat_and_a_leak_below_it_is_not_whenever_its_teeth_begin(
    phase: int, leak: float, verdict: Verdict
) -> None:
    """Of two pods whose teeth come at other times, one of which was started again on the way."""
    found = of(
        sawtooth("a", 0, END, phase, leak),
        sawtooth("b", 0, 1130, phase + 50, leak),
        sawtooth("b again", 1140, END, phase + 70, leak),
    )
    assert found.slope == pytest.approx(leak, rel=1e-3, abs=1)
    assert found.swing < MI / 100
    assert found.verdict is verdict


@pytest.mark.parametrize(
    ("garbage", "leak", "verdict"),
    [
        (0.0, 0.0, Verdict.FLAT),
        (LEAK, 0.0, Verdict.FLAT),
        (LEAK, LEAK, Verdict.GROWS),
        (0.0, LEAK, Verdict.GROWS),
    ],
)
def test_what_is_held_says_whether_a_role_grows_and_not_the_garbage_beside_it(
    garbage: float, leak: float, verdict: Verdict
) -> None:
    used, held = pod("a", 0, END, 60 * MI, garbage), pod("a", 0, END, 36 * MI, leak)[:: PERIOD // 10]
    (found,) = memories(used, held, PERIOD)
    assert found.verdict is verdict
    (unasked,) = memories(used, [], PERIOD)
    assert unasked.verdict is (Verdict.GROWS if garbage else Verdict.FLAT)


def test_too_few_readings_of_what_is_held_excuse_nothing() -> None:
    used, held = pod("a", 0, END, 60 * MI, LEAK), pod("a", 0, END, 36 * MI)[-3:]
    (found,) = memories(used, held, PERIOD)
    assert found.verdict is Verdict.GROWS


def test_a_tooth_that_has_not_come_to_its_end_is_not_known() -> None:
    """What no run of half an hour can say of blocks of two hours: memory rises, and perhaps only until one is cut."""
    readings = pod("a", 0, END, 50 * MI, LEAK)
    (found,) = growths(readings, 120 * 60)
    assert found.verdict is Verdict.UNKNOWN
    assert of(readings).verdict is Verdict.GROWS


def test_what_happens_in_the_first_half_and_at_a_pods_beginning_is_no_growth() -> None:
    early = pod("a", 0, 890, 100 * MI, 0.2 * MI)
    late, settled = pod("a", 900, 1200, 278 * MI), 1210 + SETTLED * PERIOD
    young = pod("b", 1210, settled - 10, 50 * MI, 1 * MI) + pod("b", settled, END, 290 * MI)
    found = of(early, late, young)
    assert found.slope == pytest.approx(0, abs=1e-6)
    assert found.verdict is Verdict.FLAT


def test_nothing_is_said_of_what_was_seen_for_too_short_a_time() -> None:
    assert of(pod("a", 0, 120, 100 * MI, MI)).verdict is Verdict.UNKNOWN
    assert of(pod("a", 1795, 1795, 100 * MI)).verdict is Verdict.UNKNOWN
    assert growths([], PERIOD) == []


def outcome(event: Event, begun: float, refused: int = 0, lost: int = 0) -> Outcome:
    return Outcome(event, "metrics", 100, refused, ("502",) if refused else (), 20_000, lost, 60.0, begun)


def soak(*, growth: float = 0.0, lost: int = 0, refused: int = 0) -> Soak:
    """A run in which two events came, one of them twice."""
    killed, tenant = (next(each for each in EVENTS if each.name == name) for name in ("gateway-killed", "tenant-added"))
    seen = Soak("prod", seed=7, asked=END, block_minutes=2, begun=1000.0)
    seen.outcomes = [outcome(killed, 1100, 2), outcome(tenant, 1500, refused), outcome(killed, 2500, 1)]
    seen.whole = [outcome(WHOLE, 1000, 3, lost)]
    seen.readings = [*pod("a", 0, END, 100 * MI, growth * MI), Reading(60, "gateway", "g", MI)]
    return seen


@pytest.mark.parametrize(
    ("seen", "passed"),
    [
        (soak(), True),
        (soak(growth=1.0), False),
        (soak(lost=1), False),
        (soak(refused=1), False),
        (Soak("prod", 7, END, 2), False),
    ],
    ids=["good", "grows", "lost", "refused by a rollout", "not over"],
)
def test_a_run_has_passed_if_nothing_is_lost_nor_refused_by_a_rollout_and_nothing_grows(
    seen: Soak, passed: bool
) -> None:
    assert seen.passed is passed


def test_the_page_gets_tables_and_picture_in_place_of_those_of_the_last_run(tmp_path: Path) -> None:
    copy = tmp_path / "reliability.md"
    copy.write_text((REPO / "docs" / "reliability.md").read_text())
    other = soak()
    other.outcomes = [outcome(NOTHING, 1100)]
    for seen in (other, soak(growth=1.0, lost=3)):
        page.write(seen, Run("2026-01-01", "abc"), copy)
    text = copy.read_text()
    assert "| `nothing`, metrics |" not in text
    assert "| `gateway-killed`, metrics | 2 | 200 | 3 (502) | 40,000 | 0 | 60 s |" in text
    assert "| `the whole run`, metrics | 1 | 100 | 3 (502) | 20,000 | **3** | 60 s |" in text
    assert "| `mimir ingester` | 1 | 1900Mi | 1415Mi | +3600.0Mi | +63.6% | 0.0% |  |  | **grows** |" in text
    assert "| `gateway` | 1 | 1Mi |  |  |  |  |  |  | not known |" in text
    assert "Stack prod, 30 minutes, blocks of 2, seed 7; events: 3; 3 of what was acknowledged not found. 2026" in text
    assert (tmp_path / "soak.svg").read_text() == chart.svg(soak(growth=1.0, lost=3))


def test_what_programs_hold_is_on_the_page_where_they_say_it(tmp_path: Path) -> None:
    copy, seen = tmp_path / "reliability.md", soak(growth=1.0)
    copy.write_text((REPO / "docs" / "reliability.md").read_text())
    seen.heaps = pod("a", 0, END, 36 * MI)[::12]
    page.write(seen, Run("2026-01-01", "abc"), copy)
    assert "| +3600.0Mi | +63.6% | 0.0% | 36Mi | +0.0Mi | flat |" in copy.read_text()
    assert seen.passed


def test_a_run_that_was_cut_short_says_so() -> None:
    console = Console(width=140, record=True)
    page.show(console, Soak("prod", 7, END, 2))
    assert "events: 0; cut short, so that not all was counted." in console.export_text()


def test_the_picture_has_a_panel_for_each_role_with_its_verdict_and_what_happened_behind() -> None:
    image = ET.fromstring(chart.svg(soak(growth=1.0)))  # noqa: S314 - our own
    space = "{http://www.w3.org/2000/svg}"
    words = [each.text for each in image.iter(f"{space}text")]
    assert "mimir ingester: grows, +3600.0 MiB an hour" in words
    assert {"0 min", "30 min"} <= set(words)
    shaded = [each for each in image.iter(f"{space}rect") if each.get("fill") == "#fbe9e7"]
    assert len(shaded) == 2 * 3, "three events behind two roles"
