"""What a state machine did, written down as it happens, so that a scenario file can do it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scenarios.hunt.deployment import CLIENTS, scenario_of
from scenarios.schema.scenario import Scenario
from scenarios.units import duration_text
from sim.kernel.faults import Fault


@dataclass(slots=True)
class _Entry:
    """One transaction: when it began, its steps, and whether somebody ended it."""

    begun_ns: int
    steps: list[str] = field(default_factory=list)
    ended: bool = False

    def text(self, *, left_open: str) -> str:
        """Return the transaction as a script has it; one that nobody ended waits for ever."""
        steps = self.steps if self.ended else [*self.steps, f"until {left_open}"]
        return f"at {duration_text(self.begun_ns)}: {', '.join(steps)}"


class Recording:
    """Every step of every session with its instant, and every fault."""

    def __init__(
        self, *, variant: str, mutant: str | None, omid: Mapping[str, Any] | None = None
    ) -> None:
        self.variant = variant
        self.mutant = mutant
        self.omid = omid
        self.faults: list[Fault] = []
        self._sessions: list[list[_Entry]] = [[] for _ in range(CLIENTS)]

    def begin(self, session: int, now_ns: int) -> None:
        """Note that a session begins a transaction."""
        self._sessions[session].append(_Entry(now_ns))

    def short(self, session: int, now_ns: int, text: str) -> None:
        """Note a transaction of one step."""
        self._sessions[session].append(_Entry(now_ns, [text], ended=True))

    def step(self, session: int, now_ns: int, text: str) -> None:
        """Note an operation of the last transaction of a session."""
        self._sessions[session][-1].steps += [f"until {duration_text(now_ns)}", text]

    def end(self, session: int, now_ns: int, *, rollback: bool = False) -> None:
        """Note that a session commits or rolls back."""
        entry = self._sessions[session][-1]
        entry.steps.append(f"until {duration_text(now_ns)}")
        if rollback:
            entry.steps.append("roll back")
        entry.ended = True

    def scenario(self, *, title: str, end_ns: int) -> Scenario:
        """Return the scenario that does the same up to an instant, whoever is done before."""
        left_open = duration_text(2 * end_ns)
        sessions = [
            [entry.text(left_open=left_open) for entry in session] for session in self._sessions
        ]
        if not any(sessions):
            # A script has a transaction, so one that comes too late for anything.
            sessions[0] = [f"at {duration_text(end_ns)}: read 0"]
        return scenario_of(
            title=title,
            variant=self.variant,
            mutant=self.mutant,
            omid=self.omid,
            workload={"kind": "script", "sessions": sessions},
            faults=self.faults,
            limits={"duration": duration_text(end_ns), "settle": duration_text(end_ns)},
        )
