"""Series with labels that no flip, shift or exchange of axes gives again, and programs of others that read them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset

from tests.marked_patient import TILTED, UPRIGHT, write_enhanced, write_slices
from viewer.core.geometry import Geometry
from viewer.core.label_set import LabelSet, label_set
from viewer.core.labels import Label
from viewer.core.study import Series
from viewer.io import files

LABELS = (
    Label(2, "Liver \u809d\u810f", (221, 130, 101), ("10200004", "SCT", "Liver")),
    Label(5, "Something", (0, 151, 206)),
    Label(9, "Neoplasm of it", (144, 238, 144), ("108369006", "SCT", "Neoplasm")),
    Label(11, "Nowhere", (1, 2, 3)),
)
MODEL = "brain-structures-mr 0.2.0"


SOURCES = ("upright", "sagittal, tilted", "enhanced", "enhanced, tilted")


def source_series(name: str, folder: Path) -> Series:
    """CT slices in an order that no name tells, or frames of MR in no order of space; upright or oblique."""
    if name.startswith("enhanced"):
        file = folder / "one.dcm"
        write_enhanced(file, "LPH" if name == "enhanced" else "AFR", UPRIGHT if name == "enhanced" else TILTED)
        dataset = dcmread(file)
        placed()(dataset)
        dataset.save_as(file)
    else:
        write_slices(folder, *(("LPH", UPRIGHT) if name == "upright" else ("PFR", TILTED)), change=placed())
    return only_series(folder)


def placed(change: Callable[[Dataset], None] = lambda dataset: None) -> Callable[[Dataset], None]:
    """A change of each slice that gives it a frame of reference, too."""

    def both(dataset: Dataset) -> None:
        dataset.FrameOfReferenceUID = "1.2.826.0.1.3680043.8.498.7"
        change(dataset)

    return both


def label_voxels(shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """A block with a hole and an island, a staircase through the slices, and single voxels in two corners."""
    voxels = np.zeros(shape, dtype=np.uint8)
    k, j, i = shape
    voxels[: k // 2 + 1, 1 : j - 3, 1 : i - 4] = 2
    voxels[: max(k // 2, 1), 3 : j - 5, 3 : i - 7] = 0
    voxels[0, 4, 4] = 2
    for n in range(min(k, j)):
        voxels[n, n, i - 3] = 5
    voxels[-1, -1, -1] = voxels[-1, -1, 0] = 9
    return voxels


def labelled(series: Series, labels: Sequence[Label] = LABELS, machine: NDArray[np.uint8] | None = None) -> LabelSet:
    """The labels of label_voxels on a series; machine: what a model proposed of them, nothing unless given."""
    geometry = series.geometry
    voxels = label_voxels(geometry.shape)
    proposed = np.zeros_like(voxels) if machine is None else machine
    values = [label.value for label in labels]
    return label_set(series, geometry, voxels, proposed, labels, MODEL if machine is not None else "", values)


def only_series(folder: Path) -> Series:
    (series,) = files.scan([folder]).series
    return series


def program(name: str) -> str:
    """The path of a program that reads DICOM with eyes of its own; the test is skipped where there is none."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        package = "the Debian package dicom3tools" if name == "dciodvfy" else "dcmqi of the extra dev"
        pytest.skip(f"{name} is not here: it is in {package}")
    return found


def errors_of(file: Path) -> list[str]:
    """What dciodvfy finds against the standard in a file."""
    said = subprocess.run([program("dciodvfy"), str(file)], capture_output=True, text=True, errors="replace")
    return [line for line in (said.stdout + said.stderr).splitlines() if line.startswith(("Error", "Abort"))]


def segments_by_dcmqi(file: Path, folder: Path) -> dict[int, sitk.Image]:
    """The segments of a DICOM segmentation by their number, as dcmqi makes volumes of them."""
    folder.mkdir()
    argv = [program("segimage2itkimage"), "--inputDICOM", str(file), "--outputDirectory", str(folder)]
    subprocess.run([*argv, "--outputType", "nrrd"], check=True, capture_output=True)
    return {int(one.stem): sitk.ReadImage(str(one)) for one in folder.glob("*.nrrd")}


def points_of(image: sitk.Image, value: int | None = None) -> NDArray[np.float64]:
    """Where the voxels of an image lie that have a value, or any but 0: (n, 3), LPS mm, in the order of places."""
    voxels = sitk.GetArrayFromImage(image)
    places = np.argwhere(voxels == value if value is not None else voxels > 0)[:, ::-1]
    return _sorted([image.TransformIndexToPhysicalPoint([int(n) for n in place]) for place in places])


def points_on(geometry: Geometry, mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The same of a mask on a grid of ours."""
    return _sorted(geometry.index_to_lps(np.argwhere(mask)[:, ::-1]))


def _sorted(points: object) -> NDArray[np.float64]:
    rounded = np.round(np.asarray(points, dtype=np.float64).reshape(-1, 3), 3) + 0.0
    return rounded[np.lexsort(rounded.T)]
