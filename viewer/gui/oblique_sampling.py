"""The values of an oblique plane for a pane: at once as far as that is quick, and whole once the picture is still."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Iterator

from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from viewer.core.oblique import ObliqueAxes
from viewer.core.volume import Volume
from viewer.render.slabs import Slab

_STILL_MS = 150
_LONG_S = 0.7  # after which a person is to see that the picture is not whole yet
_STEP_S = 0.02  # of work between two looks at what a person does


class ObliqueSampling(QObject):
    """Samples on the GUI's thread in steps far shorter than a tenth of a second, between which events are taken.

    What was sampled last is kept, so that a drag of the window need not sample again. Without quick_first values()
    gives whole ones at once, for pictures that are painted but once.
    """

    refined = Signal()  # values() gives the whole ones now
    progressed = Signal()  # while that takes long

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.quick_first = True
        self._volume: Callable[[], Volume | None] = lambda: None  # weak: it must not be kept
        self._asked: tuple[ObliqueAxes, float, Slab | None, bool, int | None] | None = None
        self._values: NDArray | None = None
        self._steps: Iterator[NDArray | None] | None = None
        self._started_s = 0.0
        self._still = QTimer(self, singleShot=True, interval=_STILL_MS)
        self._still.timeout.connect(self._begin)
        self._next = QTimer(self, singleShot=True, interval=0)
        self._next.timeout.connect(self._go_on)

    def refine_at_once(self) -> None:
        """Begin to get the whole values as soon as the quick ones are there, not only when the picture rests."""
        self._still.setInterval(0)

    @property
    def refining(self) -> bool:
        """True while the values are those that were quick to get."""
        return self._still.isActive() or self._steps is not None

    @property
    def long(self) -> bool:
        """True once it takes so long that it is to be seen."""
        return self._steps is not None and time.monotonic() - self._started_s > _LONG_S

    def values(self, volume: Volume, axes: ObliqueAxes, depth: float, slab: Slab | None, nearest: bool) -> NDArray:
        """As viewer.render.oblique.values_on; quick ones at first, where whole ones take long."""
        from viewer.render.oblique import takes_long, values_on  # brings VTK, which most sessions never need here

        arrived = None if volume.arrived is None else int(volume.arrived.sum())
        asked = (axes, depth, slab, nearest, arrived)
        if self._values is None or self._volume() is not volume or asked != self._asked:
            self.forget()
            quick = self.quick_first and takes_long(volume, axes, slab)
            self._values = values_on(volume, axes, depth, slab, nearest=nearest, quick=quick)
            self._volume, self._asked = weakref.ref(volume), asked
            if quick:
                self._still.start()
        return self._values

    def forget(self) -> None:
        """Let go of what was sampled."""
        self._values, self._steps = None, None
        self._still.stop()
        self._next.stop()

    def _begin(self) -> None:
        from viewer.render.oblique import values_in_steps

        volume = self._volume()
        if volume is not None and self._asked is not None:
            axes, depth, slab, nearest, _ = self._asked
            self._steps = values_in_steps(volume, axes, depth, slab, nearest=nearest)
            self._started_s = time.monotonic()
            self._go_on()

    def _go_on(self) -> None:
        until = time.monotonic() + _STEP_S
        values = None
        while self._steps is not None and values is None and time.monotonic() < until:
            values = next(self._steps)
        if values is not None:
            self._values, self._steps = values, None
            self.refined.emit()
            return
        self._next.start()
        if self.long:
            self.progressed.emit()
