"""Property values, differences and settings of the stand-in plugins."""

import string
from typing import Any

import pytest
from google.protobuf import json_format  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from sandbox.plugins.base import parse_setting
from sandbox.plugins.diff import below, diff, top
from sandbox.plugins.values import UNKNOWN, Secret, conceal, decode, encode, has_unknown, reveal

KEYS = st.text(string.ascii_letters + "./ ", min_size=1, max_size=6)
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(-1e6, 1e6).map(lambda number: number + 0.0)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)
TREES = st.dictionaries(KEYS, PLAIN, max_size=4)


@given(TREES)
def test_properties_survive_the_wire(tree: dict[str, Any]) -> None:
    assert decode(encode(tree)) == tree


def test_secrets_and_unknowns_have_pulumi_s_form_on_the_wire() -> None:
    tree = {"password": Secret("p"), "later": UNKNOWN, "list": [Secret({"a": None})]}
    wire = json_format.MessageToDict(encode(tree))
    signature = "4dabf18193072939515e22adb298388d"
    assert wire["password"] == {signature: "1b47061264138c4ac30d75fd1eb44270", "value": "p"}
    assert wire["later"] == "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    assert decode(encode(tree)) == tree


def test_secret_does_not_show_its_value() -> None:
    assert "hunter2" not in repr(Secret("hunter2"))
    assert "hunter2" not in repr({"nested": [Secret("hunter2")]})


def test_unknown_is_found_inside_lists_and_secrets() -> None:
    assert has_unknown({"a": [{"b": Secret({"c": UNKNOWN})}]})
    assert not has_unknown({"a": [Secret("x"), None]})


def test_conceal_marks_what_was_secret_and_nothing_else() -> None:
    like = {"a": Secret("old"), "b": {"c": Secret(1), "d": 2}, "list": [1, Secret(2)]}
    found = conceal({"a": "new", "b": {"c": 3, "d": 4}, "list": [5, 6, 7], "extra": 8}, like)
    assert found == {"a": Secret("new"), "b": {"c": Secret(3), "d": 4}, "list": [5, Secret(6), 7], "extra": 8}
    assert reveal(found) == {"a": "new", "b": {"c": 3, "d": 4}, "list": [5, 6, 7], "extra": 8}


@given(TREES)
def test_nothing_differs_from_itself_secret_or_not(tree: dict[str, Any]) -> None:
    hidden = {key: Secret(value) for key, value in tree.items()}
    assert not diff(tree, hidden).changes


@given(TREES, TREES)
def test_every_difference_is_named_below_a_key_that_differs(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert bool(diff(old, new).changes) == (encode(old) != encode(new))


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, {"a.b": "UPDATE"}),
        ({"a": {"b": 1}}, {"a": {}}, {"a.b": "DELETE"}),
        ({}, {"a": {"b": 1}}, {"a": "ADD"}),
        ({"a": {}}, {"a": {"b": None}}, {"a.b": "ADD"}),
        ({"a": [1, 2]}, {"a": [1, 3, 4]}, {"a[1]": "UPDATE", "a[2]": "ADD"}),
        ({"a": {"x.y/z": 1}}, {"a": {"x.y/z": 2}}, {'a["x.y/z"]': "UPDATE"}),
        ({"a": True}, {"a": 1}, {"a": "UPDATE"}),
        ({"a": 1}, {"a": UNKNOWN}, {"a": "UPDATE"}),
    ],
)
def test_changes_are_named_by_path(old: Any, new: Any, changes: dict[str, str]) -> None:
    assert diff(old, new).changes == changes


def test_replacements_are_those_at_or_below_a_path() -> None:
    found = diff({"name": 1, "names": 1, "meta": {"name": 1}}, {"name": 2, "names": 2, "meta": {"name": 2}})
    assert {path for path in found.changes if below("name", "meta")(path)} == {"name", "meta.name"}
    assert [top(path) for path in ("a.b", "a[0]", 'a["b.c"]', "a")] == ["a"] * 4


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ('[{"s3": "x"}]', [{"s3": "x"}]), (False, False), ("plain", "plain")]
)
def test_settings_come_as_json_text_or_as_they_are(text: Any, value: Any) -> None:
    assert parse_setting(text) == value
