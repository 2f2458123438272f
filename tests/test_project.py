"""What the project says about itself: packaging, locks, pages and their links."""

import itertools
import os
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT_TEXT = (ROOT / "pyproject.toml").read_text()
PROJECT = tomllib.loads(PROJECT_TEXT)["project"]

# Written in two halves, so that this file does not hold what it looks for.
REGISTRY_HOSTS = ("py" + "pi.org", "python" + "hosted", "npm" + "js.", "crates" + ".io")
FOREIGN_PATH = re.compile(r"(?<![\w.~-])/(?:ho" + r"me|wo" + r"rk|ro" + r"ot|Us" + r"ers)/")
SOURCES = {".cfg", ".ini", ".json", ".md", ".py", ".sh", ".toml", ".txt", ".yaml", ".yml", ""}
MADE = {".venv", ".git", "runs", "bulkhead-failures", "dist", "__pycache__", ".hypothesis"}

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+\s+(.*)$", re.MULTILINE)


def text_files() -> list[Path]:
    """Return every text file of the checkout that a person wrote or a lock tool compiled."""
    files = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in MADE and not name.endswith("_cache")]
        files += [Path(folder, name) for name in names if Path(name).suffix in SOURCES]
    return sorted(files)


def registry_hosts(text: str) -> list[str]:
    return [host for host in REGISTRY_HOSTS if host in text]


def uncommented_dependencies(text: str) -> list[str]:
    """Return requirement lines of a pyproject that no comment line precedes."""
    lines = text[text.index("\ndependencies = [") : text.index("[project.scripts]")].splitlines()
    return [
        line.strip()
        for before, line in itertools.pairwise(lines)
        if line.startswith('    "') and not before.startswith("    # ")
    ]


def anchors(page: str) -> set[str]:
    """Return the anchors that a forge gives the headings of a page."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        for heading in HEADING.findall(page)
    }


def broken_links(file: Path, page: str) -> list[str]:
    """Return relative links of a page whose file or anchor does not exist."""

    def is_broken(link: str) -> bool:
        name, _, anchor = link.partition("#")
        target = (file.parent / name) if name else file
        if name and not target.exists():
            return True
        return bool(anchor) and anchor not in anchors(target.read_text() if name else page)

    links = [link for link in LINK.findall(page) if "://" not in link]
    return [link for link in links if is_broken(link)]


def test_no_file_names_a_registry_host():
    named = {
        str(path): hosts for path in text_files() if (hosts := registry_hosts(path.read_text()))
    }
    assert not named


def test_a_registry_host_would_be_seen():
    assert registry_hosts("--index-url https://py" + "pi.org/simple")


def test_no_file_names_a_path_of_one_machine():
    named = [
        f"{path}:{number}"
        for path in text_files()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if FOREIGN_PATH.search(line)
    ]
    assert not named


@pytest.mark.parametrize("folder", ["ho" + "me", "wo" + "rk", "ro" + "ot"])
def test_a_path_of_one_machine_would_be_seen(folder):
    assert FOREIGN_PATH.search(f'cd "/{folder}/me/bulkhead"')


def test_every_dependency_says_why_it_is_there():
    assert uncommented_dependencies(PROJECT_TEXT) == []


def test_a_dependency_without_a_reason_would_be_seen():
    text = '\ndependencies = [\n    # Why.\n    "a",\n    "b>=1",\n]\n\n[project.scripts]\n'
    assert uncommented_dependencies(text) == ['"b>=1",']


def test_every_relative_link_of_every_page_resolves():
    broken = {
        str(path): links
        for path in text_files()
        if path.suffix == ".md" and (links := broken_links(path, path.read_text()))
    }
    assert not broken


def test_broken_links_would_be_seen():
    page = "# Two words\n[a](missing.md) [b](#two-words) [c](#three) [d](../pyproject.toml)\n"
    assert broken_links(ROOT / "docs" / "page.md", page) == ["missing.md", "#three"]


def test_changelog_describes_this_version_under_known_headings():
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(rf"^## {re.escape(PROJECT['version'])}\b", changelog, re.MULTILINE)
    assert set(re.findall(r"^### (.*)$", changelog, re.MULTILINE)) <= {
        "Correctness",
        "Features",
        "Internals",
    }


@pytest.mark.parametrize("lock", ["bootstrap", "build", "base", "dev", "parquet", "cluster"])
def test_every_locked_release_has_hashes(lock):
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    releases = re.findall(r"^[a-z0-9.-]+==\S+.*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
    assert releases
    assert all("--hash=sha256:" in release for release in releases)


@pytest.mark.parametrize("lock", ["base", "dev", "parquet", "cluster"])
def test_locks_hold_every_declared_dependency_and_never_torch(lock):
    locked = set(
        re.findall(r"^([a-z0-9-]+)==", (ROOT / f"requirements/{lock}.txt").read_text(), re.M)
    )
    extras = {"base": [], "dev": ["dev", "parquet"]}.get(lock, [lock])
    declared = PROJECT["dependencies"] + [
        line for extra in extras for line in PROJECT["optional-dependencies"][extra]
    ]
    assert {re.match(r"[a-z0-9-]+", line).group() for line in declared} <= locked
    assert "torch" not in locked


def test_base_and_development_locks_agree_on_every_version():
    def releases(lock: str) -> set[str]:
        text = (ROOT / "requirements" / f"{lock}.txt").read_text()
        return set(re.findall(r"^([a-z0-9-]+==[^ \\]+)", text, re.MULTILINE))

    assert releases("base") <= releases("dev")


def test_nothing_can_be_uploaded_by_accident():
    assert "Private :: Do Not Upload" in PROJECT["classifiers"]
