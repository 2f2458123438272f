"""The digest of a run: equal exactly when two runs were the same, on any machine.

BLAKE2b-256 over these fields, in this order, packed as `sim.kernel.digest` documents:

    schema                 text      "bulkhead.digest/1"
    scenario               text      the resolved scenario as canonical TOML
    seed                   text      decimal
    session_names          text      one a line
    initial_value          integers
    conserved              integers  keys and total; empty without
    transaction.<column>   integers  the columns of the history, in the order of `sim.history`
    first                  integers
    operation.<column>     integers
    node_names             text      one a line
    oracle.<column>        integers  the columns of the oracle log
    state.<name>           integers  the final state, by name

Every integer is a little-endian int64. Tracing, wall-clock time and the place of a trace file
are in none of them.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from scenarios.resolve import Resolved
from sim.history import OPERATION_COLUMNS, ORACLE_COLUMNS, TRANSACTION_COLUMNS
from sim.kernel.digest import Digest
from sim.omid.world import Outcome

SCHEMA: Final = "bulkhead.digest/1"


def run_digest(resolved: Resolved, outcome: Outcome) -> str:
    """Return the digest of a finished run as 64 hexadecimal digits."""
    history, oracle = outcome.history, outcome.oracle
    digest = Digest()
    digest.text("schema", SCHEMA)
    digest.text("scenario", resolved.canonical())
    digest.text("seed", str(resolved.scenario.seed))
    digest.text("session_names", "\n".join(history.session_names))
    digest.integers("initial_value", [history.initial_value])
    conserved = history.conserved
    digest.integers("conserved", [conserved.keys, conserved.total] if conserved else [])
    for name, _ in TRANSACTION_COLUMNS:
        _add(digest, f"transaction.{name}", getattr(history, name))
    _add(digest, "first", history.first)
    for name, _ in OPERATION_COLUMNS:
        _add(digest, f"operation.{name}", getattr(history, name))
    digest.text("node_names", "\n".join(oracle.node_names))
    for name, _ in ORACLE_COLUMNS:
        _add(digest, f"oracle.{name}", getattr(oracle, name))
    for name in sorted(outcome.final_state):
        _add(digest, f"state.{name}", outcome.final_state[name])
    return digest.hex()


def campaign_digest(rows: list[tuple[str, int, str]]) -> str:
    """Return the digest of many runs: scenario, seed and digest of each, in the given order."""
    digest = Digest()
    digest.text("schema", SCHEMA)
    for scenario, seed, run in rows:
        digest.text("run", f"{scenario} {seed} {run}")
    return digest.hex()


def _add(digest: Digest, name: str, column: npt.NDArray[np.signedinteger]) -> None:
    digest.integers(name, np.ascontiguousarray(column, dtype=np.int64).data)
