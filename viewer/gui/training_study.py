"""The study of settings before a training: each trial's Dice, and the best until then."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from viewer.gui.language import tr
from viewer.gui.plots import plots_are_loaded, quiet_plot
from viewer.gui.style import theme
from viewer.training_runs import TrainingRun

if TYPE_CHECKING:
    import pyqtgraph as pg

_MOST_TICKS = 12


class TrainingStudy(QWidget):
    """Shows the trials that there are of a run; hidden where there are none."""

    def __init__(self) -> None:
        super().__init__()
        self.told = QLabel(wordWrap=True)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(3)
        self._layout.addWidget(self.told)
        self.hide()

    def show_run(self, run: TrainingRun | None) -> None:
        """Show the trials of a run that are over."""
        trials = [e for e in run.events if e["event"] == "trial"] if run is not None else []
        self.setVisible(bool(trials))
        if not trials:
            return
        last = trials[-1]
        words = tr("Settings tried: {n} of {all}; the best Dice is {best:.3f}, that of the usual ones {usual:.3f}.")
        self.told.setText(words.format(n=last["trial"], all=last["trials"], best=last["best"], usual=trials[0]["dice"]))
        if plots_are_loaded():
            self._draw(trials)

    def dress(self) -> None:
        """Draw in the colours of the theme."""
        if "_curves" in vars(self):
            plot = self._curves[0]
            del self._curves
            plot.hide()
            plot.deleteLater()

    @cached_property
    def _curves(self) -> tuple[pg.PlotWidget, pg.PlotDataItem, pg.PlotDataItem]:
        import pyqtgraph as pg

        colours = theme()
        plot = quiet_plot(92)
        plot.setMaximumHeight(130)
        plot.setAccessibleName(tr("Dice of the settings that were tried"))
        best = plot.plot([], [], pen=pg.mkPen(colours.good, width=1.6), stepMode="right", antialias=True)
        each = plot.plot([], [], pen=None, symbol="o", symbolSize=6, symbolPen=None, symbolBrush=colours.accent)
        self._layout.addWidget(plot)
        return plot, each, best

    def _draw(self, trials: list[dict[str, Any]]) -> None:
        plot, each, best = self._curves
        colours, numbers = theme(), [e["trial"] for e in trials]
        brushes = [colours.dimmed_text if e["pruned"] else colours.accent for e in trials]  # given up: measured in part
        each.setData(numbers, [e["dice"] for e in trials], symbolBrush=brushes)
        best.setData(numbers, [e["best"] for e in trials])
        every = 1 + trials[-1]["trials"] // _MOST_TICKS
        plot.setXRange(0.5, trials[-1]["trials"] + 0.5)
        plot.getAxis("bottom").setTicks([[(n, str(n)) for n in range(1, trials[-1]["trials"] + 1, every)]])
