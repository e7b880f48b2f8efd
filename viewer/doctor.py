"""Looks at what is installed and whether it really works, and says how to mend what does not."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import resources
from inference.manifest import ManifestError, ModelError
from inference.models import ModelStore
from inference.runtime import load_model
from viewer.workflows import user_folder

_PACKAGES = (
    "PySide6_Essentials",
    "pyqtgraph",
    "vtk",
    "SimpleITK",
    "pydicom",
    "numpy",
    "opencv-python-headless",
    "pydantic",
)
_SYSTEM_LIBRARIES = (
    "sudo apt-get install libglib2.0-0 libgl1 libegl1 libx11-6 libdbus-1-3 libfontconfig1 libfreetype6 libxkbcommon0 "
    "libbrotli1 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxcb-randr0 libxkbcommon-x11-0 libx11-xcb1"
)
_TRAINING_PACKAGES = 'pip install "slicewise[training]"'


@dataclass(frozen=True)
class Finding:
    """One thing looked at. mend is a sentence or a command, empty where nothing is to be done."""

    what: str
    works: bool
    detail: str
    mend: str = ""


def examine() -> list[Finding]:
    """Every check, in the order in which a fault would be met. Takes some seconds: parts run in child processes."""
    findings = [Finding("Python", sys.version_info >= (3, 11), platform.python_version(), "")]
    findings += [_package(name) for name in _PACKAGES]
    findings.append(_in_child("window (Qt)", "from PySide6.QtWidgets import QApplication; QApplication([])"))
    findings.append(_in_child("3-D rendering (VTK)", "from viewer.render.volume_scene import check; print(check())"))
    findings.append(_device())
    findings.append(_training())
    findings.append(_writable(user_folder()))
    return findings


def _package(name: str) -> Finding:
    try:
        return Finding(name, True, metadata.version(name))
    except metadata.PackageNotFoundError:
        return Finding(name, False, "not installed", "pip install --force-reinstall slicewise")


def _in_child(what: str, program: str) -> Finding:
    has_display = sys.platform in ("win32", "darwin") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    environment = os.environ | ({} if has_display else {"QT_QPA_PLATFORM": "offscreen"})
    child = subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, text=True, env=environment, timeout=120, check=False
    )
    if child.returncode == 0:
        return Finding(what, True, child.stdout.strip().splitlines()[-1] if child.stdout.strip() else "works")
    last = (child.stderr.strip().splitlines() or [f"ended with {child.returncode}"])[-1]
    mend = _SYSTEM_LIBRARIES if sys.platform == "linux" else "update the graphics driver"
    return Finding(what, False, last, mend)


def _device() -> Finding:
    try:
        store = ModelStore(resources.path("models"), user_folder() / "models")
        records = [record for record in store.list() if record.active]
        if not records:
            return Finding("models", False, "none is shipped", "reinstall Slicewise")
        provider = load_model(records[0]).provider
    except (ManifestError, ModelError) as error:
        return Finding("models", False, str(error), "reinstall Slicewise, or roll the model back in the AI panel")
    hint = "" if "CUDA" in provider or not shutil.which("nvidia-smi") else 'pip install "slicewise[gpu]"'
    return Finding("models", not hint, f"{len(records)} active; they really run on {provider}", hint)


def _training() -> Finding:
    finding = _in_child(
        "training (torch)",
        "import torch, monai; print(torch.__version__, 'cuda' if torch.cuda.is_available() else 'cpu')",
    )
    return finding if finding.works else Finding(finding.what, False, finding.detail, _TRAINING_PACKAGES)


def _writable(folder: Path) -> Finding:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Finding("user folder", False, str(error), f"make {folder} writable")
    free_gb = shutil.disk_usage(folder).free / 1e9
    mend = "" if free_gb > 1 else "free some space"
    return Finding("user folder", not mend, f"{folder}, {free_gb:.0f} GB free", mend)
