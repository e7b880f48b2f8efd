"""Plots beside the pictures: dark, still, with a grid along y."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viewer.gui.style import BORDER, DIMMED_TEXT, SUNKEN

if TYPE_CHECKING:  # with all of Qt's classes it takes a third of a second to import: only the first plot waits for it
    import pyqtgraph as pg


def quiet_plot(least_height: int) -> pg.PlotWidget:
    """An empty plot without menus and buttons that the mouse does not move."""
    import pyqtgraph as pg

    plot = pg.PlotWidget(background=SUNKEN.name())
    plot.setMinimumHeight(least_height)
    plot.setMenuEnabled(False)
    plot.hideButtons()
    plot.setMouseEnabled(x=False, y=False)
    plot.showGrid(x=False, y=True, alpha=0.15)
    for side in ("left", "bottom"):
        axis = plot.getAxis(side)
        axis.setPen(pg.mkPen(BORDER))
        axis.setTextPen(pg.mkPen(DIMMED_TEXT))
    return plot
