"""Lists that lack what their writer appended before."""

import pytest

from specs.history.formats.load import read
from specs.history.isolation.certificates import certify
from specs.history.isolation.decide import decide
from specs.history.isolation.levels import LEVELS

LIST = """\
{:type :ok, :process 0, :f :txn, :value [[:append 0 6] [:append 0 7] [:append 0 5]]}
{:type :ok, :process 1, :f :txn, :value [[:r 0 [%s]]]}
"""
NAMES = [name for name in LEVELS if "strong" not in name and "strict" not in name]


@pytest.mark.parametrize("name", [n for n in NAMES if "timestamps" not in n])
@pytest.mark.parametrize("seen", ["5", "7 5", "6 5"])
def test_a_list_without_an_earlier_append_of_its_writer_is_refused(tmp_path, name, seen):
    path = tmp_path / "history.edn"
    for elements, holds in ((seen, False), ("6 7 5", True)):
        path.write_text(LIST % elements)
        decision = decide(read(path).history, LEVELS[name])
        assert decision.holds == holds
        certify(decision)
