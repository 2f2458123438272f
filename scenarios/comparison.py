"""One workload through several variants: which runs are made, over the pool, in a fixed order.

Every variant runs with the same seeds. Chance comes in named streams, so with one seed the
clients draw the same transactions and each link the same latencies (common random numbers):
differences between variants are those of the variants.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from scenarios.errors import StoppedError, UsageError, nearest
from scenarios.load import Source
from scenarios.measurement import Measurement, Plan
from scenarios.pool import Done, Pool, Task
from scenarios.resolve import resolve
from scenarios.schema.scenario import stated
from scenarios.schema.workload import Generated
from sim.kernel.digest import Digest
from sim.omid.variants import VARIANTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Every measurement, by variant, then by number of clients, then by seed."""

    scenario: str
    title: str
    variants: tuple[str, ...]
    clients: tuple[int, ...]
    """The numbers of clients that were tried, ascending."""
    base: int
    """The number of clients that tables show: the scenario's own, or the nearest tried."""
    seeds: tuple[int, ...]
    measurements: tuple[Measurement, ...]

    def of(self, variant: str, clients: int | None = None) -> list[Measurement]:
        """Return the measurements of a variant, by seed."""
        wanted = self.base if clients is None else clients
        return [
            each for each in self.measurements if each.variant == variant and each.clients == wanted
        ]

    @property
    def violated(self) -> dict[str, list[str]]:
        """Return the unexpected violations of each variant that has some."""
        found: dict[str, dict[str, None]] = {}
        for each in self.measurements:
            if each.violated:
                found.setdefault(each.variant, {}).update(dict.fromkeys(each.violated))
        return {variant: list(names) for variant, names in found.items()}

    def digest(self) -> str:
        """Return the digest over all runs, in order."""
        digest = Digest()
        for each in self.measurements:
            digest.text("variant", each.variant)
            digest.text("run", f"{each.clients} {each.seed} {each.digest}")
        return digest.hex()


def check_variants(names: Sequence[str]) -> tuple[str, ...]:
    """Return the variants to compare, each once; raise `UsageError` for one that is none."""
    chosen = tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
    for name in chosen:
        if name not in VARIANTS:
            hint = nearest(name, VARIANTS)
            raise UsageError(f'unknown variant "{name}"{hint}', where="--variants")
    if not chosen:
        raise UsageError("nothing to compare: name variants, like omid,omid-ll", where="--variants")
    return chosen


def choose_clients(source: Source, asked: Sequence[int] | None) -> tuple[int, ...]:
    """Return the numbers of clients to try.

    A built-in workload is tried with a quarter of the scenario's clients up to four times as
    many; where faults may name clients, with no fewer than its own. Recorded and scripted
    workloads have the clients that they have.
    """
    scenario = source.scenario
    own = scenario.topology.clients
    if not isinstance(scenario.workload, Generated):
        if asked is not None:
            raise UsageError(
                f"workload kind {scenario.workload.kind} has clients of its own: leave it out",
                where="--clients",
            )
        return (own,)
    if asked is not None:
        return tuple(sorted(set(asked)))
    lowest = own if scenario.faults or scenario.nemesis or scenario.clocks else max(1, own // 4)
    return tuple(sorted({max(lowest, own * times // 4) for times in (1, 2, 4, 8, 16)}))


def plans(
    source: Source, *, variants: Sequence[str], clients: Sequence[int], seeds: Sequence[int]
) -> list[Plan]:
    """Return every run to make; raise `UsageError` where one cannot be set up."""
    made = [
        Plan(
            scenario=stated(source.scenario),
            name=source.name,
            folder=str(source.folder),
            variant=variant,
            clients=count,
            seed=seed,
        )
        for variant in variants
        for count in clients
        for seed in seeds
    ]
    for plan in made:
        if plan.seed == seeds[0]:
            resolve(plan.source(), seed=plan.seed)
    return made


def compare(
    source: Source,
    *,
    variants: Sequence[str],
    clients: Sequence[int],
    seeds: Sequence[int],
    workers: int,
    watch: Callable[[int, int], None],
) -> Comparison:
    """Make every run over the pool; raise `StoppedError` when a limit cut one short."""
    todo = plans(source, variants=variants, clients=clients, seeds=seeds)
    tasks = [Task(number=number, message=_message(plan)) for number, plan in enumerate(todo)]
    done: dict[int, Done] = {}
    with Pool(min(workers, len(tasks))) as pool:
        for each in pool.run(tasks):
            done[each.task.number] = each
            watch(len(done), len(tasks))
    # In their order, so that of several failures the first is told, whoever was faster.
    measurements = tuple(_measurement(done[n], todo[n]) for n in range(len(tasks)))
    own = source.scenario.topology.clients
    return Comparison(
        scenario=source.name,
        title=source.scenario.title,
        variants=tuple(variants),
        clients=tuple(clients),
        base=min(clients, key=lambda count: (abs(count - own), count)),
        seeds=tuple(seeds),
        measurements=measurements,
    )


def _measurement(done: Done, plan: Plan) -> Measurement:
    """Return what a run came to; raise what kept it from coming to anything."""
    answer = done.answer
    if answer is None:
        raise RuntimeError(
            f"{plan.variant}, {plan.clients} clients, seed {plan.seed}: the worker"
            f" process died, twice\n{done.last_words}"
        )
    if "stopped" in answer:
        raise StoppedError("\n".join(answer["stopped"]), where=plan.name)
    if "problems" in answer:
        raise UsageError("\n".join(answer["problems"]))
    return Measurement.of(answer["answer"])


def _message(plan: Plan) -> dict[str, Any]:
    return {"task": "measure", **{name: getattr(plan, name) for name in Plan.__slots__}}
