"""The deployment that hunts run: everything happens soon, and little is needed for a conflict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from scenarios.load import frozen
from scenarios.schema.faults import table_of
from scenarios.schema.scenario import Scenario
from sim.kernel.faults import Fault

CLIENTS: Final = 3
KEYS: Final = 3
LEASE_NS: Final = 60_000_000

OMID: Final[Mapping[str, Any]] = {
    "lease": "60ms",
    "batch_timeout": "1ms",
    "restart": "20ms",
    "reconnect": "20ms",
    "apache_reconnect": "20ms",
    "request_timeout": "30ms",
    "store_timeout": "50ms",
    "backup_start": "5ms",
    "conflict_table_entries": 4,
    "bucket_entries": 2,
    "low_water_mark_period": "40ms",
    "low_water_mark_lag": "80ms",
    "compaction_period": "60ms",
    "lock_time_to_live": "40ms",
}
"""Leases of 60 ms, a conflict table of four entries, a low water mark that follows closely."""

TOPOLOGY: Final[Mapping[str, Any]] = {
    "clients": CLIENTS,
    "managers": 2,
    "regions": 2,
    "commit_table_regions": 2,
}
NETWORK: Final[Mapping[str, Any]] = {
    "latency": {"kind": "log_normal", "median": "250us", "sigma": 0.3}
}


def scenario_of(
    *,
    title: str,
    variant: str,
    mutant: str | None,
    workload: Mapping[str, Any],
    faults: Iterable[Fault] = (),
    seed: int = 0,
    limits: Mapping[str, str] | None = None,
    omid: Mapping[str, Any] | None = None,
    topology: Mapping[str, Any] | None = None,
) -> Scenario:
    """Return a scenario of this deployment; raises ValueError when it contradicts itself."""
    tables = {
        "title": title,
        "system": "omid",
        "variant": variant,
        "mutant": mutant,
        "seed": seed,
        "topology": {**TOPOLOGY, **(topology or {})},
        "omid": {**OMID, **(omid or {})},
        "network": NETWORK,
        "workload": workload,
        "limits": limits or {},
    }
    scenario = Scenario.model_validate(frozen(tables))
    return scenario.model_copy(update={"faults": tuple(table_of(fault) for fault in faults)})


def short_text(scenario: Scenario) -> str:
    """Return a scenario as a file that states only what is not the default."""
    from scenarios.emit import document

    tables = scenario.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    workload = tables["workload"]
    tables["workload"] = {"kind": workload.pop("kind"), **workload}
    return document(tables)


def sessions_of(scenario: Scenario) -> Sequence[Sequence[str]]:
    """Return the sessions of a scripted workload; none for any other."""
    sessions: Sequence[Sequence[str]] = getattr(scenario.workload, "sessions", ())
    return sessions
