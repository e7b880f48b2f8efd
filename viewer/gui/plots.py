"""Plots beside the pictures: in the colours of the theme, still, with a grid along y."""

from __future__ import annotations

import contextlib
import importlib
import threading
from functools import cache
from typing import TYPE_CHECKING

from viewer.gui.style import theme

if TYPE_CHECKING:  # with all of Qt's classes it takes a third of a second to import, and 27 MB
    import pyqtgraph as pg


def plots_are_loaded() -> bool:
    """True if a plot can be made without waiting; from the first time on that this is asked, they are being loaded, on
    a thread that nobody waits for."""
    return not _loading().is_alive()


@cache
def _loading() -> threading.Thread:
    def load() -> None:
        with contextlib.suppress(ImportError):  # where a plot is made, it will be said
            importlib.import_module("pyqtgraph")

    thread = threading.Thread(target=load, name="loading plots")  # no daemon: the interpreter must not go meanwhile
    thread.start()
    return thread


def quiet_plot(least_height: int) -> pg.PlotWidget:
    """An empty plot without menus and buttons that the mouse does not move."""
    import pyqtgraph as pg

    plot = pg.PlotWidget()
    plot.setMinimumHeight(least_height)
    plot.setMenuEnabled(False)
    plot.hideButtons()
    plot.setMouseEnabled(x=False, y=False)
    plot.showGrid(x=False, y=True, alpha=0.15)
    dress_plot(plot)
    return plot


def dress_plot(plot: pg.PlotWidget) -> None:
    """Draw a plot's ground and axes in the colours of the theme; its curves and its title are its owner's."""
    import pyqtgraph as pg

    colours = theme()
    plot.setBackground(colours.sunken)
    for side in ("left", "bottom"):
        axis = plot.getAxis(side)
        axis.setPen(pg.mkPen(colours.border))
        axis.setTextPen(pg.mkPen(colours.dimmed_text))
