"""The running part of `make bench`: how long the window is held while a model runs on a CT of 512 x 512 x 300 voxels,
and while its result is looked at and judged."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.heartbeat import Tell, Watched, tell_gaps

_SHAPE = (300, 512, 512)


def running(tell_share: Tell) -> None:
    """The longest gap of each step from the click to what is accepted."""
    from inference.manifest import Preprocessing, WindowIntensity
    from tests.bench_inference import write_unet

    window = WindowIntensity(low=-1000, high=1000)
    preprocessing = Preprocessing(
        spacing_mm=(1.5, 1.5, 1.5), context_slices=3, size_multiple=8, mirrors=frozenset("i"), intensity=window
    )
    with tempfile.TemporaryDirectory() as place:
        write_unet(Path(place, "user", "models", "unet", "1.0.0"), preprocessing, classes=5)
        tell_gaps(tell_share, "tests.bench_running", Path(place), "512 x 512 x 300")


def _work(place: Path) -> None:
    import SimpleITK as sitk
    from PySide6.QtTest import QTest

    from tests.bench_inference import ct

    sitk.WriteImage(ct(_SHAPE), str(place / "scan.nrrd"))
    watched = Watched(place, place / "scan.nrrd")
    measure, window = watched.measure, watched.window
    session, workflows = window.session, window.workflows
    workflows.runs.with_certainty = True

    measure("a model runs", lambda: workflows.runs.start("unet", override=True), lambda: session.proposal is not None)
    proposal = session.proposal
    assert proposal is not None and proposal.certainty is not None

    def slide() -> None:
        for n in range(20):
            session.set_proposal_threshold(0.3 + 0.03 * n)
            QTest.qWait(20)

    def browse() -> None:
        for n in range(40):
            session.move_cursor((200.0 + n, 200.0 + n, 100.0 + n))
            QTest.qWait(10)

    measure("its threshold is moved", slide)
    measure("its uncertainty is shown", window.commands.named["AI/Uncertainty of the model"].trigger)
    measure("its uncertainty is browsed", browse)
    voxel = tuple(int(n[0]) for n in (proposal.voxels == 2).nonzero())[::-1]
    measure("one of its labels is rejected", lambda: workflows.judge_region(voxel, accepts=False, whole_label=True))
    measure("the others are accepted", workflows.accept_proposal, lambda: session.proposal is None)
    assert session.label_map.voxels.any()
    watched.end()


if __name__ == "__main__":
    _work(Path(sys.argv[1]))
