"""One example: a file, whole or damaged, that is read and checked, and what that came to.

A whole example is one small history in every format that can say it: each file must be read back
as it was written, and all must get one verdict. A damaged example is one file; it may be read or
refused, but only with the errors that readers promise, in one line, within bounds of time and
memory. An example follows from its seed alone.
"""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from scenarios.hunt.readers.bounds import Bounds, TooLong, TooMuch
from scenarios.hunt.readers.damage import bomb, damaged, packed, plainly
from scenarios.hunt.readers.forms import FILE, FORMS, Files
from scenarios.hunt.readers.planted import checked_by, reader_of
from scenarios.hunt.readers.small import Small, small, told_history, told_small
from sim.kernel.streams import Stream, Streams, chance, pick
from specs.history.formats.load import FORMATS, Loaded
from specs.history.isolation.levels import LEVELS

if TYPE_CHECKING:
    from scenarios.checking import Checked

PROPERTIES: Final[Mapping[str, str]] = {
    "known_errors_only": "a reader or the checker raised what it does not promise",
    "one_line": "a file was refused, but not in one line that can be shown",
    "ends": "a file was not read and checked in its time",
    "memory_bounded": "a file took more memory than it may",
    "no_crash": "the process died",
    "reads_back": "a whole file was not read back as it was written",
    "same_verdict": "one history got different verdicts in different formats",
}
"""What is asked of the readers, by what a finding says."""

_LINE_MAX: Final = 700
_SHOWN: Final = 400
_LEVELS_EVERYWHERE: Final = (
    "session-si",
    "si",
    "gsi",
    "serializable",
    "session-serializable",
    "causal",
    "read-atomic",
    "read-committed",
)
"""The levels that ask for nothing that some formats cannot say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One file and how it is to be read and checked."""

    form: str
    files: Files
    level: str
    format: str | None = None
    steps: tuple[str, ...] = ()
    """What was done to the file."""

    @property
    def digest(self) -> str:
        """Return a digest of the files."""
        digest = hashlib.sha256()
        for name, content in sorted(self.files.items()):
            digest.update(f"{name}:{len(content)}:".encode() + content)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong with an attempt, and where it shows; findings of one place are one."""

    seed: int
    property: str
    words: str
    place: str
    attempt: int
    """Which of the attempts of the example it was."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """What became of examples."""

    examples: int = 0
    ends: dict[str, dict[str, int]] = field(default_factory=dict)
    """How often files of a form were accepted, rejected, refused, and how many were whole."""
    peak_bytes: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def count(self, form: str, end: str) -> None:
        """Count the end of one attempt."""
        ends = self.ends.setdefault(form, {})
        ends[end] = ends.get(end, 0) + 1

    def weigh(self, form: str, peak_bytes: int) -> None:
        """Note how much memory an attempt took."""
        self.peak_bytes[form] = max(peak_bytes, self.peak_bytes.get(form, 0))


def attempts_of(seed: int) -> tuple[list[Attempt], Small | None]:
    """Return the attempts of an example, and the history that they all say if they are whole."""
    stream = Streams(seed).at("example")
    model = small(stream)
    forms = [name for name, form in FORMS.items() if form.takes(model)]
    if chance(stream, 1, 8):
        level = pick(stream, _LEVELS_EVERYWHERE)
        # A table of Parquet is read in a process of its own, which takes its time.
        few = [name for name in forms if name != "parquet" or chance(stream, 1, 4)]
        return [_whole(model, name, level, stream) for name in few], model
    return [_damaged(model, pick(stream, forms), stream)], None


def _whole(model: Small, form: str, level: str, stream: Stream) -> Attempt:
    files = FORMS[form].write(model, stream)
    steps: tuple[str, ...] = ()
    if FILE in files:
        content, packing = packed(files[FILE], stream)
        files, steps = {FILE: content}, (f"packed as {packing}",) if packing else ()
    format_ = FORMS[form].insisted if chance(stream, 1, 2) else None
    return Attempt(form=form, files=files, level=level, format=format_, steps=steps)


def _damaged(model: Small, form: str, stream: Stream) -> Attempt:
    files = dict(FORMS[form].write(model, stream))
    steps: list[str] = []
    if FILE not in files and chance(stream, 1, 2):
        files = {FILE: tar_of(files)}
        steps.append("packed as tar")
    name = pick(stream, list(files))
    content = files[name]
    if name == FILE and chance(stream, 1, 60):
        files[name], packing = bomb(content, stream)
        steps.append(f"a bomb in {packing}")
    elif name == FILE and chance(stream, 1, 2):
        inner, done = damaged(content, stream)
        files[name], packing = packed(inner, stream)
        steps += [*done, *([f"packed as {packing}"] if packing else [])]
        if packing and chance(stream, 1, 3):
            files[name], done = plainly(files[name], stream)
            steps += done
    else:
        files[name], done = damaged(content, stream)
        steps += done
    format_ = pick(stream, (None, None, FORMS[form].insisted, pick(stream, FORMATS)))
    level = pick(stream, list(LEVELS))
    return Attempt(form=form, files=files, level=level, format=format_, steps=tuple(steps))


def tar_of(files: Files) -> bytes:
    """Return the logs of a folder in a tar file."""
    import io
    import tarfile

    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"logs/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return target.getvalue()


def try_example(seed: int, tally: Tally, *, bounds: Bounds, mutant: str | None = None) -> None:
    """Try an example, and add what it came to."""
    attempts, model = attempts_of(seed)
    verdicts: dict[str, str] = {}
    for number, attempt in enumerate(attempts):
        finding = None
        try:
            with bounds:
                end = _end_of(attempt, model, mutant)
        except _Found as found:
            finding = found.finding(seed, number)
        except TooLong as late:
            finding = _finding(seed, number, "ends", late)
        except (MemoryError, TooMuch) as large:
            finding = _finding(seed, number, "memory_bounded", large)
        except Exception as wrong:  # noqa: BLE001  # whatever else is raised is the finding
            finding = _finding(seed, number, "known_errors_only", wrong)
        tally.weigh(attempt.form, bounds.peak_bytes)
        if finding is not None:
            tally.findings.append(finding)
            tally.count(attempt.form, "found")
            continue
        tally.count(attempt.form, end)
        if model is not None:
            tally.count(attempt.form, "whole")
            verdicts[attempt.form] = end
    if len(set(verdicts.values())) > 1:
        words = ", ".join(f"{form}: {end}" for form, end in verdicts.items())
        tally.findings.append(
            Finding(
                seed=seed,
                property="same_verdict",
                words=f"at {attempts[0].level}: {words}",
                place=words,
                attempt=0,
            )
        )
    tally.examples += 1


def _end_of(attempt: Attempt, model: Small | None, mutant: str | None) -> str:
    """Read and check the file of an attempt; say whether it was accepted, rejected or refused."""
    from scenarios.checking import check

    read = reader_of(mutant)
    with TemporaryDirectory(prefix="bulkhead-") as folder:
        path = put(attempt.files, Path(folder))
        if model is not None:
            _check_reads_back(attempt, model, read, path)
        report = check(
            [str(path)],
            level=attempt.level,
            format=attempt.format,
            certify=True,
            read=lambda name, format_: read(Path(name), format_),
        )
    checked = checked_by(mutant, report.histories[0])
    if checked.error:
        _check_line(checked)
        return "refused"
    return "accepted" if checked.holds else "rejected"


class _Found(Exception):
    """A property is broken; the message says how."""

    def __init__(self, property_name: str, words: str) -> None:
        super().__init__(property_name, words)
        self.property = property_name
        self.words = words

    def finding(self, seed: int, attempt: int) -> Finding:
        """Return the finding; what differs from file to file is no place."""
        place = self.words.partition(":")[0][:_SHOWN]
        return Finding(
            seed=seed,
            property=self.property,
            words=self.words[:_SHOWN],
            place=place,
            attempt=attempt,
        )


def _check_line(checked: Checked) -> None:
    if len(checked.error) > _LINE_MAX or not checked.error.isprintable():
        raise _Found("one_line", f"refused with {checked.error!r}")


def _check_reads_back(
    attempt: Attempt,
    model: Small,
    read: Callable[[Path, str | None], Loaded],
    path: Path,
) -> None:
    loaded = read(path, attempt.format)
    expected = (attempt.format,) if attempt.format else FORMS[attempt.form].detected
    if loaded.format not in expected:
        raise _Found("reads_back", f"{attempt.form} read as {loaded.format}")
    lost, gained = told_small(model), told_history(loaded.history)
    if lost != gained:
        words = f"{list(lost - gained)} became {list(gained - lost)}"
        raise _Found("reads_back", f"{attempt.form} changed: {words}")


def _finding(seed: int, attempt: int, property_name: str, error: BaseException) -> Finding:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/site-packages/" not in frame.filename] or [*frames]
    place = "nowhere"
    if own:
        place = f"{Path(own[-1].filename).name}:{own[-1].lineno} in {own[-1].name}"
    kind = type(error).__name__
    words = " ".join(f"{kind}: {error} ({place})".split())[:_SHOWN]
    return Finding(
        seed=seed,
        property=property_name,
        words=words,
        place=f"{kind} {place}" if property_name == "known_errors_only" else place,
        attempt=attempt,
    )


def put(files: Files, folder: Path) -> Path:
    """Write the files of an attempt, and return the path to be read."""
    if FILE in files:
        path = folder / "history"
        path.write_bytes(files[FILE])
        return path
    path = folder / "logs"
    for name, content in files.items():
        place = path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return path


def perform(message: Mapping[str, Any]) -> dict[str, Any]:
    """Try the examples of a message in a process of their own, and return what they came to."""
    bounds = Bounds(cpu_s=message["cpu_s"], memory_bytes=message["memory_bytes"])
    bounds.limit_process()
    tally = Tally()
    for seed in message["seeds"]:
        try_example(seed, tally, bounds=bounds, mutant=message["mutant"])
    return {
        "examples": tally.examples,
        "ends": tally.ends,
        "peak_bytes": tally.peak_bytes,
        "findings": [_plain(finding) for finding in tally.findings],
    }


def _plain(finding: Finding) -> dict[str, Any]:
    return {name: getattr(finding, name) for name in Finding.__slots__}


def seeds_from(first: int, count: int, *, shard: int = 0, shards: int = 1) -> Iterator[int]:
    """Yield the seeds of a shard of examples; seeds are modulo 2**64."""
    for place in range(shard, count, shards):
        yield (first + place) % (1 << 64)
