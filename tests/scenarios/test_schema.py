"""The printed schema and the loader agree, and every file says what it must."""

import json
import tomllib

import jsonschema
import pytest

from scenarios.library import shipped
from scenarios.schema.faults import TABLES, table_of
from scenarios.schema.omid import OmidTable, TopologyTable, settings_of, topology_of
from scenarios.verbs.schema import schema
from sim.kernel.faults import (
    KINDS,
    ClockDrift,
    ClockStep,
    Compaction,
    Crash,
    Delay,
    Duplicate,
    Hold,
    Loss,
    Partition,
    Pause,
    Reorder,
    SessionExpiry,
    Slow,
)
from sim.omid.settings import Settings, Topology
from tests.scenarios.commands import bulkhead

FAULTS = [
    Crash(node="tm.1", start_ns=5, length_ns=None),
    Crash(node="tm.1", point="flush.checked", hit=3, length_ns=7),
    Pause(node="tm.*", start_ns=0, length_ns=1),
    Hold(node="tm.1", point="flush.checked", release_node="client.*", release_point="begin.done"),
    Hold(node="tm.1", point="flush.checked", hit=2, release_ns=10),
    Slow(node="region.0", start_ns=1, length_ns=2, percent=400),
    ClockStep(node="tm.1", start_ns=1, by_ns=-60_000_000_000),
    ClockDrift(node="tm.1", start_ns=0, ppm=-1500),
    SessionExpiry(node="tm.1", start_ns=9),
    Compaction(node="region.0", start_ns=9),
    Partition(sources=("tm.1",), targets=("ct.*", "region.*"), start_ns=1, length_ns=2),
    Partition(sources=("a",), targets=("b",), start_ns=1, length_ns=2, one_way=True, mode="hold"),
    Loss(source="*", target="*", start_ns=1, length_ns=2, ppm=123),
    Duplicate(source="*", target="*", start_ns=1, length_ns=2),
    Reorder(source="*", target="*", start_ns=1, length_ns=2, ppm=5, delay_ns=6),
    Delay(source="*", target="*", start_ns=1, length_ns=2, delay_ns=6),
]


def test_schema_is_a_schema_and_is_printed():
    jsonschema.Draft202012Validator.check_schema(schema())


def test_command_prints_the_schema_and_nothing_else(tmp_path):
    answer = bulkhead("schema", cwd=tmp_path)
    assert json.loads(answer.stdout) == json.loads(json.dumps(schema()))
    assert answer.stderr == ""


@pytest.mark.parametrize("name", shipped())
def test_shipped_scenario_follows_the_schema(name):
    values = tomllib.loads(shipped()[name].path.read_text())
    jsonschema.validate(values, schema(), cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": "x", "system": "omid"},
        {"title": "x", "system": "omid", "workload": {"kind": "bank"}, "sed": 1},
        {"title": "x", "system": "omid", "workload": {"kind": "bank", "acounts": 2}},
        {"title": "x", "system": "omid", "workload": {"kind": "bank"}, "omid": {"lease": 5}},
        {
            "title": "x",
            "system": "omid",
            "workload": {"kind": "bank"},
            "expect": {"own_writes": "brken"},
        },
    ],
)
def test_schema_refuses_what_the_loader_refuses(wrong):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema(), cls=jsonschema.Draft202012Validator)


def test_schema_names_every_property_with_its_meaning():
    from specs.history.properties import PROPERTIES

    expect = schema()["$defs"]["Expect"]["properties"]
    for name, known in PROPERTIES.items():
        assert expect[name]["description"] == known.summary


def test_every_fault_of_the_kernel_can_be_written():
    assert set(TABLES) == set(KINDS) == {fault.kind for fault in FAULTS}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.kind)
def test_fault_comes_back_from_its_table(fault):
    table = table_of(fault)
    written = table.model_dump(mode="json", exclude_none=True)
    read = {
        key: tuple(value) if isinstance(value, list) else value for key, value in written.items()
    }
    assert type(table).model_validate(read).fault() == fault


def test_tables_say_all_that_the_simulator_can_and_start_from_its_defaults():
    assert settings_of(OmidTable()) == Settings()
    assert topology_of(TopologyTable()) == Topology()
    table = OmidTable.model_validate({"lease": "3s", "completion": "async"})
    assert settings_of(table).lease_ns == 3_000_000_000
    assert settings_of(table).completion == "async"


def test_every_key_has_a_description():
    for name, table in schema()["$defs"].items():
        for key, about in table.get("properties", {}).items():
            assert key == "kind" or about.get("description"), f"{name}.{key}"
