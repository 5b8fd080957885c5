"""The evidence store in S3: the same packages, committed by one object.

Here belongs how a package becomes objects and is found again. What does not belong here: the form of its files
(``evidence.store``, ``evidence.bag``) and how an object is written and read (``aws.objects``).

A package is staged and verified on this machine. Every file is then created below a prefix that holds the SHA-256 of the seal,
so that a crashed run's leavings are either the same bytes or elsewhere. Last, one object is created at the attempt's name::

    evidence/<item>/<period>/attempt-0001/<seal sha256>/<path>     the files
    evidence/<item>/<period>/attempt-0001.json                     the commit: name -> version id, SHA-256, size

The package exists if and only if the commit does. The commit is the oldest version of its key, and it names the files by
version id, so neither a delete marker nor a later version changes what a reader sees.
"""

import re
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from soxauto_assets.aws.cache import holds
from soxauto_assets.aws.objects import Bucket
from soxauto_assets.aws.versions import Lock, StoredObject, Version
from soxauto_assets.errors import NotVerified, StorageError
from soxauto_assets.evidence.form import PATH, SEAL, STATEMENT, Fault, FileFact, canonical, parse_canonical
from soxauto_assets.evidence.store import (
    AttemptExists,
    SealedPackage,
    Sign,
    attempt_name,
    attempt_of,
    naming,
    package_path,
    parse_statement,
    period_path,
    require_path,
    stage,
    staging,
)

COMMIT_FORMAT = "soxauto-commit/v1"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PARALLEL = 8
_Files = dict[str, StoredObject]


class S3EvidenceStore:
    """Evidence packages in a bucket.

    Args:
        bucket: The evidence bucket.
        prefix: What every key begins with.
        lock_of: Gives the Object Lock of a period's evidence; None = it is not locked.
        cache: Local folder for staging and for verified copies of packages.
    """

    def __init__(self, bucket: Bucket, prefix: str, lock_of: Callable[[str], Lock | None], cache: Path):
        self.bucket = bucket
        self.prefix = prefix
        self._lock_of = lock_of
        self._cache = cache
        self._read_commits: dict[tuple[str, str], _Files] = {}

    @property
    def uri(self) -> str:
        """See :attr:`EvidenceStore.uri`."""
        return f"{self.bucket.uri}/{self.prefix}"

    def write(
        self,
        item: str,
        period: str,
        attempt: int,
        payload: Mapping[str, bytes | Path],
        statement: Mapping[str, Any],
        bag_info: Mapping[str, str],
        sign: Sign | None = None,
    ) -> SealedPackage:
        """See :meth:`EvidenceStore.write`; a refusal may leave files that no commit names."""
        path = package_path(item, period, attempt)
        commit = f"{self.prefix}/{path}.json"
        with naming(item, period):
            lock = self._lock_of(period)
            self.bucket.require(lock=lock is not None)
            if self.bucket.first(commit):
                raise _taken(attempt)
            with staging(self._cache / "staging") as staged:
                facts = stage(staged, payload, statement, bag_info, sign)
                seal = facts[SEAL].sha256
                files = self._put_files(f"{self.prefix}/{path}/{seal}/", staged, facts, lock)
            text = _commit_bytes(item, period, attempt, seal, files)
            committed = self.bucket.claim(commit, text, lock)
            if committed is None:
                raise _taken(attempt)
        return SealedPackage(committed.uri, item, period, attempt, seal, committed.version_id)

    def attempts(self, item: str, period: str) -> list[SealedPackage]:
        """See :meth:`EvidenceStore.attempts`.

        Raises:
            NotVerified: An object at an attempt's name is no commit.
        """
        folder = f"{self.prefix}/{period_path(item, period)}/"
        with naming(item, period, "read"):
            found = {
                attempt: version
                for key, version in self.bucket.firsts(folder).items()
                if key.endswith(".json") and (attempt := attempt_of(key.removeprefix(folder).removesuffix(".json")))
            }
            with ThreadPoolExecutor(_PARALLEL) as pool:
                return list(pool.map(lambda n: self._package(item, period, n, found[n]), sorted(found)))

    def newest(self, item: str, period: str) -> SealedPackage | None:
        """See :meth:`EvidenceStore.newest`."""
        return next(reversed(self.attempts(item, period)), None)

    def at(self, uri: str) -> SealedPackage:
        """Return the package that an URI names: that of its commit, as :attr:`SealedPackage.uri` gives it.

        Raises:
            StorageError: There is none, or the URI has another form.
        """
        parts = uri.removeprefix(f"{self.uri}/").removesuffix(".json").split("/")
        attempt = attempt_of(parts[2]) if len(parts) == 3 else None
        if not uri.startswith(f"{self.uri}/") or not attempt:
            raise StorageError(f"{uri} names no package", action=f"give {self.uri}/ITEM/PERIOD/{attempt_name(1)}.json")
        item, period = parts[0], parts[1]
        for package in self.attempts(item, period):
            if package.attempt == attempt:
                return package
        raise StorageError(
            f"attempt {attempt} is not sealed",
            action="run 'soxauto status' to see what is sealed",
            item=item,
            period=period,
        )

    def read(self, package: SealedPackage, name: str) -> bytes:
        """See :meth:`EvidenceStore.read`."""
        require_path(name)
        stored = self._files(package).get(name)
        if stored is None:
            raise StorageError(
                f"attempt {package.attempt} has no file {name}",
                action="give a path of its manifest",
                item=package.item,
                period=package.period,
            )
        with naming(package.item, package.period, "read"):
            return self.bucket.get(stored.key, stored.version_id, stored.sha256, limit=stored.bytes)

    def statement(self, package: SealedPackage) -> dict[str, Any]:
        """See :meth:`EvidenceStore.statement`."""
        return parse_statement(package, self.read(package, STATEMENT))

    def folder(self, package: SealedPackage) -> Path:
        """See :meth:`EvidenceStore.folder`; a verified copy, fetched where there is none or it was changed."""
        files = self._files(package)
        place = self._cache / package_path(package.item, package.period, package.attempt)
        target = place / package.seal_sha256
        with naming(package.item, package.period, "read"):
            if _is_copy(target, files):
                return target
            shutil.rmtree(target, ignore_errors=True)
            with staging(place) as staged:
                for name in files:
                    (staged / name).parent.mkdir(parents=True, exist_ok=True)
                with ThreadPoolExecutor(_PARALLEL) as pool:
                    list(pool.map(lambda name: self.bucket.download(files[name], staged / name), files))
                try:
                    staged.rename(target)
                except OSError:
                    # Another process fetched it meanwhile.
                    if not _is_copy(target, files):
                        raise
        return target

    def _put_files(self, folder: str, staged: Path, facts: Mapping[str, FileFact], lock: Lock | None) -> _Files:
        """Create the objects of all files, the seal after all others."""
        names = [name for name in facts if name != SEAL]
        with ThreadPoolExecutor(_PARALLEL) as pool:
            stored = list(pool.map(lambda name: self.bucket.put(folder + name, staged / name, lock), names))
        files = {**dict(zip(names, stored, strict=True)), SEAL: self.bucket.put(folder + SEAL, staged / SEAL, lock)}
        for name, fact in facts.items():
            if (files[name].sha256, files[name].bytes) != (fact.sha256, fact.bytes):
                raise StorageError(f"{name} changed on this disk while it was written", action="start again")
        return files

    def _package(self, item: str, period: str, attempt: int, version: Version) -> SealedPackage:
        text = self.bucket.get(version.key, version.version_id)
        try:
            seal, files = self._parse(item, period, attempt, text)
        except (Fault, KeyError, TypeError, ValueError, AttributeError) as error:
            raise NotVerified(
                f"the object {attempt_name(attempt)}.json is no commit of this attempt",
                action="find out who wrote it",
                item=item,
                period=period,
            ) from error
        uri = f"{self.bucket.uri}/{version.key}"
        self._read_commits[uri, version.version_id] = files
        return SealedPackage(uri, item, period, attempt, seal, version.version_id)

    def _files(self, package: SealedPackage) -> _Files:
        """Return the files of a package by their paths; a commit never changes, so it is read once."""
        known = (package.uri, str(package.version_id))
        if known not in self._read_commits and self.at(package.uri) != package:
            raise StorageError(
                f"{package.uri} is not the package that was asked for",
                action="find out who wrote it",
                item=package.item,
                period=package.period,
            )
        return self._read_commits[known]

    def _parse(self, item: str, period: str, attempt: int, text: bytes) -> tuple[str, _Files]:
        """Return seal and files of a commit, which must be exactly the text that they give.

        Raises:
            Fault: It is not.
        """
        value = parse_canonical(text, "commit")
        seal = value["seal_sha256"]
        folder = f"{self.prefix}/{package_path(item, period, attempt)}/{seal}/"
        files = {
            name: StoredObject(self.bucket.name, folder + name, fact["version_id"], fact["bytes"], fact["sha256"])
            for name, fact in value["files"].items()
            if PATH.fullmatch(name) and _is_fact(fact)
        }
        if text != _commit_bytes(item, period, attempt, seal, files) or files[SEAL].sha256 != seal:
            raise Fault("seal", "commit", "the commit is not the text that its members give")
        return seal, files


def _commit_bytes(item: str, period: str, attempt: int, seal: str, files: _Files) -> bytes:
    """Return the commit of a package."""
    return canonical(
        {
            "format": COMMIT_FORMAT,
            "item": item,
            "period": period,
            "attempt": attempt,
            "seal_sha256": seal,
            "prefix": files[SEAL].key.removesuffix(SEAL),
            "files": {
                name: {"version_id": stored.version_id, "sha256": stored.sha256, "bytes": stored.bytes}
                for name, stored in files.items()
            },
        }
    )


def _is_fact(fact: Any) -> bool:
    size, version = fact["bytes"], fact["version_id"]
    sized = isinstance(size, int) and size >= 0
    return sized and isinstance(version, str) and bool(_SHA256.fullmatch(fact["sha256"]))


def _is_copy(folder: Path, files: _Files) -> bool:
    """Return whether a folder holds these files, unchanged, and nothing else."""
    if not folder.is_dir():
        return False
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    return found == files.keys() and all(holds(folder / name, stored) for name, stored in files.items())


def _taken(attempt: int) -> AttemptExists:
    return AttemptExists(f"attempt {attempt} was sealed by another run", action="compare with it")
