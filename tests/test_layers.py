"""The arrows between packages hold, and the check that says so can fail."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("viewer", "inference", "training", "resources")

VIOLATIONS = {
    "a core that draws": ("viewer/core/volume.py", "import PySide6.QtCore"),
    "a core that reads files": ("viewer/core/session.py", "import viewer.io.files"),
    "a core that uses a model": ("viewer/core/labels.py", "import inference.manifest"),
    "a window that loads torch": ("viewer/workflows.py", "import torch"),
    "a window that trains in its own process": ("viewer/workflows.py", "import training.loops"),
    "Qt in the rendering": ("viewer/render/slices.py", "import PySide6.QtGui"),
    "VTK in a widget": ("viewer/gui/app.py", "import vtkmodules.all"),
    "rendering that starts use cases": ("viewer/render/slices.py", "import viewer.workflows"),
    "inference that knows the viewer": ("inference/tasks.py", "import viewer.core.volume"),
    "inference that needs training": ("inference/preprocess.py", "import training.losses"),
    "training that knows the viewer": ("training/losses.py", "import viewer.core.geometry"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    return subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def copy_of_the_house(tmp_path):
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("*.dcm", "*.onnx", "__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_arrows_hold(copy_of_the_house):
    result = lint(copy_of_the_house)

    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("planted", VIOLATIONS)
def test_a_planted_violation_is_found(copy_of_the_house, planted):
    file, line = VIOLATIONS[planted]
    path = copy_of_the_house / file
    path.write_text(path.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")

    result = lint(copy_of_the_house)

    assert result.returncode != 0
    assert "BROKEN" in result.stdout
