"""Nothing that training writes names a patient: from a study full of identifiers to the installed model."""

import gzip
import shutil
import time
import zipfile

import numpy as np
import onnx
import pytest

from inference.manifest import NETWORK_FILE
from inference.models import ModelStore
from tests.identifiers import leaks
from tests.marked_patient import MARK, SIZE, write_slices
from tests.models import write_trainable_model
from viewer.core.findings import Place
from viewer.core.goal import Goal
from viewer.core.session import Session
from viewer.io import training_set
from viewer.jobs import JobQueue
from viewer.training_material import TrainingMaterial, snapshot
from viewer.workflows import Workflows

PLANTED = {
    "PatientName": "Zeisigmüller^Jörgfried",
    "PatientID": "PID-77120931",
    "PatientBirthDate": "19570304",
    "PatientAddress": "Amselgässchen 12",
    "StudyDate": "20190823",
    "StudyTime": "101733.4471",
    "AccessionNumber": "ACC5519283",
    "StudyID": "ST-909133",
    "StudyDescription": "Verdacht Rohrsänger",
    "SeriesDescription": "Kontrolle Zaunkönig",
    "InstitutionName": "Klinikum Wiedehopf",
    "StationName": "GIMPEL-SCANNER",
    "DeviceSerialNumber": "SN-8837162",
    "ReferringPhysicianName": "Rotkehlchen^Änne",
    "OperatorsName": "Kiebitz^Ole",
    "PatientComments": "wohnt beim Stieglitz",
    "StudyInstanceUID": "1.2.826.0.1.3680043.10.1234.77120931.1",
    "SeriesInstanceUID": "1.2.826.0.1.3680043.10.1234.77120931.2",
    "FrameOfReferenceUID": "1.2.826.0.1.3680043.10.1234.77120931.3",
    "ImageComments": "Aufnahme Steinschmätzer",
}
FOLDER = "Zeisigmüller Jörgfried 1957"
IDENTIFIERS = [part for value in PLANTED.values() for part in value.split("^")] + [FOLDER, "77120931", "IM003"]


def plant(dataset) -> None:
    dataset.SpecificCharacterSet = "ISO_IR 100"
    for keyword, value in PLANTED.items():
        setattr(dataset, keyword, value)
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = (
        f"{PLANTED['StudyInstanceUID']}.{dataset.InstanceNumber}"
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of a real, short training in a child process before a person decided, and the use cases."""
    place = tmp_path_factory.mktemp("program")
    write_trainable_model(place / "shipped" / "tiny")
    files = write_slices(tmp_path_factory.mktemp("scans") / FOLDER, "LPH", modality="MR", change=plant)
    workflows = Workflows(
        Session(), JobQueue(workers=0), place / "user", ModelStore(place / "shipped", place / "models")
    )
    workflows.add_paths([files[0].parent])
    (series,) = workflows.library.all_series()
    assert series.patient_id == PLANTED["PatientID"], "the identifiers have arrived"
    workflows.open_series(series.uid)
    workflows.runs.start("tiny")
    workflows.accept_proposal()
    session = workflows.session
    for k in (13, 15, 17, 19):
        bright = (session.volume.voxels[k : k + 1] >= MARK).astype(np.uint8)
        session.replace_voxels("Correct", (slice(k, k + 1), slice(0, SIZE[1]), slice(0, SIZE[0])), bright)
        session.move_cursor((20, 18, k))
        session.toggle_confirmed("axial")
    run = workflows.training.start(Goal("segmentation", "tiny"), steps=12)
    assert run is not None
    end = time.monotonic() + 300
    while not run.ended:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert run.state == "finished", run.message
    yield workflows, run
    workflows.close()


def test_every_byte_of_the_job_and_of_the_installed_model_is_without_identifiers(trained):
    workflows, run = trained
    written = {file.relative_to(run.folder).parts[0] for file in run.folder.rglob("*") if file.is_file()}
    assert {"data", "out", "job.json"} <= written
    assert list((run.folder / "data").rglob("*.nii.gz")), "scanned while the copies of scans are there"
    assert leaks(run.folder, IDENTIFIERS) == []

    events = str(run.events) + str(run.report)
    assert not [one for one in IDENTIFIERS if one in events]

    workflows.training.accept()
    assert run.state == "accepted"
    record = workflows.models.get("tiny")
    assert not record.shipped
    assert leaks(record.folder, IDENTIFIERS) == []
    assert leaks(run.folder, IDENTIFIERS) == []
    assert not (run.folder / "data").exists(), "copies of scans are deleted once a person has decided"


def _in_text(name, encoding):
    def leak(folder) -> None:
        with (folder / name).open("ab") as file:
            file.write("\npatient Zeisigmüller".encode(encoding))

    return leak


def _in_compressed_image(folder) -> None:
    header = bytearray(352)
    header[148:160] = b"PID-77120931"  # nifti1.h: descrip
    (folder / "data.nii.gz").write_bytes(gzip.compress(bytes(header)))


def _in_gzip_name(folder) -> None:
    with (folder / "x.gz").open("wb") as raw, gzip.GzipFile("ZEISIGM PID-77120931", "wb", fileobj=raw) as packed:
        packed.write(b"pixels")


def _in_arrays(folder) -> None:
    with zipfile.ZipFile(folder / "samples.npz", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("first.npy", "padding " * 40 + "ACC5519283")


def _in_network(folder) -> None:
    network = onnx.load(folder / NETWORK_FILE)
    network.metadata_props.add(key="trained on", value="Klinikum Wiedehopf")
    onnx.save(network, folder / NETWORK_FILE)


def _in_json(folder) -> None:
    (folder / "report.json").write_text('{"unit": "Zeisigm\\u00fcller^J\\u00f6rgfried"}')


def _in_a_name(folder) -> None:
    (folder / "1.2.826.0.1.3680043.10.1234.77120931.2.txt").write_text("")


def _in_a_folder(folder) -> None:
    (folder / "pid-77120931").mkdir()


@pytest.mark.parametrize(
    "leak",
    [
        *(_in_text(name, "utf-8") for name in ("card.md", "manifest.json")),
        *(_in_text("train.log", encoding) for encoding in ("latin-1", "utf-16-le", "utf-16-be", "utf-16")),
        _in_compressed_image,
        _in_gzip_name,
        _in_arrays,
        _in_network,
        _in_json,
        _in_a_name,
        _in_a_folder,
    ],
)
def test_the_scan_finds_what_is_planted(trained, tmp_path, leak):
    _, run = trained
    shutil.copytree(run.model.folder, tmp_path / "tiny")
    (tmp_path / "tiny" / "card.md").write_text("# Tiny\n")
    assert leaks(tmp_path, IDENTIFIERS) == []
    leak(tmp_path / "tiny")
    assert leaks(tmp_path, IDENTIFIERS)


@pytest.fixture
def annotated(trained):
    """The use cases with a slice that has an answer, and a box."""
    workflows, _ = trained
    session = workflows.session
    if not session.hand.findings:
        workflows.new_finding("Bright", "slice")
        session.answer(session.hand.findings[0].number, Place("slice", 2, 13), True)
        session.add_measurement("box", [(3.5, 3.5, 13), (9.5, 9.5, 13)], 2, "Bright")
        assert workflows.save_again()
    return workflows


GOALS = [
    Goal("segmentation", "", "Marks", ("Bright",)),
    Goal("classification", "", "Brightness", ("Bright",)),
    Goal("detection", "", "Finder", ("Bright",)),
]


def written(workflows, goal, folder):
    material = TrainingMaterial(workflows.library, workflows.annotation_store, workflows.reader)
    open_ = snapshot(workflows.session, workflows.session.series.uid)
    material.write(goal, None, open_, folder / "data", b"key", lambda: None)
    return leaks(folder, IDENTIFIERS)


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: goal.task)
def test_no_training_set_names_its_patient(annotated, tmp_path, goal):
    assert written(annotated, goal, tmp_path) == []
    assert list((tmp_path / "data" / "images").iterdir())


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: goal.task)
def test_the_scan_finds_a_training_set_that_names_its_cases(annotated, tmp_path, monkeypatch, goal):
    """The planted fault is in the program itself: the pseudonym is the number it should hide."""
    monkeypatch.setattr(training_set, "_pseudonym", lambda key, identity: identity)
    found = written(annotated, goal, tmp_path)
    assert any(PLANTED["PatientID"] in line for line in found)
    assert any(PLANTED["SeriesInstanceUID"] in line for line in found)
