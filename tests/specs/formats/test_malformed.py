"""Damaged and mixed-up files of every format: exit code 2, and one line that says where and why."""

import json
import lzma
import re
import struct

import pytest

from scenarios.checking import check
from scenarios.exits import Exit
from tests.specs.formats import foreign, samples
from tests.specs.formats.foreign import COBRA, DBCOP, VIPER

JSONL = samples.packed("jsonl", samples.two_transactions()[0])
NPZ = samples.packed("npz", samples.two_transactions()[0])
HEAD, ONE, *_ = JSONL.splitlines(keepends=True)
OK = b"{:type :ok, :process 0, :f :txn, :value [[:append 3 1]]}\n"
T0, T1 = COBRA["T0.log"], COBRA["T1.log"]
J0 = VIPER["json/J0.log"]
S = struct.pack(">cQ", b"S", 9)


def chronos(**changes):
    """A file of one transaction of Chronos with some of it changed."""
    clock = {"p": 3, "l": 0}
    row = {"tid": 1, "sid": 7, "sts": clock, "cts": {"p": 4}, "ops": [{"t": "w", "k": 5, "v": 6}]}
    return json.dumps([row | changes]).encode()


FILES = {
    "jsonl": {
        "cut in a line": (JSONL[:-5], "line 3: no JSON at column"),
        "cut between lines": (HEAD + ONE, "line 2: 1 transactions up to here, but line 1 says"),
        "another schema": (b'{"schema": "x/1"}\n', 'line 1: schema "x/1"'),
        "no such session": (
            HEAD + ONE.replace(b'"session":0', b'"session":9'),
            "line 2: session 9",
        ),
        "a negative instant": (re.sub(rb'"invoked_ns":\d+', b'"invoked_ns":-4', JSONL), "line 2: "),
        "not UTF-8": (HEAD + b'{"session": "\xff"}\n', "line 2: byte 0xff at column 14"),
        "one name twice": (b'{"schema": 1, "schema": 2}\n', "line 1: the name 'schema' twice"),
        "nested deeply": (HEAD + b"[" * 100_000 + b"\n", "line 2: maximum recursion depth"),
    },
    "npz": {
        "cut short": (NPZ[:-30], "no whole npz file"),
        "another zip file": (samples.zipped({"x.txt": b"x"}), "no schema"),
        "a column too many": (samples.zipped({"x.npy": b"x"}, NPZ), "column x: a column that"),
        "a column too few": (
            samples.zipped({}, NPZ, without="history.key"),
            "column history.key: ",
        ),
        "no array": (samples.zipped({"history.key.npy": b"NUMPY"}, NPZ), "column history.key: no "),
        "a huge shape": (
            samples.zipped(samples.shaped("history.key", 1 << 60), NPZ),
            "column hist",
        ),
        "another type": (samples.zipped(samples.typed("history.key"), NPZ), "column history.key: "),
    },
    "dbcop": {
        "cut short": (DBCOP[:-3], "byte "),
        "too long": (DBCOP + b"xyz", "3 bytes after the last session"),
        "huge sessions": (DBCOP[:76] + struct.pack("<Q", 1 << 63), "byte 76: 9223372036854775808"),
        "a huge text": (DBCOP[:52] + struct.pack("<Q", 1 << 63) + DBCOP[60:], "byte 52: 9223372"),
        "a flag of 7": (DBCOP.replace(b"\1\3", b"\7\3", 1), "7 where write is 0 or 1"),
        "a text of bytes": (DBCOP[:60] + b"\xff" + DBCOP[61:], "byte 60: start is not UTF-8"),
        "commit of 9": (DBCOP[:-1] + b"\x09", "9 where committed is 0 or 1"),
    },
    "dbcop-json": {
        "cut short": (foreign.DBCOP_JSON[:-9], "line "),
        "no data": (b'{"params": {}}', 'line 1: no "data"'),
        "data twice": (b'{"data": [], "data": []}', 'line 1: "data" twice'),
        "an event of another kind": (
            b'{"data": [[{"events": [3], "committed": true}]]}',
            "3 is no",
        ),
        "no outcome": (b'{"data": [[{"events": []}]]}', "is no transaction"),
        "something behind": (foreign.DBCOP_JSON + b"x", "line 2: 'x' after the end"),
        "nested deeply": (b'{"data": ' + b"[" * 1_000_000, "line 1: "),
    },
    "polysi-text": {
        "another letter": (b"r(1,0,0,0)\nx(1,2,0,0)\n", "line 2: 'x(1,2,0,0)' is no operation"),
        "a number too few": (b"r(1,0,0)\n", "line 1: 'r(1,0,0)' is no operation"),
        "a fraction": (b"w(1,2.5,0,0)\n", "line 1: 'w(1,2.5,0,0)' is no operation"),
        "cut short": (b"r(1,0,0,0)\nw(1,", "line 2: 'w(1,' is no operation"),
        "a null written": (b"w(1,null,0,0)\n", "line 1: a write of null"),
        "a zero byte": (b"r(1,0,0,0)\nr(1\0,0,0,0)\n", r"line 2: 'r(1\x00,0,0,0)' is no operation"),
        "a huge number": (b"r(1,0,0,0)\nw(1,%s,0,0)\n" % (b"9" * 50), "line 2: 'w(1,9999"),
        "one long line": (b"r(1,0,0,0)\n" + b"w(1" * (4 << 20), "line 2: a line longer than 8 MiB"),
    },
    "awdit": {
        "another letter": (b"w 1 2\nx 1 2\n", "line 2: 'x 1 2' is no operation"),
        "a sign": (b"w 1 -2\n", "line 1: 'w 1 -2' is no operation"),
        "a number too few": (b"w 1\n", "line 1: 'w 1' is no operation"),
        "another break": (b"w 1 2\n+++++\n", "line 2: '+++++' is no operation"),
        "not UTF-8": (b"w 1 2\nr \xff 2\n", r"line 2: 'r \xff 2' is no operation"),
        "cut short": (b"w 1 2\nr 1", "line 2: 'r 1' is no operation"),
    },
    "veristrong-list": {
        "too few lines": (
            b"3\n0 1 A 5 17\n",
            "line 2: 1 operations up to here, but the first line",
        ),
        "no such operation": (b"1\n0 1 W 5 17\n", "line 2: "),
        "too few elements": (b"1\n0 1 R 5 3 17\n", "line 2: "),
        "a huge length": (b"1\n0 1 R 5 99999999999999999999 17\n", "line 2: "),
        "a session that changes": (b"2\n0 1 A 5 17\n1 1 A 5 18\n", "line 3: transaction 1 in"),
        "a text": (b"1\n0 1 A five 17\n", "line 2: 'five' is no whole number"),
    },
    "chronos-json": {
        "cut short": (foreign.CHRONOS[:-9], "line 2: "),
        "no operations": (chronos(ops=3), "line 1: "),
        "another operation": (chronos(ops=[{"t": "delete", "k": 1}]), "is no operation"),
        "a write of null": (chronos(ops=[{"t": "w", "k": 5, "v": None}]), "a write of null"),
        "no commit": (chronos(cts=None), "line 1: a transaction that writes has no commit"),
        "a clock of words": (chronos(sts={"p": "noon"}), "line 1: the timestamps"),
        "a huge clock": (chronos(sts={"p": 1 << 70}), "line 1: the timestamps"),
        "not UTF-8": (foreign.CHRONOS.replace(b'"tid":2', b'"tid":\xff'), "line 2: not UTF-8"),
    },
    "jepsen-edn-list-append": {
        "cut short": (OK + OK[:-9], "line 2: the file ends inside"),
        "no type": (OK + OK.replace(b":type :ok, ", b""), "line 2: no :type"),
        "another type": (OK + OK.replace(b":ok", b":okay"), "line 2: :type is :okay"),
        "a bracket of another kind": (OK.replace(b"]]", b"})"), "line 1: '}' at column"),
        "nested deeply": (OK + b"[" * 1_000_000, "line 2: more than 64 forms inside each other"),
        "a quote without an end": (
            OK + b'{:type "ok\n' + OK,
            "line 2: the file ends inside a map",
        ),
        "lists and registers": (OK + OK.replace(b"append", b"w"), "line 2: a register, but a list"),
        "not UTF-8": (OK + b"{:type \xff}\n", "line 2: byte 0xff at column 8"),
        "no map": (OK + b"17\n", "line 2: 17 where a map should stand"),
        "a zero byte": (OK + b"{:type \0}\n", "line 2: "),
    },
    "nothing known": {
        "text": (b"hello, world\n", "an unknown format that begins with"),
        "bytes": (bytes(range(200, 255)), "an unknown format that begins with"),
        "a log by itself": (T0, "one log of Cobra, maybe"),
        "damaged gzip": (b"\x1f\x8b\x08" + b"\xff" * 40, "damaged gzip"),
        "damaged xz": (lzma.compress(JSONL)[:-8] + bytes(8), "damaged xz"),
        "a packed file cut short": (lzma.compress(JSONL * 99)[:90], "xz without its end"),
        "nothing packed": (lzma.compress(b""), "no transaction"),
        "empty": (b"", "no transaction"),
    },
}
FOLDERS = {
    "cobra": {
        "cut short": ({"T0.log": T0[:-4], "T1.log": T1}, "byte "),
        "a log missing": (
            {"T0.log": T0, "T2.log": T1.replace(b"\3", b"\7")},
            "the folder has no T1",
        ),
        "an abort": ({"T0.log": T0 + S + b"A"}, "an abort, which Cobra never logs"),
        "no record": ({"T0.log": T0 + S + b"\0\0"}, "no record (byte 0x00)"),
        "a write outside": ({"T0.log": b"W" + bytes(24)}, "byte 0: T0.log has a record W outside"),
        "begun twice": ({"T0.log": S + S}, "byte 9: T0.log has a record S inside"),
        "another commit": ({"T0.log": S + b"C" + bytes(8)}, "byte 9: T0.log has a commit of"),
        "one number twice": ({"T0.log": T0, "T1.log": T0}, "transaction 1 twice (T0.log, T1.log)"),
        "one log twice": ({"T0.log": T0, "T00.log": T1}, "two logs T0.log"),
        "another folder": ({"x.txt": b"x"}, "no log of Cobra or Viper in this folder"),
        "only empty logs": ({"T0.log": b"", "T1.log": b""}, "no transaction"),
    },
    "viper": {
        "cut short": ({"json/J0.log": J0[:-9]}, "line 1: "),
        "another operation": ({"json/J0.log": b'{"value": [["d", 1, 2]]}'}, "is no read or write"),
        "a log missing": ({"json/J0.log": J0, "json/J2.log": J0}, "no J1.log"),
        "a write of null": ({"json/J0.log": b'{"value": [["w", 1, null]]}'}, "is no read or write"),
        "no transaction": ({"json/J0.log": b"[3]"}, "line 1: 3 is no transaction"),
        "a key of two": ({"json/J0.log": b'{"value": [["r", [1], 2]]}'}, "[1] is no key or value"),
    },
}
CASES = [(name, what) for name, cases in FILES.items() for what in cases]
LOG_CASES = [(name, what) for name, cases in FOLDERS.items() for what in cases]


def refusal(path, level="session-si"):
    """The one line with which a file is refused."""
    report = check([str(path)], level=level)
    assert report.exit == Exit.USAGE
    (checked,) = report.histories
    assert checked.error.isprintable()
    assert len(checked.error) < 600
    return checked.error


@pytest.mark.parametrize(("name", "what"), CASES)
def test_malformed_file_is_refused_in_one_line(tmp_path, name, what):
    content, said = FILES[name][what]
    path = tmp_path / "history"
    path.write_bytes(content)
    assert said in refusal(path)


@pytest.mark.parametrize(("name", "what"), LOG_CASES)
def test_malformed_folder_is_refused_in_one_line(tmp_path, name, what):
    files, said = FOLDERS[name][what]
    for file, content in files.items():
        path = tmp_path / "logs" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    assert said in refusal(tmp_path / "logs")


@pytest.mark.parametrize("name", [*FILES, *FOLDERS])
def test_every_format_is_spoilt_in_six_ways(name):
    assert len({**FILES, **FOLDERS}[name]) >= 6


def test_whole_files_are_not_refused(tmp_path):
    for name, content in {**foreign.FILES, "jsonl": JSONL, "npz": NPZ, "edn": OK}.items():
        (tmp_path / name).write_bytes(content)
        (checked,) = check([str(tmp_path / name)]).histories
        assert checked.error == ""


def test_a_name_in_a_file_cannot_command_a_terminal(tmp_path):
    content = foreign.tar({"a\x1b[2J\x9b\u2028b": b"", "c": b"x"})
    (tmp_path / "one").write_bytes(content)
    assert refusal(tmp_path / "one").startswith("2 files, none of them a log")
    (tmp_path / "two").write_bytes(foreign.tar({"a\x1b[2J\x9b\u2028b": b""}))
    assert refusal(tmp_path / "two").startswith(r"nothing in a\x1b[2J\x9b\u2028b; ")


def test_pax_records_that_never_end_are_damage(tmp_path):
    for record in (b"0 path=a\n", b"x path=a\n", b"3 path=a\n", b"99999999 path=a\n"):
        (tmp_path / "tar").write_bytes(foreign.pax(record))
        assert refusal(tmp_path / "tar").startswith("damaged tar (pax records)")


def test_names_without_end_are_told_apart_in_time(tmp_path):
    names = ", ".join(f'"n{place}": 0' for place in range(60_000))
    (tmp_path / "jsonl").write_text('{"schema": 1, ' + names + ', "n59999": 0}\n')
    assert refusal(tmp_path / "jsonl").startswith("line 1: the name 'n59999' twice in one object")


def test_a_long_name_makes_no_long_line(tmp_path):
    (tmp_path / "zip").write_bytes(samples.zipped({f"{'x' * 5000}.npy": b"x"}, NPZ))
    assert len(refusal(tmp_path / "zip")) < 500
