"""A client that learns with its start timestamp which versions it may see."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence
from typing import Any, NamedTuple, Protocol

from sim.omid.client import Step
from sim.omid.messages import Begun
from sim.omid.transaction import Transaction
from sim.omid.uncollected import UncollectedClient


class Opening(NamedTuple):
    """A begin: `serial` is the client's own count, `known` what it need not be told again."""

    client: str
    serial: int
    known: Any


class Informed(Protocol):
    """An answer to a begin that carries more than timestamps."""

    @property
    def begun(self) -> Begun:
        """The timestamps."""


class LoggedClient(UncollectedClient, ABC):
    """What the clients of Omid1 and Tephra share."""

    informed: type[Any]
    """The type of the answer to a begin."""

    def ask_to_begin(self, *, fence: bool = False) -> Generator[Any, Any, Begun | None]:
        """Return the manager's answer to a begin, or None after the last retry."""
        for _ in range(self.settings.request_retries + 1):
            manager = self.manager or (yield from self.find_manager())
            self.serial += 1
            opening = Opening(self.name, self.serial, self.known())
            reply = yield from self.ask(manager, manager.on_begin, opening)
            if isinstance(reply, self.informed):
                answer: Informed = reply
                self.learn(answer)
                return answer.begun
        return None

    def known(self) -> object:
        """Return what the manager need not tell again, and what it should know."""
        return None

    @abstractmethod
    def learn(self, answer: Any) -> None:
        """Take in what came with a start timestamp."""

    def resolve_outcome(self, transaction: Transaction) -> Generator[Any, Any, int | None]:
        """Give up: nobody but a manager knows, and none has answered."""
        yield from ()
        return None

    def complete(self, start: int, keys: Sequence[int], commit: int) -> Step:
        """Leave the cells as they are: there are no commit fields."""
        yield from ()
