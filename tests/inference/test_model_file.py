"""A version of a model as one file: whole on another machine, and refused where anything in it is not as it says."""

import json
import zipfile
from pathlib import Path

import pytest

from inference.manifest import MANIFEST_FILE, NETWORK_FILE, ManifestError
from inference.model_file import ENDING, SUMS_FILE, export_version, import_version
from inference.models import ModelStore
from tests.models import write_threshold_model


@pytest.fixture
def exported(tmp_path) -> Path:
    write_threshold_model(tmp_path / "shipped" / "threshold")
    store = ModelStore(tmp_path / "shipped", tmp_path / "installed")
    path = tmp_path / f"threshold{ENDING}"
    export_version(store.list()[0], path)
    return path


@pytest.fixture
def elsewhere(tmp_path) -> ModelStore:
    return ModelStore(tmp_path / "nothing", tmp_path / "elsewhere")


def rewritten(path: Path, change) -> Path:
    """The same file with its parts (name: bytes) as change leaves them."""
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    change(parts)
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return path


def test_a_version_comes_back_bit_for_bit_and_is_not_yet_in_use(exported, elsewhere, tmp_path):
    record = import_version(exported, elsewhere)
    for file in (tmp_path / "shipped" / "threshold").iterdir():
        assert (record.folder / file.name).read_bytes() == file.read_bytes(), file.name
    assert not record.shipped and not record.active
    assert [one.manifest.version for one in elsewhere.list()] == [record.manifest.version]
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")], "nothing unfinished stays"


def test_a_version_is_never_replaced(exported, elsewhere):
    import_version(exported, elsewhere)
    with pytest.raises(ManifestError, match="installed already"):
        import_version(exported, elsewhere)


def _other_network(parts) -> None:
    parts[NETWORK_FILE] += b"\0"


def _other_manifest(parts) -> None:
    manifest = json.loads(parts[MANIFEST_FILE])
    parts[MANIFEST_FILE] = json.dumps(manifest | {"licence_weights": "CC0-1.0"}).encode()


def _part_missing(parts) -> None:
    del parts[NETWORK_FILE]


def _part_too_many(parts) -> None:
    parts["more.bin"] = b"more"


def _no_sums(parts) -> None:
    del parts[SUMS_FILE]


def _out_of_the_folder(parts) -> None:
    parts["../outside.txt"] = b"x"


def _absolute(parts) -> None:
    parts["/outside.txt"] = b"x"


def _of_windows(parts) -> None:
    parts["..\\outside.txt"] = b"x"


def _on_a_drive(parts) -> None:
    parts["C:outside.txt"] = b"x"


def _many(parts) -> None:
    parts.update({f"{n}.bin": b"" for n in range(100)})


def _one_name_twice(parts) -> None:
    parts[NETWORK_FILE.upper()] = b"x"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_other_network, "not the one that was exported"),
        (_other_manifest, "not the one that was exported"),
        (_part_missing, "does not hold what"),
        (_part_too_many, "does not hold what"),
        (_no_sums, "has no SHA256SUMS"),
        (_out_of_the_folder, "place of its own choice"),
        (_absolute, "place of its own choice"),
        (_of_windows, "place of its own choice"),
        (_on_a_drive, "place of its own choice"),
        (_many, "too many parts"),
        (_one_name_twice, "two of one name"),
    ],
)
def test_a_changed_file_is_refused_and_leaves_nothing(exported, elsewhere, tmp_path, change, sentence):
    before = {file for file in tmp_path.rglob("*") if "elsewhere" not in file.parts}
    with pytest.raises(ManifestError, match=sentence):
        import_version(rewritten(exported, change), elsewhere)
    assert elsewhere.list() == []
    assert {file for file in tmp_path.rglob("*") if "elsewhere" not in file.parts} == before


def test_a_file_that_would_fill_the_disk_is_refused(exported, elsewhere, monkeypatch):
    monkeypatch.setattr("inference.model_file._MOST_BYTES", 100)
    with pytest.raises(ManifestError, match="would take more"):
        import_version(exported, elsewhere)


def test_a_part_that_is_larger_than_it_says_is_refused(exported, elsewhere):
    content = bytearray(exported.read_bytes())
    with zipfile.ZipFile(exported) as packed:
        size = packed.getinfo(NETWORK_FILE).file_size
    said = size.to_bytes(4, "little")
    where = content.rindex(said, 0, content.rindex(NETWORK_FILE.encode()))
    content[where : where + 4] = (size - 3).to_bytes(4, "little")  # in the directory at the end of the file
    exported.write_bytes(bytes(content))
    with pytest.raises(ManifestError):
        import_version(exported, elsewhere)
    assert elsewhere.list() == []


@pytest.mark.parametrize("keep", [0, 40, -30])
def test_a_torn_file_is_refused(exported, elsewhere, keep):
    exported.write_bytes(exported.read_bytes()[:keep])
    with pytest.raises(ManifestError, match="not a whole model file"):
        import_version(exported, elsewhere)


def test_what_is_no_model_file_is_refused(tmp_path, elsewhere):
    with pytest.raises(ManifestError, match="cannot be read"):
        import_version(tmp_path / "none", elsewhere)


def test_notes_are_kept_by_version_and_do_not_travel(tmp_path, exported, elsewhere):
    store = ModelStore(tmp_path / "shipped", tmp_path / "installed")
    name, version = store.list()[0].manifest.name, store.list()[0].manifest.version
    store.write_note(name, version, "Good on thin slices\n")
    again = ModelStore(tmp_path / "shipped", tmp_path / "installed")
    assert again.note(name, version) == "Good on thin slices"
    assert again.note(name, "9") == again.note("other", version) == ""
    export_version(again.list()[0], exported)
    assert b"thin slices" not in b"".join(rewritten(exported, lambda parts: None).read_bytes().splitlines())
    again.write_note(name, version, " ")
    assert again.note(name, version) == ""


@pytest.mark.parametrize("damaged", ["", "[]", "{", '{"threshold": 3}', '{"threshold": []}', "null"])
def test_damaged_notes_and_history_are_none(tmp_path, exported, damaged):
    store = ModelStore(tmp_path / "shipped", tmp_path / "installed")
    name, version = store.list()[0].manifest.name, store.list()[0].manifest.version
    (tmp_path / "installed").mkdir()
    for file in ("notes.json", "active.json"):
        (tmp_path / "installed" / file).write_text(damaged)
    assert store.note(name, version) == ""
    assert store.list()[0].active
    store.write_note(name, version, "new")
    assert store.note(name, version) == "new"
