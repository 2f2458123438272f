"""The real recordings: every one is read whole, with the counts that are known of it."""

import pytest

from scenarios import data
from sim.workload.boundaries import Rule
from sim.workload.fingerprint import fingerprint
from sim.workload.formats.registry import FORMATS, recognised
from sim.workload.load import Reading, load_exits
from sim.workload.readers.opened import HEAD_BYTES, opened

# Requests and distinct keys of the whole recording, none for a description; and the fingerprint
# of its first 300 transactions for eight clients. Of ARC's trace its README says 914,145 and
# 186,880, of Azure's 8,819 and 19,366 rows, of CloudPhysics' about 113,900.
KNOWN = {
    "ycsb/workloada": (None, "54df22f6"),
    "ycsb/workloadb": (None, "3f4e8540"),
    "ycsb/workloadc": (None, "20704923"),
    "ycsb/workloadd": (None, "b0767e6a"),
    "ycsb/workloade": (None, "044b92f0"),
    "ycsb/workloadf": (None, "8fbe14bd"),
    "ycsb/tsworkloada": (None, "a84dafb7"),
    "ycsb/workload-template": (None, "dd83cf47"),
    "ycsb/tsworkload-template": (None, "d307c9bf"),
    "arc/oltp": ((914_145, 186_880), "4abe9601"),
    "azure/llm-code": ((17_638, 3_833), "e765ca98"),
    "azure/llm-conv": ((38_732, 2_962), "c4f43ad1"),
    "cachelib/kv-1": ((691, 52), "cf9edca2"),
    "cachelib/kv-2": ((433, 62), "39a829ca"),
    "cachelib/block-1": ((1_023, 625), "ff587322"),
    "cachelib/block-2": ((1_016, 646), "a990d926"),
    "cachelib/kvcache-reg": (None, "3e30fd16"),
    "cachelib/leader-assocs": (None, "c0484275"),
    "cachelib/leader-fbobj": (None, "65e86b7a"),
    "cachelib/follower-assocs": (None, "39dbb7c5"),
    "cachelib/follower-fbobj": (None, "43497ce4"),
    "caffeine/adapt-size": ((66_987, 36_815), "1f5887e0"),
    "caffeine/address-gcc": ((515_683, 35_070), "77e17881"),
    "caffeine/address-swim": ((303_193, 22_605), "8b22e7d0"),
    "caffeine/address-twolf": ((482_824, 7_354), "900eb095"),
    "caffeine/cache2k-orm-busy": ((5_000_000, 76_349), "3cf01a89"),
    "caffeine/cache2k-orm-night": ((5_000_000, 86_466), "196a5242"),
    "caffeine/cache2k-web07": ((76_118, 20_484), "08acaffb"),
    "caffeine/cache2k-web12": ((95_607, 13_756), "f3261bc0"),
    "caffeine/w106": ((5_292_456, 275_171), "aefb2aa4"),
    "caffeine/corda": ((135_702, 90_468), "d9a40b9b"),
    "caffeine/lirs-2-pools": ((100_000, 9_939), "b4581a7c"),
    "caffeine/lirs-cs": ((6_781, 1_409), "e846674e"),
    "caffeine/lirs-gli": ((6_015, 2_529), "b3f047fc"),
    "caffeine/lirs-multi3": ((30_241, 7_454), "36192671"),
    "caffeine/lirs-sprite": ((133_996, 7_075), "73431e51"),
    "cloudphysics/io": ((113_872, 48_974), "ebc59ce0"),
    "kvm/kvmexit": ((180_009, 10), "ce67552b"),
    "twitter/2020mar": (None, "14b4a0e1"),
    "xen/xentrace": ((19_254, 338), "2f28255a"),
    "xen/events": ((19_254, 338), "2f28255a"),
}


def present(name):
    try:
        return data.verify(name)
    except data.MissingDataError as error:
        pytest.skip(str(error))


def test_every_data_set_but_those_with_transactions_has_known_counts():
    assert set(KNOWN) == {name for name in data.DATASETS if not name.startswith("cobra/")}


@pytest.mark.parametrize("name", [name for name, (counts, _) in KNOWN.items() if counts])
def test_a_recording_holds_the_requests_and_keys_that_are_known_of_it(name):
    path = present(name)
    with opened(path) as file:
        head = file.read(HEAD_BYTES)
    form = FORMATS.get(data.DATASETS[name].format or "") or recognised(head)
    requests, keys = 0, set()
    with opened(path) as file:
        for request in form.requests(file, path):
            requests += 1
            keys.add(request.key)
    assert (requests, len(keys)) == KNOWN[name][0]


@pytest.mark.parametrize("name", KNOWN)
def test_a_data_set_means_the_same_workload_on_every_machine(name):
    present(name)
    part = "cluster11" if name.startswith("twitter/") else None
    trace = data.load(name, Reading(rule=Rule(clients=8, transactions=300), part=part))
    assert fingerprint(trace)[:8] == KNOWN[name][1]
    assert trace.clients <= 8
    assert trace.notes


def test_the_binary_of_xen_and_its_decoded_columns_are_one_recording():
    binary, columns = load_exits(present("xen/xentrace")), load_exits(present("xen/events"))
    assert binary.events == columns.events == 180_493
    for name in ("time_ns", "cpu", "domain", "vcpu", "kind", "address"):
        assert getattr(binary, name).tolist() == getattr(columns, name).tolist()
    assert binary.kinds == columns.kinds
    assert len(binary.of_kind("exit.ept_violation")) == 282
    assert len(binary.of_kind("exit.vmcall")) == 1803
    exits = sum(len(binary.of_kind(kind)) for kind in binary.kinds if kind.startswith("exit."))
    assert exits == len(binary.of_kind("entry")) == 5873
    assert set(binary.cpu.tolist()) == set(range(8))


def test_the_exits_of_kvm_are_as_many_as_its_tables_count():
    trace = load_exits(present("kvm/kvmexit"))
    assert trace.events == 180_009
    assert len(trace.of_kind("exit.msr_write")) == 126_174
