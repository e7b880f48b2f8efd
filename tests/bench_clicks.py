"""How well and how fast clicks segment without a model: Dice after 1, 3 and 5 simulated clicks, each in the middle of
the largest fault, and milliseconds for a click. Run with a folder of NIfTI scans in images/ and their label maps, under
the same names, in labels/; without it on phantoms of 512 x 512 pixels alone."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from viewer.core.click_segment import Prompts, Stroke, classical_answer

_LEAST_PX = 40
Case = tuple[np.ndarray, np.ndarray, tuple[float, float]]  # picture, mask, height and width of a pixel


def phantoms() -> list[Case]:
    random = np.random.default_rng(0)
    down, across = np.mgrid[:512, :512]
    cases = []
    for radius in (5, 15, 40, 90):
        for contrast in (30, 60, 120):
            wobble = radius * (1 + 0.2 * np.cos(3 * np.arctan2(down - 250, across - 260)))
            mask = np.hypot(down - 250, across - 260) <= wobble
            picture = contrast * mask + random.normal(0, 20, mask.shape) + 0.1 * across
            cases.append((picture.astype(np.float32), mask, (0.8, 0.8)))
    return cases


def scans(folder: Path, most: int) -> list[Case]:
    import SimpleITK as sitk

    cases = []
    for path in sorted((folder / "images").glob("*.nii*"))[:most]:
        image = sitk.ReadImage(str(path))
        voxels = sitk.GetArrayFromImage(image).astype(np.float32)
        labels = sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "labels" / path.name)))
        across, down, _ = image.GetSpacing()
        for value in np.unique(labels)[1:]:
            areas = (labels == value).sum(axis=(1, 2))
            k = int(areas.argmax())
            if areas[k] >= _LEAST_PX:
                cases.append((voxels[k], labels[k] == value, (down, across)))
    return cases


def next_click(found: np.ndarray, mask: np.ndarray) -> Stroke | None:
    """In the middle of the largest part that is missing, or too much."""
    import cv2

    best: tuple[int, Stroke] | None = None
    for fault, positive in ((mask & ~found, True), (found & ~mask, False)):
        if not fault.any():
            continue
        _, parts, stats, _ = cv2.connectedComponentsWithStats(fault.astype(np.uint8))
        largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
        depth = cv2.distanceTransform(np.pad(parts == largest, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
        row, column = np.unravel_index(int(depth.argmax()), depth.shape)
        area = int(stats[largest, cv2.CC_STAT_AREA])
        if best is None or area > best[0]:
            best = area, Stroke(((int(row), int(column)),), positive)
    return best[1] if best else None


def measure(name: str, cases: list[Case]) -> None:
    dices, times_ms = [], []
    for picture, mask, pixel_mm in cases:
        prompts, found, dice = Prompts(), np.zeros(mask.shape, bool), []
        for _ in range(5):
            stroke = next_click(found, mask)
            if stroke is not None:
                prompts = prompts.with_stroke(stroke)
                begin_s = time.perf_counter()
                found = classical_answer(picture, pixel_mm, prompts, found)
                times_ms.append(1e3 * (time.perf_counter() - begin_s))
            dice.append(2 * (found & mask).sum() / (found.sum() + mask.sum()))
        dices.append(dice)
    one, three, five = np.mean(dices, axis=0)[[0, 2, 4]]
    median, most = np.percentile(times_ms[1:], (50, 95))
    print(f"{name}: {len(cases)} regions, Dice {one:.3f} {three:.3f} {five:.3f}; {median:.0f} ms, p95 {most:.0f} ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--most", type=int, default=25, help="scans of a folder")
    arguments = parser.parse_args()
    measure("phantoms", phantoms())
    for folder in arguments.folders:
        if (folder / "images").is_dir() and (found := scans(folder, arguments.most)):
            measure(folder.name, found)
        else:
            print(f"{folder.name}: skipped, there is nothing in it")
