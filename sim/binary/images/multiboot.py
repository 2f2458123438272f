"""Find the header by which a boot loader knows a kernel.

Multiboot Specification 0.6.96, section 3.1.1, and Multiboot2 Specification, section 3.1.1: a magic
number, aligned, near the start of the file, whose header adds up to zero.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sim.binary.images.image import Bytes

_HEADERS: Final = (
    # Name, magic number, where it may stand, alignment, words that add up to zero.
    ("multiboot", 0x1BADB002, 8192, 4, 3),
    ("multiboot2", 0xE85250D6, 32768, 8, 4),
)


def multiboot(data: Bytes) -> str:
    """Return which header a file has, or nothing."""
    for name, magic, within, alignment, words in _HEADERS:
        near = data[: within - within % 4][: len(data) // 4 * 4].view("<u4")
        step = alignment // 4
        for place in np.flatnonzero(near[::step] == magic) * step:
            header = near[place : place + words].astype(np.uint64)
            if len(header) == words and int(header.sum()) % (1 << 32) == 0:
                return name
    return ""
