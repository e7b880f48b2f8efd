"""The thread that owns the 3-D scene: it takes the newest commands and delivers frames, so that nobody waits."""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from viewer.core.geometry import Geometry
from viewer.core.volume import Volume
from viewer.core.volume_look import VolumeLook
from viewer.jobs import give_way
from viewer.render.frame import Cut, Frame, LabelLayer, SceneError, Side

if TYPE_CHECKING:  # VTK takes most of a second to import: only the thread does, when there is something to show
    from viewer.render.volume_scene import VolumeScene

_SLICES_FIRST_S = 0.1  # before VTK makes its window, which holds up all other Python for up to a tenth of a second
_STILL_S = 0.15  # without a command after which a frame of full quality is drawn
_LAST_WAIT_S = 20.0  # for the thread when the interpreter ends: VTK must not draw after that


def load_vtk() -> None:
    """Import VTK, on a thread that nobody waits for. It holds up all other Python for moments, so the best time is when
    nobody looks at anything yet."""
    with contextlib.suppress(ImportError):  # the renderer will say so
        _load_libraries("vtkmodules.vtkRenderingVolumeOpenGL2")
        importlib.import_module("viewer.render.volume_scene")


def _load_libraries(module: str) -> None:
    """Have the system load the libraries that an extension module needs, before it is imported: an import holds up all
    other Python meanwhile, of VTK's for up to a tenth of a second. dlopen(3), Linux only."""
    spec = importlib.util.find_spec(module)
    if sys.platform == "linux" and spec is not None and spec.origin is not None:
        with contextlib.suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).dlopen(os.fsencode(spec.origin), sys.getdlopenflags())


@dataclass
class _Commands:
    """What has been asked for and not yet done: a newer wish replaces an older one, movements add up."""

    scene: dict[str, Callable[[VolumeScene], None]] = field(default_factory=dict)
    turn: tuple[float, float] = (0.0, 0.0)
    shift: tuple[float, float] = (0.0, 0.0)
    zoom: float = 1.0
    text: str = ""

    @property
    def some(self) -> bool:
        return bool(self.scene) or self.turn != (0.0, 0.0) or self.shift != (0.0, 0.0) or self.zoom != 1.0

    def forget_camera(self) -> None:
        """A new view takes the place of the movements asked for before it."""
        self.turn, self.shift, self.zoom = (0.0, 0.0), (0.0, 0.0), 1.0


class SceneRenderer:
    """Draws the scene on a thread of its own. Every method but close returns at once; call them from any thread.

    deliver gets each frame, say each change of the progress to show (empty when there is nothing to say), fail
    the one sentence that tells why there is no picture and never will be one. All are called on the drawing
    thread.
    """

    def __init__(
        self, deliver: Callable[[Frame], None], say: Callable[[str], None], fail: Callable[[str], None]
    ) -> None:
        self._deliver, self._say, self._fail = deliver, say, fail
        self._commands = _Commands()
        self._changed = threading.Condition()  # its lock is re-entrant
        self._stopping = False
        self._asked_generation = 0
        self._generation = 0  # of what the scene holds; the drawing thread's own
        self._memory_freed = False  # since it was last given back to the system; the drawing thread's own too
        # A daemon, because a window that is never closed must not keep the program alive. VTK must not be in the
        # middle of a frame when the interpreter goes away, so that is waited for.
        self._thread = threading.Thread(target=self._run, name="3-D", daemon=True)
        atexit.register(self.close, _LAST_WAIT_S)
        self._thread.start()

    def set_volume(self, volume: Volume | None, look: VolumeLook | None) -> int:
        """Show a scan from the front, whole, without labels; None shows nothing. Returns the generation of its
        frames."""
        with self._changed:
            self._asked_generation += 1
            generation = self._asked_generation
            for outdated in ("labels", "look", "cut", "camera"):
                self._commands.scene.pop(outdated, None)
            self._commands.forget_camera()

            def act(scene: VolumeScene) -> None:
                scene.set_volume(volume, look)
                self._generation = generation
                self._memory_freed = True

            self._ask("volume", act, "Preparing the 3-D view…" if volume is not None else "")
            return generation

    def set_labels(self, layers: Sequence[LabelLayer], geometry: Geometry) -> None:
        """Show the surfaces of the visible labels; where two layers have one, the later layer's is shown.

        The voxels are copied on the drawing thread soon after: call again after each change of them.
        """
        self._ask("labels", lambda scene: scene.set_labels(layers, geometry), "Updating surfaces…" if layers else "")

    def set_look(self, look: VolumeLook, *, glass: bool) -> None:
        """Show the scan in another way. glass: as of glass, whatever the look, while there are label surfaces."""
        self._ask("look", lambda scene: scene.set_look(look, glass=glass))

    def set_cut(self, cut: Cut) -> None:
        """Take parts of the scan, or of the labels too, away."""
        self._ask("cut", lambda scene: scene.set_cut(cut))

    def show(self, *, volume: bool, labels: bool) -> None:
        """Show or hide the scan and the label surfaces."""
        self._ask("show", lambda scene: scene.show(volume=volume, labels=labels))

    def resize(self, width: int, height: int) -> None:
        """Size of the frames in device pixels."""
        self._ask("size", lambda scene: scene.resize(width, height))

    def reset_camera(self) -> None:
        """Look from the front again, the whole scan in view."""
        self._set_camera(lambda scene: scene.reset_camera())

    def look_from(self, side: Side) -> None:
        """Look straight at one side of the patient, from as far away as now."""
        self._set_camera(lambda scene: scene.look_from(side))

    def rotate(self, right: float, down: float) -> None:
        """Turn the scene; a drag across the whole frame is 1."""
        with self._changed:
            turn = self._commands.turn
            self._commands.turn = (turn[0] + right, turn[1] + down)
            self._changed.notify()

    def pan(self, right: float, down: float) -> None:
        """Move the scene, in fractions of the frame's height."""
        with self._changed:
            shift = self._commands.shift
            self._commands.shift = (shift[0] + right, shift[1] + down)
            self._changed.notify()

    def zoom(self, factor: float) -> None:
        """Magnify the scene."""
        with self._changed:
            self._commands.zoom *= factor
            self._changed.notify()

    def close(self, timeout_s: float = _LAST_WAIT_S) -> bool:
        """End the thread; nothing new is delivered afterwards. True if it ended within timeout_s.

        If it did not, it ends with the step it is in, and the interpreter waits for that before it goes away.
        """
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _set_camera(self, act: Callable[[VolumeScene], None]) -> None:
        with self._changed:
            self._commands.forget_camera()
            self._ask("camera", act)

    def _ask(self, what: str, act: Callable[[VolumeScene], None], text: str = "") -> None:
        with self._changed:
            self._commands.scene[what] = act
            self._commands.text = text or self._commands.text
            self._changed.notify()

    def _wanted(self) -> bool:
        return self._stopping or self._commands.some

    def _run(self) -> None:
        give_way()
        scene = None
        try:
            with self._changed:
                if self._changed.wait_for(lambda: self._stopping, _SLICES_FIRST_S):
                    return
            from viewer.render.volume_scene import VolumeScene

            scene = VolumeScene()
            self._draw(scene)
        except SceneError as error:
            self._tell(self._fail, str(error))
        except ImportError as error:
            self._tell(self._fail, f"3-D is off: VTK cannot be loaded ({error}).")
        except Exception as error:  # the window has to live on whatever a graphics driver does
            self._tell(self._fail, f"3-D is off: {type(error).__name__}: {error}")
        finally:
            if scene is not None:
                scene.close()
            atexit.unregister(self.close)  # which would keep the window, and its scan

    def _draw(self, scene: VolumeScene) -> None:
        full_due = False
        while True:
            with self._changed:
                self._changed.wait_for(self._wanted, timeout=_STILL_S if full_due else None)
                if self._stopping:
                    return
                commands, self._commands = self._commands, _Commands()
            if commands.text:
                self._tell(self._say, commands.text)
            if commands.some:
                _obey(scene, commands)
                frame, full_due = scene.render(full=False), True
            else:
                frame = scene.render(full=True, interrupted=self._wanted)
                full_due = frame is None
            if commands.text:
                self._tell(self._say, "")
            if frame is not None:
                self._tell(self._deliver, replace(frame, generation=self._generation))
                if frame.full and self._memory_freed:
                    self._memory_freed = False
                    _give_memory_back()

    def _tell(self, listener: Callable, news: Frame | str) -> None:
        if not self._stopping:
            listener(news)


def _give_memory_back() -> None:
    """Give what was needed to prepare a scan back to the system, which the C library of Linux would keep: some tens of
    megabytes. malloc_trim(3)."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)


def _obey(scene: VolumeScene, commands: _Commands) -> None:
    for what in ("size", "volume", "look", "cut", "labels", "show", "camera"):
        if what in commands.scene:
            commands.scene[what](scene)
    if commands.turn != (0.0, 0.0):
        scene.rotate(*commands.turn)
    if commands.shift != (0.0, 0.0):
        scene.pan(*commands.shift)
    if commands.zoom != 1.0:
        scene.zoom(commands.zoom)
