"""Models run in a process of their own: whatever a network does, it can be ended within a second, it cannot take the
memory of the window, and the window never waits for it.

Messages are a line of JSON and the bytes of arrays, never pickle: a process that a model has taken over must not run
code in the window, and what it sends is checked for its type and shape.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from inference.bring import Network, try_network
from inference.interactive import Clicked, checked
from inference.manifest import ManifestError, ModelError, Statistic, load_manifest
from inference.models import ModelRecord
from inference.preflight import WINDOWS_PER_SIDE, Headers, Measured, probe_image
from inference.preprocess import slice_axis
from inference.results import (
    MOST_FOUND,
    Certainty,
    Classification,
    Detection,
    Detections,
    Heat,
    Occlusion,
    Probabilities,
    Run,
    Segmentation,
    SliceDoubt,
)

if TYPE_CHECKING:  # ITK, which the window does not wait for when it starts
    import SimpleITK as sitk

    from inference.enhance import Enhanced

Progress = Callable[[float, str], None]
Arrays = Mapping[str, NDArray]

_LOOK_EVERY_S = 0.1  # whether a person has cancelled
_SILENCE_S = 180.0  # after which a network that says nothing counts as one that never ends
_SILENCE_OF_A_TRY_S = 30.0  # the same, of a model that nobody has asked to run yet
_QUICK_S = 2.0  # a try that takes less is done again, because the first run of a network also prepares it
_MEASURED = ("run_s", "voxel_s", "process_bytes", "grown_bytes")
_NICENESS = 5  # the window goes first where both want the same processor
_OOM_SCORE = 800  # of 1000: where memory runs out, Linux ends this process and not the window
_MEMORY_SHARE = 0.8  # of the machine's, that the process may take
_MOST_HEADER = 16 << 20
_TYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64")


class _Message(NamedTuple):
    told: dict[str, Any]
    arrays: dict[str, NDArray]


class Worker:
    """Runs models in a child process, which is started when it is first needed and keeps the last model ready.

    One request runs at a time; others wait. Each takes progress, which gets a fraction and a text several times a
    second and may raise to cancel: the process is ended then. ModelError is raised as by the functions of
    inference.tasks, and when the process dies, takes too much memory or is silent for too long.
    """

    def __init__(self, silence_s: float = _SILENCE_S) -> None:
        self.provider = ""  # what onnxruntime really used last, e.g. "CPU"
        self._silence_s = silence_s
        self._turn = threading.Lock()
        self._child: _Child | None = None

    def segment(
        self,
        record: ModelRecord,
        image: sitk.Image,
        *,
        mirrored: bool = False,
        with_certainty: bool = False,
        progress: Progress = lambda fraction, text: None,
    ) -> Segmentation:
        """inference.tasks.segment."""
        import SimpleITK as sitk

        options = {"mirrored": mirrored, "with_certainty": with_certainty}
        told, arrays = self._ask("segment", record, image, options, progress)
        names = ("labels", "likeliest", "probability", "entropy") if with_certainty else ("labels",)
        shape = image.GetSize()[::-1]
        found = [_expected(record, arrays.get(name), shape) for name in names]
        label_image = sitk.GetImageFromArray(found[0])
        label_image.CopyInformation(image)
        certainty = Certainty(*found[1:]) if with_certainty else None
        return Segmentation(label_image, told["volumes_ml"], _run(told), certainty)

    def probabilities(
        self,
        record: ModelRecord,
        image: sitk.Image,
        values: Sequence[int],
        *,
        progress: Progress = lambda fraction, text: None,
    ) -> Probabilities:
        """inference.tasks.probabilities."""
        _, arrays = self._ask("probabilities", record, image, {"values": list(values)}, progress)
        shape = image.GetSize()[::-1]
        return Probabilities(
            _expected(record, arrays.get("of_labels"), (len(values), *shape)),
            _expected(record, arrays.get("entropy"), shape),
        )

    def looked_within(
        self, record: ModelRecord, image: sitk.Image, *, progress: Progress = lambda fraction, text: None
    ) -> list[tuple[slice, slice, slice]] | None:
        """inference.tasks.looked_within."""
        told, _ = self._ask("looked_within", record, image, {}, progress)
        if told["places"] is None:
            return None
        shape, places = image.GetSize()[::-1], []
        for ends in told["places"]:
            k, j, i = (slice(int(first), int(last)) for first, last in ends)
            if not all(0 <= at.start < at.stop <= n for at, n in zip((k, j, i), shape, strict=True)):
                raise ModelError(f"{record.manifest.name} gave a result that does not fit the image; it is discarded")
            places.append((k, j, i))
        return places

    def slice_doubts(
        self,
        record: ModelRecord,
        image: sitk.Image,
        slices: Sequence[int],
        *,
        progress: Progress = lambda fraction, text: None,
    ) -> dict[int, SliceDoubt]:
        """inference.tasks.slice_doubts."""
        told, _ = self._ask("slice_doubts", record, image, {"slices": list(slices)}, progress)
        return {int(number): SliceDoubt(*doubt) for number, *doubt in told["doubts"]}

    def answer_clicks(
        self, record: ModelRecord, clicked: Clicked, *, progress: Progress = lambda fraction, text: None
    ) -> NDArray[np.bool_]:
        """inference.interactive.answer_clicks."""
        said = clicked._asdict()
        arrays = {"picture": said.pop("picture"), "previous": said.pop("previous").astype(np.uint8)}
        _, found = self._send("answer_clicks", record, arrays, {"options": said}, progress)
        return checked(found.get("region"), clicked.picture.shape)

    def detect(
        self,
        record: ModelRecord,
        image: sitk.Image,
        *,
        progress: Progress = lambda fraction, text: None,
    ) -> Detections:
        """inference.detect.detect."""
        told, _ = self._ask("detect", record, image, {}, progress)
        return Detections(_detections(record, told.get("found"), image.GetSize()), _run(told))

    def classify(
        self, record: ModelRecord, image: sitk.Image, *, progress: Progress = lambda fraction, text: None
    ) -> Classification:
        """inference.classify.classify."""
        told, arrays = self._ask("classify", record, image, {}, progress)
        classes, scores = len(record.manifest.labels), record.manifest.scores
        axis = slice_axis(image, record.manifest.preprocessing)
        count = image.GetSize()[axis]
        per_slice = attention = None
        if scores is not None and scores.by_slice:
            per_slice = _figures(record, arrays.get("slices"), (count, classes), most=1.0)
        if scores is not None and scores.attention is not None:
            times = image.GetSize()[3:] if scores.over == "time" else ()
            attention = _figures(record, arrays.get("attention"), (count, *times))
        heat = tuple(_heat(record, place, arrays.get(f"heat{n}")) for n, place in enumerate(told["heat"]))
        if len(heat) != (classes if scores is not None and scores.has_heat else 0):
            raise ModelError(f"{record.manifest.name} gave a result that does not fit the image; it is discarded")
        series = _figures(record, arrays.get("series"), (classes,), most=1.0)
        return Classification(series, axis, per_slice, attention, heat, _run(told))

    def occlude(
        self,
        record: ModelRecord,
        image: sitk.Image,
        label: int,
        slice_number: int,
        *,
        per_side: int = WINDOWS_PER_SIDE[0],
        progress: Progress = lambda fraction, text: None,
    ) -> Occlusion:
        """inference.classify.occlude."""
        options = {"label": label, "slice_number": slice_number, "per_side": per_side}
        told, arrays = self._ask("occlude", record, image, options, progress)
        baseline, lowest, highest = (float(told[name]) for name in ("baseline", "lowest", "highest"))
        window = float(told["window_mm"][0]), float(told["window_mm"][1])
        agreement = None if told["agreement"] is None else float(told["agreement"])
        if not all(math.isfinite(figure) for figure in (baseline, lowest, highest, *window, agreement or 0.0)):
            raise ModelError(f"{record.manifest.name} gave values that are not numbers; the result is discarded")
        heat = _heat(record, told["heat"], arrays.get("heat"))
        return Occlusion(heat, window, baseline, lowest, highest, agreement, _run(told))

    def enhance(
        self, record: ModelRecord, image: sitk.Image, *, progress: Progress = lambda fraction, text: None
    ) -> Enhanced:
        """inference.enhance.enhance. The picture of an enhancement is put together here, of the image and a residual
        that is looked at once more, so that the process cannot slip in another."""
        from inference.enhance import checked

        told, arrays = self._ask("enhance", record, image, {}, progress)
        return checked(image, record.manifest, arrays, told["figures"], float(told["untouched"]), _run(told))

    def measure(
        self, record: ModelRecord, headers: Headers, *, progress: Progress = lambda fraction, text: None
    ) -> Measured:
        """What a model takes on this machine, and what it really runs on, by a try of it on a small image of noise in
        the place of the real one (inference.preflight.expected makes the whole of it). The model stays loaded."""
        image = probe_image(record.manifest, headers)
        told, _ = self._ask("measure", record, image, {}, progress, min(self._silence_s, _SILENCE_OF_A_TRY_S))
        figures = {name: float(told[name]) for name in _MEASURED}
        if not all(math.isfinite(figure) and figure >= 0 for figure in figures.values()):
            raise ModelError(f"{record.manifest.name} could not be measured")
        return Measured(provider=self.provider, **figures)

    def statistics(
        self,
        record: ModelRecord,
        image: sitk.Image,
        *,
        progress: Progress = lambda fraction, text: None,
    ) -> dict[Statistic, float]:
        """inference.seen.image_statistics, and undecided where the model's ranges tell of it."""
        told, _ = self._ask("statistics", record, image, {}, progress)
        return {name: float(value) for name, value in told["statistics"].items()}

    def try_network(self, path: Path, last: str = "", *, progress: Progress = lambda fraction, text: None) -> Network:
        """inference.bring.try_network. Raises ModelError for what cannot be a segmentation network."""
        told = self._request({"task": "try_network", "path": str(path), "last": last}, {}, progress).told
        try:
            patch = None if told["patch"] is None else tuple(int(side) for side in told["patch"])
            numbers = [int(told[name]) for name in ("channels", "classes", "multiple")]
            dimensions, values = told["dimensions"], told["values"]
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{path.name} could not be tried") from error
        right = dimensions in (2, 3) and values in ("any", "shares", "each") and min(numbers, default=0) > 0
        if not right or (patch is not None and (len(patch) != dimensions or min(patch) < 1)):
            raise ModelError(f"{path.name} could not be tried")
        channels, classes, multiple = numbers
        return Network(dimensions, channels, patch, classes, values, multiple)

    def close(self) -> None:
        """End the process, whatever it is at."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()

    def _ask(
        self,
        task: str,
        record: ModelRecord,
        image: sitk.Image,
        options: dict[str, Any],
        progress: Progress,
        silence_s: float | None = None,
    ) -> _Message:
        import SimpleITK as sitk

        asked = {
            "options": options,
            "spacing": image.GetSpacing(),
            "origin": image.GetOrigin(),
            "direction": image.GetDirection(),
        }
        return self._send(task, record, {"voxels": sitk.GetArrayViewFromImage(image)}, asked, progress, silence_s)

    def _send(
        self,
        task: str,
        record: ModelRecord,
        arrays: Arrays,
        asked: Mapping[str, Any],
        progress: Progress,
        silence_s: float | None = None,
    ) -> _Message:
        chain = [one for one in (record, record.finder) if one is not None]
        models = [[str(one.folder), one.manifest.files.get(one.manifest.networks[0], "")] for one in chain]
        request = {"task": task, "models": models, **asked}
        return self._request(request, arrays, progress, silence_s)

    def _request(
        self, request: dict[str, Any], arrays: Arrays, progress: Progress, silence_s: float | None = None
    ) -> _Message:
        while not self._turn.acquire(timeout=_LOOK_EVERY_S):
            progress(0.0, "Waiting for the model that is running")
        try:
            if self._child is None or not self._child.alive:
                self._child = _Child()
            child, whole = self._child, False
            try:
                answer = child.ask(request, arrays, silence_s or self._silence_s, progress)
                whole = True
            finally:
                if not whole:  # cancelled, or it is of no use any more
                    self.close()
        finally:
            self._turn.release()
        if "refused" in answer.told:
            raise ModelError(str(answer.told["refused"]))
        self.provider = str(answer.told.get("provider", self.provider))
        return answer


class _Child:
    """The window's end of one process."""

    def __init__(self) -> None:
        # -P: a folder named inference beside the person's scans must not be run in place of ours.
        argv = [sys.executable, "-P", "-m", "inference.worker"]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe)
        self._said: queue.SimpleQueue[_Message | None] = queue.SimpleQueue()
        self._errors: list[str] = []
        self._threads = [threading.Thread(target=act, daemon=True) for act in (self._listen, self._read_errors)]
        for thread in self._threads:
            thread.start()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, request: dict[str, Any], arrays: Arrays, silence_s: float, progress: Progress) -> _Message:
        """The answer to a request. Raises ModelError if there will be none."""
        assert self._process.stdin is not None
        stream = self._process.stdin

        def send() -> None:  # on a thread: a process that does not read must not hold up a person who cancels
            with contextlib.suppress(OSError, ValueError):
                _write(stream, request, arrays)

        threading.Thread(target=send, daemon=True).start()
        at, silent_s = (0.0, "Loading the model"), 0.0
        while True:
            progress(*at)
            try:
                message = self._said.get(timeout=_LOOK_EVERY_S)
            except queue.Empty:
                silent_s += _LOOK_EVERY_S
                if silent_s >= silence_s:
                    raise ModelError(
                        f"the model did not come to an end: nothing was heard of it for {silence_s:.0f} s"
                    ) from None
                continue
            silent_s = 0.0
            if message is None:
                raise ModelError(f"the process that ran the model has ended ({self._last_words()})")
            if "at" not in message.told:
                return message
            at = float(message.told["at"][0]), str(message.told["at"][1])

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for thread in self._threads:
            thread.join()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()

    def _last_words(self) -> str:
        code = self._process.wait()
        self._threads[1].join()
        if code == -9:
            return "it was ended, most likely for want of memory"
        return self._errors[-1][:200] if self._errors else f"exit code {code}"

    def _listen(self) -> None:
        assert self._process.stdout is not None
        # What it sends may be no message.
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            while (message := _read(self._process.stdout)) is not None:
                self._said.put(message)
        self._process.kill()
        self._said.put(None)

    def _read_errors(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._errors = [*self._errors[-20:], line.decode(errors="replace").strip()]


def _expected(record: ModelRecord, array: NDArray | None, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    if array is None or array.dtype != np.uint8 or array.shape != shape:
        raise ModelError(f"{record.manifest.name} gave a result that does not fit the image; it is discarded")
    return array


def _detections(record: ModelRecord, told: Any, size: Sequence[int]) -> tuple[Detection, ...]:
    """Boxes as the process tells of them, each in an image of a size and of a label that the model has."""
    values = {label.value for label in record.manifest.labels}
    try:
        found = tuple(
            Detection(
                int(label), float(score), _index(low), _index(high), int(normal), int(number), (_index(a), _index(b))
            )
            for label, score, low, high, normal, number, (a, b) in told[: MOST_FOUND + 1]
        )
        right = len(found) <= MOST_FOUND and all(
            one.label in values
            and 0 <= one.score <= 1
            and one.normal in (0, 1, 2)
            and 0 <= one.slice_index < size[one.normal]
            and all(_are_corners(*corners, size) for corners in ((one.low, one.high), one.on_slice))
            for one in found
        )
    except (TypeError, ValueError, OverflowError):
        right = False
    if not right:
        raise ModelError(f"{record.manifest.name} gave a result that does not fit the image; it is discarded")
    return found


def _index(numbers: Sequence[float]) -> tuple[float, float, float]:
    i, j, k = map(float, numbers)
    return i, j, k


def _are_corners(low: Sequence[float], high: Sequence[float], size: Sequence[int]) -> bool:
    """Whether these are the corners of a box within the edges of an image; what is no number is not."""
    return all(-0.5 <= a < b <= n - 0.5 for a, b, n in zip(low, high, size, strict=True))


def _figures(
    record: ModelRecord, array: NDArray | None, shape: tuple[int, ...], most: float = math.inf
) -> NDArray[np.float32]:
    """An array of figures from 0 on (attention: any) as it should be. Raises ModelError if it is not."""
    right = array is not None and array.dtype == np.float32 and array.shape == shape and bool(np.isfinite(array).all())
    if array is None or not right or (most != math.inf and (array.min() < 0 or array.max() > most)):
        raise ModelError(f"{record.manifest.name} gave a result that does not fit the image; it is discarded")
    return array


def _heat(record: ModelRecord, place: Mapping[str, Any], array: NDArray | None) -> Heat:
    spacing, origin, direction = (
        tuple(float(one) for one in place[name]) for name in ("spacing_mm", "origin", "direction")
    )
    if array is None or array.ndim != 3 or not array.size:
        raise ModelError(f"{record.manifest.name} gave a result that does not fit the image; it is discarded")
    if (len(spacing), len(origin), len(direction)) != (3, 3, 9) or not all(math.isfinite(at) for at in origin):
        raise ModelError(f"{record.manifest.name} gave a result that does not fit the image; it is discarded")
    (x, y, z), (i, j, k) = origin, spacing
    return Heat(_figures(record, array, array.shape), (i, j, k), (x, y, z), direction)


def _run(told: Mapping[str, Any]) -> Run:
    """A run as the process tells of it."""
    return Run(**{**told["run"], "notes": tuple(told["run"]["notes"])})


def _write(stream: IO[bytes], told: Mapping[str, Any], arrays: Arrays) -> None:
    parts = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    described = {name: (part.dtype.name, part.shape) for name, part in parts.items()}
    stream.write(json.dumps({"told": told, "arrays": described}).encode() + b"\n")
    for part in parts.values():
        stream.write(part.reshape(-1).view(np.uint8).data)
    stream.flush()


def _read(stream: IO[bytes]) -> _Message | None:
    """The next message, None at the end. Raises ValueError, KeyError or TypeError for what is none."""
    header = stream.readline(_MOST_HEADER)
    if not header.endswith(b"\n"):
        return None
    message = json.loads(header)
    arrays = {}
    for name, (kind, shape) in message["arrays"].items():
        if kind not in _TYPES or any(side < 0 for side in shape):
            raise ValueError("this is no array")
        array = np.empty([int(side) for side in shape], kind)
        left = array.reshape(-1).view(np.uint8).data
        while left:
            count = stream.readinto(left)  # type: ignore[attr-defined]
            if not count:
                return None
            left = left[count:]
        arrays[name] = array
    return _Message(message["told"], arrays)


# The other process


def main() -> None:
    """Answer requests until the window is gone."""
    answers, stream = os.fdopen(os.dup(1), "wb"), os.fdopen(os.dup(0), "rb")
    os.dup2(2, 1)  # what libraries print is no answer
    _be_modest()
    requests: queue.SimpleQueue[_Message] = queue.SimpleQueue()

    def listen() -> None:
        while (request := _read(stream)) is not None:
            requests.put(request)
        os._exit(0)  # the window is gone, even in the middle of a run

    threading.Thread(target=listen, daemon=True).start()
    run = _Runner(answers)
    while True:
        run(requests.get())


class _Runner:
    """Does what is asked, with the last model kept ready."""

    def __init__(self, answers: IO[bytes]) -> None:
        self._answers = answers
        self._loaded: tuple[list[list[str]], Any] | None = None
        self._before_bytes = 0  # what the process had before it was loaded

    def __call__(self, request: _Message) -> None:
        try:
            told, arrays = getattr(self, f"_{request.told['task']}")(request)
        except (ModelError, ManifestError) as error:
            told, arrays = {"refused": str(error)}, {}
        except MemoryError:
            told, arrays = {"refused": "the model needs more memory than there is"}, {}
        _write(self._answers, told, arrays)

    def _segment(self, request: _Message) -> tuple[dict[str, Any], Arrays]:
        import SimpleITK as sitk

        from inference.tasks import segment

        model = self._model(request)
        result = segment(_image(request), model, progress=self._report, **request.told["options"])
        arrays = {"labels": sitk.GetArrayFromImage(result.label_image)}
        if result.certainty is not None:
            arrays |= vars(result.certainty)
        return {"provider": model.provider, "run": asdict(result.run), "volumes_ml": result.volumes_ml}, arrays

    def _try_network(self, request: _Message) -> tuple[dict[str, Any], Arrays]:
        self._loaded = None  # it has no hash yet by which it would be known again
        return asdict(try_network(Path(request.told["path"]), str(request.told["last"]), self._report)), {}

    def _probabilities(self, request: _Message) -> tuple[dict[str, Any], Arrays]:
        from inference.tasks import probabilities

        model = self._model(request)
        found = probabilities(_image(request), model, request.told["options"]["values"], progress=self._report)
        return {"provider": model.provider}, vars(found)

    def _looked_within(self, request: _Message) -> tuple[dict[str, Any], Arrays]:
        from inference.tasks import looked_within

        model = self._model(request)
        places = looked_within(_image(request), model, self._report)
        ends = None if places is None else [[(at.start, at.stop) for at in place] for place in places]
        return {"provider": model.provider, "places": ends}, {}

    def _slice_doubts(self, request: _Message) -> tuple[dict[str, Any], Arrays]:
        from inference.tasks import slice_doubts

        model = self._model(request)
        found = slice_doubts(_image(request), model, request.told["options"]["slices"], progress=self._report)
        doubts = [(number, *asdict(doubt).values()) for number, doubt in found.items()]
        return {"provider": model.provider, "doubts": doubts}, {}

    def _answer_clicks(self, request: _Message) -> tuple[dict[str, Any], Arrays]:
        from inference.interactive import answer_clicks

        model, arrays = self._model(request), request.arrays
        previous = arrays["previous"].astype(bool)
        clicked = Clicked(picture=arrays["picture"], previous=previous, **request.told["options"])
        region = answer_clicks(clicked, model)
        return {"provider": model.provider}, {"region": region.astype(np.uint8)}

    def _detect(self, request: _Message) -> tuple[dict[str, Any], Arrays]:
        from inference.detect import detect

        model = self._model(request)
        result = detect(_image(request), model, progress=self._report)
        found = [tuple(vars(one).values()) for one in result.found]
        return {"provider": model.provider, "run": asdict(result.run), "found": found}, {}

    def _classify(self, request: _Message) -> tuple[dict[str, Any], Arrays]:
        from inference.classify import classify

        model = self._model(request)
        result = classify(_image(request), model, progress=self._report)
        arrays: dict[str, NDArray] = {f"heat{n}": heat.voxels for n, heat in enumerate(result.heat)}
        arrays["series"] = result.series
        arrays |= {} if result.slices is None else {"slices": result.slices}
        arrays |= {} if result.attention is None else {"attention": result.attention}
        places = [_place(heat) for heat in result.heat]
        return {"provider": model.provider, "run": asdict(result.run), "heat": places}, arrays

    def _occlude(self, request: _Message) -> tuple[dict[str, Any], Arrays]:
        from inference.classify import occlude

        model = self._model(request)
        found = occlude(_image(request), model, **request.told["options"], progress=self._report)
        names = ("window_mm", "baseline", "lowest", "highest", "agreement")
        told = {name: getattr(found, name) for name in names}
        told |= {"provider": model.provider, "run": asdict(found.run), "heat": _place(found.heat)}
        return told, {"heat": found.heat.voxels}

    def _enhance(self, request: _Message) -> tuple[dict[str, Any], Arrays]:
        from inference.enhance import enhance, given

        model = self._model(request)
        result = enhance(_image(request), model, progress=self._report)
        told = {"provider": model.provider, "run": asdict(result.run), "untouched": result.untouched}
        return {**told, "figures": dict(result.figures)}, given(result)

    def _measure(self, request: _Message) -> tuple[dict[str, Any], Arrays]:
        from inference.classify import classify
        from inference.detect import detect
        from inference.enhance import enhance
        from inference.tasks import segment

        model, image = self._model(request), _image(request)
        acts = {"classification": classify, "detection": detect, "enhancement": enhance, "translation": enhance}
        act = acts.get(model.manifest.task, partial(segment, with_certainty=True))  # as it is asked
        timed: Any = _Timed(model)
        _forget_peak()
        for _ in range(2):
            timed.seconds, timed.runs = 0.0, 0
            started = time.monotonic()
            act(image, timed, progress=self._report)
            total = time.monotonic() - started
            if total > _QUICK_S:
                break
        return {
            "provider": model.provider,
            "run_s": timed.seconds / timed.runs,
            "voxel_s": (total - timed.seconds) / image.GetNumberOfPixels(),
            "process_bytes": self._before_bytes,
            "grown_bytes": max(0, _peak_bytes() - self._before_bytes),  # a small one fits into what was free
        }, {}

    def _statistics(self, request: _Message) -> tuple[dict[str, Any], Arrays]:
        from inference.seen import image_statistics, undecided

        manifest, image = load_manifest(Path(request.told["models"][0][0])), _image(request)
        found = image_statistics(image, manifest.preprocessing)
        if manifest.seen is not None and "undecided" in manifest.seen.ranges:
            share = undecided(image, self._model(request))
            found |= {} if share is None else {"undecided": share}
        return {"statistics": found}, {}

    def _model(self, request: _Message) -> Any:
        import inference.tasks  # noqa: F401  # all that any model needs, before it is looked what this one takes
        from inference.runtime import load_model

        asked = request.told["models"]
        if self._loaded is None or self._loaded[0] != asked:
            self._loaded = None  # one at a time
            record: ModelRecord | None = None
            for folder, _ in reversed(asked):  # their files are hashed once more, just before they run
                record = ModelRecord(
                    load_manifest(Path(folder)), Path(folder), shipped=False, active=True, finder=record
                )
            assert record is not None
            self._before_bytes = _now_bytes()
            self._loaded = asked, load_model(record)
        return self._loaded[1]

    def _report(self, fraction: float, text: str) -> None:
        _write(self._answers, {"at": (fraction, text)}, {})


class _Timed:
    """A model that counts its runs and the time they take."""

    def __init__(self, model: Any) -> None:
        self._model, self.seconds, self.runs = model, 0.0, 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._model, name)
        if name not in ("run", "outputs"):
            return found

        def run(*arguments: Any) -> Any:
            started = time.monotonic()
            try:
                return found(*arguments)
            finally:
                self.seconds += time.monotonic() - started
                self.runs += 1

        return run


def _place(heat: Heat) -> dict[str, Any]:
    return {"spacing_mm": heat.spacing_mm, "origin": heat.origin, "direction": heat.direction}


def _forget_peak() -> None:
    """Let the peak of this process's memory be counted from now. Linux only; elsewhere it is that since its start."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _now_bytes() -> int:
    return _memory("VmRSS") or _peak_bytes()


def _peak_bytes() -> int:
    if peak := _memory("VmHWM"):
        return peak
    try:
        import resource
    except ImportError:  # Windows
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most


def _memory(name: str) -> int:
    """A line of /proc/self/status in bytes, 0 where there is none."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return 1024 * int(line.split()[1])
    return 0


def _image(request: _Message) -> sitk.Image:
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(request.arrays.pop("voxels"), isVector=False)  # which copies them
    image.SetSpacing(request.told["spacing"])
    image.SetOrigin(request.told["origin"])
    image.SetDirection(request.told["direction"])
    return image


def _be_modest() -> None:
    """Give way to the window, and take no more than a share of the machine's memory. POSIX only."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(_OOM_SCORE))
    if os.name != "posix":
        return
    import resource

    os.nice(_NICENESS)
    most = int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * _MEMORY_SHARE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


if __name__ == "__main__":
    main()
