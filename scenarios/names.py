"""Check every name in a scenario: variants, mutants, properties, nodes, points, data sets."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from scenarios.errors import UsageError, nearest
from scenarios.schema.faults import NODE_KEYS
from scenarios.schema.omid import topology_of
from scenarios.schema.scenario import Scenario
from scenarios.schema.workload import Generated, Script, Trace
from scenarios.script import parse_script
from scenarios.wording import Complaint
from sim.history import HistoryBuilder, OracleBuilder
from sim.kernel.distributions import Constant
from sim.omid.mechanisms import MECHANISMS
from sim.omid.mutants import MUTANTS
from sim.omid.variants import VARIANTS
from sim.omid.world import POINTS, NetworkModel, Setup, World, node_names


def check_names(scenario: Scenario) -> Iterator[Complaint]:
    """Yield a complaint for every name that means nothing."""
    yield from _system(scenario)
    yield from _expectations(scenario)
    nodes = names_of(scenario)
    for number, fault in enumerate(scenario.faults):
        yield from _fault(fault, ("faults", number), nodes)
    for number, nemesis in enumerate(scenario.nemesis):
        yield from _patterns(nemesis, ("nemesis", number), nodes, keys=("nodes", *NODE_KEYS))
        for place, point in enumerate(nemesis.points):
            path = ("nemesis", number, "points", place)
            yield from _point(point, path, nemesis.nodes, nodes)
    for number, link in enumerate(scenario.network.links):
        yield from _patterns(link, ("network", "links", number), nodes, keys=NODE_KEYS)
    for glob in scenario.clocks:
        yield from _pattern(glob, ("clocks", glob), nodes)
    yield from _workload(scenario)


def names_of(scenario: Scenario) -> tuple[str, ...]:
    """Return the names of all nodes of a scenario, in node-number order."""
    background = scenario.background is not None
    return node_names(topology_of(scenario.topology), background=background)


def check_mutant(mutant: str, variant: str) -> str:
    """Say why a mutant cannot be planted into a variant; nothing when it can."""
    if mutant not in MUTANTS:
        return f'unknown mutant "{mutant}"{nearest(mutant, MUTANTS)}'
    if variant not in MUTANTS[mutant].variants:
        fitting = ", ".join(MUTANTS[mutant].variants)
        return f'mutant "{mutant}" does not apply to variant "{variant}", only to {fitting}'
    return ""


def _system(scenario: Scenario) -> Iterator[Complaint]:
    if scenario.variant not in VARIANTS:
        hint = nearest(scenario.variant, VARIANTS)
        yield Complaint(path=("variant",), message=f'unknown variant "{scenario.variant}"{hint}')
    elif scenario.mutant and (why := check_mutant(scenario.mutant, scenario.variant)):
        yield Complaint(path=("mutant",), message=why)


def _expectations(scenario: Scenario) -> Iterator[Complaint]:
    from specs.history.properties import PROPERTIES

    expect = scenario.expect
    for name in expect.properties:
        if name not in PROPERTIES:
            hint = nearest(name, PROPERTIES)
            yield Complaint(
                path=("expect", name), message=f'unknown property "{name}"{hint}', at_key=True
            )
    for number, mark in enumerate(expect.marks):
        if mark not in mark_names():
            yield Complaint(
                path=("expect", "marks", number),
                message=f'unknown mark "{mark}"{nearest(mark, mark_names())}',
            )
    for name in expect.metrics:
        if name not in metric_names():
            yield Complaint(
                path=("expect", name),
                message=f'unknown metric "{name}"{nearest(name, metric_names())}',
                at_key=True,
            )
    if expect.mechanism is not None:
        yield from _mechanism(expect.mechanism, scenario)


def _mechanism(name: str, scenario: Scenario) -> Iterator[Complaint]:
    known = {mechanism.name: mechanism for mechanism in MECHANISMS}
    violated = {key for key, value in scenario.expect.properties.items() if value == "violated"}
    path = ("expect", "mechanism")
    if name not in known:
        yield Complaint(path=path, message=f'unknown mechanism "{name}"{nearest(name, known)}')
    elif not violated:
        yield Complaint(path=path, message=f'"{name}" is the reason of no expected violation')
    elif not violated & set(known[name].properties):
        resting = ", ".join(known[name].properties) or "none"
        yield Complaint(
            path=path,
            message=f'no expected violation rests on "{name}"; the properties that do: {resting}',
        )


def _fault(fault: Any, path: tuple[str | int, ...], nodes: tuple[str, ...]) -> Iterator[Complaint]:
    yield from _patterns(fault, path, nodes, keys=NODE_KEYS)
    for node_key, point_key in (("node", "point"), ("release_node", "release_point")):
        point = getattr(fault, point_key, None)
        if point is not None:
            globs = (getattr(fault, node_key),)
            yield from _point(point, (*path, point_key), globs, nodes)


def _point(
    point: str, path: tuple[str | int, ...], globs: tuple[str, ...], nodes: tuple[str, ...]
) -> Iterator[Complaint]:
    roles = {node.split(".")[0] for node in nodes if any(fnmatchcase(node, g) for g in globs)}
    known = [name for role in sorted(roles) for name in POINTS.get(role, ())]
    if roles and point not in known:
        message = f'{" or ".join(globs)} has no point "{point}"{nearest(point, known)}'
        yield Complaint(path=path, message=message)


def _patterns(
    table: Any, path: tuple[str | int, ...], nodes: tuple[str, ...], *, keys: tuple[str, ...]
) -> Iterator[Complaint]:
    for key in keys:
        value = getattr(table, key, None)
        if isinstance(value, str):
            yield from _pattern(value, (*path, key), nodes)
        elif isinstance(value, tuple):
            for number, glob in enumerate(value):
                yield from _pattern(glob, (*path, key, number), nodes)


def _pattern(glob: str, path: tuple[str | int, ...], nodes: tuple[str, ...]) -> Iterator[Complaint]:
    if not any(fnmatchcase(node, glob) for node in nodes):
        roles = dict.fromkeys(node.split(".")[0] for node in nodes)
        hint = nearest(glob, nodes) or f" (nodes: {', '.join(roles)})"
        yield Complaint(path=path, message=f'unknown node "{glob}"{hint}')


def _workload(scenario: Scenario) -> Iterator[Complaint]:
    workload = scenario.workload
    yield from _built_in(workload, ("workload",), scenario.topology)
    if isinstance(workload, Trace):
        if workload.otherwise is not None:
            yield from _built_in(workload.otherwise, ("workload", "otherwise"), scenario.topology)
        if workload.dataset is not None:
            yield from _dataset(workload.dataset)


def _built_in(workload: Any, path: tuple[str | int, ...], topology: Any) -> Iterator[Complaint]:
    """Complain about a workload that its generator refuses, or that has too many clients."""
    if isinstance(workload, Generated):
        try:
            workload.generator(clients=topology.clients)
        except ValueError as error:
            setting = getattr(error, "setting", None)
            key = (setting.removesuffix("_ppm"),) if setting else ()
            yield Complaint(path=(*path, *key), message=str(error).replace("_ppm", ""))
    sessions = len(workload.sessions) if isinstance(workload, Script) else workload.clients
    if sessions is not None and sessions > topology.clients:
        yield Complaint(
            path=(*path, "sessions" if isinstance(workload, Script) else "clients"),
            message=f"the workload has {sessions} clients, the topology {topology.clients}",
        )


def _dataset(name: str) -> Iterator[Complaint]:
    from scenarios.data import find

    try:
        find(name)
    except UsageError as error:
        yield Complaint(path=("workload", "dataset"), message=str(error))


@cache
def mark_names() -> tuple[str, ...]:
    """Return the names of all marks."""
    from specs.history.properties import marks

    return tuple(
        marks(
            HistoryBuilder().build(session_names=()),
            OracleBuilder().build(node_names=()),
        )
    )


@cache
def metric_names() -> tuple[str, ...]:
    """Return the names of all metrics, durations without their `_ns`: those of a run of nothing."""
    network = NetworkModel(latency=Constant(0))
    world = World(Setup(seed=0, workload=parse_script([["read 0"]]), network=network))
    world.run(until_ns=0)
    return tuple(name.removesuffix("_ns") for name in world.outcome().metrics)
