"""What the training panel shows beside its comparison: readiness, held-out slices over time, cases won and lost."""

import numpy as np
import pyqtgraph as pg
import pytest

from viewer.core.goal import Goal
from viewer.gui.training_case_view import TrainingCaseView, slice_dice
from viewer.gui.training_cases import TrainingCases
from viewer.gui.training_comparison import TrainingComparison
from viewer.io.training_samples import Compared, ComparedSlice
from viewer.training_runs import TrainingRun


@pytest.fixture
def run(tmp_path) -> TrainingRun:
    """A finished run with two looks at one held-out slice."""
    folder = tmp_path / "out" / "samples"
    folder.mkdir(parents=True)
    image = np.arange(200, dtype=np.uint8).reshape(10, 20)
    np.savez(folder / "slices.npz", image_0=image, reference_0=(image > 100).astype(np.uint8))
    events = [{"event": "started", "arms": ["semi-supervised", "supervised"]}]
    for step, dice in ((0, 0.4), (20, 0.9)):
        name = f"semi-supervised-{step:06d}.npz"
        np.savez(folder / name, predicted_0=(image > 150 - 2 * step).astype(np.uint8))
        seen = {"event": "evaluation", "step": step, "dice": dice, "samples": name}
        events += [seen | {"arm": arm} for arm in ("semi-supervised", "supervised")]
    report = {
        "decision": {"keep": "semi-supervised", "reason": "better"},
        "models": {
            "current": {"unit_dice": {"case-a k 4": 0.8, "case-a k 9": 0.7, "case-b k 2": None, "case-b k 3": 0.5}},
            "semi-supervised": {
                "unit_dice": {"case-a k 4": 0.9, "case-a k 9": 0.6, "case-b k 2": 0.5, "case-b k 3": 0.5}
            },
        },
    }
    return TrainingRun(
        None, "tiny", tmp_path, 20, "segmentation", "finished", events, report, series={"case-a": "1.2.3"}
    )


def test_losses_come_first_and_a_click_asks_for_the_slice(run, qtbot):
    cases = TrainingCases()
    qtbot.addWidget(cases)
    cases.show_run(run)
    lines = [cases.item(n).text() for n in range(cases.count())]
    assert lines == [
        "Slice 10: 0.700 → 0.600 (lost)",
        "Slice 4: 0.500 → 0.500 (equal)",
        "Slice 5: 0.800 → 0.900 (won)",
    ]
    with qtbot.waitSignal(cases.chosen) as asked:
        cases.itemClicked.emit(cases.item(0))
    assert asked.args == ["1.2.3", 2, 9]
    with qtbot.assertNotEmitted(cases.chosen, wait=10):
        cases.itemClicked.emit(cases.item(1))  # of a series that is not known any more
    cases.show_run(None)
    assert cases.count() == 0 and not cases.isVisible()


def test_a_slice_of_a_part_of_a_scan_is_asked_for_where_it_lies_in_the_scan(run, qtbot):
    part = "case-a-at-7-8-20"
    run.series[part] = "1.2.3"
    for dice in (model["unit_dice"] for model in run.report["models"].values()):
        dice[f"{part} k 9"] = dice.pop("case-a k 9")
    cases = TrainingCases()
    qtbot.addWidget(cases)
    cases.show_run(run)
    assert cases.item(0).text().startswith("Slice 30: 0.700")
    with qtbot.waitSignal(cases.chosen) as asked:
        cases.itemClicked.emit(cases.item(0))
    assert asked.args == ["1.2.3", 2, 29]


def test_looks_follow_the_newest_until_a_person_goes_back(run, opened):
    samples = opened.training_panel.samples
    late = run.events.pop(), run.events.pop()
    samples.show_run(run)
    assert samples.time.maximum() == 0 and "step 0" in samples.told.text() and "0.400" in samples.told.text()
    first = samples._pictures.itemAt(0).widget().pixmap().toImage()
    run.events.extend(reversed(late))
    samples.show_run(run)
    assert samples.time.value() == 1 and "step 20" in samples.told.text()
    assert samples._pictures.itemAt(0).widget().pixmap().toImage() != first
    samples.time.setValue(0)
    samples.show_run(run)
    assert samples._pictures.itemAt(0).widget().pixmap().toImage() == first


def test_torn_looks_are_told(run, opened):
    (run.folder / "out" / "samples" / "slices.npz").write_bytes(b"torn")
    opened.training_panel.samples.show_run(run)
    assert "cannot be read" in opened.training_panel.samples.told.text()


def test_confirmed_slices_of_all_scans_are_counted_and_the_advice_leads_on(opened, qtbot):
    window = opened
    session, readiness = window.workflows.session, window.training_panel.readiness
    assert not readiness.isVisible()
    session.add_label("Bright", (200, 40, 40))
    for k in (5, 6):
        session.move_cursor((13, 15, k))
        session.toggle_confirmed("axial")
    window.show_training()
    qtbot.waitUntil(readiness.isVisible)
    assert "slices 2, patients 1" in readiness.counted.text()
    assert "another patient" in readiness.advice.text()
    readiness.suggest.click()
    assert window.panels.currentWidget() is window.label_panel


def test_a_model_that_knows_nothing_of_what_was_drawn_is_not_trained_by_the_panel_either(opened, qtbot):
    window, panel = opened, opened.training_panel
    session = window.workflows.session
    own = session.add_label("Lesion", (200, 40, 40))
    k = session.cursor_ijk[2]
    session.replace_voxels("Draw", (slice(k, k + 1), slice(2, 4), slice(2, 4)), np.full((1, 2, 2), own, np.uint8))
    session.toggle_confirmed("axial")
    window.show_training()
    qtbot.waitUntil(panel.readiness.isVisible)
    assert not panel.start.isEnabled()
    assert "for Lesion choose a new model" in panel.readiness.advice.text()
    panel._take(Goal("segmentation", "", "Lesions", ("Lesion",)))
    qtbot.waitUntil(panel.start.isEnabled)
    assert "second slice" in panel.readiness.advice.text() and panel.readiness.suggest.isVisible()


def test_a_case_opens_at_its_slice(opened, qtbot):
    uid = opened.workflows.session.series.uid
    opened.training_panel.cases.chosen.emit(uid, 2, 7)
    qtbot.waitUntil(lambda: opened.workflows.session.cursor_ijk[2] == 7)


def test_trials_of_a_study_are_told_and_drawn(run, opened, qtbot):
    study = opened.training_panel.study
    study.show_run(run)
    assert study.isHidden()

    for n, (dice, best, pruned) in enumerate([(0.5, 0.5, False), (0.3, 0.5, True), (0.7, 0.7, False)], 1):
        run.events.append({"event": "trial", "trial": n, "trials": 5, "dice": dice, "best": best, "pruned": pruned})
    qtbot.waitUntil(lambda: study.show_run(run) is None and study.findChild(pg.PlotWidget) is not None)

    assert "Settings tried: 3 of 5; the best Dice is 0.700, that of the usual ones 0.500." in study.told.text()
    each, best = (item.getData() for item in study._curves[1:])
    assert each[1].tolist() == [0.5, 0.3, 0.7] and best[1].tolist() == [0.5, 0.5, 0.7]
    study.dress()
    study.show_run(run)
    assert study._curves[1].getData()[1].tolist() == [0.5, 0.3, 0.7]
    study.show_run(None)
    assert study.isHidden()


@pytest.mark.parametrize(("ticked", "trials"), [(False, 0), (True, 12)])
def test_a_study_is_asked_for_by_a_tick(opened, monkeypatch, ticked, trials):
    asked = []
    monkeypatch.setattr(opened.workflows.training, "start", lambda name, **more: asked.append(more))
    panel = opened.training_panel
    assert not panel.tune.isChecked()
    panel.tune.setChecked(ticked)
    panel._start()
    assert asked[0]["trials"] == trials


LABELS = ((1, "Half", (250, 120, 60)),)


def compared(index: int, current: int, new: int) -> ComparedSlice:
    """A person marked columns up to 10; the models up to others."""
    across = np.tile(np.arange(20, dtype=np.uint8), (10, 1))
    marked = {"current": across < current, "semi-supervised": across < new}
    by_arm = {arm: one.astype(np.uint8) for arm, one in marked.items()}
    return ComparedSlice("case-a", 2, index, (2.0, 1.0), across, (across < 10).astype(np.uint8), by_arm)


def test_cases_are_side_by_side_the_greatest_loss_first_and_lead_to_the_scan(run, qtbot):
    view = TrainingCaseView(run, Compared((compared(3, 8, 10), compared(4, 10, 8)), LABELS))
    qtbot.addWidget(view)
    asked = []
    view.chosen.connect(lambda *place: asked.append(place))
    assert set(view.pictures) == {"reference", "current", "semi-supervised"}
    assert view.captions["current"].text().endswith("1.000")
    assert view.captions["semi-supervised"].text().endswith("0.889")
    view.go.click()
    view.place.setValue(1)
    assert view.captions["semi-supervised"].text().endswith("1.000")
    view.go.click()
    assert asked == [("1.2.3", 2, 4), ("1.2.3", 2, 3)]


def test_a_slice_has_the_shape_that_its_spacing_gives_it(run, qtbot):
    view = TrainingCaseView(run, Compared((compared(3, 8, 10),), LABELS))
    qtbot.addWidget(view)
    pixmap = view.pictures["reference"].pixmap()
    assert pixmap.width() == pixmap.height(), "10 rows of 2 mm and 20 columns of 1 mm"
    picture = pixmap.toImage()
    left, right = (picture.pixelColor(x, 150) for x in (60, 250))
    assert right.red() == right.green() == right.blue() and left.saturation() > 60


def test_dice_of_a_slice_counts_only_what_a_person_annotated():
    reference = np.array([[1, 1, 255, 0], [2, 0, 255, 0]], np.uint8)
    assert slice_dice(np.array([[1, 1, 2, 0], [2, 0, 1, 0]], np.uint8), reference) == 1
    assert slice_dice(np.array([[1, 0, 2, 0], [0, 0, 1, 0]], np.uint8), reference) == pytest.approx((2 / 3 + 0) / 2)
    assert slice_dice(np.zeros((2, 4), np.uint8), np.zeros((2, 4), np.uint8)) == 1


def measured(auc: float, low: float, high: float) -> dict:
    return {"value": auc, "low": low, "high": high}


@pytest.mark.parametrize(
    ("task", "keys", "heads"),
    [("classification", ("auc", "auprc"), ["AUC", "AUPRC"]), ("detection", ("froc", "ap"), ["FROC", "AP"])],
)
def test_other_tasks_are_compared_by_their_own_measures(run, qtbot, task, keys, heads):
    def model(first, gains) -> dict:
        told = {keys[0]: measured(first, 0.5, 0.9), keys[1]: {"value": 0.25, "low": None, "high": None}}
        return {"mean": told, "classes": {"Spot": told}, "gains": gains}

    gain = {"current": {keys[0]: 0.1, "low": 0.02, "high": 0.2}}
    run.task, run.report = task, {"unit": "patients", "held_out": ["p"], "decision": {"keep": "supervised"}}
    run.report["models"] = {"current": model(0.6, {}), "supervised": model(0.7, gain)}
    shown = TrainingComparison()
    qtbot.addWidget(shown)
    shown.show_run(run)

    def row(table, n) -> list[str]:
        return [table.item(n, column).text() for column in range(table.columnCount())]

    assert [shown.arms.horizontalHeaderItem(n).text() for n in range(4)] == ["Model", heads[0], "Gain", heads[1]]
    assert row(shown.arms, 0) == ["Current", "0.600", "–", "0.250"]
    assert row(shown.arms, 1) == ["Supervised", "0.700", "+0.100", "0.250"]
    assert shown.arms.item(2, 0).text() == "Gain, 95 % interval: +0.020 to +0.200" and shown.arms.rowCount() == 3
    assert "0.500 to 0.900" in shown.arms.item(1, 1).toolTip() and "too little" in shown.arms.item(1, 3).toolTip()
    shown.by_class.click()
    assert row(shown.classes, 0) == ["Spot", "0.600", "0.700", "0.250", "0.250"]
    shown.show_run(None)
    assert not shown.isVisibleTo(None)
