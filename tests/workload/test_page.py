from dataclasses import fields
from pathlib import Path

from scenarios import data
from scenarios.schema.workload import Trace
from sim.workload.formats.registry import FORMATS
from sim.workload.generate.keys import DISTRIBUTIONS
from sim.workload.generate.kinds import GENERATORS
from sim.workload.load import OWN, load
from sim.workload.profiles.registry import PROFILES

PAGE = (Path(__file__).parents[2] / "docs/reference/workloads.md").read_text()


def test_the_trace_on_the_page_is_one(saved):
    example = PAGE.split("```json\n")[1].split("```")[0]
    trace = load(saved(example.encode()))
    assert trace.name == "two transfers"
    assert trace.key.tolist() == [3, 4, 5, 3, 5]
    assert trace.rollback.tolist() == [False, True]


def test_the_page_has_every_generator_with_every_setting():
    rows = {row.split("`")[1]: row for row in PAGE.splitlines() if row.startswith("| `")}
    for kind, generator in GENERATORS.items():
        names = [field.name.removesuffix("_ppm") for field in fields(generator)]
        said = rows[kind].rsplit("|", 2)[1].split("`")[1::2]
        assert ["transactions", "clients", *said] == names


def test_the_page_names_every_distribution_format_data_set_and_key():
    formats = (*OWN, *FORMATS, *PROFILES)
    keys = set(Trace.model_fields) - {"kind", "think", "content", "file", "dataset"}
    for name in (*DISTRIBUTIONS, *formats, *data.DATASETS, *sorted(keys)):
        if name != "uniform":
            assert f"`{name}`" in PAGE
