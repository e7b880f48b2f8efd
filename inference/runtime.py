"""Sessions of onnxruntime, and the truth about the device they run on."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from inference.manifest import NETWORK_FILE, ModelError, ModelManifest
from inference.models import ModelRecord

_PREFERRED = ("CUDAExecutionProvider", "CoreMLExecutionProvider", "DmlExecutionProvider", "CPUExecutionProvider")
_QUIET = 4  # fatal messages only: onnxruntime-gpu reports a missing CUDA on every start


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model ready to run. provider is what onnxruntime really uses, e.g. "CPU" or "CUDA"."""

    manifest: ModelManifest
    session: ort.InferenceSession
    provider: str

    def run(self, stacks: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits (N, classes, J, I) of slice stacks (N, context_slices, J, I) in [0, 1].

        Raises ModelError if the network fails, or if its output has another shape or is not a number.
        """
        name = self.session.get_inputs()[0].name
        try:
            logits = np.asarray(self.session.run(None, {name: stacks})[0])
        except Exception as error:  # onnxruntime raises bare classes of its own
            raise ModelError(f"{self.manifest.name} failed while running: {str(error).splitlines()[0]}") from error
        expected = (stacks.shape[0], self.manifest.classes, *stacks.shape[2:])
        if logits.shape != expected:
            raise ModelError(
                f"{self.manifest.name} gave an output of shape {logits.shape}, its manifest says {expected}"
            )
        if not np.isfinite(logits).all():
            raise ModelError(f"{self.manifest.name} gave values that are not numbers; the result is discarded")
        return logits


def load_model(record: ModelRecord) -> LoadedModel:
    """Create the session of a model on the best device that works. Takes about a second; not for the GUI thread.

    The network is handed over as bytes: onnxruntime then has no folder from which it could load external
    data, which a hard link could make any file of this machine. Raises ModelError.
    """
    ort.set_default_logger_severity(_QUIET)
    options = ort.SessionOptions()
    options.log_severity_level = _QUIET
    options.intra_op_num_threads = os.cpu_count() or 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # or the window waits for a core
    available = [provider for provider in _PREFERRED if provider in ort.get_available_providers()]
    try:
        session = ort.InferenceSession((record.folder / NETWORK_FILE).read_bytes(), options, providers=available)
    except Exception as error:  # onnxruntime raises bare classes of its own
        raise ModelError(f"{record.manifest.name} cannot be loaded: {str(error).splitlines()[0]}") from error
    if len(session.get_inputs()) != 1 or session.get_inputs()[0].type != "tensor(float)":
        raise ModelError(
            f"{record.manifest.name} does not take one float image, so it is not a 2.5-D segmentation model"
        )
    return LoadedModel(record.manifest, session, session.get_providers()[0].removesuffix("ExecutionProvider"))
