"""The story of a proof: its cases, the arrows of each, and why the orders between hold.

Told at length if that takes a few lines, else every cycle in one line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from specs.history.isolation.arrows import Loop, Order
from specs.history.isolation.proofs import Leaf, Node, Proof
from specs.history.isolation.words import Words

LINES_MAX: Final = 10
_INDENT: Final = "  "

Lines = list[str]


def story_of(proof: Proof, words: Words, places: str) -> tuple[str, ...]:
    """Return the story of a proof; its last line says where the transactions stand."""
    story = _Story(proof, words)
    lines = [*story.told(story.at_length), places]
    if len(lines) > LINES_MAX:
        lines = [*story.told(story.in_short), places]
    if len(lines) > LINES_MAX:
        left = len(lines) - LINES_MAX + 1
        lines = [*lines[: LINES_MAX - 2], f"({left} more lines.)", places]
    return tuple(lines)


class _Story:
    def __init__(self, proof: Proof, words: Words) -> None:
        self.proof = proof
        self.words = words
        self._explained: set[Order] = set()

    def told(self, tell: Callable[[Loop, frozenset[Order]], Lines]) -> Lines:
        """Return the cases, each cycle told in one way."""
        self._explained = set()
        return self._cases(self.proof.root, frozenset(), tell)

    def _cases(
        self,
        node: Node,
        assumed: frozenset[Order],
        tell: Callable[[Loop, frozenset[Order]], Lines],
    ) -> Lines:
        if isinstance(node, Leaf):
            return tell(node.loop, assumed)
        lines = []
        for word, order, below in (
            ("If", node.order, node.holds),
            ("But if", node.order.opposite, node.otherwise),
        ):
            told = self._cases(below, assumed | {order}, tell)
            head = f"{word} {self.words.order(order)}:"
            if len(told) == 1:
                lines.append(f"{head} {told[0]}")
            else:
                lines += [head, *(_INDENT + line for line in told)]
        return lines

    def at_length(self, loop: Loop, assumed: frozenset[Order]) -> Lines:
        """Tell a cycle, an arrow a line."""
        lines = []
        for arrow in loop.arrows:
            if arrow.kind == "ww" and arrow.order in assumed:
                continue
            lines.append(f"{self.words.sentence(arrow)}.")
            if arrow.order is not None and arrow.order not in assumed:
                lines += self._why(arrow.order, said=arrow.kind == "ww")
        return [*lines, self.words.close(loop)]

    def in_short(self, loop: Loop, assumed: frozenset[Order]) -> Lines:
        """Tell a cycle in one line, and in one more what each of its orders rests on."""
        reasons: Lines = []
        for order in loop.orders:
            if order not in assumed:
                reasons += self._why(order)
        return [*reasons, f"{self._chain(loop, assumed)}: a circle."]

    def _why(self, order: Order, *, said: bool = False) -> Lines:
        """Say why an order holds, and before that what this rests on; nothing if that was said.

        `said` is whether the order itself stands in the line before.
        """
        if order in self._explained:
            return []
        self._explained.add(order)
        reason = self.proof.settled[order]
        told = self.words.order(order)
        if isinstance(reason, int):
            return [f"{_INDENT}({'' if said else f'{told}: '}{self.words.shown(order, reason)}.)"]
        if not isinstance(reason, Leaf):
            return [f"{_INDENT}({told}: the other order has no way out either.)"]
        opposite = frozenset((order.opposite,))
        deeper = [each for each in reason.loop.orders if each not in opposite]
        lines = [line for each in deeper for line in self._why(each)]
        head = "For otherwise" if said and not lines else f"{told}, for otherwise"
        return [*lines, f"{_INDENT}({head} {self._chain(reason.loop, opposite)}.)"]

    def _chain(self, loop: Loop, assumed: frozenset[Order]) -> str:
        told = [
            self.words.short(arrow)
            for arrow in loop.arrows
            if not (arrow.kind == "ww" and arrow.order in assumed)
        ]
        if not told:
            return "these orders contradict one another"
        return ", ".join(told[:-1]) + (", and " if len(told) > 1 else "") + told[-1]
