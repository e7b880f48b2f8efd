"""The annotating part of `make bench`: how long the window is held while a label of 512 x 512 x 600 voxels is made,
painted on, taken back and saved.

Everything is saved when it is measured, and read again at the end.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

from tests.heartbeat import Tell, Watched, tell_gaps

_SHAPE = (600, 512, 512)
_STROKES = 12


def autosaving(tell_share: Tell) -> None:
    """The longest gap of each kind of work."""
    with tempfile.TemporaryDirectory() as place:
        tell_gaps(tell_share, "tests.bench_autosave", Path(place), "512 x 512 x 600")


def body() -> np.ndarray:
    """Labels as a model leaves them of a trunk: organs with rough edges, voxels[k, j, i]."""
    dice = np.random.default_rng(1)
    labels = np.zeros(_SHAPE, np.uint8)
    j, i = np.ogrid[: _SHAPE[1], : _SHAPE[2]]
    for k in range(_SHAPE[0]):
        rough = dice.normal(0, 300, _SHAPE[1:])
        for value, (y, x, radius) in enumerate(((250, 250, 230), (200, 150, 90), (300, 330, 70), (350, 200, 50)), 1):
            size = radius * (0.5 + 0.5 * np.sin(k / 97 + value)) ** 0.5
            labels[k][(j - y) ** 2 + (i - x) ** 2 + rough < size**2] = value
    return labels


def _work(place: Path) -> None:
    import SimpleITK as sitk
    from PySide6.QtTest import QTest

    from viewer.core.labels import Label
    from viewer.core.origin import Origin
    from viewer.core.session import Proposal
    from viewer.io.annotation_store import AnnotationStore

    image = sitk.GetImageFromArray(np.random.default_rng(0).integers(0, 1000, _SHAPE).astype(np.int16))
    image.SetSpacing((0.8, 0.8, 1.0))
    sitk.WriteImage(image, str(place / "scan.nrrd"))
    del image
    watched = Watched(place, place / "scan.nrrd")
    measure, wait, window = watched.measure, watched.wait, watched.window
    session, workflows = window.session, window.workflows
    found = Proposal(
        body(), tuple(Label(n, f"Organ {n}", (50 * n, 99, 40)) for n in range(1, 5)), Origin("m", "1", "CPU", 1.0)
    )
    measure("a proposal is shown", lambda: session.propose(found))
    measure("a proposal is accepted and saved", workflows.accept_proposal, lambda: session.proposal is None)

    def paint() -> None:
        session.choose_tool("brush")
        session.hand.set_brush_radius(20.0)
        session.hand.set_brush_shape("sphere")
        for n in range(_STROKES):
            session.begin_stroke("axial", (150.0 + 10 * n, 200.0, 300.0))
            for step in range(5):
                QTest.qWait(1)
                session.stroke_to((150.0 + 10 * n, 200.0 + 10 * step, 300.0))
            session.end_stroke()
            QTest.qWait(20)

    measure("spheres are painted and saved", paint)
    measure("a label is added and saved", lambda: session.add_label("New", (1, 2, 3)))
    measure("a slice is confirmed and saved", lambda: session.toggle_confirmed("axial"))
    for _ in range(2):
        workflows.editing.undo()
        wait(lambda: workflows.jobs.idle)
    measure("a stroke is taken back", workflows.editing.undo)
    for _ in range(_STROKES - 1):
        workflows.editing.undo()
        QTest.qWait(20)
    measure(
        "the accepted result is taken back", workflows.editing.undo, lambda: not session.label_map.voxels[300].any()
    )
    measure(
        "the accepted result is there again", workflows.editing.redo, lambda: bool(session.label_map.voxels[300].any())
    )
    assert not workflows.unsaved
    there, key = session.label_map.voxels.copy(), session.series.uid
    geometry = session.volume.geometry
    window.close()
    store = AnnotationStore(place / "user" / "annotations.sqlite")
    assert np.array_equal(store.load(key, geometry).label_map.voxels, there), "what was saved is something else"
    store.close()
    watched.end()


if __name__ == "__main__":
    _work(Path(sys.argv[1]))
