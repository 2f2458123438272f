"""Results and matrices made up by hand, as realistic as a page needs."""

from reports.matrix import Cell, Matrix
from reports.results import RunResult

PROPERTIES = (
    "timestamps_unique",
    "one_commit_timestamp",
    "acknowledged_commits_durable",
    "snapshot_reads",
    "first_committer_wins",
    "needed_versions_kept",
)

STORY = (
    "T41 (client.0) writes keys 0 and 1 and asks tm.1 to commit.",
    "tm.1 accepts at 43 and pauses before its commit-table write.",
    "tm.2 takes the lease and serves from timestamp 50 on.",
    "T51 (client.1) begins at tm.2.",
    "T51 reads key 0: T41 has no commit-table row, so the initial value.",
    "tm.1's write lands: T41 committed at 43.",
    "T51 reads key 1: T41 committed at 43 < 51, so T41's value.",
)


def document(*, seed=7, mutant=None, violated=(), expect=None, premise=512, outcome=None):
    """Return a result document as `result.json` holds it."""
    expected = expect or {}
    return {
        "scenario": "omid/failover-inflight-commit",
        "system": "omid",
        "variant": "omid",
        "mutant": mutant,
        "outcome": outcome or ("violated" if violated else "holds"),
        "seed": seed,
        "digest": "3f9a2c1be04d77aa01c2d3e4" + "0" * 40,
        "verdicts": [
            {
                "property": name,
                "holds": name not in violated,
                "premise": 0 if name == "needed_versions_kept" else premise,
                "evidence": {
                    "sentence": "T51 saw T41's write to key 1 but not its write to key 0.",
                    "lines": list(STORY),
                }
                if name in violated
                else None,
            }
            for name in PROPERTIES
        ],
        "expectations": [
            {
                "name": name,
                "expected": expected.get(name, "holds"),
                "actual": "violated" if name in violated else "holds",
                "met": (expected.get(name, "holds") == "violated") == (name in violated),
            }
            for name in PROPERTIES
        ],
        "marks": {"failovers": 1, "invalidations": 3, "write_skew": 0},
        "metrics": {
            "committed": 12345,
            "aborted": 123,
            "unknown": 2,
            "recovery_ns": 11_400_000_000,
        },
        "simulated_s": 60.0,
        "wall_s": 3.217,
        "replay": "bulkhead run runs/20261125T031500Z-3f9a2c1b",
    }


def result(**changes):
    """Return the result of `document`."""
    return RunResult.of(document(**changes))


def matrix():
    """Return a matrix of three mutants, one of them benign, and the system as it should be."""
    cells = []
    broken = {
        ("no_invalidation", "omid/failover-inflight-commit"): ("snapshot_reads", 37),
        ("no_epoch_check", "omid/two-primaries"): ("first_committer_wins", 4),
    }
    for mutant, scenario in (
        ("none", "omid/failover-inflight-commit"),
        ("none", "omid/two-primaries"),
        ("no_invalidation", "omid/failover-inflight-commit"),
        ("no_invalidation", "omid/two-primaries"),
        ("no_epoch_check", "omid/two-primaries"),
        ("no_healing", "omid/failover-inflight-commit"),
    ):
        name, times = broken.get((mutant, scenario), ("", 0))
        for one in PROPERTIES:
            word = "not exercised" if one == "needed_versions_kept" else "holds"
            cells.append(
                Cell(
                    mutant=mutant,
                    scenario=scenario,
                    property=one,
                    word="violated" if one == name else word,
                    runs=200,
                    violated=times if one == name else 0,
                    seconds=41.7,
                    intended=(mutant, one)
                    in {
                        ("no_invalidation", "snapshot_reads"),
                        ("no_epoch_check", "first_committer_wins"),
                    },
                )
            )
    return Matrix(
        title="Two of two harmful mutants are caught, each by the property it should break",
        subtitle="violating runs of 200 seeds a scenario, wall-clock seconds, 2 shared cores",
        cells=tuple(cells),
        mutants=("none", "no_invalidation", "no_epoch_check", "no_healing"),
        properties=PROPERTIES,
        benign=("no_healing",),
        foot=("bulkhead 0.1.0, seeds 0..199",),
    )
