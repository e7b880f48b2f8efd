"""Sessions of onnxruntime, and the truth about the device they run on."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from inference.manifest import ModelError, ModelManifest
from inference.models import ModelRecord

_PREFERRED = ("CUDAExecutionProvider", "CoreMLExecutionProvider", "DmlExecutionProvider", "CPUExecutionProvider")
_QUIET = 4  # fatal messages only: onnxruntime-gpu reports a missing CUDA on every start
_LEAST_PROBABILITY = 1e-7
_AXIS = {"k": -3, "j": -2, "i": -1}


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model ready to run, a session for each of its networks. provider is what onnxruntime really uses, e.g. "CPU"
    or "CUDA"."""

    manifest: ModelManifest
    sessions: tuple[ort.InferenceSession, ...]
    provider: str

    def run(self, batch: NDArray[np.float32], mirrored: bool = False) -> NDArray[np.float32]:
        """Logits (N, classes, [K,] J, I), over the temperature, of scaled values (N, channels, [K,] J, I).

        Of several networks, and mirrored of each set of axes along which the model may be mirrored, they are those of
        the mean probability. Raises ModelError if a network fails, or if its output has another shape or is not a
        number.
        """
        flips = self._flips() if mirrored else [()]
        found = [self._flipped(session, batch, axes) for session in self.sessions for axes in flips]
        if len(found) == 1:
            return found[0]
        return _logits_of(
            np.mean([self.probabilities(logits, 1) for logits in found], axis=0), self.manifest.activation == "sigmoid"
        )

    def probabilities(self, logits: NDArray[np.float32], axis: int = 0) -> NDArray[np.float32]:
        """What the logits along an axis of classes mean, each class from 0 to 1."""
        if self.manifest.activation == "sigmoid":
            return np.asarray(1 / (1 + np.exp(-logits)), dtype=np.float32)
        exponentials = np.exp(logits - logits.max(axis=axis, keepdims=True))
        return exponentials / exponentials.sum(axis=axis, keepdims=True)

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
        manifest, name = self.manifest, session.get_inputs()[0].name
        try:
            output = np.asarray(session.run(None, {name: batch})[0])
        except Exception as error:  # onnxruntime raises bare classes of its own
            raise ModelError(f"{manifest.name} failed while running: {str(error).splitlines()[0]}") from error
        expected = (batch.shape[0], manifest.classes, *batch.shape[2:])
        if output.shape != expected:
            raise ModelError(f"{manifest.name} gave an output of shape {output.shape}, its manifest says {expected}")
        if not np.isfinite(output).all():
            raise ModelError(f"{manifest.name} gave values that are not numbers; the result is discarded")
        if manifest.activation == "probabilities":
            output = _logits_of(output, False)
        return output if manifest.temperature == 1 else output / np.float32(manifest.temperature)


def _logits_of(probabilities: NDArray[np.float32], each_by_itself: bool) -> NDArray[np.float32]:
    """Logits whose softmax, or whose sigmoids, are probabilities."""
    likely = np.log(np.maximum(probabilities, _LEAST_PROBABILITY))
    return likely - np.log(np.maximum(1 - probabilities, _LEAST_PROBABILITY)) if each_by_itself else likely


def load_model(record: ModelRecord) -> LoadedModel:
    """Create the sessions of a model on the best device that works. Takes about a second; not for the GUI thread.

    Networks are handed over as bytes: onnxruntime then has no folder from which it could load external data, which a
    hard link could make any file of this machine. Raises ModelError.
    """
    ort.set_default_logger_severity(_QUIET)
    sessions = tuple(_session(record, name) for name in record.manifest.networks)
    return LoadedModel(record.manifest, sessions, sessions[0].get_providers()[0].removesuffix("ExecutionProvider"))


def _session(record: ModelRecord, network: str) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.log_severity_level = _QUIET
    options.intra_op_num_threads = os.cpu_count() or 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # or the window waits for a core
    available = [provider for provider in _PREFERRED if provider in ort.get_available_providers()]
    try:
        session = ort.InferenceSession((record.folder / network).read_bytes(), options, providers=available)
    except Exception as error:  # onnxruntime raises bare classes of its own
        raise ModelError(f"{record.manifest.name} cannot be loaded: {str(error).splitlines()[0]}") from error
    needed = 2 + record.manifest.preprocessing.dimensions
    inputs = session.get_inputs()
    if len(inputs) != 1 or inputs[0].type != "tensor(float)" or len(inputs[0].shape) != needed:
        raise ModelError(f"{record.manifest.name} does not take one float image of {needed} axes, as its manifest says")
    return session
