"""What is packed is unpacked on the way, and what is made to fill a memory is refused."""

import gzip
import io
import lzma
import tarfile
import zlib

import numpy as np
import pytest
import zstandard

from specs.history.formats import folder, packing, reading
from specs.history.formats.errors import HistoryFileError
from specs.history.formats.load import read
from tests.specs.formats.foreign import AWDIT, CHRONOS, COBRA, FILES, POLYSI, loaded, tar, told

ZSTD = zstandard.ZstdCompressor()
PACKINGS = {
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "zstd": ZSTD.compress,
}


def refusal(path_or_folder, content):
    with pytest.raises(HistoryFileError) as caught:
        loaded(path_or_folder, content)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("packing_", PACKINGS)
@pytest.mark.parametrize("name", FILES)
def test_every_format_is_read_packed_alone_and_in_a_tar_file(tmp_path, name, packing_):
    pack = PACKINGS[packing_]
    plain = loaded(tmp_path, FILES[name])
    for content in (
        pack(FILES[name]),
        tar({"x/history": FILES[name]}),
        pack(tar({"x/history": FILES[name]})),
        tar({"history.xz": lzma.compress(FILES[name])}),
    ):
        found = loaded(tmp_path, content)
        assert (found.format, found.assumptions) == (plain.format, plain.assumptions)
        assert told(found.history) == told(plain.history)


@pytest.mark.parametrize("packing_", PACKINGS)
def test_streams_may_follow_each_other_and_be_padded(tmp_path, packing_):
    pack = PACKINGS[packing_]
    packed = b"".join(pack(line + b"\n") for line in AWDIT.splitlines())
    expected = told(loaded(tmp_path, AWDIT).history)
    for content in (packed, packed + bytes(8), pack(b"") + packed):
        assert told(loaded(tmp_path, content).history) == expected
    assert "more behind the end of " in refusal(tmp_path, packed + b"more")


def test_zstandard_may_hold_frames_to_skip(tmp_path):
    skipped = b"\x53\x2a\x4d\x18\x03\0\0\0abc"
    content = ZSTD.compress(AWDIT[:20]) + skipped + ZSTD.compress(AWDIT[20:]) + skipped
    assert told(loaded(tmp_path, content).history) == told(loaded(tmp_path, AWDIT).history)


@pytest.mark.parametrize("packing_", PACKINGS)
def test_a_packed_file_cut_short_anywhere_is_refused(tmp_path, packing_):
    packed = PACKINGS[packing_](AWDIT)
    for end in range(4, len(packed)):
        assert "\n" not in refusal(tmp_path, packed[:end])


@pytest.mark.parametrize("packing_", PACKINGS)
def test_a_packed_file_with_a_flipped_bit_is_read_or_refused(tmp_path, packing_):
    packed = PACKINGS[packing_](AWDIT * 3)
    refused = 0
    for place in range(len(packed)):
        damaged = bytearray(packed)
        damaged[place] ^= 1 << place % 8
        try:
            loaded(tmp_path, bytes(damaged))
        except HistoryFileError:
            refused += 1
    assert refused > len(packed) // 2


@pytest.mark.parametrize("packing_", PACKINGS)
@pytest.mark.parametrize("start", [AWDIT, POLYSI, CHRONOS, tar({})])
def test_a_decompression_bomb_is_refused(tmp_path, monkeypatch, packing_, start):
    monkeypatch.setattr(packing, "FREE_BYTES", 1 << 20)
    bomb = PACKINGS[packing_](start + b"\n" * (packing.FREE_BYTES * 2))
    assert len(bomb) * packing.RATIO_MAX < packing.FREE_BYTES
    said = refusal(tmp_path, bomb)
    assert said.endswith("that is 100 times its size; unpack it yourself if you trust it")


def test_a_block_that_says_little_unpacks_in_small_steps():
    block = (1 << 17) << 3 | 1 << 1
    frame = b"\x28\xb5\x2f\xfd\x00\x38" + 20_000 * (block.to_bytes(3, "little") + b"r")
    stream = packing.unpacked(io.BytesIO(frame))
    with pytest.raises(HistoryFileError, match="more than 23 MiB in zstd"):
        stream.read()


def test_xz_that_asks_for_much_memory_is_refused(tmp_path):
    huge = bytearray(lzma.compress(AWDIT))
    huge[huge.index(b"\x21\x01", 12) + 2] = 36  # a dictionary of 1 GiB, in the head of the block
    huge[20:24] = zlib.crc32(huge[12:20]).to_bytes(4, "little")
    assert "damaged xz (Memory usage limit exceeded)" in refusal(tmp_path, bytes(huge))


def test_a_tar_file_with_more_than_one_file_is_refused(tmp_path):
    said = refusal(tmp_path, tar({"a": AWDIT, "b": AWDIT}))
    assert said.startswith("2 files, none of them a log of Cobra or Viper; unpack")
    assert refusal(tmp_path, tar({"folder/x.debug": b""}, links=["T0.log"])).startswith(
        "nothing in x.debug"
    )


def test_a_tar_file_cut_short_is_refused_or_whole(tmp_path):
    content = tar(COBRA)
    whole = told(loaded(tmp_path, content).history)
    # Two logs of one block, each behind its head, and then zeros.
    for end in range(512, len(content), 64):
        if end <= 4 * 512:
            refusal(tmp_path, content[:end])
        else:
            assert told(loaded(tmp_path, content[:end]).history) == whole


def test_damage_between_the_files_of_a_tar_file_is_not_its_end(tmp_path):
    content = bytearray(tar(COBRA))
    content[1024 + 5] ^= 1
    assert "damaged tar" in refusal(tmp_path, bytes(content))


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_names_are_read_in_every_form_of_tar(tmp_path, form):
    long = "/".join(["a" * 50] * (4 if form == tarfile.USTAR_FORMAT else 8))
    files = {f"{long}/{name}": content for name, content in COBRA.items()}
    expected = told(loaded(tmp_path, tar(COBRA)).history)
    content = tar(files, form=form, links=["T7.log"])
    assert told(loaded(tmp_path, content).history) == expected


def claiming(size_field, *, kind=tarfile.REGTYPE):
    """A tar file whose only member says that it is larger than it is."""
    head = bytearray(tar({"T0.log": b""})[:512])
    head[124:136] = size_field
    head[156:157] = kind
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head) + COBRA["T0.log"]


@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE])
@pytest.mark.parametrize(
    "size_field",
    [b"17777777777\0", b"\x80" + bytes(2) + b"\x7f" + b"\xff" * 8, b"\xff" * 12, b"x" * 12],
    ids=["8 GiB", "8 EiB", "less than nothing", "no number"],
)
def test_a_tar_file_that_claims_much_is_refused(tmp_path, size_field, kind):
    refusal(tmp_path, claiming(size_field, kind=kind))


def test_a_tar_file_with_holes_is_refused(tmp_path):
    content = claiming(b"00000000000\0", kind=tarfile.GNUTYPE_SPARSE)
    assert "a file with holes in tar" in refusal(tmp_path, content + bytes(1024))


def test_logs_together_are_read_up_to_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "BYTES_MAX", 1000)
    assert "MiB of logs; logs are read whole" in refusal(
        tmp_path, tar({"T0.log": bytes(600), "T1.log": bytes(600)})
    )
    monkeypatch.setattr(reading, "BYTES_MAX", 1000)
    assert "MiB; a file of this format is read whole" in refusal(
        tmp_path, FILES["dbcop"] + bytes(1000)
    )


def test_a_sparse_file_of_two_gigabytes_is_refused(tmp_path):
    path = tmp_path / "history"
    for head in FILES.values():
        with path.open("wb") as file:
            file.write(head)
            file.truncate(2 << 30)
        with pytest.raises(HistoryFileError):
            read(path)


def test_unpacking_gives_the_same_bytes_in_any_pieces():
    content = np.arange(300_000, dtype=np.int32).tobytes()
    for pack in PACKINGS.values():
        stream = packing.unpacked(io.BytesIO(pack(content)))
        pieces = [stream.read(place % 7000 + 1) for place in range(400)]
        assert b"".join(pieces) + stream.read() == content
