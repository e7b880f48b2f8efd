"""A person chooses what to train, and sees what is missing for it."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from PySide6.QtCore import Qt

from viewer.core.goal import Goal, common_folder
from viewer.core.readiness import BoxedSeries, ConfirmedSeries, JudgedPicture, Learnable
from viewer.gui.training_goal_dialog import TrainingGoalDialog


@pytest.fixture
def learnable(opened) -> Learnable:
    opened.session.toggle_confirmed("axial")
    uid = opened.session.series.uid
    names = (frozenset({"Bright", "Lesion"}), frozenset({"Lesion"}))
    answers = {"Dark": True, "Blurred": False}
    return Learnable(
        (ConfirmedSeries("p", names, uid),),
        (JudgedPicture("p", uid, answers), JudgedPicture("q", "other", {"Dark": False})),
        (BoxedSeries("p", uid, ("Spot", "Spot")),),
    )


@pytest.fixture
def dialog(opened, learnable, qtbot):
    """The dialog as the panel opens it for the chosen model, and the goals that were chosen in it."""
    goals: list[Goal] = []
    made = TrainingGoalDialog(opened.workflows, Goal("segmentation", "tiny"), learnable, goals.append)
    qtbot.addWidget(made)
    made.goals = goals
    return made


def texts(tree) -> list[tuple[str, str]]:
    return [(item.text(0), item.text(1)) for n in range(tree.topLevelItemCount()) if (item := tree.topLevelItem(n))]


def choose(box, data) -> None:
    box.setCurrentIndex(box.findData(data))


def test_a_model_further_has_its_own_labels_and_says_what_it_does_not_learn(dialog):
    assert texts(dialog.labels) == [("Bright", "slices 1"), ("Dim", "nothing")]
    assert dialog.labels.topLevelItem(0).data(0, Qt.ItemDataRole.CheckStateRole) is None, "nothing to choose"
    assert dialog.told.text() == "Not learnt, so background to the model: Lesion."
    assert not dialog.title.isVisibleTo(dialog)
    dialog.accept()
    assert dialog.goals == [Goal("segmentation", "tiny")]


def test_a_model_that_knows_nothing_of_what_is_confirmed_is_not_trained_further(opened, learnable, qtbot):
    goal = Goal("segmentation", "tiny")

    def shown(*slices: frozenset[str]) -> TrainingGoalDialog:
        confirmed = ConfirmedSeries("p", slices, opened.session.series.uid)
        made = TrainingGoalDialog(opened.workflows, goal, replace(learnable, confirmed=(confirmed,)), print)
        qtbot.addWidget(made)
        return made

    other = shown(frozenset({"Lesion"}), frozenset())
    assert not other.ok.isEnabled() and "for Lesion choose a new model" in other.told.text()
    choose(other.model, "")
    other.title.setText("Lesions")
    assert other.ok.isEnabled()
    assert shown(frozenset({"Lesion"}), frozenset({"Dim"})).ok.isEnabled()
    assert shown(frozenset()).ok.isEnabled(), "that there is nothing can be learnt"


def test_a_new_model_needs_a_name_and_a_label(dialog):
    choose(dialog.model, "")
    assert dialog.title.isVisibleTo(dialog) and not dialog.ok.isEnabled()
    assert dialog.told.text() == "A new model needs a name."
    dialog.title.setText(" Lesions ")
    assert dialog.ok.isEnabled()
    for n in range(2):
        dialog.labels.topLevelItem(n).setCheckState(0, Qt.CheckState.Unchecked)
    assert not dialog.ok.isEnabled() and "at least one label" in dialog.told.text()
    dialog.labels.topLevelItem(0).setCheckState(0, Qt.CheckState.Checked)
    assert dialog.goal == Goal("segmentation", "", "Lesions", ("Lesion",))


@pytest.mark.parametrize("name", ["Mass | nodule", "No Finding"])
def test_names_that_mean_something_else_are_refused(opened, name):
    opened.session.toggle_confirmed("axial")
    goal = Goal("classification", "", "New", ("Dark", name))
    assert "call it something else" in opened.workflows.training.cannot_start(goal)


def test_scans_are_left_out_by_a_tick(dialog, opened):
    dialog.scans.topLevelItem(0).setCheckState(0, Qt.CheckState.Unchecked)
    assert not dialog.ok.isEnabled() and dialog.told.text() == "Choose at least one scan."
    assert dialog.goal.left_out == {opened.session.series.uid}


def test_findings_and_boxes_are_other_tasks_with_their_own_models_labels_and_scans(dialog):
    choose(dialog.task, "classification")
    assert [dialog.model.itemData(n) for n in range(dialog.model.count())] == [""]
    assert texts(dialog.labels) == [("Dark", "yes 1, no 1"), ("Blurred", "yes 0, no 1")]
    assert dialog.scans.topLevelItemCount() == 2
    dialog.title.setText("Quality")
    assert dialog.told.text() == "1 of 2 answered slices count: those with an answer to each of the findings."
    choose(dialog.task, "detection")
    assert texts(dialog.labels) == [("Spot", "boxes 2")] and dialog.scans.topLevelItemCount() == 1
    assert dialog.goal == Goal("detection", "", "Quality", ("Spot",))


@pytest.mark.parametrize("task", ["segmentation", "classification", "detection"])
def test_what_has_to_be_done_first_is_said(opened, qtbot, task):
    dialog = TrainingGoalDialog(opened.workflows, Goal(task, "", "New"), Learnable(), lambda goal: None)
    qtbot.addWidget(dialog)
    assert not dialog.ok.isEnabled() and dialog.told.text().startswith("No ")


def test_the_panel_trains_what_was_chosen_until_another_model_is(opened, monkeypatch):
    panel, started = opened.training_panel, []
    monkeypatch.setattr(opened.workflows.training, "start", lambda goal, **more: started.append((goal, more)))
    assert panel.goal == Goal("segmentation", "tiny")
    goal = Goal("classification", "", "Quality", ("Dark", "Blurred"), frozenset({"1.2.3"}))
    panel._take(goal)
    assert panel.aim.text() == "New model Quality: Dark, Blurred · scans left out: 1"
    assert panel.steps.value() > 500 and not panel.tune.isVisibleTo(panel)
    panel.tune.setChecked(True)
    panel._start()
    assert started == [(goal, {"steps": panel.steps.value(), "minutes": None, "trials": 0})]
    panel.length.setCurrentIndex(1)
    assert panel.minutes.isVisibleTo(panel) and not panel.steps.isVisibleTo(panel)
    panel.minutes.setValue(25)
    panel._start()
    assert started[1][1]["minutes"] == 25
    panel._chosen = "another model", goal
    assert panel.goal == Goal("segmentation", "tiny")


def test_a_person_says_that_files_which_do_not_tell_are_of_one_kind(opened, qtbot, tmp_path):
    """Files of a folder beside the annotated one, in it or a patient's own folder; DICOM files tell."""
    series = opened.session.series
    scan = replace(series, modality="", files=(tmp_path / "set" / "a" / "a.nii",))
    others = [
        replace(scan, uid="b", files=(tmp_path / "set" / "b" / "b.nii",)),
        replace(scan, uid="c", files=(tmp_path / "set" / "a" / "c.nii",)),
        replace(scan, uid="dicom", files=(tmp_path / "set" / "a" / "d.dcm",), modality="MR"),
        replace(scan, uid="away", files=(tmp_path / "away" / "e.nii",)),
    ]
    listed = [scan, *others]

    def shown(goal: Goal, *annotated: str) -> TrainingGoalDialog:
        learnable = Learnable(tuple(ConfirmedSeries(uid, (frozenset({"Bright"}),), uid) for uid in annotated))
        made = TrainingGoalDialog(opened.workflows, goal, learnable, print)
        qtbot.addWidget(made)
        return made

    with patch.object(opened.workflows.library, "all_series", lambda: listed):
        opened.session.toggle_confirmed("axial")
        one = shown(Goal("segmentation", "tiny"), scan.uid)
        assert one.one_kind.isVisibleTo(one) and one.one_kind.text().startswith("The others in the folder a (1)")
        assert one.goal.of_one_kind is None, "nobody said so"
        two = shown(Goal("segmentation", "tiny"), scan.uid, "b")
        assert two.one_kind.text().startswith("The others in the folder set (1)")
        two.one_kind.click()
        assert two.goal.of_one_kind == tmp_path / "set"
        assert shown(two.goal, scan.uid, "b").goal == two.goal
        two.unlabelled.click()
        assert not two.one_kind.isEnabled() and two.goal.of_one_kind is None
        assert not shown(Goal("segmentation", "tiny"), "dicom").one_kind.isVisibleTo(None)


def test_folders_far_from_one_another_are_not_one():
    def at(*files: str) -> Path | None:
        made = [SimpleNamespace(modality="", files=(Path(file),)) for file in files]
        return common_folder([*made, SimpleNamespace(modality="CT", files=(Path("/elsewhere/x.dcm"),))])

    assert at("/set/images/a.nii", "/set/images/b.nii") == Path("/set/images")
    assert at("/set/s1/anat/a.nii", "/set/s2/anat/b.nii") == Path("/set")
    assert at("/home/one/x/set/a.nii", "/home/two/x/set/b.nii") is None
    assert at("/one/a.nii", "/two/b.nii") is None
    assert at() is None
