"""Open an image: a file on the disk, packed or not, in the format that its content tells."""

from __future__ import annotations

import mmap
import os
import stat
import zlib
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Final

import numpy as np

from sim.binary.images import elf, pe
from sim.binary.images.errors import DAMAGED, ImageError
from sim.binary.images.image import IMAGE_BYTES_MAX, Bytes, Extent, Image, checked_extents

FORMATS: Final = ("auto", "elf", "pe", "raw")
UNPACKED_BYTES_MAX: Final = 1 << 30
_GZIP: Final = b"\x1f\x8b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """An image, and the file that it came from."""

    image: Image
    sha256: str
    """Of the file as it lies on the disk."""
    packed: str = ""
    """How the image was packed: `gzip`, or not at all."""


def load(
    path: Path,
    *,
    format: str = "auto",  # noqa: A002  # the option's name
    base: int | None = None,
    bits: int | None = None,
) -> Loaded:
    """Read an image; raises `ImageError` for whatever cannot be scanned whole.

    `base` is the address of the first byte of a raw image. Only regular files are opened.
    """
    data = _mapped(path)
    digest = sha256(data.data).hexdigest()
    packed = ""
    if format != "raw" and data[:2].tobytes() == _GZIP:
        data, packed = _unzipped(data), "gzip"
    image = read(data, format=format, base=base, bits=bits)
    if packed:
        note = f"unpacked from {packed}: offsets are those of the unpacked image"
        image = replace(image, notes=(note, *image.notes))
    return Loaded(image=image, sha256=digest, packed=packed)


def read(
    data: Bytes,
    *,
    format: str = "auto",  # noqa: A002  # as above
    base: int | None = None,
    bits: int | None = None,
) -> Image:
    """Return the image in bytes, in a format or in the one that their head tells."""
    head = data[:4].tobytes()
    if format == "raw":
        return _raw(data, base or 0, bits or 64)
    if base is not None:
        raise ImageError("only a raw image needs a base address", "leave it out, or say raw")
    if format == "elf" or (format == "auto" and head == elf.MAGIC):
        return elf.read_elf(data, bits=bits)
    if format == "pe" or (format == "auto" and head[:2] == pe.MAGIC):
        return pe.read_pe(data, bits=bits)
    raise ImageError("neither ELF nor PE", "say that it is raw, with its base address", 0)


def _raw(data: Bytes, base: int, bits: int) -> Image:
    if not len(data):
        raise ImageError("the file is empty", "name an image with code")
    extent = Extent(address=base, offset=0, data=data)
    return Image(format="raw", bits=bits, extents=checked_extents([extent], bits=bits))


def _mapped(path: Path) -> Bytes:
    """Return the bytes of a regular file, without reading them yet."""
    mend = "name a file that can be read"
    try:
        # Without waiting: a FIFO without a writer would never open.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise ImageError(error.strerror or str(error), mend) from None
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise ImageError("this is a folder", "name the images in it")
        if not stat.S_ISREG(status.st_mode):
            raise ImageError("this is no regular file", mend)
        if not status.st_size:
            raise ImageError("the file is empty", "name an image with code")
        if status.st_size >= IMAGE_BYTES_MAX:
            found = f"{status.st_size:,} bytes, {IMAGE_BYTES_MAX:,} or more"
            raise ImageError(found, "cut out what is code and scan that raw")
        view = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise ImageError(error.strerror or str(error), mend) from None
    finally:
        os.close(descriptor)
    return np.frombuffer(view, dtype=np.uint8)


def _unzipped(data: Bytes) -> Bytes:
    """Return what one gzip member holds; a second one, or too much, is refused."""
    unzip = zlib.decompressobj(31)
    try:
        content = unzip.decompress(data.data, UNPACKED_BYTES_MAX)
    except zlib.error as error:
        raise ImageError(f"gzip: {error}", DAMAGED) from None
    if unzip.unconsumed_tail:
        found = f"gzip: it unpacks to more than {UNPACKED_BYTES_MAX:,} bytes"
        raise ImageError(found, "unpack it, if it is yours, and scan that")
    if not unzip.eof:
        raise ImageError("gzip: the packed bytes break off", DAMAGED)
    if unzip.unused_data:
        raise ImageError("gzip: bytes follow the packed image", DAMAGED)
    return np.frombuffer(content, dtype=np.uint8)
