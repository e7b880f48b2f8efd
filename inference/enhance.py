"""Pictures that models make of an image: less noise, finer pixels, or another contrast. They are synthetic.

Of an enhancement only the residual is taken from the network: what is shown is the image itself, interpolated linearly
where it gets finer, plus a residual that never exceeds the bound the model's manifest names.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from inference.manifest import ModelError, ModelManifest, Picture
from inference.preprocess import (
    ModelGrid,
    Scaling,
    model_grid,
    padded_block,
    padded_sizes,
    scaling_of,
    slice_stacks,
    to_model_grid,
)
from inference.results import Run
from inference.runtime import LoadedModel
from inference.sliding_window import BATCH, gaussian, starts

Progress = Callable[[float, str], None]

_SLACK = 1e-3  # of the bound: float32 sums of a network
_LEAST = 1e-6
_BLOCK = 16  # pixels
_MOST_LOOKED_AT = 24  # slices, for figures
_MAD = 0.6745  # of a normal distribution's standard deviation


@dataclass(frozen=True, eq=False)
class Enhanced:
    """A synthetic picture in the image's unit, or in that of the contrast that a translation gives; float32.

    residual, of an enhancement: what was added to the image (to its linear interpolation where the picture is finer),
    [k, j, i] on the picture's grid; no value of it exceeds bound. untouched: the share of the image's values that lie
    beyond what the model can see (its intensity rule clips them) and are as they were. figures are those of figures_of.
    """

    picture: sitk.Image
    residual: NDArray[np.float32] | None
    bound: float | None
    untouched: float
    run: Run
    figures: Mapping[str, float] = field(default_factory=dict)


def enhance(image: sitk.Image, model: LoadedModel, *, progress: Progress = lambda fraction, text: None) -> Enhanced:
    """What an enhancement or translation model makes of a 3-D grey image (LPS, mm), of any orientation.

    progress gets a fraction and a text, and may raise to cancel. Raises ModelError for an image without values, and for
    what must not be shown: outputs of another shape, no numbers, a residual beyond the bound, one value throughout.
    """
    started, manifest = time.monotonic(), model.manifest
    progress(0.0, "Preparing the image")
    picture = _picture_of(manifest)
    voxels = _checked_image(image, manifest)
    grid = model_grid(image, manifest.preprocessing)
    scale = scaling_of(voxels, manifest.preprocessing.intensity)
    seen = to_model_grid(image, grid, manifest.preprocessing.intensity)

    def report(part: float) -> None:
        progress(part, f"Running {manifest.name} on {model.provider}")

    found = np.empty(_finer_shape(voxels.shape, grid, picture.scale), np.float32)
    oriented, beyond = grid.reorient(found), 0
    as_stored = grid.reorient(voxels)
    for k, plane in enumerate(_planes(seen, model, picture, report)):
        if picture.gives is not None:
            low, high = picture.gives.low, picture.gives.high
            oriented[k] = np.clip(plane, 0.0, 1.0) * np.float32(high - low) + np.float32(low)
        else:
            outside = _unseen(as_stored[k], scale)
            beyond += int(outside.sum())
            plane *= np.float32(1 / scale.factor)
            plane[outside.repeat(picture.scale, 0).repeat(picture.scale, 1)] = 0
            oriented[k] = plane
    if picture.gives is not None:
        result = _image_of(found, image, grid, 1)
        residual = bound = None
    else:
        residual, bound = found, _bound_of(picture, scale)
        result = _laid_on(image, grid, residual, picture.scale)
    shown = sitk.GetArrayViewFromImage(result)
    if float(shown.min()) == float(shown.max()):
        raise ModelError(f"{manifest.name} gave the same value everywhere; the result is discarded")
    progress(1.0, "Comparing the result with the image")
    figures = {} if residual is None else figures_of(grid.reorient(voxels), grid.reorient(residual), picture.scale)
    run = model.told(time.monotonic() - started)
    return Enhanced(result, residual, bound, beyond / voxels.size, run, figures)


def given(result: Enhanced) -> dict[str, NDArray]:
    """The arrays of which checked makes the result again."""
    if result.residual is not None:
        return {"residual": result.residual}
    return {"picture": sitk.GetArrayFromImage(result.picture)}


def checked(
    image: sitk.Image,
    manifest: ModelManifest,
    arrays: Mapping[str, NDArray],
    figures: Mapping[str, float],
    untouched: float,
    run: Run,
) -> Enhanced:
    """The result of enhance of which only what given gives is known, by somebody who is not trusted. Raises
    ModelError for what such a model cannot give."""
    picture, voxels = _picture_of(manifest), sitk.GetArrayViewFromImage(image)
    grid = model_grid(image, manifest.preprocessing)
    name = "residual" if picture.gives is None else "picture"
    found = arrays.get(name)
    if found is None or found.dtype != np.float32 or found.shape != _finer_shape(voxels.shape, grid, picture.scale):
        raise ModelError(f"{manifest.name} gave a result that does not fit the image; it is discarded")
    low, high = float(found.min()), float(found.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ModelError(f"{manifest.name} gave values that are not numbers; the result is discarded")
    told = {str(name): float(value) for name, value in figures.items()}
    if not all(math.isfinite(value) for value in (*told.values(), untouched)):
        raise ModelError(f"{manifest.name} gave figures that are not numbers; the result is discarded")
    if picture.gives is not None:
        slack = _SLACK * (picture.gives.high - picture.gives.low)
        if low < picture.gives.low - slack or high > picture.gives.high + slack:
            raise ModelError(f"{manifest.name} gave values beyond those of its contrast; the result is discarded")
        return Enhanced(_image_of(found, image, grid, 1), None, None, untouched, run, told)
    bound = _bound_of(picture, scaling_of(voxels, manifest.preprocessing.intensity))
    if max(-low, high) > bound * (1 + 2 * _SLACK):
        raise ModelError(_beyond(manifest))
    return Enhanced(_laid_on(image, grid, found, picture.scale), found, bound, untouched, run, told)


def figures_of(voxels: NDArray, residual: NDArray[np.float32], scale: int) -> dict[str, float]:
    """How consistent a residual is with the data, in the image's unit, over some slices regularly apart.

    voxels [k, j, i] and residual, with scale times the rows and columns. residual_max: its largest size (of all);
    residual_rms; noise_sigma: of the image, by the median of its diagonal differences. Of a finer picture
    consistency_rms: the picture averaged back to the image's pixels against the image, and consistency_sigmas: that in
    noise_sigma. Else block_mean_max: the largest mean of the residual in 16 x 16 blocks, which is small if it is noise
    that was taken away; autocorrelation: of neighbours in the residual, near 0 for white noise.
    """
    step = max(1, math.ceil(len(voxels) / _MOST_LOOKED_AT))
    chosen = range(0, len(voxels), step)
    squares, count, differences, off, blocks, along = 0.0, 0, [], 0.0, [0.0], [0.0, 0.0]
    for k in chosen:
        plane, more = np.nan_to_num(voxels[k].astype(np.float32)), np.asarray(residual[k])
        squares += float(np.square(more, dtype=np.float64).sum())
        count += more.size
        if min(plane.shape) > 1:
            diagonal = (plane[1:, 1:] - plane[1:, :-1] - plane[:-1, 1:] + plane[:-1, :-1]) / 2
            scanned = plane > plane.min()  # what was cut away has one value, and no noise
            around = scanned[1:, 1:] & scanned[1:, :-1] & scanned[:-1, 1:] & scanned[:-1, :-1]
            if around.any():
                differences.append(float(np.median(np.abs(diagonal[around]))) / _MAD)
        if scale > 1:
            fine = _interpolated(plane, scale) + more
            back = fine.reshape(plane.shape[0], scale, plane.shape[1], scale).mean(axis=(1, 3))
            off += float(np.square(back - plane, dtype=np.float64).sum())
            continue
        rows, columns = (n // _BLOCK * _BLOCK for n in more.shape)
        if rows and columns:
            means = more[:rows, :columns].reshape(rows // _BLOCK, _BLOCK, columns // _BLOCK, _BLOCK).mean(axis=(1, 3))
            blocks.append(float(np.abs(means).max()))
        own = more - more.mean()
        along[0] += float((own[1:] * own[:-1]).sum() + (own[:, 1:] * own[:, :-1]).sum()) / 2
        along[1] += float(np.square(own, dtype=np.float64).sum())
    sigma = float(np.median(differences)) if differences else 0.0
    figures = {
        "residual_max": float(max(-residual.min(), residual.max())),
        "residual_rms": math.sqrt(squares / count),
        "noise_sigma": sigma,
    }
    if scale > 1:
        rms = math.sqrt(off * scale**2 / count)
        return {**figures, "consistency_rms": rms, **({"consistency_sigmas": rms / sigma} if sigma > _LEAST else {})}
    correlation = along[0] / along[1] if along[1] > 0 else 0.0
    return {**figures, "block_mean_max": max(blocks), "autocorrelation": correlation}


def _picture_of(manifest: ModelManifest) -> Picture:
    if manifest.picture is None:
        raise ModelError(f"{manifest.name} makes no pictures")
    return manifest.picture


def _checked_image(image: sitk.Image, manifest: ModelManifest) -> NDArray:
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise ModelError(f"{manifest.name} takes an image of three dimensions and of grey values")
    voxels = sitk.GetArrayViewFromImage(image)
    finite = voxels[np.isfinite(voxels)] if voxels.dtype.kind == "f" else voxels
    if not finite.size or finite.min() == finite.max():
        raise ModelError("The image has the same value everywhere: there is nothing to enhance")
    if finite.size != voxels.size:
        raise ModelError("The image has values that are not numbers: it cannot be enhanced")
    return voxels


def _bound_of(picture: Picture, scale: Scaling) -> float:
    assert picture.residual_bound is not None
    return picture.residual_bound / abs(scale.factor)


def _beyond(manifest: ModelManifest) -> str:
    return f"{manifest.name} changed the image by more than the bound in its manifest; the result is discarded"


def _unseen(values: NDArray, scale: Scaling) -> NDArray[np.bool_]:
    """Where the intensity rule clips."""
    return (values < scale.low) | (values > scale.high)


def _finer_shape(shape: tuple[int, ...], grid: ModelGrid, scale: int) -> tuple[int, ...]:
    """Of a picture with scale times the model's rows and columns, in the image's order k, j, i."""
    return tuple(n * (scale if axis in grid.order[1:] else 1) for axis, n in enumerate(shape))


def _image_of(voxels: NDArray[np.float32], image: sitk.Image, grid: ModelGrid, scale: int) -> sitk.Image:
    """Voxels on the image's grid, or on the finer one that covers exactly the same: its corners are the image's."""
    made = sitk.GetImageFromArray(voxels)
    factors = np.array([scale if 2 - axis in grid.order[1:] else 1 for axis in range(3)])  # along i, j, k
    first = (1 / factors - 1) / 2  # the index, in the image, of the first fine voxel's centre
    spacing = np.array(image.GetSpacing())
    direction = np.array(image.GetDirection()).reshape(3, 3)
    made.SetOrigin((np.array(image.GetOrigin()) + direction @ (first * spacing)).tolist())
    made.SetSpacing((spacing / factors).tolist())
    made.SetDirection(image.GetDirection())
    return made


def _laid_on(image: sitk.Image, grid: ModelGrid, residual: NDArray[np.float32], scale: int) -> sitk.Image:
    """The image, as fine as the residual, plus the residual."""
    whole = np.empty(residual.shape, np.float32)
    voxels = grid.reorient(sitk.GetArrayViewFromImage(image))
    for plane, more, to in zip(voxels, grid.reorient(residual), grid.reorient(whole), strict=True):
        np.add(_interpolated(plane.astype(np.float32), scale), more, out=to)
    return _image_of(whole, image, grid, scale)


def _interpolated(plane: NDArray[np.float32], scale: int) -> NDArray[np.float32]:
    """A plane (rows, columns) with scale times as many of both, interpolated linearly between centres."""
    if scale == 1:
        return plane
    import cv2

    size = plane.shape[1] * scale, plane.shape[0] * scale
    return np.asarray(cv2.resize(np.ascontiguousarray(plane), size, interpolation=cv2.INTER_LINEAR), np.float32)


def _planes(
    seen: NDArray[np.float32], model: LoadedModel, picture: Picture, progress: Callable[[float], None]
) -> Iterator[NDArray[np.float32]]:
    """Of each slice on the model's grid: the residual of an enhancement, or what a translation gives; scaled."""
    if model.manifest.preprocessing.dimensions == 3:
        yield from _of_blocks(seen, model, picture, progress)
        return
    preprocessing, shape = model.manifest.preprocessing, seen.shape[1:]
    sizes, scale = padded_sizes(shape, preprocessing), picture.scale
    patch = preprocessing.patch or sizes
    windows = _windows(sizes, patch, preprocessing.overlap)
    fine = tuple(side * scale for side in patch)
    weights = gaussian(fine)
    for k in range(len(seen)):
        stack = slice_stacks(seen, [k], preprocessing.context_slices)[0]
        total, weight = np.zeros((2, *(side * scale for side in sizes)), np.float32)
        for first in range(0, len(windows), BATCH):
            some = windows[first : first + BATCH]
            parts = [np.stack([_padded(channel, window, model) for channel in stack]) for window in some]
            found = _answers(np.stack(parts), model, picture)
            for window, answer in zip(some, found, strict=True):
                place = tuple(slice(scale * part.start, scale * part.stop) for part in window)
                total[place] += answer * weights
                weight[place] += weights
            progress((k + min(1.0, (first + BATCH) / len(windows))) / len(seen))
        total /= weight
        yield total[: shape[0] * scale, : shape[1] * scale]


def _of_blocks(
    seen: NDArray[np.float32], model: LoadedModel, picture: Picture, progress: Callable[[float], None]
) -> Iterator[NDArray[np.float32]]:
    preprocessing = model.manifest.preprocessing
    sizes = padded_sizes(seen.shape, preprocessing)
    patch = preprocessing.patch or sizes
    windows, weights = _windows(sizes, patch, preprocessing.overlap), gaussian(patch)
    total, weight = np.zeros((2, *sizes), np.float32)
    for n, window in enumerate(windows):
        block = padded_block(seen, window, preprocessing)
        total[window] += _answers(block[None, None], model, picture)[0] * weights
        weight[window] += weights
        progress((n + 1) / len(windows))
    total /= weight
    yield from total[tuple(slice(n) for n in seen.shape)]


def _windows(sizes: tuple[int, ...], patch: tuple[int, ...], overlap: float) -> list[tuple[slice, ...]]:
    along = [starts(size, side, overlap) for size, side in zip(sizes, patch, strict=True)]
    return [
        tuple(slice(start, start + side) for start, side in zip(at, patch, strict=True))
        for at in itertools.product(*along)
    ]


def _padded(plane: NDArray[np.float32], window: tuple[slice, ...], model: LoadedModel) -> NDArray[np.float32]:
    return padded_block(plane, window, model.manifest.preprocessing)


def _answers(batch: NDArray[np.float32], model: LoadedModel, picture: Picture) -> NDArray[np.float32]:
    """What a network gives of a batch (N, channels, [K,] J, I): (N, [K,] J, I), of an enhancement the residual, which
    is held against the bound."""
    manifest, copies = model.manifest, model.manifest.preprocessing.copies
    told = model.outputs(batch if copies == 1 else np.concatenate([batch] * copies, axis=1))[0]
    scaled = tuple(n * picture.scale for n in batch.shape[2:])
    if told.shape != (len(batch), 1, *scaled) or told.dtype.kind != "f":
        expected = (len(batch), 1, *scaled)
        raise ModelError(f"{manifest.name} gave an output of shape {told.shape}, its manifest says {expected}")
    answer = told[:, 0].astype(np.float32)
    if picture.residual_bound is None:
        return answer
    middle = batch[:, batch.shape[1] // 2]
    for one, base in zip(answer, middle, strict=True):
        one -= base if picture.scale == 1 else _interpolated(base, picture.scale)
    slack = _SLACK * picture.residual_bound + _LEAST * float(np.abs(middle).max(initial=1.0))
    if float(max(-answer.min(), answer.max())) > picture.residual_bound + slack:
        raise ModelError(_beyond(manifest))
    return np.clip(answer, -picture.residual_bound, picture.residual_bound)
