"""What a classification model says of the open series: probabilities, slices, where it looked, and a person's word."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import QRectF, QSignalBlocker, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from viewer.core.events import What
from viewer.core.findings import LEVELS, SERIES, Level, Place
from viewer.core.scores import HeatKind, Scores, heat_shown
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.gui.plots import plots_are_loaded, quiet_plot
from viewer.gui.style import theme
from viewer.gui.trust_words import duration, when
from viewer.jobs import Job
from viewer.workflows import Workflows

_BAR_PX = 8
_PLOT_PX = 110
_KINDS: dict[HeatKind, str] = {"cam": QT_TR_NOOP("Heat map"), "occlusion": QT_TR_NOOP("Occlusion map")}
_LEVELS = {
    "all": QT_TR_NOOP("Answers are for the series and its slices"),
    "series": QT_TR_NOOP("Answers are for the series"),
    "slice": QT_TR_NOOP("Answers are for this slice"),
}
_ALL_TIP = QT_TR_NOOP(
    "Yes for {yes} slices on which the model finds it, no for {no} others. Slices that are answered already stay as "
    "they are. One undo takes all of it back."
)
_GATHERED = {
    "max": QT_TR_NOOP("Of the series: the largest of its slices."),
    "mean": QT_TR_NOOP("Of the series: the mean of its slices."),
    "": QT_TR_NOOP("Of the series, which the model sees at once."),
}
_OVER_TIME = QT_TR_NOOP("Each slice was seen at {n} time points.")


class _Bar(QWidget):
    """A probability from 0 to 1 as a bar with a mark at the threshold."""

    def __init__(self, probability: float, threshold: float) -> None:
        super().__init__()
        self._probability, self._threshold = probability, threshold
        self.setFixedHeight(_BAR_PX + 6)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, wide = theme(), self.width() - 1.0
        with QPainter(self) as painter:
            painter.fillRect(QRectF(0, 3, wide, _BAR_PX), colours.sunken)
            painter.fillRect(QRectF(0, 3, wide * self._probability, _BAR_PX), colours.accent)
            painter.setPen(QPen(colours.text, 2))
            x = wide * self._threshold
            painter.drawLine(round(x), 0, round(x), _BAR_PX + 5)


class ScorePanel(QWidget):
    """Shown while there are scores. Whoever listens to the session calls apply()."""

    def __init__(self, workflows: Workflows, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workflows = workflows
        self._shown: Scores | None = None
        self._chosen = 0
        self._kind: HeatKind = "cam"
        self._job: Job | None = None
        self._about = QLabel(wordWrap=True)
        self._about.setProperty("dimmed", True)
        self._rows = QGridLayout()
        self._rows.setVerticalSpacing(1)
        self._buttons: list[QPushButton] = []
        self.level = QComboBox()
        self.level.setAccessibleName(tr("Answer for"))
        self.level.currentIndexChanged.connect(lambda _: self._show_answers())
        self._answers: list[tuple[int, QLabel, QPushButton, QPushButton]] = []
        self._plot: Any = None
        self._times: Any = None
        self._plot_place = QVBoxLayout()
        self.heat = QPushButton(tr("Show the map"))
        self.heat.setCheckable(True)
        self.heat.clicked.connect(self.toggle_heat)
        self.kind = QComboBox()
        self.kind.setAccessibleName(tr("Map"))
        self.kind.currentIndexChanged.connect(self._choose_kind)
        self.top = QPushButton(tr("Go to its highest place"))
        self.top.setToolTip(tr("Show the place that the score of this class comes from most"))
        self.top.clicked.connect(self._go_to_top)
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(10, 90)
        self.opacity.setValue(50)
        self.opacity.setAccessibleName(tr("Opacity of the map"))
        self.opacity.valueChanged.connect(self._set_opacity)
        self.check = QPushButton(tr("Check by occlusion"))
        self.check.setToolTip(tr("Cover one part of this slice after the other and see how the probability changes"))
        self.check.clicked.connect(self._occlude)
        self._takes = QLabel(wordWrap=True)
        self._takes.setProperty("dimmed", True)
        self._found = QLabel(wordWrap=True)
        self._found.setProperty("dimmed", True)
        self.export = QPushButton(tr("Export…"))
        self.close_scores = QPushButton(tr("Close the scores"))
        self.close_scores.clicked.connect(lambda: self._session.show_scores(None))
        heading = QLabel(tr("Scores"))
        heading.setProperty("heading", True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(heading)
        layout.addWidget(self._about)
        layout.addLayout(self._rows)
        layout.addWidget(self.level)
        layout.addLayout(self._plot_place)
        seen = QHBoxLayout()
        seen.addWidget(self.heat)
        seen.addWidget(self.kind, 1)
        layout.addLayout(seen)
        for widget in (self.opacity, self.top, self.check, self._takes, self._found, self.export, self.close_scores):
            layout.addWidget(widget)
        for button in (self.heat, self.top, self.check, self.export, self.close_scores):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        workflows.jobs.subscribe(self._job_changed)
        self.hide()

    @property
    def _session(self):
        return self._workflows.session

    def apply(self, what: What) -> None:
        """Show what changed in the session."""
        scores = self._session.scores
        if what & (What.SERIES | What.PROPOSAL) and scores is not self._shown:
            again = scores is not None and self._shown is not None and scores.origin == self._shown.origin
            self._shown = scores
            self.setVisible(scores is not None)
            if scores is not None and not again:
                plots_are_loaded()
                self._chosen = int(np.argmax([one.probability for one in scores.classes]))
                self._build(scores)
        if scores is None:
            return
        if what & (What.SERIES | What.PROPOSAL):
            self._show_maps(scores)
        moved = What.CURSOR if self.level.currentData() == "slice" else What(0)
        if what & (What.SERIES | What.PROPOSAL | What.FINDINGS | What.TOOL | moved):
            self._show_answers()
        if what & (What.SERIES | What.PROPOSAL | What.CURSOR | What.VOXELS):
            self._show_slice()

    @property
    def chosen(self) -> int:
        """The class that is looked at, by its place in Scores.classes."""
        return self._chosen

    def toggle_heat(self) -> None:
        """Lay the map of the chosen class over the series, or take it away."""
        self._session.show_heat(None) if self._session.heat is not None else self._lay()

    def choose(self, of: int) -> None:
        """Another class: its slices, its map."""
        self._chosen = of
        for n, button in enumerate(self._buttons):
            button.setChecked(n == of)
        scores = self._session.scores
        if scores is None:
            return
        self._draw_plots(scores)
        if self._session.heat is not None:
            self._lay()
        self._show_maps(scores)

    def _build(self, scores: Scores) -> None:
        origin = scores.origin
        told = tr("{model} · {hash} · {device} · {seconds:.1f} s · {made}").format(
            model=said(origin.source), hash=origin.short_hash, device=origin.provider, seconds=origin.seconds,
            made=when(origin.made),
        )  # fmt: skip
        notes = [said(sentence) for sentence in (*(why for _, why in origin.overridden), *origin.notes)]
        seen = [tr(_OVER_TIME).format(n=scores.times)] if scores.times > 1 else []
        if scores.slice_count != 1:
            seen.insert(0, tr(_GATHERED[scores.gathered]))
        self._about.setText("\n".join([told, *seen, *notes]))
        while self._rows.count():
            item = self._rows.takeAt(0)
            if item is not None and (widget := item.widget()) is not None:
                widget.deleteLater()
        self._answers.clear()
        buttons: dict[int, QPushButton] = {}
        order = sorted(range(len(scores.classes)), key=lambda n: -scores.classes[n].probability)
        for row, n in enumerate(order):
            one = scores.classes[n]
            name = QPushButton(one.name)
            name.setCheckable(True)
            name.setChecked(n == self._chosen)
            name.setFlat(True)
            name.setStyleSheet("text-align: left")
            name.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            name.clicked.connect(partial(self.choose, n))
            buttons[n] = name
            mark = tr("above threshold") if one.above else tr("below threshold")
            words = QLabel(
                tr("{percent:.0f} %, {mark} {threshold:.0f} %").format(
                    percent=100 * one.probability, mark=mark, threshold=100 * one.threshold
                )
            )
            words.setWordWrap(True)
            self._rows.addWidget(name, 4 * row, 0, 1, 3)
            self._rows.addWidget(words, 4 * row + 1, 0, 1, 3)
            self._rows.addWidget(_Bar(one.probability, one.threshold), 4 * row + 2, 0, 1, 3)
            above = one.above or (scores.slices is not None and bool((scores.slices[:, n] >= one.threshold).any()))
            if above:
                state, accept, reject = QLabel(), QPushButton(tr("Accept")), QPushButton(tr("Reject"))
                accept.clicked.connect(partial(self._judge, n, True))
                reject.clicked.connect(partial(self._judge, n, False))
                accept.setAccessibleName(f"{tr('Accept')} {one.name}")
                reject.setAccessibleName(f"{tr('Reject')} {one.name}")
                for column, widget in enumerate((state, accept, reject)):
                    self._rows.addWidget(widget, 4 * row + 3, column)
                for button in (accept, reject):
                    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
                self._answers.append((n, state, accept, reject))
        self._buttons = [buttons[n] for n in range(len(scores.classes))]
        with QSignalBlocker(self.level):
            self.level.clear()
            for level in ("all", "series", "slice") if scores.slice_count > 1 else ("series",):
                self.level.addItem(tr(_LEVELS[level]), level)
        self.level.setVisible(bool(self._answers) and self.level.count() > 1)
        self._draw_plots(scores)

    def _draw_plots(self, scores: Scores) -> None:
        self._draw_slices(scores)
        self._draw_times(scores)

    def _draw_slices(self, scores: Scores) -> None:
        """The chosen class over slices, or the attention."""
        if self._plot is not None:
            self._plot[0].deleteLater()
            self._plot = None
        curve = scores.slices[:, self._chosen] if scores.slices is not None else None
        attention = scores.attention if scores.times == 1 else None
        if all(values is None or len(values) < 2 for values in (curve, attention)):
            return
        import pyqtgraph as pg

        plot, colours = quiet_plot(_PLOT_PX), theme()
        plot.setFixedHeight(_PLOT_PX)
        plot.setLabel("bottom", tr("Slice"))
        if curve is not None:
            count = len(curve)
            plot.plot(np.arange(1, count + 1), curve, pen=pg.mkPen(colours.accent, width=2))
            plot.setYRange(0, 1)
            threshold = scores.classes[self._chosen].threshold
            plot.addLine(y=threshold, pen=pg.mkPen(colours.dimmed_text, style=Qt.PenStyle.DashLine))
        elif attention is not None:
            count = len(attention)
            plot.setTitle(tr("Attention"), size="9pt", color=colours.dimmed_text)
            plot.plot(np.arange(1, count + 1), attention, pen=pg.mkPen(colours.accent, width=2))
        else:
            return
        here = plot.addLine(x=1, pen=pg.mkPen(colours.text, width=1))

        box: Any = plot.getViewBox()
        scene: Any = plot.scene()

        def clicked(event: Any) -> None:
            at = box.mapSceneToView(event.scenePos()).x()
            ijk = list(self._session.cursor_ijk)
            ijk[scores.axis] = min(max(round(at) - 1, 0), count - 1)
            self._session.move_cursor((ijk[0], ijk[1], ijk[2]))

        scene.sigMouseClicked.connect(clicked)
        self._plot_place.addWidget(plot)
        self._plot = plot, here
        self._show_slice()

    def _draw_times(self, scores: Scores) -> None:
        """The attention over time points, where a model tells it."""
        if self._times is not None:
            self._times[0].deleteLater()
            self._times = None
        if scores.attention is None or scores.times == 1:
            return
        import pyqtgraph as pg

        plot, colours = quiet_plot(_PLOT_PX), theme()
        plot.setFixedHeight(_PLOT_PX)
        plot.setLabel("bottom", tr("Time point"))
        plot.setYRange(0, float(scores.attention.max()))
        curve = plot.plot(pen=pg.mkPen(colours.accent, width=2))
        here = plot.addLine(x=1, pen=pg.mkPen(colours.text, width=1))
        box: Any = plot.getViewBox()
        scene: Any = plot.scene()
        scene.sigMouseClicked.connect(
            lambda event: self._go_to_time(round(box.mapSceneToView(event.scenePos()).x()) - 1, scores)
        )
        self._plot_place.addWidget(plot)
        self._times = plot, curve, here
        self._show_slice()

    def _go_to_time(self, number: int, scores: Scores) -> None:
        """Open a moment of the sequence, or show a frame of the film."""
        session, number = self._session, min(max(number, 0), scores.times - 1)
        if not scores.sequence:
            session.move_cursor((*session.cursor_ijk[:2], number))
        elif number != self._time_shown:
            self._workflows.show_moment(number, session)

    @property
    def _time_shown(self) -> int:
        moment = self._session.shown_moment
        return self._session.cursor_ijk[2] if moment is None else moment.number

    def _show_slice(self) -> None:
        scores = self._session.scores
        if scores is None:
            return
        if self._plot is not None:
            self._plot[1].setValue(self._session.cursor_ijk[scores.axis] + 1)
        if self._times is not None and scores.attention is not None:
            plot, curve, here = self._times
            number = min(self._session.cursor_ijk[scores.axis], len(scores.attention) - 1)
            curve.setData(np.arange(1, scores.times + 1), scores.attention[number])
            here.setValue(self._time_shown + 1)
            title = tr("Attention, slice {n}").format(n=number + 1)
            plot.setTitle(title, size="9pt", color=theme().dimmed_text)

    def _show_maps(self, scores: Scores) -> None:
        """Which maps there are of the chosen class, and how well they agree."""
        occluded = scores.occlusion(self._chosen)
        kinds: list[HeatKind] = ["cam"] if scores.heat else []
        if occluded is not None:
            kinds.append("occlusion")
        if self._kind not in kinds and kinds:
            self._kind = kinds[0]
        with QSignalBlocker(self.kind):
            self.kind.clear()
            for kind in kinds:
                self.kind.addItem(tr(_KINDS[kind]), kind)
            self.kind.setCurrentIndex(max(0, self.kind.findData(self._kind)))
        shown = self._session.heat is not None
        self.heat.setEnabled(bool(kinds))
        self.heat.setChecked(shown)
        self.heat.setText(tr("Hide the map") if shown else tr("Show the map"))
        self.kind.setEnabled(bool(kinds))
        self.opacity.setEnabled(shown)
        self.top.setEnabled(self._session.heat is not None and self._session.heat.top > 0)
        self.check.setEnabled(self._job is None or self._job.ended)
        self._takes.setText(self._occlusion_words())
        if occluded is None:
            self._found.setText("" if scores.heat else tr("This model gives no heat map; occlusion needs none."))
            return
        words = tr("Slice {n}, windows of {high:.0f} × {wide:.0f} mm: the probability changes by {low} to {top} %.")
        high, wide = occluded.window_mm
        told = words.format(
            n=occluded.slice_number + 1, high=high, wide=wide, low=round(100 * occluded.lowest),
            top=round(100 * occluded.highest),
        )  # fmt: skip
        if occluded.coarse:
            told += " " + tr("The windows are larger than usual, so that it took less time.")
        if occluded.agreement is not None:
            agree = tr("Agreement with the heat map (rank correlation, 1 is perfect): {agreement:.2f}.")
            told += " " + agree.format(agreement=occluded.agreement)
        self._found.setText(told)

    def _occlusion_words(self) -> str:
        """What a check by occlusion will take, and why it is a coarse one."""
        cost = self._workflows.runs.occlusion_expected()
        told = tr("At most {time}.").format(time=duration(cost.seconds))
        if not cost.coarse:
            return told
        coarse = tr("Windows of 1/{n} of the slice's sides: of 1/{finest} it would take {time}.")
        words = coarse.format(n=cost.per_side, finest=cost.finest, time=duration(cost.finest_s))
        return f"{told} {words}"

    def _choose_kind(self) -> None:
        self._kind = self.kind.currentData() or "cam"
        if self._session.heat is not None:
            self._lay()

    def _set_opacity(self) -> None:
        if self._session.heat is not None:
            self._session.show_heat(self._session.heat.with_opacity(self.opacity.value() / 100))

    def _lay(self) -> None:
        scores, series = self._session.scores, self._session.series
        if scores is None or series is None:
            return
        kind: HeatKind = "occlusion" if self._kind == "occlusion" and scores.occlusion(self._chosen) else "cam"
        heat = scores.map_of(self._chosen, kind)
        if heat is None:
            self._session.show_heat(None)
            return
        name, opacity = scores.classes[self._chosen].name, self.opacity.value() / 100
        self._session.show_heat(heat_shown(kind, name, scores.origin, heat, series, opacity, scores.times))

    def _go_to_top(self) -> None:
        session = self._session
        if session.heat is None or session.volume is None:
            return
        seen, grid = session.heat.over.volume, session.volume.geometry
        k, j, i = np.unravel_index(int(seen.voxels.argmax()), seen.voxels.shape)
        index = grid.lps_to_index(seen.geometry.index_to_lps((i, j, k)))
        if not grid.is_grid:
            index[2] = session.cursor_ijk[2]  # a map of a film lies on all its frames
        session.move_cursor(tuple(index.tolist()))

    def _occlude(self) -> None:
        def done() -> None:
            self._kind = "occlusion"
            self._lay()

        self._job = self._workflows.runs.occlude(self._chosen, done)
        self.check.setEnabled(self._job is None)

    def _job_changed(self, job: Job) -> None:
        if job is self._job and job.ended:
            self.check.setEnabled(True)

    @property
    def _places(self) -> tuple[Place, ...]:
        """Of what an answer is, the most important place first."""
        scores = self._session.scores
        if scores is None or self.level.currentData() == "series":
            return (SERIES,)
        if self.level.currentData() == "all":
            return (SERIES, *scores.slice_places())
        return (Place("slice", scores.axis, self._session.cursor_ijk[scores.axis]),)

    def _finding(self, name: str, level: Level) -> int | None:
        found = self._session.hand.findings
        return next((one.number for one in found if (one.name, one.level) == (name, level)), None)

    def _judge(self, of: int, accepts: bool) -> None:
        scores, places = self._session.scores, self._places
        if scores is None or not self._session.editable:
            return
        one, findings = scores.classes[of], dict[Level, int]()
        levels: set[Level] = {place.level for place in places}
        for level in levels:
            if self._finding(one.name, level) is None:
                self._workflows.new_finding(one.name, level, one.code)
            if (number := self._finding(one.name, level)) is None:
                return  # the list could not be saved, which was said
            findings[level] = number
        self._session.judge_score(of, findings, places, accepts=accepts)

    def _show_answers(self) -> None:
        scores, places = self._session.scores, self._places
        if scores is None:
            return
        for n, state, accept, reject in self._answers:
            name = scores.classes[n].name
            numbers: dict[Level, int] = {level: self._finding(name, level) or 0 for level in LEVELS}
            told = [one.above for place in places if (one := scores.told_of(n, place)) is not None]
            asked = [(numbers[place.level], place) for place in places]
            given = [self._session.answers.get(at) for at in asked]
            own = given[0] is not None and asked[0] not in self._session.judged_scores
            words = tr("Accepted") if given[0] is told[0] else tr("Rejected")
            if given[0] is None:
                words = tr("AI proposal") if any(told) else tr("Not found here")
            elif own:
                words = tr("Your own answer: yes") if given[0] else tr("Your own answer: no")
            state.setText(words)
            may = self._session.editable and any(told)
            accept.setEnabled(may and (given[0] is not told[0] or None in given[1:]))
            found = [answer for answer, yes in zip(given, told, strict=True) if yes]
            reject.setEnabled(may and (given[0] is not False or None in found))
            tip = tr(_ALL_TIP).format(yes=sum(told[1:]), no=len(told) - 1 - sum(told[1:])) if len(places) > 1 else ""
            accept.setToolTip(tip)
