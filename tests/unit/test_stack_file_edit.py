"""Single values of a stack's file are changed, and nothing else in it."""

from collections.abc import Mapping

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from telemetry.stack import ConfigError
from telemetry.stack.edit import changed
from tests.support import ENVIRONMENTS, REPO

BLOCK = """\
# above
config:
  telemetry:metrics:
    roles:  # sizes
      ingester:
        cpu: 100m  # why
        memory: 1Gi

      querier: { cpu: 50m }  # beside
  telemetry:credentials:
    grafana:
      auth:
        secure: v1:abc=
"""
ROLES = ("config", "telemetry:metrics", "roles")


@pytest.mark.parametrize(
    ("values", "before", "after"),
    [
        ({("ingester", "cpu"): "2"}, "        cpu: 100m  # why", "        cpu: 2  # why"),
        ({("querier", "cpu"): "1"}, "querier: { cpu: 50m }  #", "querier: { cpu: 1 }  #"),
        ({("querier", "memory"): "1Gi"}, "{ cpu: 50m }", "{ cpu: 50m, memory: 1Gi }"),
        ({("ingester", "replicas"): 3}, "        memory: 1Gi\n", "        memory: 1Gi\n        replicas: 3\n"),
        (
            {("ruler", "cpu"): "1"},
            "      querier: { cpu: 50m }  # beside\n",
            "      querier: { cpu: 50m }  # beside\n      ruler:\n        cpu: 1\n",
        ),
        (
            {("querier", "autoscaling", "max_replicas"): 9},
            "{ cpu: 50m }",
            "{ cpu: 50m, autoscaling: { max_replicas: 9 } }",
        ),
    ],
)
def test_a_value_is_changed_or_added_where_it_belongs(
    values: Mapping[tuple[str, ...], str | int], before: str, after: str
) -> None:
    made = changed(BLOCK, {(*ROLES, *path): value for path, value in values.items()})
    assert made == BLOCK.replace(before, after)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("a: {\n  b: 1  # one\n}\n", "a: {\n  b: 1, k: 2  # one\n}\n"),
        ("a: {\n  b: 1,  # one\n}\n", "a: {\n  b: 1, k: 2,  # one\n}\n"),
        ("a: { # none\n}\nz: 1\n", "a: { k: 2 # none\n}\nz: 1\n"),
        ("a:\n  b:  # nothing\n\n# of z\nz: 1\n", "a:\n  b:  # nothing\n  k: 2\n\n# of z\nz: 1\n"),
        ("a:\n  b: |\n    text\n    more\n\nz: 1\n", "a:\n  b: |\n    text\n    more\n  k: 2\n\nz: 1\n"),
    ],
)
def test_a_value_is_added_before_comments_and_behind_text_of_several_lines(text: str, made: str) -> None:
    assert changed(text, {("a", "k"): 2}) == made
    assert yaml.safe_load(made)["a"]["k"] == 2


def test_several_are_changed_at_once_and_an_empty_mapping_is_filled() -> None:
    text = "config: { a: {}, b: { c: 1 } }  # end"
    made = changed(text, {("config", "a", "x"): 1, ("config", "b", "c"): 22, ("config", "b", "d"): 3})
    assert made == "config: { a: { x: 1 }, b: { c: 22, d: 3 } }  # end"


def test_a_file_without_a_last_line_end_can_be_added_to() -> None:
    assert changed("config:\n  a: 1", {("config", "b", "c"): 2}) == "config:\n  a: 1\n  b:\n    c: 2"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("config:\n  a: 1\n", "config.a: is no mapping, so b cannot be written below it"),
        (
            "config:\n  a: &shared\n    b: 1\n  c: *shared\n",
            "config.a: is shared by an anchor; write config.a.b by hand",
        ),
        ("config:\n  a: &shared { b: 1 }\n", "config.a: is shared by an anchor; write config.a.b by hand"),
        ("config: { c: &one 1, a: { b: *one } }", "config.a.b: is shared by an anchor; write config.a.b by hand"),
    ],
)
def test_what_cannot_be_changed_alone_is_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        changed(text, {("config", "a", "b"): 2})
    assert caught.value.findings == (said,)


names = st.sampled_from(["ingester", "querier", "compactor", "another-role"])
keys = st.sampled_from(["replicas", "cpu", "memory", "volume"])


@given(st.sampled_from(ENVIRONMENTS), st.dictionaries(st.tuples(names, keys), st.integers(1, 99), min_size=1))
def test_the_real_files_then_say_just_that_and_keep_every_comment(
    environment: str, sizes: dict[tuple[str, str], int]
) -> None:
    text = (REPO / f"Pulumi.{environment}.yaml").read_text()
    made = changed(text, {(*ROLES, *path): value for path, value in sizes.items()})
    expected = yaml.safe_load(text)
    for (role, key), value in sizes.items():
        expected["config"]["telemetry:metrics"].setdefault("roles", {}).setdefault(role, {})[key] = value
    assert yaml.safe_load(made) == expected
    assert [line for line in text.splitlines() if line.strip().startswith("#")] == [
        line for line in made.splitlines() if line.strip().startswith("#")
    ]
