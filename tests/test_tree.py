"""Structures that differ are told from those that agree."""

import pytest

from danlu import tree

DIFFERENT = [
    ({"a": 1}, [2]),
    ([1], {"a": 2}),
    ({"b": 1}, {"b": 1, "c": 2}),
    ({"b": 1, "c": 2}, {"b": 1}),
    ([1, 2], [1]),
    ([1, [2]], [1, [2, 3]]),
    ((1, 2), (1, 2, 3)),
]


@pytest.mark.parametrize(("a", "b"), [*DIFFERENT, ([1], 1), (1, [1]), ({}, [])], ids=str)
def test_assert_same_structure(a, b):
    with pytest.raises(ValueError, match=r"\[tree\] structures differ: "):
        tree.assert_same_structure(a, b)


@pytest.mark.parametrize(("a", "b"), [*DIFFERENT, ([1], 1), ({"a": 1}, 1)], ids=str)
def test_map_structure(a, b):
    with pytest.raises(ValueError, match=r"\[tree\] structures differ: "):
        tree.map_structure(lambda x, y: x, a, b)


def test_lists_and_tuples_stand_for_each_other():
    tree.assert_same_structure([1, (2, 3)], (1, [2, 3]))
    assert tree.map_structure(lambda x, y: x + y, [1, (2, 3)], (1, [2, 3])) == [2, (4, 6)]
    # Below a leaf of the first, whatever the others have.
    assert tree.map_structure(lambda x, y: y, [1], [[2, 3]]) == [[2, 3]]
