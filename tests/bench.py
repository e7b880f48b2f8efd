"""`make bench`: one JSON line a figure, each beside a floor or a peer measured in the same run.

Ratios mean more than times: they are what a slower or busier machine leaves unchanged.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import generate_uid

import resources
from inference.models import ModelStore
from inference.runtime import load_model
from inference.tasks import segment
from tests.bench_autosave import autosaving
from tests.bench_brush import brushing
from tests.bench_inference import inferring
from tests.bench_memory import family_mb, remembering
from tests.bench_panes import panes
from tests.bench_running import running
from tests.bench_scene import turning
from tests.bench_start import starting
from tests.bench_training import training_speed
from viewer.core.display import WindowLevel, to_grey
from viewer.core.geometry import Geometry
from viewer.core.session import Session
from viewer.core.study import GeometryVerdict, Series
from viewer.core.volume import Volume, to_image
from viewer.io import files
from viewer.io.reader import Reader
from viewer.workflows import DEMO_MODEL


def best_of(repeats: int, act: Callable[[], object]) -> float:
    """Shortest of some runs, in seconds: the run that was disturbed least."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        act()
        times.append(time.perf_counter() - started)
    return min(times)


def medians_in_turn(repeats: int, *acts: Callable[[], object]) -> list[float]:
    """Median of the runs of each, in seconds, all taken in turn: their ratio holds where a machine's speed drifts."""
    times = [[best_of(1, act) for act in acts] for _ in range(repeats)]
    return [statistics.median(column) for column in zip(*times, strict=True)]


def tell(name: str, seconds: float, against: str, other_seconds: float) -> None:
    figure = {
        "name": name,
        "value": round(1000 * seconds, 2),
        "unit": "ms",
        "against": f"{against}: {1000 * other_seconds:.2f} ms",
        "ratio": round(seconds / other_seconds, 3),
    }
    print(json.dumps(figure), flush=True)


def tell_share(name: str, value: float, unit: str, against: str, allowed: float) -> None:
    figure = {
        "name": name,
        "value": round(value, 1),
        "unit": unit,
        "against": f"{against}: {allowed:.1f} {unit}",
        "ratio": round(value / allowed, 3),
    }
    print(json.dumps(figure), flush=True)


def write_ct(folder: Path, slices: int, pixels: int) -> list[Path]:
    """A CT with the header of a real scanner's file (pydicom's CT_small) and pixels x pixels noise in each slice."""
    template = dcmread(get_testdata_file("CT_small.dcm"))
    template.Rows = template.Columns = pixels
    template.SeriesInstanceUID = generate_uid()
    noise = np.random.default_rng(0).integers(0, 3000, (pixels, pixels)).astype("<i2")
    paths = []
    for k in range(slices):
        template.SOPInstanceUID = template.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        template.ImagePositionPatient = [-150, -150, 1.25 * k]
        template.InstanceNumber = k + 1
        template.PixelData = np.roll(noise, k).tobytes()
        paths.append(folder / f"{k:05d}.dcm")
        template.save_as(paths[-1])
    return paths


def opening(reader: Reader) -> Volume:
    folder = resources.path("demo", "mni152-t1")
    itk = sitk.ImageSeriesReader()

    def by_simpleitk() -> None:
        itk.SetFileNames(itk.GetGDCMSeriesFileNames(str(folder)))
        itk.Execute()

    def by_slicewise() -> Volume:
        return reader.read(files.scan([folder], look_all=reader.look_all).series[0])

    volume = by_slicewise()
    seconds, by_simpleitk_s = medians_in_turn(5, by_slicewise, by_simpleitk)
    tell("open 189 JPEG 2000 slices", seconds, "SimpleITK", by_simpleitk_s)
    (series,) = files.scan([folder]).series
    seconds, alone = medians_in_turn(15, lambda: reader.read(series), lambda: files.read_series(series))
    (halves,) = medians_in_turn(15, lambda: read_in_two(series))  # apart: its forks disturb whatever comes next
    tell("read 189 listed JPEG 2000 slices", seconds, "the same in one process", alone)
    tell("read 189 listed JPEG 2000 slices", seconds, "half of them in each of two processes, results lost", halves)
    return volume


def read_in_two(series: Series) -> None:
    """What two processors can do at best: two processes that say nothing to each other."""
    middle, pids = series.frames // 2, []
    for part in (range(middle), range(middle, series.frames)):
        pids.append(os.fork())
        if pids[-1] == 0:
            files.read_slices(series, part, np.empty(series.geometry.shape, series.value_type), None, lambda k: None)
            os._exit(0)
    for pid in pids:
        os.waitpid(pid, 0)


def opening_ct(reader: Reader, folder: Path) -> None:
    paths = write_ct(folder, 300, 512)
    itk = sitk.ImageSeriesReader()

    def by_simpleitk() -> None:
        itk.SetFileNames(itk.GetGDCMSeriesFileNames(str(folder)))
        itk.Execute()

    def by_pydicom() -> None:
        np.stack([dcmread(path).pixel_array for path in paths])

    def bytes_alone() -> list[bytes]:
        return [path.read_bytes() for path in paths]

    def by_slicewise() -> Volume:
        return reader.read(files.scan([folder], look_all=reader.look_all).series[0])

    name = "open 300 CT slices of 512 x 512"
    seconds = best_of(5, by_slicewise)
    tell(name, seconds, "the bytes alone", best_of(5, bytes_alone))
    tell(name, seconds, "pydicom", best_of(2, by_pydicom))
    tell(name, seconds, "SimpleITK", best_of(2, by_simpleitk))
    series = files.scan([folder], look_all=reader.look_all).series[0]
    voxels = np.empty(series.geometry.shape, np.int16).nbytes / 1e6
    used = most_memory(folder)
    tell_share("peak memory while opening them", used, "MB", "1.2 x the voxels + 150 MB", 1.2 * voxels + 150)


def most_memory(folder: Path) -> float:
    """Most memory, in MB, that a process of its own and its children need to open a series; what several of them
    share counts once. The memory of the same process before it reads anything is taken off."""
    program = (
        "import sys, tests.bench as bench\nfrom pathlib import Path\nprint(bench.memory_of_opening(Path(sys.argv[1])))"
    )
    return float(subprocess.run([sys.executable, "-c", program, str(folder)], check=True, capture_output=True).stdout)


def memory_of_opening(folder: Path) -> float:
    with closing(Reader()) as reader:
        files.scan([Path(get_testdata_file("CT_small.dcm"))], look_all=reader.look_all)
        before, most, ended = family_mb(os.getpid()), 0.0, threading.Event()

        def watch() -> None:
            nonlocal most
            while not ended.is_set():
                most = max(most, family_mb(os.getpid()))

        watcher = threading.Thread(target=watch)
        watcher.start()
        reader.read(files.scan([folder], look_all=reader.look_all).series[0])
        ended.set()
        watcher.join()
        return most - before


def scanning(reader: Reader, folder: Path) -> None:
    paths = write_ct(folder, 2000, 64)

    def by_pydicom() -> None:
        for path in paths:
            dcmread(path, stop_before_pixels=True)

    seconds = best_of(3, lambda: files.scan([folder], look_all=reader.look_all))
    tell("headers of 2,000 files, with the verdict", seconds, "pydicom, headers alone", best_of(2, by_pydicom))


def looking_on(folder: Path) -> None:
    """What a person feels: the first picture after a double click, and the window while a folder is looked through."""
    from PySide6.QtCore import QElapsedTimer, QEventLoop, QTimer

    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from viewer.gui.app import build_window

    with tempfile.TemporaryDirectory() as user_folder:
        window = build_window(Path(user_folder))
        window.resize(1600, 1000)
        window.show()
        beat, since, gaps = QTimer(interval=10), QElapsedTimer(), [0]

        def note() -> None:
            gaps.append(since.restart())

        def run_until(ended: Callable[[], bool]) -> None:
            loop, timer = QEventLoop(), QTimer(interval=1)
            timer.timeout.connect(lambda: loop.quit() if ended() else None)
            timer.start()
            loop.exec()

        def scan(what: str) -> list[str]:
            found: list[str] = []
            window.workflows.add_paths([folder / what], lambda scan: found.extend(s.uid for s in scan.series))
            run_until(lambda: bool(found))
            return found

        beat.timeout.connect(note)
        (ct,) = scan("ct")
        run_until(lambda: window.workflows.jobs.idle)
        since.start()
        beat.start()
        (many,) = scan("many")
        run_until(lambda: window.workflows.jobs.idle)
        longest = 0
        tell_share("longest gap of the heartbeat while 2,000 files are scanned", max(gaps), "ms", "allowed", 100)
        times = []
        for uid in (ct, many, ct, many, ct):
            pause = time.perf_counter() + 2  # a person looks, and the 3-D view comes to rest
            run_until(lambda pause=pause: time.perf_counter() > pause)
            gaps.clear()
            started = time.perf_counter()
            window.browser.seriesRequested.emit(uid)
            run_until(lambda uid=uid: (series := window.session.series) is not None and series.uid == uid)
            window.panes["axial"].repaint()
            times.append(1000 * (time.perf_counter() - started))
            run_until(lambda: window.session.editable)
            longest = max([longest, *gaps])
        tell_share("first picture of an indexed series, at worst of 5", max(times), "ms", "allowed", 150)
        tell_share("longest gap of the heartbeat while series are opened, 5 times", longest, "ms", "allowed", 100)
        window.close()


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
    session.hand.set_brush_radius(10)
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


def main() -> None:
    starting(tell_share)
    remembering(tell_share, write_ct)
    drawing()
    painting()
    with closing(Reader()) as reader, tempfile.TemporaryDirectory() as folder:
        for name, act in (("ct", opening_ct), ("many", scanning)):
            place = Path(folder, name)
            place.mkdir()
            act(reader, place)
        looking_on(Path(folder))
        head = opening(reader)
    segmenting(head)
    inferring(tell_share)
    panes(tell_share)
    brushing(tell_share)
    autosaving(tell_share)
    running(tell_share)
    turning(tell_share)
    training_speed(tell)


if __name__ == "__main__":
    main()
