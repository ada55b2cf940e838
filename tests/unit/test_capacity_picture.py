"""The picture and the Markdown say what the figures say, and the copies in docs/ are up to date."""

from xml.etree import ElementTree as ET

import pytest

from telemetry.capacity import chart as picture
from telemetry.capacity import tables
from telemetry.capacity.figures import Line, Report, report
from telemetry.capacity.fit import check
from tests.support import ENVIRONMENTS, REPO, Change, all_of, drop, load_stack, put

SVG = "{http://www.w3.org/2000/svg}"
BARS_HEIGHT = "34.0"
INSIDE = 960 - 2 * 32
NO_INCREASE = all_of(drop("namespace.quota_increase"), drop("namespace.requested_quota"))
SCALED = all_of(drop("traces.roles.querier.replicas"), put("traces.roles.querier.autoscaling", {}))


def drawn(environment: str = "prod", *changes: Change) -> ET.Element:
    return ET.fromstring(picture.svg(report(load_stack(environment, *changes))))  # noqa: S314 - our own


def texts(image: ET.Element) -> list[str]:
    return [text.text or "" for text in image.iter(f"{SVG}text")]


def bars(image: ET.Element) -> list[list[float]]:
    """Return the widths of each bar's segments."""
    by_top: dict[str, list[float]] = {}
    for part in image.iter(f"{SVG}rect"):
        if part.get("height") == BARS_HEIGHT:
            by_top.setdefault(part.get("y", ""), []).append(float(part.get("width", "")))
    return list(by_top.values())


def test_it_says_every_figure_in_words() -> None:
    said = texts(drawn())
    assert "CPU: 6940m of 10000m requested, 31% free" in said
    for words in ("used 2630m", "Phase 1 2900m", "beyond the plan 460m", "Phase 3 950m", "free 3060m"):
        assert words in said
    assert said.count("quota today 4000m") == 1


def test_it_can_be_read_out() -> None:
    image = drawn()
    assert image.get("role") == "img"
    named = {each.get("id"): each.text for each in image if each.get("id")}
    assert image.get("aria-labelledby") == "title desc"
    assert named["title"] == "Capacity of prod"
    assert "Memory: 26.5Gi of 32Gi requested, 17% free." in (named["desc"] or "")


def test_the_lengths_are_the_amounts() -> None:
    cpu = bars(drawn())[0]
    assert cpu == pytest.approx([INSIDE * part / 10_000 for part in (2630, 2900, 460, 950, 3060)], abs=0.1)


@pytest.mark.parametrize("changes", [(), (NO_INCREASE,), (SCALED,), (put("namespace.requested_quota.cpu", "5"),)])
def test_every_bar_is_full_and_inside_the_picture(changes: tuple[Change, ...]) -> None:
    for bar in bars(drawn("prod", *changes)):
        assert sum(bar) == pytest.approx(INSIDE, abs=0.5)


def test_too_much_is_said_and_nothing_is_free() -> None:
    said = texts(drawn("prod", NO_INCREASE))
    assert "CPU: 6940m of 4000m quota, 2940m too much" in said
    assert not [words for words in said if words.startswith("free")]


def test_autoscaling_and_a_quota_that_is_exceeded_have_their_marks() -> None:
    said = texts(drawn("prod", SCALED, put("namespace.requested_quota.cpu", "5")))
    assert {"autoscaling 800m", "quota today 4000m", "requested 5000m"} <= set(said)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_it_is_the_same_every_time_and_fetches_nothing(environment: str) -> None:
    once, again = (picture.svg(report(load_stack(environment))) for _ in range(2))
    assert once == again
    assert "href" not in once
    assert "<script" not in once
    assert once.count("http") == 1, "the namespace alone"


def test_without_any_figure_it_is_still_a_picture() -> None:
    nothing = Line("cpu", quota=None, used=0, new=0, beyond=0, growth=0, phase_3=0, requested=None)
    assert "CPU: 0, no quota is known" in picture.svg(Report("dev", (), (nothing,)))


def test_the_markdown_has_whole_tables() -> None:
    stack = load_stack("prod", SCALED)
    for block in tables.markdown(report(stack), check(stack)).split("\n\n"):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        assert len({row.count("|") for row in rows}) <= 1, block


def test_autoscaling_has_its_columns_only_where_there_is_some() -> None:
    with_it, without = (tables.quota(report(load_stack("prod", *changes))) for changes in ((SCALED,), ()))
    assert with_it.headers[-2:] == ("At maximum autoscaling", "Headroom then")
    assert with_it.rows[0][-2:] == ("7740m", "23%")
    assert with_it.headers[:-2] == without.headers
    [querier] = [row for row in tables.breakdown(report(load_stack("prod", SCALED))).rows if row[0] == "Tempo querier"]
    assert querier[1] == "2-10"


def test_footnotes_are_there_when_they_apply() -> None:
    of_prod, of_dev = (" ".join(tables.footnotes(report(load_stack(name)))) for name in ("prod", "dev"))
    assert "Tempo has no store-gateway" in of_prod
    assert "Tempo has no store-gateway" not in of_dev
    assert "No increase is requested" in of_dev


def test_what_more_copies_than_planned_cost_is_told() -> None:
    """Three ingesters of 200m, 1Gi and 2Gi that take all spans, in place of two thirds of them."""
    told, of_dev = (" ".join(tables.footnotes(report(load_stack(name)))) for name in ("prod", "dev"))
    assert "on 3 of 3 ingesters of Tempo" in told
    assert "1.5 times the CPU, memory and volume" in told
    assert "ask for 300m, 1.5Gi and 3Gi more" in told
    assert "copies" not in of_dev


def test_the_plans_number_of_copies_costs_nothing_more() -> None:
    as_planned = all_of(put("traces.replication_factor", 2), put("traces.accept_no_failure_tolerance", True))
    assert "times the CPU" not in " ".join(tables.footnotes(report(load_stack("prod", as_planned))))


def test_the_copies_in_docs_are_up_to_date() -> None:
    stack = load_stack("prod")
    stale = "is stale; write it anew with: make docs"
    markdown = (REPO / "docs" / "capacity-prod.md").read_text()
    assert markdown == tables.markdown(report(stack), check(stack)), f"docs/capacity-prod.md {stale}"
    assert (REPO / "docs" / "capacity-prod.svg").read_text() == picture.svg(report(stack)), f"capacity-prod.svg {stale}"
