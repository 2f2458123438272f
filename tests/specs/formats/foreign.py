"""Small files of foreign formats that several tests read, and how to make more of them."""

import io
import json
import struct
import tarfile
from types import MappingProxyType

from sim.history import NIL, OperationKind, Outcome
from specs.history.formats.load import read

INITIAL, NULL = 0xBEBEEBEE, 0xDEADBEEF


def dbcop(sessions, *, info="test", texts=("2022", "2023")):
    """A bincode file; an event is (is a write, key, value, succeeded)."""
    parts = [struct.pack("<5Q", 1, 2, 3, 4, 5)]
    parts += [struct.pack("<Q", len(text)) + text.encode() for text in (info, *texts)]
    parts.append(struct.pack("<Q", len(sessions)))
    for session in sessions:
        parts.append(struct.pack("<Q", len(session)))
        for events, committed in session:
            parts.append(struct.pack("<Q", len(events)))
            parts += [struct.pack("<BQQB", *event) for event in events]
            parts.append(bytes([committed]))
    return b"".join(parts)


DBCOP = dbcop([[([(1, 3, 7, 1), (0, 4, 0, 1)], 1), ([(1, 3, 8, 1)], 0)], [([(0, 3, 7, 1)], 1)]])


def cobra_log(*transactions, instants=None, end=b""):
    """A log of Cobra; a transaction is (number, operations), an operation ("W", ...)."""
    parts = []
    for place, (number, operations) in enumerate(transactions):
        begin, finish = ([], []) if instants is None else ([x] for x in instants[place])
        parts.append(b"S" + struct.pack(f">{1 + len(begin)}Q", number, *begin))
        for letter, *numbers in operations:
            parts.append(letter.encode() + struct.pack(f">{len(numbers)}Q", *numbers))
        parts.append(b"C" + struct.pack(f">{1 + len(finish)}Q", number, *finish))
    return b"".join(parts) + end


COBRA = MappingProxyType(
    {
        "T0.log": cobra_log((1, [("R", INITIAL, INITIAL, 5, 99), ("W", 100, 5, 11)])),
        "T1.log": cobra_log((2, [("R", 1, 100, 5, 11)]), (3, [("W", 101, 6, 12)])),
    }
)

POLYSI = b"r(5,0,0,0)\nw(5,1,0,0)\nr(5,1,1,1)\nw(6,1,0,2)\n"
PLUME = b"w(5,3,0,0)\nw(6,4,0,0)\nr(5,3,1,1)\nw(6,5,1,1)\nw(6,9,1,-1)\nr(6,4,2,2)\n"
AWDIT = b"w 0 1\n-----\nr 0 1\nw 1 0\n=====\nr 1 0\n"
VERISTRONG = b"4\n0 1 A 5 17\n0 1 R 5 1 17\n1 2 R 5 0\n0 3 A 6 -2\n"
CHRONOS = (
    b'[{"tid":1,"sid":7,"sts":{"p":3,"l":0},"cts":{"p":4,"l":0},'
    b'"ops":[{"t":"w","k":5,"v":6},{"t":"r","k":8,"v":null}]},\n'
    b'{"tid":2,"sid":8,"sts":{"p":5,"l":0},"cts":{"p":5,"l":0},"ops":[{"t":"R","k":5,"v":6}]}]\n'
)
DBCOP_JSON = (
    b'{"params":{"id":0},"info":"x","start":"a","end":"b","data":[[{"events":'
    b'[{"Read":{"variable":5,"version":null}},{"Write":{"variable":5,"version":1}}],'
    b'"committed":true}],[{"events":[["r",5,1]],"committed":false}]]}\n'
)
VIPER = MappingProxyType(
    {
        "json/J0.log": b'{"value": [["w", 5, 17, true], ["r", 8, null, false]]}\n',
        "json/J1.log": b'[{"value": [["r", 5, 17, true]]}]\n',
    }
)

FILES = MappingProxyType(
    {
        "dbcop": DBCOP,
        "dbcop-json": DBCOP_JSON,
        "polysi-text": POLYSI,
        "plume-text": PLUME,
        "awdit": AWDIT,
        "chronos-json": CHRONOS,
        "veristrong-list": VERISTRONG,
    }
)
"""A small file of every format that keeps a history in one file."""


def tar(files, *, form=tarfile.GNU_FORMAT, links=()):
    """A tar file of names and contents, and of links that lead nowhere."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=form) as archive:
        for name in links:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, "nowhere"
            archive.addfile(member)
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return target.getvalue()


def loaded(folder, content, **options):
    """What comes of a file with this content."""
    path = folder / "history"
    path.write_bytes(content)
    return read(path, **options)


def in_folder(folder, files, **options):
    """What comes of a folder with these files."""
    for name, content in files.items():
        path = folder / "logs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return read(folder / "logs", **options)


_LETTERS = {
    OperationKind.READ: "r",
    OperationKind.WRITE: "w",
    OperationKind.APPEND: "a",
    OperationKind.READ_LIST: "R",
}
_MARKS = {Outcome.COMMITTED: "", Outcome.ABORTED: "!", Outcome.UNKNOWN: "?"}


def told(history):
    """A history as text: a transaction an entry, with its session, its end and what it did."""
    return [
        f"{history.session_names[history.session[row]]}{_MARKS[history.outcome[row]]}: "
        + " ".join(
            _operation(history, place)
            for place in range(history.first[row], history.first[row + 1])
        )
        for row in range(history.transactions)
    ]


def _operation(history, row):
    kind = OperationKind(history.kind[row])
    key = _named(history.key[row], history.key_labels)
    value = _named(history.value[row], history.value_labels)
    if kind == OperationKind.READ_LIST:
        elements = history.elements[history.element_first[row] : history.element_first[row + 1]]
        names = [str(_named(element, history.value_labels)) for element in elements]
        value = f"[{','.join(names)}]"
    return f"{_LETTERS[kind]}({key},{value})".replace(" ", "")


def _named(number, labels):
    if number == NIL:
        return "nil"
    return int(number) if labels is None else labels[number]


def document(sessions, **more):
    """A file of the later dbcop."""
    return json.dumps({"params": {}, **more, "data": sessions}).encode()


def pax(records):
    """A tar file that begins with these pax records."""
    content = bytearray(tar({"x": records.ljust(512, b"\0")})[:1024])
    content[124:136] = b"%011o\0" % len(records)
    content[156:157] = b"x"
    content[148:156] = b"%06o\0 " % (sum(content[:148]) + sum(content[156:512]) + 8 * ord(" "))
    return bytes(content) + tar({"y": b"y"})
