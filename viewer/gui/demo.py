"""The main job from end to end in the real window, without a display: open, segment, correct, retrain, compare.

The demo's reader is simulated: in some slices of the demo head it moves the border between cerebral cortex and
white matter to where the template's own tissue maps have it. Those maps come from the makers of the template,
not from our model, so the agreement measured on slices nobody corrected is independent evidence.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from PySide6.QtCore import QEventLoop, QMessageLogContext, QTimer, QtMsgType, qInstallMessageHandler

import resources
from viewer.core.geometry import Geometry
from viewer.core.goal import Goal
from viewer.core.labels import Label, volumes_ml
from viewer.gui.app import build_window
from viewer.gui.main_window import MainWindow
from viewer.workflows import DEMO_MODEL, Workflows

Say = Callable[[str], None]

GREY_MATTER, WHITE_MATTER = 1, 2  # values of resources/demo/tissues.nii.gz
_CORRECTED_FROM_MM, _CORRECTED_TO_MM = 14.0, 58.0  # heights above the cerebellum and below the vertex
_CORRECTED_SLICES = 12
_DEEP_MARGIN_VOXELS = 3
_GREY = ("Cerebral Cortex", "Hippocampus", "Amygdala", "Caudate", "Putamen", "Accumbens", "Thalamus")


def run_headless(out: Path, steps: int, say: Say) -> dict[str, Any]:
    """Do the demo's whole job and write report.json and screenshots to out; returns the report.

    Works in a user folder of its own inside out, so a person's library and models stay as they are.
    """
    out.mkdir(parents=True, exist_ok=True)
    user = out / "user-data"
    if (user / "library.sqlite").exists():  # that of an earlier demo, and nothing else
        shutil.rmtree(user)
    started = time.monotonic()
    qInstallMessageHandler(_quiet)
    window = build_window(user)
    window.resize(1280, 800)
    window.show()
    try:
        report = _Story(window, out, say).tell(steps)
    finally:
        window.workflows.training.end()
        window.close()
    report["seconds"]["total"] = round(time.monotonic() - started, 1)
    (out / "report.json").write_text(json.dumps(_tidy(report), indent=2), encoding="utf-8")
    say(f"Done. The report and the screenshots are in {out.resolve()} (report.json). Not for diagnostic use.")
    return report


def _tidy(value: Any) -> Any:
    """Four digits, and nothing for structures that are not there."""
    if isinstance(value, dict):
        return {key: _tidy(part) for key, part in value.items() if part is not None}
    if isinstance(value, list):
        return [_tidy(part) for part in value]
    return round(value, 4) if isinstance(value, float) else value


def _quiet(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    """Qt's messages but for one that the platform without a screen gives for each window it shows."""
    if "propagateSizeHints" not in text:
        print(text, file=sys.stderr)


class _Story:
    def __init__(self, window: MainWindow, out: Path, say: Say) -> None:
        self.window, self.out, self.say = window, out, say
        self.workflows: Workflows = window.workflows
        self.session = window.workflows.session
        self.shots: list[str] = []
        self.seconds: dict[str, float] = {}
        self.failures: list[str] = []
        self.workflows.on_failure(self.failures.append)

    def tell(self, steps: int) -> dict[str, Any]:
        self._open()
        before = self._segment("segment")
        corrected = self._correct()
        comparison = self._train(steps)
        kept, after = self._decide(comparison)
        return {
            "study": "MNI152 T1 average head",
            "not_for": "diagnostic use",
            "model_before": before["model"],
            "volumes_ml": before["volumes_ml"],
            "confirmed_slices": corrected["slices"],
            "voxels_corrected": corrected["voxels"],
            "corrected_structures": corrected["structures"],
            "training": comparison,
            "kept": kept,
            "tissue_agreement": {
                "what": "Dice with the template's own tissue maps on slices that nobody corrected",
                "before": before["tissue_dice"],
                "after": after["tissue_dice"] if after else None,
            },
            "model_after": after["model"] if after else before["model"],
            "rollback": self._roll_back() if after else None,
            "seconds": self.seconds,
            "screenshots": self.shots,
        }

    def _open(self) -> None:
        self.say("1/5 Opening the demo study: MNI152 T1 average head, DICOM")
        started = time.monotonic()
        found: list[str] = []
        self.workflows.add_paths(
            [resources.path("demo", "mni152-t1")], lambda scan: found.extend(s.uid for s in scan.series)
        )
        self._wait(lambda: bool(found) or bool(self.failures))
        self.workflows.open_series(found[0])
        self._wait(lambda: self.session.editable or bool(self.failures))
        self.seconds["open"] = round(time.monotonic() - started, 2)
        self._shot("1-open")

    def _segment(self, what: str) -> dict[str, Any]:
        record = self.workflows.models.get(DEMO_MODEL)
        step = "2/5 Segmenting" if what == "segment" else "  Segmenting again"
        self.say(f"{step} with {DEMO_MODEL} {record.manifest.version}")
        self.workflows.runs.start(DEMO_MODEL)
        self._wait(lambda: self.session.proposal is not None or bool(self.failures), "  segmenting")
        proposal = self.session.proposal
        assert proposal is not None
        self.seconds[what] = round(proposal.origin.seconds, 2)
        self._shot("2-proposal" if what == "segment" else "6-proposal-of-the-new-model")
        assert self.session.volume is not None
        geometry = self.session.volume.geometry
        origin = proposal.origin
        result = {
            "model": {"name": origin.model, "version": origin.version, "device": origin.provider},
            "volumes_ml": {
                name: round(ml, 2) for name, ml in volumes_ml(proposal.voxels, geometry, proposal.labels).items()
            },
            "tissue_dice": _tissue_dice(proposal.voxels, proposal.labels, geometry, _corrected_slices(geometry)),
        }
        if what == "segment":
            self.workflows.accept_proposal()
            self._wait(lambda: self.session.proposal is None)
            self._settle(1.0)
            self._shot("3-accepted")
        else:
            self.session.reject_proposal()
        return result

    def _correct(self) -> dict[str, Any]:
        session = self.session
        assert session.volume is not None and session.label_map is not None
        geometry = session.volume.geometry
        self.say("3/5 Correcting cortex and white matter in some slices, and confirming these")
        tissues, voxels, touched = _tissues(), 0, set()
        for k in _corrected_slices(geometry):
            before = session.label_map.voxels[k]
            after = _read_slice(session.label_map.voxels, tissues, k, geometry, session.labels)
            changed = before != after
            voxels += int(np.count_nonzero(changed))
            touched.update(np.unique(before[changed]).tolist(), np.unique(after[changed]).tolist())
            whole_slice = slice(k, k + 1), slice(0, geometry.size[1]), slice(0, geometry.size[0])
            session.replace_voxels("Correct cortex", whole_slice, after[None])
            session.move_cursor((session.cursor_ijk[0], session.cursor_ijk[1], k))
            session.toggle_confirmed("axial")
        self._settle(1.0)
        self._shot("4-corrected-and-confirmed")
        names = {label.value: label.name for label in session.labels}
        return {
            "slices": len(session.confirmed),
            "voxels": voxels,
            "structures": sorted(names[value] for value in touched - {0}),
        }

    def _train(self, steps: int) -> dict[str, Any]:
        self.say(f"4/5 Training: {steps} steps semi-supervised, and a supervised twin to compare with")
        started = time.monotonic()
        said = [0.0]

        def tell(run: object, event: dict[str, Any]) -> None:
            if event.get("event") == "progress" and time.monotonic() - said[0] > 5:
                said[0] = time.monotonic()
                self.say(f"  {event['arm']}: step {event['step']} of {event['steps']}, loss {event['loss']:.3f}")
            elif event.get("event") == "evaluation":
                self.say(f"  {event['arm']}: Dice {event['dice']:.3f} on held-out slices after step {event['step']}")
            elif event.get("event") == "message":
                self.say(f"  {event['text']}")

        self.workflows.training.on_change(tell)
        self.window.show_training()
        run = self.workflows.training.start(Goal("segmentation", DEMO_MODEL), steps=steps)
        half_way: list[bool] = []

        def ended() -> bool:
            if run is not None and not half_way and sum(e["event"] == "progress" for e in run.events) >= 8:
                half_way.append(True)
                self._shot("5-training")
            return run is None or run.ended or bool(self.failures)

        self._wait(ended)
        if run is None or run.report is None:
            raise RuntimeError("; ".join(self.failures) or "the training ended without a report")
        self.seconds["train_and_compare"] = round(time.monotonic() - started, 1)
        self._settle(0.5)
        self._shot("5-comparison")
        return run.report

    def _decide(self, comparison: dict[str, Any]) -> tuple[str, dict[str, Any] | None]:
        decision = comparison["decision"]
        self.say(f"5/5 Kept: {decision['keep']}. {decision['reason']}")
        if decision["keep"] == "current":
            self.workflows.training.discard()
            return "current", None
        accepted: list[bool] = []
        self.workflows.training.accept(done=lambda: accepted.append(True))
        self._wait(lambda: bool(accepted))
        return decision["keep"], self._segment("segment_with_the_new_model")

    def _roll_back(self) -> dict[str, str]:
        models = self.workflows.models
        new = models.get(DEMO_MODEL).manifest.version
        self.workflows.roll_back(DEMO_MODEL)
        back = models.get(DEMO_MODEL).manifest.version
        self.workflows.use_version(DEMO_MODEL, new)
        self._settle(0.3)
        return {"from": new, "to": back, "active_at_the_end": models.get(DEMO_MODEL).manifest.version}

    def _shot(self, name: str) -> None:
        self._settle(1.5)
        path = self.out / f"{name}.png"
        self.window.grab().save(str(path))
        self.shots.append(path.name)

    def _settle(self, seconds: float) -> None:
        """Let the window draw and the 3-D pane deliver its full-quality frame."""
        loop = QEventLoop()
        QTimer.singleShot(int(1000 * seconds), loop.quit)
        loop.exec()

    def _wait(self, ready: Callable[[], bool], what: str = "") -> None:
        loop, poll, last = QEventLoop(), QTimer(), [-1]

        def look() -> None:
            if ready():
                loop.quit()
            elif what and (percent := int(10 * self.window.status_bar.fraction) * 10) > last[0]:
                last[0] = percent
                self.say(f"{what} {percent} %")

        poll.timeout.connect(look)
        poll.start(50)
        loop.exec()
        if self.failures:
            raise RuntimeError(self.failures[0])


def _tissues() -> NDArray[np.uint8]:
    return sitk.GetArrayFromImage(sitk.ReadImage(str(resources.path("demo", "tissues.nii.gz"))))


def _corrected_slices(geometry: Geometry) -> list[int]:
    low = geometry.lps_to_index((0.0, 0.0, _CORRECTED_FROM_MM))[2]
    high = geometry.lps_to_index((0.0, 0.0, _CORRECTED_TO_MM))[2]
    return sorted({int(round(k)) for k in np.linspace(low, high, _CORRECTED_SLICES)})


def _values(labels: tuple[Label, ...], *parts: str) -> dict[str, int]:
    return {label.name: label.value for label in labels if any(p.lower() in label.name.lower() for p in parts)}


def _read_slice(
    label_voxels: NDArray[np.uint8],
    tissues: NDArray[np.uint8],
    k: int,
    geometry: Geometry,
    labels: tuple[Label, ...],
) -> NDArray[np.uint8]:
    """Slice k as the simulated reader leaves it: only cerebral cortex, cerebral white matter and background move,
    away from the deep nuclei, for which the tissue maps give no names."""
    cortex = _values(labels, "cerebral cortex")
    white = _values(labels, "cerebral white matter")
    column = np.arange(geometry.size[0])
    left_of_patient = geometry.index_to_lps(np.stack([column, 0 * column, 0 * column + k], axis=-1))[:, 0] > 0
    slice_labels, tissue = label_voxels[k], tissues[k]
    movable = np.isin(slice_labels, [0, *cortex.values(), *white.values()])
    deep = sitk.GetImageFromArray((~movable).astype(np.uint8))
    movable &= sitk.GetArrayFromImage(sitk.BinaryDilate(deep, [_DEEP_MARGIN_VOXELS] * 2)) == 0
    corrected = slice_labels.copy()
    for side, here in (("left", left_of_patient), ("right", ~left_of_patient)):
        for wanted, values in ((GREY_MATTER, cortex), (WHITE_MATTER, white)):
            value = next(v for name, v in values.items() if side in name.lower())
            corrected[movable & here[None, :] & (tissue == wanted)] = value
    corrected[movable & (tissue == 0)] = 0
    return corrected


def _tissue_dice(
    voxels: NDArray[np.uint8], labels: tuple[Label, ...], geometry: Geometry, left_out: list[int]
) -> dict[str, float]:
    """Dice of grey and white matter with the template's maps on the axial slices between the corrected ones."""
    slices = [k for k in range(min(left_out), max(left_out) + 1) if k not in left_out]
    seen, tissue = voxels[slices], _tissues()[slices]
    grey = np.isin(seen, list(_values(labels, *_GREY).values()))
    white = np.isin(seen, list(_values(labels, "cerebral white matter").values()))
    return {
        "grey_matter": _dice(grey, tissue == GREY_MATTER),
        "white_matter": _dice(white, tissue == WHITE_MATTER),
        "slices": len(slices),
    }


def _dice(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    return round(float(2 * np.count_nonzero(first & second) / max(1, first.sum() + second.sum())), 4)
