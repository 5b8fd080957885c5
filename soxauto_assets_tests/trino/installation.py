"""What a Trino server needs on this machine: a Java that is new enough, and the server's files.

Here belongs finding Java, fetching the artifact with Maven, and unpacking it once, outside the repository. What does not
belong here: running it (``server``).
"""

import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

VERSION = "476"
ARTIFACT = f"io.trino:trino-server:{VERSION}:tar.gz"
OLDEST_JAVA = 24
# Where JDKs are installed by Debian's packages and by macOS's installers.
_JVM_FOLDERS = ("/usr/lib/jvm/*", "/Library/Java/JavaVirtualMachines/*/Contents/Home")


class Unavailable(RuntimeError):
    """No Trino can be started on this machine; the message says what is missing."""


@dataclass(frozen=True)
class Installation:
    """What a node is started from.

    Attributes:
        java: The ``java`` command.
        home: The unpacked server: ``lib``, ``plugin``.
    """

    java: Path
    home: Path


def installation() -> Installation:
    """Return Java and the unpacked server, fetching what is missing.

    Raises:
        Unavailable: Java 24 or newer is missing, or the server is not there and Maven cannot fetch it.
    """
    java = find_java(java_candidates(os.environ))
    home = cache_folder(os.environ) / f"trino-server-{VERSION}"
    if not home.is_dir():
        _unpack_new(home)
    return Installation(java, home)


def cache_folder(variables: Mapping[str, str]) -> Path:
    """Return where the unpacked server and the data of running nodes are kept, outside the repository."""
    base = variables.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "soxauto" / "trino"


def java_candidates(variables: Mapping[str, str]) -> list[Path]:
    """Return the ``java`` commands to look at, in order: JAVA_HOME, the path, the usual folders, newest name first."""
    found = [Path(variables["JAVA_HOME"]) / "bin" / "java"] if variables.get("JAVA_HOME") else []
    if on_path := shutil.which("java", path=variables.get("PATH")):
        found.append(Path(on_path))
    for pattern in _JVM_FOLDERS:
        folders = sorted(Path("/").glob(pattern.lstrip("/")), reverse=True)
        found += [folder / "bin" / "java" for folder in folders]
    return [java for java in found if java.is_file()]


def find_java(candidates: Iterable[Path]) -> Path:
    """Return the first Java that is new enough.

    Raises:
        Unavailable: There is none; names those that were found.
    """
    seen = []
    for java in candidates:
        version = java_version(java)
        if version >= OLDEST_JAVA:
            return java
        seen.append(f"{java} is {version}")
    raise Unavailable(
        f"Trino {VERSION} needs Java {OLDEST_JAVA} or newer ({'; '.join(seen) or 'no java was found'}). "
        "Install one, for example a Temurin JDK, and set JAVA_HOME to it"
    )


def java_version(java: Path) -> int:
    """Return the feature release of a ``java`` command; 0 when it does not say."""
    try:
        told = subprocess.run([str(java), "-version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.search(r'version "(?:1\.)?(\d+)', told.stderr + told.stdout)
    return int(match.group(1)) if match else 0


def _unpack_new(home: Path) -> None:
    """Fetch and unpack beside the place, then rename: the folder is there whole or not at all."""
    home.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=home.parent, prefix=".unpack-") as folder:
        archive = _fetch(Path(folder))
        with tarfile.open(archive) as opened:
            opened.extractall(folder, filter="data")
        try:
            os.rename(Path(folder) / home.name, home)
        except OSError:
            if not home.is_dir():
                raise


def _fetch(folder: Path) -> Path:
    """Have Maven copy the artifact into a folder; it keeps its own copy in the local repository."""
    maven = shutil.which("mvn")
    if not maven:
        raise Unavailable(f"Maven is missing, which fetches {ARTIFACT}. On Debian or Ubuntu: apt-get install maven")
    command = [
        maven, "--batch-mode", "--quiet", "--strict-checksums", "dependency:copy",
        f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={folder}",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    archive = folder / f"trino-server-{VERSION}.tar.gz"
    if done.returncode or not archive.is_file():
        told = [line for line in (done.stdout + done.stderr).splitlines() if "ERROR" in line]
        raise Unavailable(f"Maven could not fetch {ARTIFACT}: {told[0] if told else f'exit {done.returncode}'}")
    return archive
