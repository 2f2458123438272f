"""What the emitter writes, the reader turns back, and the loader accepts."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.emit import document
from scenarios.library import shipped
from scenarios.load import load, parse
from scenarios.resolve import resolve

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
plain = (
    st.booleans()
    | texts
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
)
tables = st.recursive(
    st.dictionaries(texts, plain | st.lists(plain, max_size=4), max_size=4),
    lambda inner: st.dictionaries(
        texts, plain | inner | st.lists(inner, min_size=1, max_size=3), max_size=4
    ),
    max_leaves=12,
)


@given(tables)
def test_tables_survive_being_written_and_read(table):
    assert tomllib.loads(document(table)) == table


def test_none_is_left_out_and_other_types_are_refused():
    assert tomllib.loads(document({"a": None, "b": 1})) == {"b": 1}
    with pytest.raises(TypeError, match="a scenario holds no bytes"):
        document({"a": b"x"})


@pytest.mark.parametrize("name", shipped())
def test_resolved_scenario_is_a_scenario_that_resolves_to_itself(name):
    first = resolve(load(shipped()[name].path), seed=7)
    again = resolve(parse(first.text().encode(), name=name, folder=Path()))
    assert again.text() == first.text()
    assert again.canonical() == first.canonical()
    assert again.setup().faults == first.setup().faults
    assert not again.scenario.nemesis
