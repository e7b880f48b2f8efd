"""What a goal makes of answers, boxes and confirmed slices: training folders that the trainings read."""

import json
from dataclasses import replace

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from inference.manifest import Scores
from inference.models import ModelStore
from tests.marked_patient import write_radiograph, write_slices
from tests.models import write_trainable_model
from tests.workflows.test_training import wait
from training.boxed_pictures import read_boxed_images
from training.classified_pictures import read_pictures
from viewer import training_material
from viewer.core.findings import SERIES, Place
from viewer.core.goal import Goal
from viewer.core.session import Session
from viewer.core.study import SeriesError
from viewer.jobs import JobQueue
from viewer.training_material import TrainingMaterial, snapshot
from viewer.workflows import Workflows

ROWS, COLUMNS = 24, 32


@pytest.fixture
def workflows(tmp_path):
    """Five radiographs of four patients and a stack of three slices of a fifth; nothing is annotated."""
    for n, patient in enumerate(("A", "B", "C", "D", "D")):
        picture = np.add.outer(np.arange(ROWS), 5 * np.arange(COLUMNS)).astype(np.uint16) + 100 * n
        path = write_radiograph(tmp_path / "scans" / f"r{n}.dcm", "L\\F", picture)
        of_patient(path, patient)
    for path in write_slices(tmp_path / "scans" / "stack", "LPH", modality="MR", slices=(14, 15, 16)):
        of_patient(path, "E")
    write_trainable_model(tmp_path / "shipped" / "tiny")
    models = ModelStore(tmp_path / "shipped", tmp_path / "user" / "models")
    workflows = Workflows(Session(), JobQueue(workers=0), tmp_path / "user", models)
    workflows.add_paths([tmp_path / "scans"])
    assert len(workflows.library.all_series()) == 6
    yield workflows
    workflows.close()


def of_patient(path, patient) -> None:
    dataset = pydicom.dcmread(path)
    dataset.PatientID, dataset.StudyInstanceUID = patient, f"1.2.3.{ord(patient)}"
    dataset.SeriesDescription = path.stem
    dataset.save_as(path)


def uid_of(workflows, name) -> str:
    """The uid of a radiograph by its name, or of the stack."""
    return next(
        one.uid
        for one in workflows.library.all_series()
        if (one.description == name if name != "stack" else one.modality == "MR")
    )


def answer(workflows, name, place=SERIES, *, uid="", **said) -> None:
    workflows.open_series(uid or uid_of(workflows, name))
    for finding in workflows.session.hand.findings:
        if finding.level == place.level and finding.name in said:
            workflows.session.answer(finding.number, place, said[finding.name])


def box(workflows, name, label, k=0, corners=((3.5, 5.5), (9.5, 8.5))) -> None:
    workflows.open_series(uid_of(workflows, name))
    workflows.session.add_measurement("box", [(*corner, k) for corner in corners], 2, label)


def written(workflows, goal, folder, manifest=None):
    assert workflows.save_again()
    material = TrainingMaterial(workflows.library, workflows.annotation_store, workflows.reader)
    open_ = snapshot(workflows.session, uid) if (uid := getattr(workflows.session.series, "uid", "")) else None
    return material.write(goal, manifest, open_, folder, b"key", lambda: None)


def test_answered_slices_are_pictures_with_findings_and_others_are_unlabelled(workflows, tmp_path):
    for level in ("series", "slice"):
        for name in ("Dark", "Bright"):
            workflows.new_finding(name, level)
    answer(workflows, "r0", Dark=True, Bright=False)
    answer(workflows, "r1", Dark=False, Bright=False)
    answer(workflows, "r2", Dark=True)  # not answered is no "no"
    answer(workflows, "stack", Place("slice", 2, 1), Dark=True, Bright=True)
    answer(workflows, "stack", Place("slice", 0, 1), Dark=True, Bright=True)  # across: no slice of its own
    answer(workflows, "stack", SERIES, Dark=True, Bright=True)  # of three slices nobody knows which

    gathered = written(workflows, Goal("classification", "", "Test", ("Dark", "Bright")), tmp_path / "set")

    kind, pictures = read_pictures(tmp_path / "set")
    assert kind == "findings" and gathered.modalities == ("DX", "MR")
    assert sorted(one.classes for one in pictures if one.classes is not None) == [(), ("Dark",), ("Dark", "Bright")]
    assert len(pictures) == 8
    of_d = [
        one.patient for one in pictures if gathered.series[one.name] in {uid_of(workflows, n) for n in ("r3", "r4")}
    ]
    assert len(of_d) == 2 and len(set(of_d)) == 1, "one patient has one name"
    assert len({one.patient for one in pictures}) == 5


def test_scans_that_are_left_out_and_those_that_nobody_answered_stay_out_when_a_person_says_so(workflows, tmp_path):
    workflows.new_finding("Dark", "series")
    for name in ("r0", "r1", "r2"):
        answer(workflows, name, Dark=name == "r0")
    left_out = frozenset({uid_of(workflows, "r1")})
    goal = Goal("classification", "", "Test", ("Dark",), left_out, unlabelled=False)
    written(workflows, goal, tmp_path / "set")
    assert [one.classes for one in read_pictures(tmp_path / "set")[1]].count(()) == 1
    assert len(read_pictures(tmp_path / "set")[1]) == 2
    written(workflows, replace(goal, unlabelled=True), tmp_path / "more")
    assert len(read_pictures(tmp_path / "more")[1]) == 4, "no scan of another kind, and none that is left out"


def test_a_picture_with_nothing_to_see_is_not_learnt_from(workflows, tmp_path):
    write_radiograph(tmp_path / "blank" / "b.dcm", "L\\F", np.full((ROWS, COLUMNS), 7, np.uint16))
    of_patient(tmp_path / "blank" / "b.dcm", "F")
    workflows.add_paths([tmp_path / "blank"])
    workflows.new_finding("Dark", "series")
    for name in ("r0", "b"):
        answer(workflows, name, Dark=True)
    written(workflows, Goal("classification", "", "Test", ("Dark",), unlabelled=False), tmp_path / "set")
    assert len(read_pictures(tmp_path / "set")[1]) == 1


def test_classes_of_a_model_that_exclude_one_another_need_one_yes(workflows, tmp_path):
    for name in ("Front", "Back"):
        workflows.new_finding(name, "series")
    answer(workflows, "r0", Front=True)
    answer(workflows, "r1", Back=True, Front=False)
    answer(workflows, "r2", Back=True, Front=True)
    answer(workflows, "r3", Back=False, Front=False)
    tiny = workflows.models.get("tiny").manifest
    labels = [
        tiny.labels[0].model_copy(update={"value": n, "name": name}) for n, name in enumerate(("Back", "Front"), 1)
    ]
    manifest = tiny.model_copy(
        update={
            "task": "classification",
            "labels": labels,
            "modalities": ["DX"],
            "scores": Scores(of="slice", gathered="max", features="f", weights="w"),
        }
    )
    written(workflows, Goal("classification", "tiny"), tmp_path / "set", manifest)
    kind, pictures = read_pictures(tmp_path / "set")
    assert kind == "label" and sorted(one.classes for one in pictures if one.classes) == [("Back",), ("Front",)]


def test_boxes_go_by_their_edges_and_a_slice_without_the_finding_has_nothing_on_it(workflows, tmp_path):
    workflows.new_finding("Spot", "series")
    box(workflows, "r0", "Spot")
    box(workflows, "r1", "Other")
    answer(workflows, "r2", Spot=False)
    box(workflows, "stack", "Spot", 1, ((-0.5, 1.0), (4.0, 2.0)))
    workflows.session.move_cursor((3, 3, 2))
    workflows.session.toggle_confirmed("axial")

    gathered = written(workflows, Goal("detection", "", "Test", ("Spot",)), tmp_path / "set")

    images = read_boxed_images(tmp_path / "set")
    cases = {gathered.series[case.name]: case for case in images.cases}
    looked_at = {name: cases[uid_of(workflows, name)].slices for name in ("r0", "r1", "r2", "r3", "stack")}
    assert looked_at == {"r0": ((2, 0),), "r1": (), "r2": ((2, 0),), "r3": (), "stack": ((2, 1), (2, 2))}
    assert images.labels == ("Spot",)
    assert images.on(cases[uid_of(workflows, "r0")].name, 0)[0].corners == (4.0, 6.0, 10.0, 9.0)
    assert images.on(cases[uid_of(workflows, "stack")].name, 1)[0].corners == (0.0, 1.5, 4.5, 2.5)


def test_a_new_model_has_the_chosen_labels_in_their_order(workflows, tmp_path):
    workflows.open_series(uid_of(workflows, "stack"))
    session = workflows.session
    drawn = np.zeros(session.volume.voxels.shape, np.uint8)
    first, second = session.labels[:2]
    drawn[1, 2:4, 2:4], drawn[1, 6:9, 6:9] = first.value, second.value
    session.replace_voxels("Draw", tuple(slice(0, n) for n in drawn.shape), drawn)
    session.move_cursor((3, 3, 1))
    session.toggle_confirmed("axial")

    gathered = written(workflows, Goal("segmentation", "", "Test", (second.name,)), tmp_path / "set")

    (file,) = (tmp_path / "set" / "labels").iterdir()
    voxels = sitk.GetArrayFromImage(sitk.ReadImage(str(file)))
    np.testing.assert_array_equal(voxels, drawn == second.value)
    assert [label.name for label in gathered.labels] == [second.name] and gathered.modalities == ("MR",)
    (case,) = json.loads((tmp_path / "set" / "confirmed.json").read_text()).values()
    assert case["slices"] == [[2, 1]]


def nifti(path, voxels) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(sitk.GetImageFromArray(voxels), str(path))


@pytest.mark.parametrize("task", ["segmentation", "classification", "detection"])
def test_files_that_do_not_tell_what_they_are_are_added_from_a_folder_of_one_kind_alone(workflows, tmp_path, task):
    draw = np.random.default_rng(0)
    folder = tmp_path / "nii" / "images"
    for name in ("a", "b", "c"):
        nifti(folder / f"{name}.nii.gz", draw.normal(100, 20, (3, ROWS, COLUMNS)).astype(np.int16))
    nifti(folder / "c_seg.nii.gz", draw.integers(0, 3, (3, ROWS, COLUMNS)).astype(np.int16))
    nifti(tmp_path / "nii" / "other" / "d.nii.gz", draw.normal(100, 20, (3, ROWS, COLUMNS)).astype(np.int16))
    workflows.add_paths([tmp_path / "nii"])
    named = {one.files[0].name.removesuffix(".nii.gz"): one for one in workflows.library.all_series()}
    workflows.open_series(named["a"].uid)
    session = workflows.session
    if task == "segmentation":
        session.replace_voxels("Draw", (slice(1, 2), slice(2, 4), slice(2, 4)), np.full((1, 2, 2), 1, np.uint8))
        session.move_cursor((3, 3, 1))
        session.toggle_confirmed("axial")
    elif task == "classification":
        workflows.new_finding("Dark", "slice")
        answer(workflows, "a", Place("slice", 2, 1), uid=named["a"].uid, Dark=True)
    else:
        session.add_measurement("box", [(3.5, 5.5, 1), (9.5, 8.5, 1)], 2, "Dark")
    label = session.labels[0].name if task == "segmentation" else "Dark"

    def learnt_from(goal: Goal, out: str) -> set[str]:
        known = {one.uid: name for name, one in named.items()}
        return {known[uid] for uid in written(workflows, goal, tmp_path / out).series.values()}

    goal = Goal(task, "", "Test", (label,))
    assert learnt_from(goal, "without") == {"a"}
    assert learnt_from(replace(goal, of_one_kind=folder), "with") == {"a", "b", "c"}
    assert learnt_from(replace(goal, of_one_kind=folder, unlabelled=False), "unticked") == {"a"}


def test_unlabelled_scans_are_of_as_many_patients_as_may_be(workflows, tmp_path, monkeypatch):
    for name, patient in (("f1", "F"), ("f2", "F"), ("g", "G")):
        for path in write_slices(tmp_path / "more" / name, "LPH", modality="MR", slices=(14, 15, 16)):
            of_patient(path, patient)
            dataset = pydicom.dcmread(path)
            dataset.SeriesInstanceUID = f"1.2.3.4.{ord(name[0])}.{len(name)}.{name[-1:] == '2':d}"
            dataset.SOPInstanceUID = f"{dataset.SeriesInstanceUID}.{dataset.InstanceNumber}"
            dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
            dataset.save_as(path)
    stack = uid_of(workflows, "stack")
    workflows.add_paths([tmp_path / "more"])
    workflows.open_series(stack)
    session = workflows.session
    session.move_cursor((3, 3, 1))
    session.toggle_confirmed("axial")
    goal = Goal("segmentation", "", "Test", (session.labels[0].name,))
    patient_of = {one.uid: one.patient_id for one in workflows.library.all_series()}

    def patients(out: str) -> list[str]:
        names = json.loads((tmp_path / out / "confirmed.json").read_text())
        gathered = written_of[out]
        files = [file.name.removesuffix(".nii.gz") for file in (tmp_path / out / "images").iterdir()]
        assert len(names) == 1
        return sorted(patient_of[gathered.series[name]] for name in files if name not in names)

    written_of = {}
    for out, most, voxels in (("all", 60, 10**9), ("two", 2, 10**9), ("few", 60, 1)):
        monkeypatch.setattr(training_material, "_MOST_UNLABELLED_SERIES", most)
        monkeypatch.setattr(training_material, "_MOST_UNLABELLED_VOXELS", voxels)
        monkeypatch.setattr(training_material, "_LEAST_UNLABELLED_SERIES", 1)
        written_of[out] = written(workflows, goal, tmp_path / out)
    assert patients("all") == ["F", "F", "G"]
    assert patients("two") == ["F", "G"]
    assert len(patients("few")) == 1


@pytest.mark.parametrize("task", ["segmentation", "classification", "detection"])
def test_nothing_to_learn_from_is_said_in_a_sentence(workflows, tmp_path, task):
    workflows.new_finding("Dark", "series")
    with pytest.raises(SeriesError, match="slice"):
        written(workflows, Goal(task, "", "Test", ("Dark",)), tmp_path / "set")


@pytest.mark.parametrize("task", ["classification", "detection"])
def test_what_was_answered_or_boxed_becomes_a_model_in_the_list(workflows, tmp_path, task):
    """In a real process, and what it made is taken, and gone on from."""
    workflows.new_finding("Dark", "series")
    for n, name in enumerate(("r0", "r1", "r2", "r3", "r4")):
        answer(workflows, name, Dark=n % 2 == 0)
        if task == "detection" and n != 1:
            box(workflows, name, "Dark")
    messages: list[str] = []
    workflows.on_failure(messages.append)
    lengths = ((Goal(task, "", "Dark ones?", ("Dark",)), {"steps": 3}), (Goal(task, "dark-ones"), {"minutes": 0.005}))
    for goal, length in lengths:
        run = workflows.training.start(goal, **length)
        wait(lambda run=run: run.ended)
        assert run.state == "finished" and not messages, (run.message, messages)
        steps = run.report["steps"]
        assert steps == 3 if "steps" in length else steps < 100  # without either it would be 120
        assert "supervised" in run.report["models"] and ("current" in run.report["models"]) == bool(goal.model)
        workflows.training.accept("supervised")
        made = workflows.models.get("dark-ones").manifest
        assert made.version == run.installed and made.task == task
        assert (made.title, made.modalities, [label.name for label in made.labels]) == ("Dark ones?", ["DX"], ["Dark"])
        assert not (run.folder / "data").exists()
    assert len([one for one in workflows.models.list() if one.manifest.name == "dark-ones"]) == 2


def test_a_new_model_never_takes_the_name_of_another(workflows):
    session = workflows.session
    workflows.open_series(uid_of(workflows, "stack"))
    session.toggle_confirmed("axial")
    run = workflows.training.start(Goal("segmentation", "", "Tiny", (session.labels[0].name,)), steps=1)
    assert run.name == "tiny-2"
    workflows.training.end()
