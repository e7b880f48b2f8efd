"""Sessions of onnxruntime, and the truth about the device they run on."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import combinations
from typing import TypeVar

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from inference.manifest import ModelError, ModelManifest
from inference.models import ModelRecord
from inference.quicken import by_slices, quickened
from inference.results import Run

_T = TypeVar("_T")

_PREFERRED = ("CUDAExecutionProvider", "CoreMLExecutionProvider", "DmlExecutionProvider", "CPUExecutionProvider")
_QUIET = 4  # fatal messages only: onnxruntime-gpu reports a missing CUDA on every start
_LEAST_PROBABILITY = 1e-7
_BEYOND = 1e-3  # 0 and 1, that a network in single precision may round a probability to
_AXIS = {"k": -3, "j": -2, "i": -1}
_CPU = "CPU"
_SPIN_US = 1000
# Blocks of three dimensions that go through a network side by side, each with a part of the processor: what an operator
# does on one thread then holds up its own block only. An eighth faster on two cores.
_LANES = 2
_TOO_LITTLE_MEMORY = (  # what onnxruntime and its providers say, in lower case
    "failed to allocate memory",
    "out of memory",
    "bad allocation",
    "bad_alloc",
    "bfcarena",
    "status_alloc_failed",  # of cuDNN and cuBLAS
)

Sessions = tuple[ort.InferenceSession, ...]
_Act = Callable[[Sessions, NDArray[np.float32]], _T]


class _TooLittleMemory(ModelError):
    """A network could not run for want of memory."""


@dataclass(eq=False)
class LoadedModel:
    """A model ready to run, a session for each of its networks. provider is what onnxruntime really uses, e.g. "CPU"
    or "CUDA". takes: how many images the networks take at once at most; None: as many as there are.

    Where memory runs out, it changes: first it runs half as much at once, down to one image, which gives the same, then
    on the CPU, with sessions from on_cpu; notes say so, each a sentence, as long as the model is loaded. beside makes
    sets of sessions that share the processor: several images go through them side by side. answered: what a classifier
    said of the last image (inference.classify). finder: the model that finds where this one looks, if it needs one.
    """

    manifest: ModelManifest
    sessions: Sessions
    provider: str
    on_cpu: Callable[[], Sessions] | None = None
    beside: Callable[[], list[Sessions]] | None = None
    takes: int | None = None
    notes: list[str] = field(default_factory=list)
    answered: list[tuple[float, NDArray[np.float32]]] = field(default_factory=list)
    finder: LoadedModel | None = None
    _at_once: int | None = None  # images; None: as many as it takes
    _lanes: list[Sessions] = field(default_factory=list)

    def run(self, batch: NDArray[np.float32], mirrored: bool = False) -> NDArray[np.float32]:
        """Logits (N, classes, [K,] J, I), over the temperature, of scaled values (N, channels, [K,] J, I).

        Of several networks, and mirrored of each set of axes along which the model may be mirrored, they are those of
        the mean probability, or their own mean, as the manifest says. Raises ModelError if a network fails, or if its
        output has another shape or is not a number.
        """
        found = self._in_parts(batch, lambda sessions, part: self._mean(sessions, part, mirrored))
        return found[0] if len(found) == 1 else np.concatenate(found)

    def outputs(self, batch: NDArray[np.float32]) -> list[NDArray]:
        """All that the first network gives of scaled values (N, channels, [K,] J, I), each (N, ...), as it is.

        Raises ModelError if it fails, or gives what is not a number.
        """
        found = self._in_parts(batch, lambda sessions, part: self._outputs(sessions[0], part))
        return [np.concatenate(parts) if len(found) > 1 else parts[0] for parts in zip(*found, strict=True)]

    def told(self, seconds: float) -> Run:
        """A run of so many seconds that has just ended."""
        manifest = self.manifest
        sha256 = manifest.files.get(manifest.networks[0], "")
        return Run(manifest.name, manifest.version, sha256, self.provider, seconds, tuple(self.notes))

    def _in_parts(self, batch: NDArray[np.float32], act: _Act[_T]) -> list[_T]:
        """What act makes of a batch, in as many parts as memory asks for."""
        while True:
            most = min(self._at_once or len(batch), len(batch))
            at_once = min(most, self.takes or most)
            beside = self.beside if most > 1 else None
            try:
                if beside is not None:
                    return self._side_by_side(beside, batch, act)
                return [act(self.sessions, batch[n : n + at_once]) for n in range(0, len(batch), at_once)]
            except _TooLittleMemory:
                if not self._make_do(at_once if beside is None else most):
                    raise

    def _side_by_side(
        self, beside: Callable[[], list[Sessions]], batch: NDArray[np.float32], act: _Act[_T]
    ) -> list[_T]:
        self._lanes = lanes = self._lanes or beside()

        def along(lane: int) -> list[_T]:
            return [act(lanes[lane], batch[n : n + 1]) for n in range(lane, len(batch), len(lanes))]

        with ThreadPoolExecutor(len(lanes)) as pool:
            found = list(pool.map(along, range(len(lanes))))
        return [found[n % len(lanes)][n // len(lanes)] for n in range(len(batch))]

    def _make_do(self, most: int) -> bool:
        """Need less memory than for so many images at once; False if that cannot be."""
        device = "computer" if self.provider == _CPU else "GPU"
        if most > 1:
            self._at_once, self._lanes = most // 2, []
            self._note(f"The {device} had too little memory: fewer images went through the network at once")
            return True
        if self.provider == _CPU or self.on_cpu is None:
            return False
        self.sessions = ()  # what they hold on the GPU is free before others are made
        self.sessions, self.provider, self._at_once = self.on_cpu(), _CPU, None
        self._note(f"The {device} had too little memory: it went on on the CPU")
        return True

    def _note(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)

    def _mean(self, sessions: Sessions, batch: NDArray[np.float32], mirrored: bool) -> NDArray[np.float32]:
        flips = self._flips() if mirrored else [()]
        if len(sessions) * len(flips) == 1:
            return self._flipped(sessions[0], batch, ())
        of_logits = self.manifest.mean_of == "logits"
        total: NDArray[np.float32] | None = None
        for session in sessions:
            for axes in flips:
                found = self._flipped(session, batch, axes)
                likely = found.copy() if of_logits else self.probabilities(found, 1)
                total = likely if total is None else np.add(total, likely, out=total)
        assert total is not None
        total /= np.float32(len(sessions) * len(flips))
        return total if of_logits else logits_of(total, self.manifest.one_by_one)

    def probabilities(self, logits: NDArray[np.float32], axis: int = 0) -> NDArray[np.float32]:
        """What the logits along an axis of classes mean, each class from 0 to 1."""
        if self.manifest.one_by_one:
            with np.errstate(over="ignore"):  # then it is 0
                return np.asarray(1 / (1 + np.exp(-logits)), dtype=np.float32)
        likely = logits - logits.max(axis=axis, keepdims=True)
        np.exp(likely, out=likely)
        likely /= likely.sum(axis=axis, keepdims=True)
        return likely

    def _flips(self) -> list[tuple[int, ...]]:
        axes = sorted(_AXIS[letter] for letter in self.manifest.preprocessing.mirrors)
        return [some for count in range(len(axes) + 1) for some in combinations(axes, count)]

    def _flipped(
        self, session: ort.InferenceSession, batch: NDArray[np.float32], axes: tuple[int, ...]
    ) -> NDArray[np.float32]:
        # Of a network of two dimensions the axis k is that of the neighbours, which its output does not have.
        back = tuple(axis for axis in axes if -axis <= self.manifest.preprocessing.dimensions)
        return np.flip(self._run(session, np.ascontiguousarray(np.flip(batch, axes))), back)

    def _run(self, session: ort.InferenceSession, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        manifest, output = self.manifest, self._outputs(session, batch, first=True)[0]
        expected = (batch.shape[0], manifest.classes, *batch.shape[2:])
        if output.shape != expected:
            raise ModelError(f"{manifest.name} gave an output of shape {output.shape}, its manifest says {expected}")
        if manifest.activation in ("probabilities", "each"):
            if output.size and not (output.min() >= -_BEYOND and output.max() <= 1 + _BEYOND):
                raise ModelError(f"{manifest.name} gave values that are no probabilities; the result is discarded")
            output = logits_of(output, manifest.one_by_one)
        return output if manifest.temperature == 1 else output / np.float32(manifest.temperature)

    def _outputs(self, session: ort.InferenceSession, batch: NDArray[np.float32], first: bool = False) -> list[NDArray]:
        """All outputs of a session, or the first."""
        name = session.get_inputs()[0].name
        wanted = [session.get_outputs()[0].name] if first else None
        try:
            outputs = [np.asarray(output) for output in session.run(wanted, {name: batch})]
        except Exception as error:  # onnxruntime raises bare classes of its own
            said = str(error) or type(error).__name__
            kind = _TooLittleMemory if _is_for_memory(error) else ModelError
            raise kind(f"{self.manifest.name} failed while running: {said.splitlines()[0]}") from error
        for output in outputs:
            numbers = output.dtype.kind in "fiub"  # and no array of answers is made: outputs are large
            if not numbers or (output.size and not (np.isfinite(output.min()) and np.isfinite(output.max()))):
                raise ModelError(f"{self.manifest.name} gave values that are not numbers; the result is discarded")
        return outputs


def logits_of(probabilities: NDArray[np.float32], each_by_itself: bool) -> NDArray[np.float32]:
    """Logits whose softmax, or whose sigmoids, are probabilities."""
    likely = np.log(np.maximum(probabilities, _LEAST_PROBABILITY))
    return likely - np.log(np.maximum(1 - probabilities, _LEAST_PROBABILITY)) if each_by_itself else likely


def load_model(record: ModelRecord) -> LoadedModel:
    """Create the sessions of a model on the best device that works. Takes about a second; not for the GUI thread.

    Networks are handed over as bytes: onnxruntime then has no folder from which it could load external data, which a
    hard link could make any file of this machine. Raises ModelError.
    """
    ort.set_default_logger_severity(_QUIET)

    def sessions(preferred: tuple[str, ...] = _PREFERRED, share: int = 1) -> Sessions:
        return tuple(_session(record, name, preferred, share) for name in record.manifest.networks)

    def lanes() -> list[Sessions]:
        return [sessions(_PREFERRED[-1:], _LANES) for _ in range(_LANES)]

    notes: list[str] = []
    try:
        made = sessions()
    except _TooLittleMemory:  # a training has it, say
        made = sessions(_PREFERRED[-1:])
        notes.append("The GPU had too little memory: it ran on the CPU")
    preprocessing = record.manifest.preprocessing
    provider = made[0].get_providers()[0].removesuffix("ExecutionProvider")
    blocks = preprocessing.dimensions == 3 and preprocessing.patch is not None
    beside = lanes if blocks and provider == _CPU and _threads() >= _LANES else None
    takes = 1 if any(session.get_inputs()[0].shape[0] == 1 for session in made) else None  # exported for one image
    finder = None if record.finder is None else load_model(record.finder)
    return LoadedModel(
        record.manifest, made, provider, lambda: sessions(_PREFERRED[-1:]), beside, takes, notes, finder=finder
    )


def _threads() -> int:
    return os.cpu_count() or 1


def _is_for_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in _TOO_LITTLE_MEMORY)


def _session(record: ModelRecord, network: str, preferred: tuple[str, ...], share: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.log_severity_level = _QUIET
    options.intra_op_num_threads = max(1, _threads() // share)
    # Without spinning small operators wait for their threads, a third of the time of a 2-D U-Net on two cores; spinning
    # for longer would only keep the window from a core.
    options.add_session_config_entry("session.intra_op.spin_duration_us", str(_SPIN_US))
    available = [provider for provider in preferred if provider in ort.get_available_providers()]
    network_bytes, preprocessing = quickened((record.folder / network).read_bytes()), record.manifest.preprocessing
    if share > 1 and preprocessing.patch is not None:
        network_bytes = by_slices(network_bytes, (preprocessing.channels, *preprocessing.patch))
    try:
        session = ort.InferenceSession(network_bytes, options, providers=available)
    except Exception as error:  # onnxruntime raises bare classes of its own
        kind = _TooLittleMemory if _is_for_memory(error) and available[0] != _PREFERRED[-1] else ModelError
        raise kind(f"{record.manifest.name} cannot be loaded: {str(error).splitlines()[0]}") from error
    needed = record.manifest.input_axes
    inputs = session.get_inputs()
    if len(inputs) != 1 or inputs[0].type != "tensor(float)" or len(inputs[0].shape) != needed:
        raise ModelError(f"{record.manifest.name} does not take one float image of {needed} axes, as its manifest says")
    if record.manifest.scores is not None:
        made = [output.name for output in session.get_outputs()]
        missing = [name for name in record.manifest.scores.outputs if name not in made]
        if missing:
            raise ModelError(
                f"{record.manifest.name} has no output {missing[0]}, which its manifest names; it has {', '.join(made)}"
            )
    return session
