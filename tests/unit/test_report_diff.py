"""Differences field by field, and back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.kubernetes.diff import Change, apply, diff, text

scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "b", "-x=1", "-x=2", "-y"])
keys = st.sampled_from(["name", "port", "key", "a", "b.c/d"])
trees = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=15
)
named = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from("abcde"), "value": trees}),
    max_size=5,
    unique_by=lambda item: str(item["name"]),
)


@given(trees, trees)
def test_applying_a_difference_gives_the_other_tree(old: Any, new: Any) -> None:
    assert same(apply(diff(old, new), old), new)


@given(named, named)
def test_named_lists_come_back_whole_and_in_order(old: Any, new: Any) -> None:
    assert same(apply(diff(old, new), old), new)


@given(trees)
def test_a_tree_does_not_differ_from_itself(tree: Any) -> None:
    assert diff(tree, tree) == []


@given(trees, trees)
def test_no_difference_means_equal(old: Any, new: Any) -> None:
    assert (diff(old, new) == []) == same(old, new)


def same(one: Any, other: Any) -> bool:
    """Equality that tells True from 1."""
    return repr(sorted_keys(one)) == repr(sorted_keys(other))


def sorted_keys(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: sorted_keys(tree[key]) for key in sorted(tree)}
    return [sorted_keys(item) for item in tree] if isinstance(tree, list) else tree


@pytest.mark.parametrize(
    ("old", "new", "paths"),
    [
        (
            {"containers": [{"name": "a", "image": "x:1"}, {"name": "b"}]},
            {"containers": [{"name": "new"}, {"name": "a", "image": "x:2"}, {"name": "b"}]},
            ["change containers[a].image", "add containers[new]", "order containers"],
        ),
        ({"args": ["-a=1", "-b=2"]}, {"args": ["-a=1", "-b=3"]}, ["change args[-b]"]),
        (
            {"mounts": [{"name": "d", "mountPath": "/a"}, {"name": "d", "mountPath": "/b"}]},
            {"mounts": [{"name": "d", "mountPath": "/a"}]},
            ["remove mounts[/b]"],
        ),
        ({"labels": {"app.io/x": "1"}}, {"labels": {}}, ['remove labels["app.io/x"]']),
        ({"ports": [{"port": 80, "a": 1}]}, {"ports": [{"port": 80, "a": 2}]}, ["change ports[80].a"]),
        ({"list": ["a", "b"]}, {"list": ["a", "c"]}, ["change list[1]"]),
        ({"list": ["a", "b"]}, {"list": ["b"]}, ["change list"]),
        ({"on": True}, {"on": 1}, ["change on"]),
        ({"a": None}, {}, ["remove a"]),
    ],
)
def test_paths_are_as_people_write_them(old: Any, new: Any, paths: list[str]) -> None:
    assert [f"{change.op} {text(change.path)}" for change in diff(old, new)] == paths


def test_a_change_knows_where_it_is() -> None:
    change = Change(("spec", "template", "metadata"), "change")
    assert change.below("spec", "template")
    assert change.below("spec", "template", "metadata", "labels"), "what holds a field changes it as well"
    assert not change.below("spec", "selector")
