"""A digest is fixed by the fields and their order, on every machine."""

from array import array
from hashlib import blake2b

import numpy as np
import pytest

from sim.kernel.digest import Digest


def digest(*fields):
    result = Digest()
    for name, value in fields:
        if isinstance(value, str):
            result.text(name, value)
        else:
            result.integers(name, value)
    return result.hex()


def test_packing_is_the_documented_one():
    expected = blake2b(digest_size=32)
    expected.update(b"T" + bytes([4, 0, 0, 0, 0, 0, 0, 0]) + b"name")
    expected.update(bytes([3, 0, 0, 0, 0, 0, 0, 0]) + "aé".encode())
    expected.update(b"I" + bytes([1, 0, 0, 0, 0, 0, 0, 0]) + b"k")
    expected.update(bytes([16, 0, 0, 0, 0, 0, 0, 0]))
    expected.update(bytes([1, 0, 0, 0, 0, 0, 0, 0]) + bytes([254] + [255] * 7))
    assert digest(("name", "aé"), ("k", [1, -2])) == expected.hexdigest()


def test_all_containers_of_the_same_integers_are_equal():
    forms = [[1, -2, 3], (1, -2, 3), array("q", [1, -2, 3]), np.array([1, -2, 3], dtype="<i8")]
    forms += [memoryview(array("q", [1, -2, 3])), np.array([1, 9, -2, 9, 3], dtype="i8")[::2]]
    assert len({digest(("k", form)) for form in forms}) == 1


@pytest.mark.parametrize(
    "other",
    [
        [("a", "x"), ("b", [2, 1])],
        [("b", [1, 2]), ("a", "x")],
        [("a", "xb"), ("", [1, 2])],
        [("a", "x"), ("b", [1]), ("b", [2])],
        [("a", "x"), ("b", [1, 2]), ("c", [])],
    ],
)
def test_other_fields_give_another_digest(other):
    assert digest(*other) != digest(("a", "x"), ("b", [1, 2]))


def test_other_types_are_refused():
    with pytest.raises(TypeError, match="a column of integers is int64, not 'd'"):
        Digest().integers("k", np.array([1.0]))
    with pytest.raises(TypeError, match="int64, not 'i'"):
        Digest().integers("k", np.array([1], dtype=np.int32))
    with pytest.raises(TypeError, match="int64, not '>q'"):
        Digest().integers("k", np.array([1], dtype=">i8"))
