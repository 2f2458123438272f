"""Whatever bytes a file holds, it is read or refused; it is never our own error."""

import gzip
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sim.workload.boundaries import Rule
from sim.workload.formats.registry import EXITS, FORMATS
from sim.workload.generate.settings import SettingError
from sim.workload.load import Reading, load, load_exits
from sim.workload.profiles.registry import PROFILES
from sim.workload.readers.errors import TraceFileError
from tests.workload.recordings import SMALL, XEN
from tests.workload.test_profiles import CLUSTERS, HALVES, SERIES

GOOD = [content for content, _ in SMALL.values()] + [CLUSTERS, HALVES, SERIES]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Draw a good file with a piece cut out, put in, or put in the place of another."""
    content = draw(st.sampled_from(GOOD))
    start = draw(st.integers(0, len(content)))
    end = draw(st.integers(start, min(len(content), start + 12)))
    return content[:start] + draw(st.binary(max_size=8)) + content[end:]


def refusal_of(read, content: bytes) -> str:
    """Return why a file is refused, nothing where it is read; all else is raised."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "trace")
        path.write_bytes(content)
        try:
            read(path)
        except (TraceFileError, SettingError) as error:
            return str(error)
        return ""


@pytest.mark.parametrize("form", [None, *FORMATS, *PROFILES])
@given(content=damaged() | st.binary(max_size=64))
@example(content=b"{")
@example(content=b"|  cluster  |")
@example(content=gzip.compress(b""))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_read_or_refused(form, content):
    reading = Reading(format=form, rule=Rule(clients=2, transactions=50))
    told = refusal_of(lambda path: load(path, reading), content)
    assert told.count("\n") == 0


@pytest.mark.parametrize("form", [None, *EXITS])
@given(content=damaged() | st.binary(max_size=64))
@example(content=XEN.replace(b"\x0e\0\0\0\t\0\0\0", b"\xff" * 8))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_exits_or_refused(form, content):
    told = refusal_of(lambda path: load_exits(path, form), content)
    assert told.count("\n") == 0
