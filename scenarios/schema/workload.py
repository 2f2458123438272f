"""The `[workload]` table: what the clients want to do, built in or from a recorded trace."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from scenarios.schema.base import Duration, Length, Share, Table
from scenarios.script import parse_script
from sim.workload.boundaries import Rule
from sim.workload.generate.kinds import GENERATORS
from sim.workload.load import Reading
from sim.workload.types import TransactionTrace


class Workload(Table):
    """What every workload states."""

    transactions: int = Field(default=1000, ge=1, description="how many transactions in all")
    clients: int | None = Field(
        default=None, ge=1, description="how many clients run them; all of the topology's"
    )
    think: Duration = Field(
        default=0, description="how long a client waits between two of its transactions"
    )


class Generated(Workload):
    """A workload that is drawn from the seed."""

    def generator(self, *, clients: int) -> Any:
        """Return the generator with these settings; raises ValueError when they make none."""
        generator = GENERATORS[self.kind]  # type: ignore[attr-defined]  # every subclass has one
        given: dict[str, Any] = {"clients": self.clients or clients}
        for field in fields(generator):
            value = getattr(self, field.name.removesuffix("_ppm"), None)
            if field.name != "clients" and value is not None:
                given[field.name] = value
        return generator(**given)


class Ycsb(Generated):
    """YCSB core workloads A to F, grouped into transactions."""

    kind: Literal["ycsb"]
    mix: Literal["A", "B", "C", "D", "E", "F"] = Field(
        default="A", description="A update heavy, B read mostly, C read only, D latest, E, F"
    )
    records: int = Field(default=1000, ge=1, description="records that exist at the start")
    operations_min: int = Field(default=1, ge=1, description="operations of the smallest one")
    operations_max: int = Field(default=1, ge=1, description="operations of the largest one")
    sizes: Literal["uniform", "zipfian"] = Field(
        default="uniform", description="how sizes spread between the two"
    )
    distribution: Literal["uniform", "zipfian", "scrambled", "latest"] | None = Field(
        default=None, description="which keys are asked for; the mix names one"
    )
    theta: Share = Field(default=990_000, description='skew of the zipfian law, like "99%"')
    scan_length_max: int = Field(default=100, ge=1, description="keys of the longest scan")


class Vldb18(Generated):
    """The workload of Omid's evaluation of 2018 (PVLDB 11(12), section 5.1)."""

    kind: Literal["vldb18"]
    mix: Literal["random", "brwc", "single_read", "single_write", "single_brwc"] = Field(
        default="random",
        description="random accesses; a fifth read-then-write of one key; or one kind alone",
    )
    size: int | None = Field(
        default=None,
        ge=1,
        description="distinct keys of each random transaction; Zipf 0.99 cut at 10 draws them",
    )
    keys: int = Field(default=23_000_000, ge=1, description="keys of the store")
    theta: Share = Field(default=800_000, description='skew of the keys, like "80%"')
    writes: Share = Field(default=500_000, description="share of accesses that write")


class Bank(Generated):
    """Transfers between accounts, and audits of all of them."""

    kind: Literal["bank"]
    accounts: int = Field(default=10, ge=2, description="how many accounts")
    initial: int = Field(default=100, ge=0, description="what each holds at the start")
    amount_max: int = Field(default=10, ge=1, description="the largest transfer")
    audits: Share = Field(default=100_000, description="share of transactions that read all")


class Counters(Generated):
    """Increments, each of which must survive."""

    kind: Literal["counters"]
    counters: int = Field(default=4, ge=1, description="how many counters")
    reads: Share = Field(default=100_000, description="share of transactions that read all")


class Mix(Generated):
    """A hot-spot mix of readers, writers and updaters over few keys."""

    kind: Literal["mix"]
    keys: int = Field(default=4, ge=2, description="how many hot keys")
    width_max: int | None = Field(default=None, ge=2, description="keys of the widest one")
    readers: Share = Field(default=400_000, description="share that reads several keys")
    writers: Share = Field(default=300_000, description="share that writes several keys")
    rollbacks: Share = Field(default=50_000, description="share of the others that roll back")
    deletes: Share = Field(default=0, description="share of writes that delete instead")
    singles: Share = Field(default=0, description="share of all transactions that have one key")


class Pairs(Generated):
    """Pairs of keys that invite write skew."""

    kind: Literal["pairs"]
    pairs: int = Field(default=1, ge=1, description="how many pairs")


class Script(Workload):
    """Transactions written out by hand, one list of them for each client."""

    kind: Literal["script"]
    transactions: int = Field(default=0, ge=0, exclude=True, description="follows from the script")
    sessions: tuple[tuple[str, ...], ...] = Field(
        min_length=1, description='like [["write 1, write 2"], ["at 2s: read 1, read 2"]]'
    )

    @model_validator(mode="after")
    def _readable(self) -> Script:
        self.trace()
        return self

    def trace(self) -> TransactionTrace:
        """Return the workload trace; raises ValueError when the script cannot be read."""
        return parse_script(self.sessions)


class Trace(Workload):
    """A recorded trace: a file of the user's own, or a data set by name."""

    kind: Literal["trace"] = "trace"
    transactions: int = Field(
        default=0, ge=0, description="how many to take from the start; 0 is all"
    )
    file: str | None = Field(default=None, description="path from the scenario's own folder")
    dataset: str | None = Field(default=None, description='a data set, like "cobra/tpcc"')
    format: str | None = Field(
        default=None, description="format of a file that has no mark of its own, like words32"
    )
    requests: int | None = Field(
        default=None, ge=1, description="most requests of a transaction, where none is recorded"
    )
    window: Length | None = Field(
        default=None, description="window of recorded time that a transaction lies in"
    )
    writes: Share | None = Field(
        default=None, description="share of requests that write, where the trace does not tell"
    )
    speedup: int | None = Field(
        default=None, ge=1, description="how many times faster than recorded they arrive"
    )
    part: str | None = Field(
        default=None, description="part of a description, like cluster11 of twitter/2020mar"
    )
    keys: int | None = Field(
        default=None, ge=1, description="keys that a description is drawn over"
    )
    content: str | None = Field(
        default=None, description="digest of the trace; a run refuses another one"
    )
    otherwise: BuiltIn | None = Field(
        default=None, description="the workload to run where the data is absent"
    )

    @model_validator(mode="after")
    def _one_source(self) -> Trace:
        if (self.file is None) == (self.dataset is None):
            raise ValueError("a trace needs either file or dataset")
        return self

    def reading(self, *, clients: int, seed: int) -> Reading:
        """Return how to read the trace."""
        rule = Rule(
            clients=self.clients or clients,
            requests=self.requests,
            window_ns=self.window,
            writes_ppm=self.writes,
            speedup=self.speedup,
            transactions=self.transactions,
        )
        return Reading(format=self.format, rule=rule, part=self.part, keys=self.keys, seed=seed)


def _file_is_a_trace(value: Any) -> Any:
    """Let `file` or `dataset` stand without their kind."""
    if isinstance(value, dict) and "kind" not in value and ("file" in value or "dataset" in value):
        return {"kind": "trace", **value}
    return value


BuiltIn = Annotated[
    Ycsb | Vldb18 | Bank | Counters | Mix | Pairs | Script, Field(discriminator="kind")
]
AnyWorkload = Annotated[
    Annotated[
        Ycsb | Vldb18 | Bank | Counters | Mix | Pairs | Script | Trace, Field(discriminator="kind")
    ],
    BeforeValidator(_file_is_a_trace),
]

Trace.model_rebuild()
