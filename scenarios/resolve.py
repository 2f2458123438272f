"""From a scenario to everything that decides one run: nothing is left to chance or to defaults.

A resolved scenario has its seed, variant and mutant, its data source, and every fault of its
nemeses written out. Written as TOML it replays the run without the code that drew it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

import numpy as np

from scenarios.emit import document
from scenarios.errors import UsageError
from scenarios.load import Source
from scenarios.names import check_mutant, names_of
from scenarios.schema.faults import table_of
from scenarios.schema.omid import settings_of, topology_of
from scenarios.schema.scenario import Scenario, stated
from scenarios.schema.workload import Generated, Script, Trace, Workload
from sim.kernel.faults import ClockDrift, Fault
from sim.kernel.network import LinkModel
from sim.kernel.streams import Streams
from sim.omid.variants import VARIANTS
from sim.omid.world import NetworkModel, Setup, points_of
from sim.workload.fingerprint import fingerprint
from sim.workload.generate.settings import SettingError
from sim.workload.types import TraceError, TransactionTrace


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A scenario with nothing open, its workload trace, and what was decided on the way."""

    scenario: Scenario
    name: str
    trace: TransactionTrace
    notes: tuple[str, ...] = ()

    def setup(self, *, tracing: bool = False, counting: bool = False) -> Setup:
        """Return what the simulator needs."""
        scenario = self.scenario
        links = scenario.network.links
        return Setup(
            seed=scenario.seed,
            workload=self.trace,
            network=NetworkModel(
                latency=scenario.network.latency.law(),
                links=tuple(
                    LinkModel(
                        source=link.source,
                        target=link.target,
                        latency=link.latency.law(),
                        fifo=link.fifo,
                    )
                    for link in links
                ),
            ),
            variant=scenario.variant,
            mutant=scenario.mutant,
            settings=settings_of(scenario.omid),
            topology=topology_of(scenario.topology),
            background=scenario.background.load() if scenario.background else None,
            faults=(*_drifts(scenario), *(fault.fault() for fault in scenario.faults)),
            think_ns=scenario.workload.think,
            duration_ns=scenario.limits.duration,
            settle_ns=scenario.limits.settle,
            tracing=tracing,
            counting=counting,
        )

    def workload(self) -> dict[str, Any]:
        """Say what the workload is, and by what rule its transactions were made, for results."""
        trace = self.trace
        return {
            "name": trace.name,
            "source": trace.source,
            "transactions": trace.transactions,
            "operations": trace.operations,
            "clients": trace.clients,
            "notes": [*trace.notes],
        }

    def text(self) -> str:
        """Return the resolved scenario as a file that `bulkhead run` repeats."""
        return document(stated(self.scenario))

    def canonical(self) -> str:
        """Return the part of the text that decides the run, the same on every machine.

        Title, expectations and the wall limit decide nothing; a trace is named by its content,
        not by the place where it lies.
        """
        tables = stated(self.scenario)
        for name in ("title", "expect"):
            tables.pop(name, None)
        tables["limits"].pop("wall", None)
        for name in ("file", "dataset"):
            tables["workload"].pop(name, None)
        return document(tables)


def resolve(source: Source, *, seed: int | None = None, mutant: str | None = None) -> Resolved:
    """Settle everything that a scenario leaves open; raises `UsageError` where that fails."""
    scenario = source.scenario
    if mutant is not None:
        if why := check_mutant(mutant, scenario.variant):
            raise UsageError(why, where="--mutant")
        scenario = scenario.model_copy(update={"mutant": mutant})
    if seed is not None:
        scenario = scenario.model_copy(update={"seed": seed})
    scenario = _materialise(scenario, source.name)
    workload, trace, notes = _choose(scenario, source)
    if not trace.transactions:
        raise UsageError("the workload has no transactions", where=source.name)
    _check_special(trace, scenario.variant, where=source.name)
    _check_sequence(scenario, where=source.name)
    scenario = scenario.model_copy(update={"workload": workload})
    return Resolved(scenario=scenario, name=source.name, trace=trace, notes=notes)


def _check_special(trace: TransactionTrace, name: str, *, where: str) -> None:
    """Refuse what not every variant has where this one has it not."""
    variant = VARIANTS[name]
    if trace.fence is not None and trace.fence.any() and not variant.fences:
        fitting = ", ".join(name for name, each in VARIANTS.items() if each.fences)
        raise UsageError(
            f'the workload has fences, which variant "{name}" has not; those that have: {fitting}',
            where=where,
        )
    most, room = trace.checkpoints_max(), variant.checkpoints_max
    if most and not room:
        fitting = ", ".join(name for name, each in VARIANTS.items() if each.checkpoints_max)
        raise UsageError(
            f'the workload has checkpoints, which variant "{name}" has not; '
            f"those that have: {fitting}",
            where=where,
        )
    if most > room:
        raise UsageError(
            f"a transaction has {most} checkpoints; the most are {room}",
            where=where,
        )


def _check_sequence(scenario: Scenario, *, where: str) -> None:
    """Refuse local sequences in which not every region has a version of its own."""
    bits, regions = settings_of(scenario.omid).sequence_bits, scenario.topology.regions
    if VARIANTS[scenario.variant].local_sequence and regions >= 1 << bits:
        raise UsageError(
            f"omid.sequence_bits: {bits} bits have {(1 << bits) - 1} versions between two "
            f"timestamps, too few for {regions} regions: {regions.bit_length()} bits would do",
            where=where,
        )


def _materialise(scenario: Scenario, name: str) -> Scenario:
    """Draw the faults of every nemesis, and put them behind the stated ones."""
    if not scenario.nemesis:
        return scenario
    from sim.kernel.nemesis import materialise

    drawn = materialise(
        [nemesis.nemesis() for nemesis in scenario.nemesis],
        Streams(scenario.seed),
        names_of(scenario),
        scenario.limits.duration or max(nemesis.end for nemesis in scenario.nemesis),
        points_of=points_of,
    )
    faults = (*scenario.faults, *(table_of(fault) for fault in drawn))
    return scenario.model_copy(update={"faults": faults, "nemesis": ()})


def _drifts(scenario: Scenario) -> Iterable[Fault]:
    """Return the drift of every clock that `[clocks]` names; the last pattern that fits counts."""
    for node in names_of(scenario):
        drifts = [ppm for glob, ppm in scenario.clocks.items() if fnmatchcase(node, glob)]
        if drifts:
            yield ClockDrift(node=node, start_ns=0, ppm=drifts[-1])


def _choose(
    scenario: Scenario, source: Source
) -> tuple[Workload, TransactionTrace, tuple[str, ...]]:
    """Return the workload that runs, its trace, and a note where there was a choice."""
    workload = scenario.workload
    clients = scenario.topology.clients
    if not isinstance(workload, Trace):
        return workload, _built_in(workload, scenario), ()
    from scenarios.data import MissingDataError, load

    reading = workload.reading(clients=clients, seed=scenario.seed)
    if workload.dataset is not None:
        try:
            trace = _readable(lambda: load(workload.dataset or "", reading), source.name)
        except MissingDataError as error:
            if workload.otherwise is None:
                raise
            chosen = workload.otherwise
            note = (
                f"workload: {chosen.kind}, built in, because data set {workload.dataset} is not "
                f"in {error.folder}"
            )
            return chosen, _built_in(chosen, scenario), (note,)
    else:
        from sim.workload.load import load as load_file

        path = source.folder / (workload.file or "")
        trace = _readable(lambda: load_file(path, reading), source.name)
    trace = _cut(trace, workload, clients, source.name)
    content = fingerprint(trace)
    if workload.content not in (None, content):
        raise UsageError(
            "the workload trace is not the one of the scenario: its content is "
            f"{content[:16]}, expected {(workload.content or '')[:16]}",
            where=source.name,
        )
    update: dict[str, Any] = {"content": content, "otherwise": None}
    if workload.file is not None:
        update["file"] = str((source.folder / workload.file).resolve())
    note = f"workload: {trace.name}, {trace.source}; {trace.transactions:,} transactions"
    return workload.model_copy(update=update), trace, (note,)


def _built_in(workload: Any, scenario: Scenario) -> TransactionTrace:
    if isinstance(workload, Script):
        return workload.trace()
    assert isinstance(workload, Generated), "every other workload is drawn"
    generator = workload.generator(clients=scenario.topology.clients)
    trace: TransactionTrace = generator.generate(Streams(scenario.seed))
    return trace


def _readable(load: Callable[[], TransactionTrace], name: str) -> TransactionTrace:
    """Load a trace; what is wrong with it, or with how it is to be read, is the user's to mend."""
    try:
        return load()
    except TraceError as error:
        raise UsageError(str(error)) from error
    except SettingError as error:
        raise UsageError(str(error), where=name) from error


def _cut(trace: TransactionTrace, workload: Trace, clients: int, name: str) -> TransactionTrace:
    """Return as much of a recorded trace as was asked for, by as many clients."""
    from sim.workload.arrange import clients_in_turn

    if workload.transactions and workload.transactions < trace.transactions:
        trace = clients_in_turn(trace).head(workload.transactions)
    if workload.clients is not None and workload.clients < trace.clients:
        folded = (trace.client % workload.clients).astype(np.int32)
        trace = replace(trace, client=folded)
    if trace.clients > clients:
        raise UsageError(
            f"the workload trace has {trace.clients} clients, the topology {clients}; "
            "set clients in [topology], or fewer in [workload]",
            where=name,
        )
    return trace
