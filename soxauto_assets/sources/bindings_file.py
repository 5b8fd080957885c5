"""Writing the bindings file: a few fields change, everything a person wrote around them stays.

Here belongs the edit: comments and order survive, the file is replaced in one step, and nothing but the named entries may
differ afterwards. What does not belong here: reading for a run (``sources.bindings``) and deciding what is written
(``sources.discovery``, ``sources.confirmation``).
"""

import os
from collections.abc import Mapping
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError
from ruamel.yaml.scalarstring import SingleQuotedScalarString

from soxauto_assets.errors import BindingError, StorageError
from soxauto_assets.sources.bindings import Binding, Bindings, load_bindings
from soxauto_assets.sources.discovery import Candidate

# Who confirmed stands beside the status; see _put for why a new field never comes last.
_ORDER = ("catalog", "database", "table", "columns", "status", "confirmed_by", "confirmed_on", "snapshot", "zone")


def write_proposals(path: Path, candidates: Mapping[str, Candidate]) -> tuple[str, ...]:
    """Write candidates into the file with the status ``proposed``; confirmed entries are not touched.

    Args:
        path: The bindings file.
        candidates: By logical source.

    Returns:
        The sources whose entry was written.

    Raises:
        BindingError: The file cannot be read or does not survive the edit.
        StorageError: It cannot be written.
    """
    bound = load_bindings(path).sources
    free = {s: c for s, c in candidates.items() if s not in bound or bound[s].status != "confirmed"}
    if free:
        _write(path, {source: _proposal(candidate) for source, candidate in free.items()})
    return tuple(free)


def write_confirmed(path: Path, binding: Binding) -> None:
    """Write one confirmed binding into the file.

    Raises:
        BindingError: The file cannot be read or does not survive the edit.
        StorageError: It cannot be written.
    """
    fields = {**binding.to_json(), "columns": dict(binding.columns)}
    if binding.table.catalog is None:
        del fields["catalog"]
    fields["confirmed_on"] = date.fromisoformat(str(binding.confirmed_on))
    _write(path, {binding.source: fields})


def _proposal(candidate: Candidate) -> dict[str, Any]:
    table = candidate.table
    named = {"catalog": table.catalog} if table.catalog else {}
    # Whoever confirmed an earlier state of the entry did not confirm this one.
    withdrawn = {"confirmed_by": None, "confirmed_on": None}
    return {
        **named,
        "database": table.database,
        "table": table.table,
        "columns": candidate.renames,
        "status": "proposed",
        **withdrawn,
    }


def _write(path: Path, changes: Mapping[str, Mapping[str, Any]]) -> None:
    before = load_bindings(path)
    target = path.resolve()
    try:
        text = target.read_text("utf-8")
        content = _yaml().load(text)
    except (OSError, YAMLError) as error:
        raise BindingError(
            f"the bindings file {path.name} cannot be edited ({type(error).__name__})",
            action="correct the file, for example a key that occurs twice",
        ) from error
    sources = content["sources"]
    if not sources:
        sources.fa.set_block_style()
    for source, fields in changes.items():
        if sources.get(source) is None:
            sources[source] = CommentedMap()
        for name in _ORDER:
            if name in fields:
                _put(sources[source], name, fields[name])
    stream = StringIO()
    _yaml().dump(content, stream)
    _replace(target, text, stream.getvalue(), before, set(changes))


def _put(entry: CommentedMap, name: str, value: Any) -> None:
    """Set a field, or remove it where the value is empty.

    The comment after an entry hangs at the entry's last field, so a new field goes before that one.
    """
    if value is None or value == {}:
        entry.pop(name, None)
    elif name in entry:
        entry[name] = _value(value)
    else:
        later = [n for n, key in enumerate(entry) if key in _ORDER and _ORDER.index(key) > _ORDER.index(name)]
        entry.insert(
            later[0] if later else max(len(entry) - 1, 0) if entry.ca.items else len(entry), name, _value(value)
        )


def _value(value: Any) -> Any:
    if isinstance(value, Mapping):
        columns = CommentedMap({key: _value(member) for key, member in value.items()})
        columns.fa.set_flow_style()
        return columns
    if isinstance(value, str):
        return SingleQuotedScalarString(value) if _misread(value) else value
    return value


def _misread(text: str) -> bool:
    """Say whether a text without quotes is read as something else: ``no`` as false, ``2025`` as a number."""
    try:
        return bool(yaml.safe_load(text) != text)
    except yaml.YAMLError:
        return True


def _replace(path: Path, was: str, text: str, before: Bindings, changed: set[str]) -> None:
    staged = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        try:
            with open(staged, "x", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            staged.chmod(path.stat().st_mode & 0o777)
            _require_the_rest_unchanged(path, before, load_bindings(staged), changed)
            if path.read_text("utf-8") != was:
                raise BindingError(
                    f"{path.name} was changed by somebody else in the meantime", action="run the same command again"
                )
            os.replace(staged, path)
        finally:
            staged.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"{path.name} cannot be written ({error.strerror})",
            action="correct the permissions, or set SOXAUTO_BINDINGS to a file you may write",
        ) from error


def _require_the_rest_unchanged(path: Path, before: Bindings, after: Bindings, changed: set[str]) -> None:
    same_environment = before.environment == after.environment
    kept = {name: binding for name, binding in before.sources.items() if name not in changed}
    if not same_environment or kept != {name: after.sources.get(name) for name in kept}:
        raise BindingError(
            f"{path.name} would not read the same after the edit; it was left as it is",
            action="edit the entry by hand",
        )


def _yaml() -> YAML:
    editor = YAML()
    editor.preserve_quotes = True
    editor.width = 1_000_000
    return editor
