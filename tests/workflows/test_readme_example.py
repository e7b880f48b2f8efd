"""The worked example of the README: its code is run as it stands there, and the model does what the README says."""

import re
from pathlib import Path

import numpy as np
import SimpleITK as sitk

import resources
from inference.models import ModelStore
from inference.tasks import segment
from tests.models import loaded
from viewer.bringing import Answers, Bringing
from viewer.jobs import JobQueue

README = Path(__file__).parents[2] / "README.md"
SOME = slice(90, 100)  # slices of the demo head


def demo_slices() -> tuple[sitk.Image, np.ndarray]:
    """Some slices of the demo head, and where the template's tissue map has white matter in them."""
    reader = sitk.ImageSeriesReader()
    folder = str(resources.path("demo", "mni152-t1"))
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(folder)[SOME])
    tissues = sitk.ReadImage(str(resources.path("demo", "tissues.nii.gz")))
    return reader.Execute(), sitk.GetArrayFromImage(tissues)[SOME] == 2


def test_from_torch_to_the_overlay(tmp_path, monkeypatch):
    section = README.read_text(encoding="utf-8").partition("## Bring your own model")[2].partition("\n## ")[0]
    code = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert code is not None
    monkeypatch.chdir(tmp_path)
    exec(compile(code[1], str(README), "exec"), {"__name__": "example"})
    bringing = Bringing(JobQueue(0), ModelStore(tmp_path / "shipped", tmp_path / "installed"), lambda: None)
    found, added, failed = [], [], []

    bringing.look(tmp_path / "white-matter.onnx", found.append, failed.append)

    assert not failed
    brought = found[0].brought
    assert (brought.kind, found[0].dimensions, found[0].classes, found[0].patch) == ("plain", 2, 2, None)
    assert set(brought.ask) == {"modalities", "labels", "spacing_mm", "intensity", "axes", "activation"}
    said = {"modalities": ["MR"], "axes": "SPL", "spacing_mm": None, "intensity": {"rule": "percentile"}}
    fields = {**brought.known, **brought.proposed, **said}
    answers = Answers("White matter", "", "HEAD", (("White matter", (245, 245, 245)),), "MIT", "MIT", fields)
    bringing.install(found[0], answers, added.append, failed.append)

    assert (added, failed) == (["white-matter"], [])
    image, expected = demo_slices()
    result = segment(image, loaded(tmp_path / "installed" / "white-matter" / "1.0.0")).label_image
    labels = sitk.GetArrayFromImage(result) == 1
    dice = 2 * (labels & expected).sum() / (labels.sum() + expected.sum())
    assert dice > 0.9, f"{dice:.3f}"
    assert result.GetDirection() == image.GetDirection() and result.GetOrigin() == image.GetOrigin()
