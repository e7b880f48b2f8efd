"""The store of models: those that are shipped, those that were trained here, and which version is in use."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from inference.manifest import MANIFEST_FILE, ManifestError, ModelManifest, load_manifest

_ACTIVE_FILE = "active.json"
_NOTES_FILE = "notes.json"


@dataclass(frozen=True)
class ModelRecord:
    """One version of a model. shipped versions came with the program and are never changed. finder: of a model that
    looks within what another one finds, that other one, in the version that is in use; None if it is not there."""

    manifest: ModelManifest
    folder: Path
    shipped: bool
    active: bool
    finder: ModelRecord | None = None


class ModelStore:
    """Models by name and version.

    shipped_folder holds one folder per model, installed_folder one per model and version in it. Which version
    is active, and which ones were before it, is kept in installed_folder/active.json.
    """

    def __init__(self, shipped_folder: Path, installed_folder: Path) -> None:
        self._shipped, self._installed = shipped_folder, installed_folder
        self._known: dict[Path, tuple[tuple[int, int], ModelManifest]] = {}

    def list(self) -> list[ModelRecord]:
        """Every version that can be used, by name, oldest first. A damaged one is left out (see problems)."""
        usable = [record for record in self._records() if isinstance(record, ModelRecord)]
        return [
            replace(record, finder=_in_use(usable, within.model)) if (within := record.manifest.within) else record
            for record in usable
        ]

    def problems(self) -> list[str]:
        """One sentence for each model folder that cannot be used."""
        return [str(record) for record in self._records() if isinstance(record, ManifestError)]

    def get(self, name: str, version: str | None = None) -> ModelRecord:
        """A version of a model, by default the active one. Raises ManifestError if there is none."""
        records = [record for record in self.list() if record.manifest.name == name]
        found = (
            _in_use(records, name)
            if version is None
            else next((one for one in records if one.manifest.version == version), None)
        )
        if found is not None:
            return found
        if records:
            raise ManifestError(f"model {name} has no version {version}")
        names = ", ".join(sorted({record.manifest.name for record in self.list()})) or "none"
        raise ManifestError(f"there is no model {name}; installed: {names}")

    def install(self, folder: Path) -> ModelRecord:
        """Copy a model folder into the store; it becomes usable, not yet active.

        Raises ManifestError if the folder is not a whole, unchanged model or if the version exists already.
        """
        manifest = load_manifest(folder)
        target = self._installed / manifest.name / manifest.version
        if any(r.manifest.name == manifest.name and r.manifest.version == manifest.version for r in self.list()):
            raise ManifestError(f"{manifest.name} {manifest.version} is installed already; a version is never replaced")
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".{target.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        for name in [*manifest.files, MANIFEST_FILE]:
            shutil.copyfile(folder / name, unfinished / name)
            _flush(unfinished / name)
        os.replace(unfinished, target)
        return self.get(manifest.name, manifest.version)

    def activate(self, name: str, version: str) -> ModelRecord:
        """Use this version from now on; the one used until now is what rollback goes back to."""
        self.get(name, version)
        history = self._history()
        past = [*history.get(name, [self._default_version(name)])]
        if past[-1] != version:
            past.append(version)
        self._write_history(history | {name: past})
        return self.get(name)

    def rollback(self, name: str) -> ModelRecord:
        """Go back to the version that was active before. Raises ManifestError if there was none."""
        history = self._history()
        usable = {record.manifest.version for record in self.list() if record.manifest.name == name}
        past = history.get(name, [])[:-1]
        while past and past[-1] not in usable:
            past.pop()  # damaged or deleted meanwhile: the one before it
        if not past:
            raise ManifestError(f"{name} has no earlier version to go back to")
        self._write_history(history | {name: past})
        return self.get(name)

    def can_roll_back(self, name: str) -> bool:
        return len(self._history().get(name, [])) > 1

    def note(self, name: str, version: str) -> str:
        """What a person wrote about a version; empty if nothing."""
        of_model = self._kept(_NOTES_FILE).get(name)
        return str(of_model.get(version, "")) if isinstance(of_model, dict) else ""

    def write_note(self, name: str, version: str, text: str) -> None:
        """Keep what a person writes about a version; empty text takes the note away. Raises OSError."""
        notes = self._kept(_NOTES_FILE)
        of_model = notes[name] if isinstance(notes.get(name), dict) else {}
        of_model = {v: t for v, t in of_model.items() if v != version}
        if text.strip():
            of_model[version] = text.strip()
        self._keep(_NOTES_FILE, notes | {name: of_model})

    def _records(self) -> list[ModelRecord | ManifestError]:
        history = self._history()
        folders = [(folder, True) for folder in _model_folders(self._shipped)]
        for family in sorted(self._installed.iterdir()) if self._installed.is_dir() else []:
            if family.is_dir():
                folders += [(folder, False) for folder in _model_folders(family)]
        found: list[ModelRecord | ManifestError] = []
        for folder, shipped in folders:
            try:
                manifest = self._manifest(folder)
            except ManifestError as error:
                found.append(error)
                continue
            active = history.get(manifest.name, [None])[-1]
            is_active = manifest.version == active if active else shipped
            found.append(ModelRecord(manifest, folder, shipped, is_active))
        return found

    def _manifest(self, folder: Path) -> ModelManifest:
        """Hashing a model on every look would be slow: it is read again when its files' sizes or times change."""
        stamps = [(f.stat().st_mtime_ns, f.stat().st_size) for f in folder.iterdir() if f.is_file()]
        stamp = (max(time for time, _ in stamps), sum(size for _, size in stamps))
        known = self._known.get(folder)
        if known is None or known[0] != stamp:
            self._known[folder] = (stamp, load_manifest(folder))
        return self._known[folder][1]

    def _default_version(self, name: str) -> str:
        return self.get(name).manifest.version

    def _history(self) -> dict[str, list[str]]:
        kept = self._kept(
            _ACTIVE_FILE
        )  # where damaged, the shipped versions are active; the installed are still listed
        lists = {name: versions for name, versions in kept.items() if versions and isinstance(versions, list)}
        return {name: [str(version) for version in versions] for name, versions in lists.items()}

    def _write_history(self, history: dict[str, list[str]]) -> None:
        self._keep(_ACTIVE_FILE, history)

    def _kept(self, file_name: str) -> dict[str, Any]:
        """What is kept of each model by its name; nothing where the file is damaged."""
        try:
            kept = json.loads((self._installed / file_name).read_text(encoding="utf-8"))
            return {str(name): value for name, value in kept.items()}
        except (OSError, ValueError, AttributeError):
            return {}

    def _keep(self, file_name: str, kept: dict[str, Any]) -> None:
        self._installed.mkdir(parents=True, exist_ok=True)
        path = self._installed / file_name
        temporary = path.with_suffix(".tmp")
        temporary.write_text(json.dumps(kept, indent=1), encoding="utf-8")
        _flush(temporary)
        os.replace(temporary, path)
        _flush(path.parent)


def _in_use(records: Sequence[ModelRecord], name: str) -> ModelRecord | None:
    """The active version of a model; where that is damaged (see problems) the first one serves, the shipped one."""
    versions = [record for record in records if record.manifest.name == name]
    return next((one for one in versions if one.active), versions[0] if versions else None)


def _model_folders(parent: Path) -> list[Path]:
    if not parent.is_dir():
        return []
    return sorted(f for f in parent.iterdir() if (f / MANIFEST_FILE).is_file() and not f.name.startswith("."))


def _flush(path: Path) -> None:
    if os.name != "posix" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
