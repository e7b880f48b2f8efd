"""The 3-D view's part of `make bench`: frames while a scan is turned, at the pace of the mouse."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

import resources
from viewer.core.geometry import Geometry
from viewer.core.volume import Volume
from viewer.core.volume_look import load_looks
from viewer.render.volume_scene import VolumeScene

_EDGE = 256
_PANE = 1024
_LOOKS = {"CT": ("Bone and vessels", "Bone", "Soft tissue", "MIP")}
_ALLOWED_MS = 100.0


def turning(tell_share: Callable[[str, float, str, str, float], None]) -> None:
    """Time from a movement of the camera to the pixels of its frame, for each of some looks of a CT of 256^3 voxels."""
    scene = VolumeScene()
    scene.resize(_PANE, _PANE)
    table = load_looks(resources.path("presets", "volume_rendering.json"))
    volume = trunk()
    for modality, names in _LOOKS.items():
        for look in (look for look in table[modality] if look.name in names):
            scene.set_volume(volume, look)
            scene.render(full=False)
            times_ms = []
            for n in range(80):
                scene.rotate(0.02, 0.01 if n < 40 else -0.01)
                started = time.perf_counter()
                scene.render(full=False)
                times_ms.append(1000 * (time.perf_counter() - started))
            for percent in (50, 95):
                name = f"3-D {look.name}, {_EDGE}^3 turned in a pane of {_PANE}, p{percent} of a frame"
                tell_share(name, float(np.percentile(times_ms, percent)), "ms", "allowed", _ALLOWED_MS)
            started = time.perf_counter()
            scene.render(full=True)
            seconds = time.perf_counter() - started
            tell_share(f"3-D {look.name}, {_EDGE}^3, the frame when it rests", seconds, "s", "allowed", 6.0)
    scene.close()


def trunk() -> Volume:
    """A made-up trunk of 256^3 voxels of 1.5 mm: skin, fat, muscle, vessels and bones, with the noise of a CT."""
    axis = (np.arange(_EDGE, dtype=np.float32) - _EDGE / 2) / (_EDGE / 2)
    k, j, i = axis[:, None, None], axis[None, :, None], axis[None, None, :]
    hu = np.full((_EDGE,) * 3, -1000.0, np.float32)
    across = (i / 0.85) ** 2 + (j / 0.6) ** 2 + 0 * k
    for radius, value in ((1.0, -100.0), (0.85, 45.0)):
        hu[across < radius**2] = value
    ribs = (np.abs(np.sqrt(across) - 0.8) < 0.035) & (np.abs((k * 9) % 1 - 0.5) < 0.16)
    spine = (i**2 + (j - 0.33) ** 2 < 0.012) & (np.abs((k * 8) % 1 - 0.5) < 0.42)
    aorta = (i - 0.1) ** 2 + (j - 0.12) ** 2 + 0 * k < 0.003
    hu[ribs] = 600.0
    hu[spine] = 450.0
    hu[aorta] = 280.0
    noise = np.random.default_rng(0).normal(0.0, 18.0, hu.shape).astype(np.float32)
    geometry = Geometry((_EDGE,) * 3, (1.5, 1.5, 1.5), np.zeros(3), np.eye(3))
    return Volume((hu + noise).astype(np.int16), geometry, unit="HU", modality="CT")
