"""What a person who runs a model waits for, and what it takes: our part beside the bare network, and beside MONAI's.

Ratios are of the quickest of runs taken in turn in one process: other work on the machine only adds.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from inference.interactive import Clicked
from inference.manifest import Clicks, Preprocessing, StoredIntensity, WindowIntensity, load_manifest, write_manifest
from inference.models import ModelRecord
from inference.preflight import Headers, expected
from inference.preprocess import model_grid, padded_sizes
from inference.runtime import LoadedModel, load_model
from inference.sliding_window import BATCH, logit_planes
from inference.worker import Worker
from tests.models import manifest

Tell = Callable[[str, float, str, str, float], None]

_REPEATS = 3
_WINDOW = WindowIntensity(low=-1000, high=1000)
STORED = StoredIntensity()


def write_unet(
    folder: Path, preprocessing: Preprocessing, classes: int = 3, channels: tuple[int, ...] = (16, 32, 64, 128)
) -> Any:
    """A model folder of MONAI's U-Net with weights drawn at random; returns the network in torch."""
    network = _unet(preprocessing, classes, channels)
    labels = tuple(f"Label {n}" for n in range(1, classes))
    described = manifest("unet", labels, 1.0, "1.0.0").model_copy(update={"preprocessing": preprocessing})
    return write_network(folder, network, described)


def _unet(preprocessing: Preprocessing, classes: int, channels: tuple[int, ...] = (16, 32, 64, 128)) -> Any:
    import torch
    from monai.networks.nets.unet import UNet

    torch.manual_seed(0)
    return UNet(
        spatial_dims=preprocessing.dimensions,
        in_channels=preprocessing.channels,
        out_channels=classes,
        channels=channels,
        strides=(2,) * (len(channels) - 1),
        num_res_units=2,
        norm="INSTANCE",
    )


def write_network(folder: Path, network: Any, described: Any) -> Any:
    """A model folder of a network of torch; returns it, ready to run."""
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    network = network.eval()
    preprocessing = described.preprocessing
    example = torch.rand(1, preprocessing.channels, *(preprocessing.patch or (64,) * preprocessing.dimensions))
    axes = {0: "n", **{n: "kji"[n - example.ndim] for n in range(2, example.ndim)}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as training.export does
        torch.onnx.export(
            network,
            (example,),
            str(folder / "model.onnx"),
            input_names=["seen"],
            output_names=["logits"],
            dynamic_axes={"seen": axes, "logits": axes},
            opset_version=17,
            dynamo=False,
        )
    write_manifest(described, folder)
    return network


def record_of(folder: Path) -> ModelRecord:
    return ModelRecord(load_manifest(folder), folder, shipped=False, active=True)


def by_monai(network: Any, voxels: NDArray[np.float32], preprocessing: Preprocessing, batch: int) -> Any:
    """What MONAI's sliding window gives in torch, with the same patch, overlap and weights: (k, classes, j, i)."""
    import torch
    from monai.inferers.utils import sliding_window_inference

    patch, volume = preprocessing.patch, torch.from_numpy(voxels)
    options = {"overlap": preprocessing.overlap, "mode": "gaussian", "sigma_scale": 1 / 8}
    with torch.no_grad():
        if preprocessing.dimensions == 3:
            found = sliding_window_inference(volume[None, None], patch, batch, network, **options)
            return found[0].movedim(0, 1).numpy()
        return torch.cat(
            [sliding_window_inference(four[:, None], patch, batch, network, **options) for four in volume.split(4)]
        ).numpy()


class _Listening:
    """A session that notes what it is asked."""

    def __init__(self, session: Any) -> None:
        self._session, self.shapes = session, []

    def get_outputs(self) -> Any:
        return self._session.get_outputs()

    def get_inputs(self) -> Any:
        return self._session.get_inputs()

    def run(self, names: Any, feeds: dict[str, NDArray]) -> Any:
        self.shapes.extend(values.shape for values in feeds.values())
        return self._session.run(names, feeds)


def _seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _drain(planes: Iterator[NDArray]) -> None:
    for _ in planes:
        pass


def _tiled(tell_share: Tell, folder: Path) -> None:
    import torch

    torch.set_num_threads(os.cpu_count() or 1)
    blocks = Preprocessing(dimensions=3, patch=(64, 64, 64), intensity=STORED)
    _tiling(tell_share, folder / "3", "3-D U-Net, blocks of 64, 160 x 192 x 160", (160, 192, 160), blocks)
    patches = Preprocessing(patch=(128, 128), intensity=STORED)
    _tiling(tell_share, folder / "2", "2-D U-Net, patches of 128, 24 slices of 384 x 384", (24, 384, 384), patches)


def _tiling(
    tell_share: Tell, folder: Path, name: str, shape: tuple[int, int, int], preprocessing: Preprocessing
) -> None:
    network = write_unet(folder, preprocessing)
    model = load_model(record_of(folder))
    voxels = np.random.default_rng(0).random(shape, dtype=np.float32)
    listening = _Listening(model.sessions[0])
    heard = LoadedModel(model.manifest, (listening,), model.provider)  # type: ignore[arg-type]
    _drain(logit_planes(voxels, heard, range(shape[0])))
    batches = {asked: np.random.default_rng(1).random(asked, np.float32) for asked in set(listening.shapes)}

    def bare() -> None:
        for asked in listening.shapes:
            model.sessions[0].run(None, {"seen": batches[asked]})

    def ours() -> None:
        _drain(logit_planes(voxels, model, range(len(voxels))))

    def monai(batch: int) -> None:
        by_monai(network, voxels, preprocessing, batch)

    own_s, bare_s = _quickest(2 * _REPEATS + 1, ours, bare)
    tell_share(f"tiled inference, {name}", own_s, "s", "the onnxruntime calls that it makes", bare_s)
    best = min((1, 4), key=lambda batch: _seconds(lambda: monai(batch)))  # whichever suits it
    own_s, monai_s = _quickest(2 * _REPEATS, ours, lambda: monai(best))
    tell_share(f"tiled inference, {name}", own_s, "s", f"MONAI in torch, {best} at once", monai_s)


def _quickest(repeats: int, *acts: Callable[[], object]) -> list[float]:
    times = [[_seconds(act) for act in acts] for _ in range(repeats)]
    return [min(column) for column in zip(*times, strict=True)]


def _first_result(tell_share: Tell, folder: Path) -> None:
    preprocessing = Preprocessing(intensity=_WINDOW)
    write_unet(folder, preprocessing)
    record = record_of(folder)
    image = sitk.GetImageFromArray(np.random.default_rng(0).integers(-1000, 1000, (1, 512, 512)).astype(np.int16))
    with closing(Worker()) as worker:
        worker.segment(record, image)
        times = [1000 * _seconds(lambda: worker.segment(record, image)) for _ in range(9)]
    tell_share("first result of a 2-D model, 512 x 512, model loaded", statistics.median(times), "ms", "allowed", 300.0)


def _click(tell_share: Tell, folder: Path) -> None:
    """From a click to its answer, by a U-Net of 256 x 256, the small structure seen twice."""
    preprocessing = Preprocessing(size=(256, 256), copies=4)
    more = {"preprocessing": preprocessing, "task": "interactive", "activation": "sigmoid", "clicks": Clicks()}
    described = manifest("clicks", ("Region",), 1.0, "1.0.0").model_copy(update=more)
    write_network(folder, _unet(preprocessing, 1), described)
    record = record_of(folder)
    picture = np.random.default_rng(0).random((512, 512), dtype=np.float32)
    nothing = np.zeros(picture.shape, bool)
    with closing(Worker()) as worker:

        def click() -> None:
            worker.answer_clicks(record, Clicked(picture, (0.7, 0.7), [(250, 260)], [(10, 20)], None, nothing))

        click()
        times = [1000 * _seconds(click) for _ in range(9)]
    tell_share("a click answered by a model, 512 x 512, model loaded", statistics.median(times), "ms", "allowed", 150.0)


def _whole(tell_share: Tell, folder: Path) -> None:
    preprocessing = Preprocessing(spacing_mm=(1.5,) * 3, context_slices=3, size_multiple=16, intensity=_WINDOW)
    write_unet(folder, preprocessing, classes=5)
    record = record_of(folder)
    image = ct((300, 512, 512))
    with closing(Worker()) as worker:
        worker.segment(record, ct((4, 64, 64)))
        whole = _seconds(lambda: worker.segment(record, image))
    model, grid = load_model(record), model_grid(image, preprocessing)
    sizes = padded_sizes(grid.shape[1:], preprocessing)
    batch = np.random.default_rng(0).random((BATCH, 3, *sizes), dtype=np.float32)
    runs = [_seconds(lambda: model.run(batch)) for _ in range(9)]
    network = statistics.median(runs) * grid.shape[0] / len(batch)
    tell_share("segment a CT of 512 x 512 x 300 in the worker", whole, "s", "network alone", network)


def ct(shape: tuple[int, int, int], spacing_mm: float = 0.8) -> sitk.Image:
    """int16 noise of a shape (k, j, i)."""
    image = sitk.GetImageFromArray(np.random.default_rng(0).integers(-1000, 1000, shape, np.int16))
    image.SetSpacing((spacing_mm, spacing_mm, 1.0))
    return image


class MemoryCase(NamedTuple):
    """A segmentation of which the memory is measured: shape (k, j, i) of an int16 image, and the model."""

    name: str
    shape: tuple[int, int, int]
    preprocessing: Preprocessing
    classes: int
    with_certainty: bool = False


MEMORY_CASES = (
    MemoryCase(
        "2.5-D, 384 x 384 x 200",
        (200, 384, 384),
        Preprocessing(context_slices=5, size_multiple=8, intensity=_WINDOW),
        4,
        with_certainty=True,
    ),
    MemoryCase(
        "3-D blocks of 64, 256 x 256 x 160",
        (160, 256, 256),
        Preprocessing(dimensions=3, patch=(64, 64, 64), overlap=0.25, size_multiple=8, intensity=_WINDOW),
        5,
    ),
    MemoryCase(
        "30 classes, CT of 512 x 512 x 300",
        (300, 512, 512),
        Preprocessing(spacing_mm=(1.5,) * 3, context_slices=3, size_multiple=8, intensity=_WINDOW),
        30,
        with_certainty=True,
    ),
)


def memory_of(case: MemoryCase, folder: Path) -> tuple[float, float]:
    """MB of the worker as predicted by a try of the model, and at its peak in a new worker."""
    write_unet(folder, case.preprocessing, case.classes, (8, 16, 32))
    record, image = record_of(folder), ct(case.shape)
    headers = Headers(image.GetSize(), image.GetSpacing(), image.GetDirection(), value_bytes=2)
    with closing(Worker()) as worker:
        measured = worker.measure(record, headers)
    told = expected(record.manifest, headers, measured, with_certainty=case.with_certainty)
    with closing(Worker()) as worker:
        worker.segment(record, image, with_certainty=case.with_certainty)
        assert worker._child is not None
        return told.memory_bytes / 1e6, _peak(worker._child._process.pid) / 1e6


def _peak(pid: int) -> int:
    """The most memory that a process has had, in bytes. Linux only."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as place:
        yield Path(place, name)


def inferring(tell_share: Tell) -> None:
    """Time and weigh what models do."""
    for act in (_tiled, _first_result, _click, _whole):
        with _folder("model") as folder:
            act(tell_share, folder)
    for case in MEMORY_CASES:
        with _folder("model") as folder:
            predicted, measured = memory_of(case, folder)
        tell_share(f"memory of a segmentation as predicted, {case.name}", predicted, "MB", "measured", measured)
