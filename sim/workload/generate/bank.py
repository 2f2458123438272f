"""Bank transfers: money moves between accounts, and every snapshot must show the same total.

A transfer takes an amount from one account and adds it to another; an audit reads all accounts.
Balances may become negative. A mechanism that loses an update or shows half a transfer changes
the sum that an audit reads.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.history import Conserved
from sim.kernel.streams import Streams
from sim.workload.generate.columns import in_turn, rows_of
from sim.workload.generate.draws import Draws
from sim.workload.generate.settings import check_range, check_share, check_size
from sim.workload.types import Access, TransactionTrace


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    """Generates transfers between `accounts` accounts, and audits of all of them."""

    transactions: int
    clients: int
    accounts: int = 10
    initial: int = 100
    amount_max: int = 10
    audits_ppm: int = 100_000

    def __post_init__(self) -> None:
        """Refuse settings that make no workload."""
        check_size(transactions=self.transactions, clients=self.clients)
        check_range("accounts", self.accounts, 2, 10_000)
        check_range("initial", self.initial, 0, 10**12)
        check_range("amount_max", self.amount_max, 1, 10**9)
        check_share("audits_ppm", self.audits_ppm)

    def generate(self, streams: Streams) -> TransactionTrace:
        """Return the workload that these streams draw."""
        audit = Draws(streams.at("workload", "bank", "audit")).chance(
            self.audits_ppm, self.transactions
        )
        accounts = Draws(streams.at("workload", "bank", "account"))
        source = accounts.below(self.accounts, self.transactions)
        # One of the other accounts: skip the source.
        target = accounts.below(self.accounts - 1, self.transactions)
        target += target >= source
        moved = Draws(streams.at("workload", "bank", "amount")).between(
            1, self.amount_max, self.transactions
        )

        rows = rows_of(np.where(audit, self.accounts, 2))
        auditing = audit[rows.owner]
        giving = rows.place == 0
        transfer_key = np.where(giving, source[rows.owner], target[rows.owner])
        transfer_amount = np.where(giving, -moved[rows.owner], moved[rows.owner])
        return TransactionTrace(
            name="bank",
            source=f"transfers between {self.accounts} accounts, built in",
            client=in_turn(transactions=self.transactions, clients=self.clients),
            first=rows.first,
            kind=np.where(auditing, Access.READ, Access.ADD).astype(np.int8),
            key=np.where(auditing, rows.place, transfer_key),
            amount=np.where(auditing, 0, transfer_amount),
            initial_value=self.initial,
            conserved=Conserved(keys=self.accounts, total=self.accounts * self.initial),
            notes=("a transfer is two additions that sum to 0; an audit reads all accounts",),
        )
