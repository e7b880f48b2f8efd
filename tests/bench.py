"""`make bench`: one JSON line a figure, each beside a floor or a peer measured in the same run.

Ratios mean more than times: they are what a slower or busier machine leaves unchanged.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import SimpleITK as sitk

import resources
from inference.models import ModelStore
from inference.runtime import load_model
from inference.tasks import segment
from viewer.core.display import WindowLevel, to_grey
from viewer.core.geometry import Geometry
from viewer.core.session import Session
from viewer.core.study import GeometryVerdict, Series
from viewer.core.volume import Volume, to_image
from viewer.io import files
from viewer.workflows import DEMO_MODEL


def best_of(repeats: int, act: Callable[[], object]) -> float:
    """Shortest of some runs, in seconds: the run that was disturbed least."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        act()
        times.append(time.perf_counter() - started)
    return min(times)


def tell(name: str, seconds: float, against: str, other_seconds: float) -> None:
    figure = {
        "name": name,
        "value": round(1000 * seconds, 2),
        "unit": "ms",
        "against": f"{against}: {1000 * other_seconds:.2f} ms",
        "ratio": round(seconds / other_seconds, 3),
    }
    print(json.dumps(figure), flush=True)


def opening() -> Volume:
    folder = resources.path("demo", "mni152-t1")
    reader = sitk.ImageSeriesReader()

    def by_simpleitk() -> None:
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
        reader.Execute()

    def by_slicewise() -> Volume:
        return files.read_series(files.scan([folder]).series[0])

    tell("open 189 JPEG 2000 slices", best_of(3, by_slicewise), "SimpleITK", best_of(3, by_simpleitk))
    return by_slicewise()


def drawing() -> None:
    slice_values = np.random.default_rng(0).integers(-1000, 2000, (512, 512)).astype(np.int16)
    window = WindowLevel(40, 400)
    seconds = best_of(50, lambda: to_grey(slice_values, window))
    floor = best_of(50, lambda: slice_values.astype(np.float32))
    tell("window/level of a 512 x 512 slice", seconds, "conversion to float32", floor)


def painting() -> None:
    shape = (300, 512, 512)
    grid = Geometry(shape[::-1], (0.7, 0.7, 1.0), np.zeros(3), np.eye(3))
    session = Session()
    series = Series("1", "1", "", "", "CT", "", (Path("x"),), GeometryVerdict("regular", ""), grid.size)
    session.open(series, Volume(np.zeros(shape, np.int16), grid))
    session.choose_tool("brush")
    session.set_brush_radius(10)
    session.begin_stroke("axial", (256, 256, 150))
    floor = np.zeros((512, 512), np.uint8)
    seconds = best_of(100, lambda: session.stroke_to((260, 258, 150)))
    tell("brush step, 10 mm, 512 x 512 x 300", seconds, "copy of one slice", best_of(100, floor.copy))
    session.end_stroke()
    tell(
        "undo and redo of a stroke",
        best_of(20, lambda: (session.undo(), session.redo())),
        "copy of a slice",
        best_of(20, floor.copy),
    )


def segmenting(head: Volume) -> None:
    model = load_model(ModelStore(resources.path("models"), Path("none")).get(DEMO_MODEL))
    preprocessing = model.manifest.preprocessing
    side_mm, multiple = preprocessing.spacing_mm[0], preprocessing.size_multiple
    rows, columns = (multiple * -(-round(n / side_mm) // multiple) for n in head.geometry.size[1::-1])
    stacks = np.random.default_rng(0).random((4, preprocessing.context_slices, rows, columns), dtype=np.float32)
    slices = round(head.geometry.size[2] / preprocessing.spacing_mm[2])
    network = best_of(3, lambda: model.run(stacks)) * slices / 4
    image = to_image(head.voxels, head.geometry)
    tell(
        f"segment the demo head on {model.provider}",
        best_of(1, lambda: segment(image, model)),
        "network alone",
        network,
    )


if __name__ == "__main__":
    drawing()
    painting()
    segmenting(opening())
