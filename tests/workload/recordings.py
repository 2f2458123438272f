"""Small recordings of every format, written by hand, and what must come out of them."""

import io
import struct

import numpy as np

from sim.workload.types import Access

R, W, D = Access.READ, Access.WRITE, Access.DELETE

KV = b"op_time,key,key_size,op,op_count,size,usecase\n"
BLOCK = b"op_time,block_id,op_name,op_count,host_name\n"
IO = b"version,time,op,size,lbn\n"
LLM = b"TIMESTAMP,ContextTokens,GeneratedTokens\r\n"

KVM = b"""# ./kvmexit.py 2
Display kvm exit reasons and statistics for all threads after sleeping 2 secs.
PID TID KVM_EXIT_REASON COUNT
^C7 8 EXIT_REASON_HLT 1
7 8 EXIT_REASON_MSR_WRITE 2
"""

XEN = b"".join(
    struct.pack(f"<{len(words)}I", *words)
    for words in (
        (0x2001F003, 3, 0),
        (0xC002800A, 5, 0, 1, 2, 14, 9),
        (0xB0081102, 9, 0, 18, 0xABC, 0xF),
        (0x10082012, 24),
        (0x80081001, 11, 0),
    )
)


def xen_npz() -> bytes:
    """Return the columns of the events above."""
    file = io.BytesIO()
    extra = np.zeros((4, 7), dtype=np.uint32)
    extra[0, :4], extra[1, :3], extra[2, 0] = (1, 2, 14, 9), (18, 0xABC, 0xF), 24
    np.savez(
        file,
        tsc=np.array([5, 9, 9, 11], dtype=np.uint64),
        cpu=np.full(4, 3, dtype=np.uint8),
        event=np.array([0x2800A, 0x81102, 0x82012, 0x81001], dtype=np.uint32),
        n_extra=np.array([4, 3, 1, 0], dtype=np.uint8),
        extra=extra,
    )
    return file.getvalue()


# Format, content, and the accesses that come out with keys as they first appear.
SMALL = {
    "oltp": (b"7 2 0 0\n9 1 0 1\n7 1 0 2\n", [0, 1, 2, 0]),
    "adapt_size": (b"1 5 68\n2 6 7454\n3 5 68\n", [0, 1, 0]),
    "lirs": (b"10\n*\n11\n\n10\n", [0, 1, 0]),
    "address": (b"s 0x1f 1\nl 0x20 0\nl 0x1f 6\n", [0, 1, 0]),
    "words32": (b"\0\0\0\1\0\0\0\2\0\0\0\1", [0, 1, 0]),
    "words64": (b"\0\0\0\0\0\0\0\1\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\1", [0, 1, 0]),
    "cachelib_kv": (
        KV + b"5,ab,2,GET,2,9,u\n5,cd,2,SET,1,9,u\n6,ab,2,DELETE,1,0,u\n",
        [0, 0, 1, 0],
    ),
    "cachelib_block": (
        BLOCK + b"5,a-b,getChunkData.Permanent,1,h\n5,a-c,putChunk.Permanent,1,h\n",
        [0, 1],
    ),
    "cloudphysics": (IO + b"1,5,2a,512,90\n1,5,28,512,91\n1,6,2A,512,90\n", [0, 1, 0]),
    "azure_llm": (
        LLM + b"2023-11-16 18:17:03.9799600,4808,10\r\n2023-11-16 18:17:04.03,4808,8",
        [0, 1, 0, 2],
    ),
    "kvmexit": (KVM, [0, 1, 0]),
    "xentrace": (XEN, [0, 1, 2]),
    "xen_npz": (xen_npz(), [0, 1, 2]),
}
KINDS = {
    "address": [W, R, R],
    "cachelib_kv": [R, R, W, D],
    "cachelib_block": [R, W],
    "cloudphysics": [W, R, W],
    "azure_llm": [R, W, R, W],
    "kvmexit": [W, R, W],
    "xentrace": [R, W, W],
    "xen_npz": [R, W, W],
}
