"""What a slice pane says of what it shows: the lines of its corners, its badges, letters and ruler."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor

from viewer.core.display import VoiTable, WindowLevel, window_ends
from viewer.core.fusion import Fusion
from viewer.core.geometry import Geometry, Plane, PlaneAxes, edge_letters, orientation_letters
from viewer.core.oblique import ObliqueAxes, screen_directions, shows_one_slice, tilt_degrees
from viewer.core.resample import can_be_resampled
from viewer.core.session import Session
from viewer.core.study import DERIVED_NOTE, LEFT_OUT, SYNTHETIC_NOTE, Series
from viewer.core.volume import Volume
from viewer.gui.actions import NOT_MEASURED, READ_ONLY
from viewer.gui.answer_words import answer_badges
from viewer.gui.colour_bar import ColourBar
from viewer.gui.enhanced_picture import EnhancedPicture
from viewer.gui.fusion_words import fusion_badges, fusion_bar, fusion_value
from viewer.gui.heat_words import heat_badge, heat_bar
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.gui.lettering import CornerTexts, Words
from viewer.gui.masking_words import masking_badges
from viewer.gui.overlay import (
    Badge,
    Line,
    Rank,
    Ruler,
    identity_lines,
    is_picture,
    iso_date,
    number_text,
    other_place,
    plane_name,
    told,
    warning_line,
)
from viewer.gui.pane import LOADING
from viewer.gui.style import ACCENT, DIMMED_TEXT, GOOD, PLANE_COLOURS, PROPOSAL, WARNING
from viewer.gui.trust_words import doubt_badges, doubt_bar, proposal_badges
from viewer.render.slabs import Slab, slices_within
from viewer.render.slices import SliceView, scale_bar_mm

_SCALE_BAR_SHARE = 0.22  # of the pane's width

_VERDICTS = {
    "tilted": QT_TR_NOOP("Tilted gantry"),
    "uneven": QT_TR_NOOP("Uneven slice spacing"),
    "missing": QT_TR_NOOP("Missing slices"),
    "duplicate": QT_TR_NOOP("Duplicate slices"),
    "mixed": QT_TR_NOOP("Mixed orientations or sizes"),
    "no-position": QT_TR_NOOP("Slice positions unknown"),
    "ambiguous": QT_TR_NOOP("One of two places"),
}
_AT_DETECTOR = QT_TR_NOOP(
    "Sizes are those on the detector (ImagerPixelSpacing). In the patient they are smaller, by the magnification."
)
_UNCALIBRATED = QT_TR_NOOP("The file gives no size of a pixel, so nothing is measured in millimetres.")
_US_SCALE = QT_TR_NOOP("The scale is that of the ultrasound region, not of the whole picture.")
_US_SCALES = QT_TR_NOOP("The ultrasound regions of the picture have different scales, so there is none for all of it.")
_LOSSY = QT_TR_NOOP("The pictures were compressed with loss: fine detail may be missing or altered.")
_MIRRORED = QT_TR_NOOP(
    "The picture is seen as in a mirror. The letters at its edges are right; writing in the picture is reversed. "
    "{Display/Reset view} ends it."
)
_NEUROLOGICAL = QT_TR_NOOP(
    "The patient's left is on the left of the screen, as if seen from above or behind. Radiologists are used to it the "
    "other way round. {Display/Neurological convention: patient's left on the left} ends it."
)
_SLAB_DETAIL = QT_TR_NOOP(
    "Several slices are seen as one. Labels and the cross-hair belong to the middle slice; no value is written, as "
    "what is seen may come from any of them. Shift + wheel, {Display/Thicker slab} and {Display/Thinner slab} change "
    "the thickness; {Display/Slab: MIP, MinIP, mean, single slices} shows the next kind, and single slices again."
)
_OBLIQUE_DETAIL = QT_TR_NOOP(
    "The plane cuts across the slices of the scan, and what is seen is interpolated between voxels; values under the "
    "mouse, of probes and of regions are those of stored voxels. Drag a handle of a line to turn the planes, with "
    "Shift in steps of 5°. {Display/Reset view}, or a double click on a handle, sets them along the scan again. The "
    "brush draws on the voxels that the plane passes through."
)
_ENHANCED_DETAIL = QT_TR_NOOP(
    "What a model made of the series is seen, in part or whole. Values under the mouse, measurements and labels are "
    "those of the original. {AI/Original while the key is held} compares the two."
)
_LPS_LETTERS = {"sagittal": ("R", "L", 0), "coronal": ("A", "P", 1), "axial": ("F", "H", 2)}


@dataclass(frozen=True)
class SliceWords:
    """What a slice pane shows, and the words for it. view is None with nothing to see; pointed is the continuous index
    (i, j, k) whose value is told, that under the mouse or the cross-hair, None for none; width in logical pixels.
    depth is that of the view: the number of a slice, or where an oblique plane lies."""

    session: Session
    plane: Plane
    view: SliceView | None
    depth: float
    slab: Slab | None
    mirrored: bool
    quarters: int
    pointed: tuple[float, float, float] | None
    company: tuple[Badge, ...]
    width: float

    def all(self, view: SliceView, series: Series, volume: Volume, sentence_area: QRectF) -> Words:
        """All that a pane says over a picture."""
        named = self.session.hand.overlay_text != "none"
        arrived = volume.arrived if self.session.loading and shows_one_slice(view.axes) else None
        return Words(
            self.corner_texts(),
            self._letters(volume, view, series) if named else None,
            self._ruler(view, series) if named else None,
            tuple(self._badges_now(series, volume)),
            tr(LOADING) if arrived is not None and not arrived[int(self.depth)] else "",
            DIMMED_TEXT,
            sentence_area,
            bar=self._bar(volume) or (doubt_bar(self.session) if self._fusion is not None else None) if named else None,
            left_bar=self._left_bar if named else None,
        )

    def _letters(self, volume: Volume, view: SliceView, series: Series) -> tuple[str, str, str, str] | None:
        if isinstance(view.axes, PlaneAxes):
            return edge_letters(volume.geometry, view.axes, series.sides)
        if not volume.geometry.patient_space:
            return None
        right, down = screen_directions(volume.geometry, view.axes)
        left, right, top, bottom = (orientation_letters(way) for way in (-right, right, -down, down))
        return left, right, top, bottom

    def _ruler(self, view: SliceView, series: Series) -> Ruler | None:
        if self.session.volume is None or not self.session.volume.geometry.calibrated:
            return None
        bar_mm = scale_bar_mm(view.pixels_per_mm, min(self.width * _SCALE_BAR_SHARE, 180.0))
        return None if bar_mm is None else Ruler(bar_mm * view.pixels_per_mm, _length(bar_mm, series))

    def _bar(self, volume: Volume) -> ColourBar | None:
        """The colours with the values of their ends, where they are not those that everybody knows."""
        session = self.session
        if volume.colour or session.colour_map in ("grey", "masks"):
            return None
        factor, unit = (volume.suv_factor, "SUV") if volume.suv_factor is not None else (1.0, volume.unit)
        about = "≈ " if isinstance(session.window, WindowLevel) and session.window.function == "SIGMOID" else ""
        bottom, top = (f"{about}{number_text(factor * value)} {unit}".rstrip() for value in window_ends(session.window))
        if session.inverted:
            bottom, top = top, bottom
        return ColourBar(session.colour_map, top, bottom)

    @property
    def _left_bar(self) -> ColourBar | None:
        """The colours of what lies uppermost."""
        if self.session.heat is not None:
            return heat_bar(self.session.heat)
        return doubt_bar(self.session) if self._fusion is None else fusion_bar(self._fusion)

    @property
    def _fusion(self) -> Fusion | None:
        """What is laid over the picture."""
        return self.session.fusion

    def _badges_now(self, series: Series, volume: Volume) -> list[Badge]:
        session = self.session
        places = [note for note in series.notes if other_place([note])]
        left_out = [note for note in series.notes if note.startswith(LEFT_OUT)]
        notes = [note for note in series.notes if note not in (*places, *left_out, SYNTHETIC_NOTE, DERIVED_NOTE)]
        if volume.saved_as_colours and not session.loading:
            notes.append(tr("Saved as colours, all of which are grey: shown as grey values."))
        badges = [*self._badges_of_view(), *self._badges_of_model()]
        if series.verdict.kind == "no-position" and series.frame_time_ms is not None:
            badges.append(Badge(tr("Frames over time"), DIMMED_TEXT, said(series.verdict.detail)))
        elif series.verdict.kind in _VERDICTS:
            mends = can_be_resampled(volume, series.verdict) and not session.loading
            verdict = f"⚠ {tr(_VERDICTS[series.verdict.kind])}"
            texts = verdict, other_place(series.notes), tr("resample…") if mends else ""
            detail = "\n".join(said(sentence) for sentence in (series.verdict.detail, *places))
            badges.append(Badge(" · ".join(part for part in texts if part), WARNING, detail, Rank.MUST, mends))
        if session.synthetic:
            badges.append(Badge(tr("⚠ Synthetic"), WARNING, tr(NOT_MEASURED), Rank.MUST))
        elif DERIVED_NOTE in series.notes:
            badges.append(Badge(tr("Derived"), DIMMED_TEXT, said(DERIVED_NOTE), Rank.USUAL))
        if left_out:
            badges.append(Badge(tr("⚠ Not whole"), WARNING, "\n".join(said(note) for note in left_out), Rank.MUST))
        resampled = next((note for note in notes if note.startswith("Resampled")), "")
        if resampled:
            notes.remove(resampled)
            badges.append(Badge(tr("Resampled"), WARNING, said(resampled)))
        if not volume.geometry.calibrated:
            detail = tr(_US_SCALES if series.regions else _UNCALIBRATED)
            badges.append(Badge(tr("Uncalibrated"), WARNING, detail))
        elif series.calibration == "ImagerPixelSpacing":
            badges.append(Badge(tr("At detector"), DIMMED_TEXT, tr(_AT_DETECTOR), Rank.SCALE))
        elif series.calibration == "US regions":
            badges.append(Badge(tr("US region scale"), DIMMED_TEXT, tr(_US_SCALE), Rank.SCALE))
        if series.lossy:
            badges.append(Badge(tr("Lossy compression"), WARNING, tr(_LOSSY)))
        if notes:
            text = tr("{count} notes").format(count=len(notes)) if len(notes) > 1 else tr("1 note")
            badges.append(Badge(text, DIMMED_TEXT, "\n".join(said(note) for note in notes), Rank.USUAL))
        if session.read_only:
            badges.append(Badge(tr("Read only"), WARNING, tr(READ_ONLY)))
        return [*badges, *self._badges_of_slice()]

    def _badges_of_view(self) -> list[Badge]:
        """What is to be known of the way in which the picture is made and laid out."""
        session, slab, badges = self.session, self.slab, []
        if self.view is not None and isinstance(self.view.axes, ObliqueAxes):
            badges.append(Badge(oblique_text(self.view.axes), DIMMED_TEXT, tr(_OBLIQUE_DETAIL), Rank.MUST))
        if slab is not None and self.view is not None:
            badges.append(Badge(self._slab_text(slab, self.view), DIMMED_TEXT, tr(_SLAB_DETAIL), Rank.MUST))
        if session.enhanced is not None and self._enhanced_seen:
            text = tr("AI picture: {model}").format(model=said(session.enhanced.origin.source))
            badges.append(Badge(text, PROPOSAL, tr(_ENHANCED_DETAIL), Rank.MUST))
        if self._fusion is not None:
            badges.extend(fusion_badges(self._fusion))
        if session.is_neurological(self.plane):
            badges.append(Badge(tr("⚠ Neurological"), WARNING, tr(_NEUROLOGICAL), Rank.MUST))
        if self.mirrored:
            badges.append(Badge(tr("⚠ Mirrored"), WARNING, tr(_MIRRORED), Rank.MUST))
        if session.volume is not None:
            badges.extend(masking_badges(session.hand, session.volume))
        if self.quarters:
            badges.append(Badge(tr("Turned {degrees}°").format(degrees=90 * self.quarters), DIMMED_TEXT))
        return [*badges, *self.company]

    @property
    def _enhanced_seen(self) -> bool:
        return EnhancedPicture.possible(self.session, self.view, self.slab is not None)

    @property
    def _own_window(self) -> bool:
        """Whether what a model made is seen with another window than that of the series."""
        session = self.session
        other = session.enhanced is not None and (session.enhanced.translated or session.enhanced_view == "difference")
        return other and self._enhanced_seen

    def _badges_of_model(self) -> list[Badge]:
        """What of a model's results is seen here."""
        session = self.session
        own = session.shown is session.volume  # of a moment that is only played there are no results
        badges = [*proposal_badges(session), *(doubt_badges(session) if own else ())]
        if session.detections is not None:
            hidden = "" if session.hand.overlay_visible else tr(" (hidden)")
            text = tr("AI boxes: {model}{hidden}").format(model=said(session.detections.origin.source), hidden=hidden)
            badges.append(Badge(text, PROPOSAL))
        seen = session.heat is not None and (own or session.heat.times > 1)
        return [*badges, heat_badge(session.heat)] if seen and session.heat is not None else badges

    def _badges_of_slice(self) -> list[Badge]:
        """What a person has marked the shown slice as."""
        session, badges = self.session, []
        if session.is_key_image(self.plane):
            badges.append(Badge(tr("★ Key image"), ACCENT))
        if session.is_confirmed(self.plane):
            nothing = not session.has_labels(self.plane) and not session.has_boxes(self.plane)
            badges.append(Badge(tr("✓ Nothing here") if nothing else tr("✓ Confirmed"), GOOD))
        return [*badges, *answer_badges(session, self.plane)]

    def _slab_text(self, slab: Slab, view: SliceView) -> str:
        count = slab.slices
        if isinstance(view.axes, PlaneAxes):
            count = len(slices_within(slab, int(self.depth), view.count))
        calibrated = self.session.volume is not None and self.session.volume.geometry.calibrated
        if calibrated:
            return f"{tr(slab.kind)} {count * view.step_mm:.1f} mm"
        return tr("{kind} {count} slices").format(kind=tr(slab.kind), count=count)

    def corner_texts(self) -> CornerTexts:
        """The lines of the four corners in the session's overlay state."""
        session, view = self.session, self.view
        name = (Line(self._plane_name, self._colour, Rank.NOTICE),)
        if session.volume is None or session.series is None or session.hand.overlay_text == "none":
            return CornerTexts(name)
        series = session.series
        left, right = name, ()
        if session.hand.overlay_text == "all":
            left = (*name, *identity_lines(series))
            left = (*left, *told(Line(series.view, rank=Rank.NOTICE)))
            place = " · ".join(x for x in (series.modality, series.institution) if x)
            date = Line(iso_date(series.study_date), rank=Rank.VALUE, number=True)
            right = told(Line(series.study_description), date, Line(place, rank=Rank.MINOR))
        if view is None:
            return CornerTexts(left, right)
        return CornerTexts(
            left, right, self._image_lines(session.shown or session.volume, view), self._slice_lines(series, view)
        )

    @property
    def _colour(self) -> QColor:
        return PLANE_COLOURS[self.plane]

    @property
    def _plane_name(self) -> str:
        return tr("Image") if is_picture(self.session) else plane_name(self.plane)

    def _image_lines(self, volume: Volume, view: SliceView) -> tuple[Line, ...]:
        zoom, source = 100 * max(view.pixels_per_voxel), self.session.source
        told_of = None if self.slab is not None else self.pointed
        texts = _value_texts(volume, volume.geometry.clamp_index(told_of)) if told_of is not None else ()
        if self._enhanced_seen:
            texts = tuple(tr("{value} (original)").format(value=text) for text in texts)
        elif self.session.synthetic:
            texts = tuple(tr("{value} (synthetic)").format(value=text) for text in texts)
        fusion = self._fusion
        if fusion is not None and told_of is not None and fusion.visible:
            texts = (*texts, *fusion_value(fusion, volume.geometry, told_of))
        return told(
            Line(tr("AI labels: {model}").format(model=said(source)) if source else "", PROPOSAL, Rank.NOTICE),
            *(Line(text, rank=Rank.VALUE, number=True) for text in texts),
            Line(tr("Zoom {percent:.0f} %").format(percent=zoom), rank=Rank.MINOR, number=True),
            Line("" if self.session.hand.smooth else tr("Not smoothed")),
            *(() if volume.colour else self._window_lines()),
            warning_line(self.width),
        )

    def _window_lines(self) -> tuple[Line, ...]:
        window, inverted = self.session.window, self.session.inverted
        if self.session.colour_map == "masks":
            return (Line(tr("A colour for each value"), rank=Rank.WINDOW),)
        if isinstance(window, VoiTable):
            text, short = tr("Window: the file's table"), tr("File's table")
        else:
            kind = tr(" sigmoid") if window.function == "SIGMOID" else ""
            name = f" · {tr(window.name)}" if window.name else ""
            width, centre = number_text(window.width), number_text(window.centre)
            text, short = f"W {width}  L {centre}{kind}{name}", f"W{width} L{centre}{kind}"
        if self._own_window:
            text, short = (tr("{value} (original)").format(value=words) for words in (text, short))
        written = Line(text, rank=Rank.WINDOW, number=True, short=short)
        by_file = self.session.series is not None and self.session.series.inverted
        if not by_file:
            return written, Line(tr("Inverted") if inverted else "", WARNING, Rank.WINDOW)
        if inverted:  # as it is meant to be seen
            return written, Line("MONOCHROME1")
        return written, Line(tr("Inverted MONOCHROME1"), WARNING, Rank.WINDOW)

    def _slice_lines(self, series: Series, view: SliceView) -> tuple[Line, ...]:
        session, volume = self.session, self.session.shown
        assert volume is not None
        number = series_number(series)
        count, over_time = view.count, series.frame_time_ms is not None and not volume.geometry.is_grid
        words = tr("Frame {number} / {count}") if over_time else tr("Slice {number} / {count}")
        place = f"{int(self.depth) + 1} / {count}" if count > 1 else ""
        position = words.format(number=int(self.depth) + 1, count=count) if place else ""
        if isinstance(view.axes, ObliqueAxes):
            position, place = tr("Oblique plane"), tr("Oblique")
        moment = session.shown_moment
        moment_text = f"{said(moment.label)} ({moment.number + 1} / {moment.count})" if moment is not None else ""
        last = self._location(volume, view)
        if session.loading and volume.arrived is not None:
            last = tr("Reading {n} of {count}").format(n=int(volume.arrived.sum()), count=len(volume.arrived))
        return told(
            Line(number, rank=Rank.MINOR, number=True),
            Line(series.description),
            Line(moment_text, rank=Rank.PLACE, number=True),
            Line(position, rank=Rank.SLICE, number=True, short=place),
            Line(last, rank=Rank.VALUE, number=True),
        )

    def _location(self, volume: Volume, view: SliceView) -> str:
        geometry = volume.geometry
        if isinstance(view.axes, ObliqueAxes):
            return self._place_along_normal(geometry, view, view.axes)
        if view.count == 1 or not geometry.patient_space or not geometry.calibrated:
            return ""
        below, above, row = _LPS_LETTERS[self.plane]
        middle = [(n - 1) / 2 for n in geometry.size]  # of the slice: on an oblique one each point has its own
        middle[view.axes.normal] = self.depth
        mm = float(geometry.index_to_lps(middle)[row])
        spacing_mm = geometry.spacing[view.axes.normal]
        apart = tr(" · {mm:.2f} mm apart").format(mm=spacing_mm) if geometry.is_grid else ""
        return f"{above if mm >= 0 else below} {abs(mm):.1f} mm{apart}"

    def _place_along_normal(self, geometry: Geometry, view: SliceView, axes: ObliqueAxes) -> str:
        """How far an oblique plane is from the origin of the patient's axes, along its normal."""
        if not geometry.calibrated:
            return ""
        normal = np.array(axes.towards)
        mm = float(geometry.index_to_lps(self.session.cursor_at) @ normal)
        letters = f"{orientation_letters(normal if mm >= 0 else -normal)} " if geometry.patient_space else ""
        return f"{letters}{abs(mm):.1f} mm" + tr(" · {mm:.2f} mm apart").format(mm=view.step_mm)


def series_number(series: Series) -> str:
    """The number of a series in words; empty if it has none."""
    return tr("Series {number}").format(number=series.number) if series.number is not None else ""


def oblique_text(axes: ObliqueAxes) -> str:
    """How far a plane is turned from that of the scan."""
    degrees = tilt_degrees(axes)
    turned = f"{degrees:.0f}" if degrees >= 1 else f"{degrees:.1f}"
    return tr("Oblique {degrees}°").format(degrees=turned)


def _value_texts(volume: Volume, index_ijk: tuple[int, int, int]) -> tuple[str, ...]:
    """What is stored at a voxel, one text a line; none before it has arrived."""
    i, j, k = index_ijk
    if volume.arrived is not None and not volume.arrived[k]:
        return ()
    if volume.colour:
        red, green, blue = volume.voxels[k, j, i].tolist()
        return (f"R {red} G {green} B {blue}",)
    value = volume.value_at(index_ijk)
    if value is None:
        return (tr("Value: padding"),)
    texts = (tr("Value {value} {unit}").format(value=number_text(value), unit=volume.unit).strip(),)
    return texts if volume.suv_factor is None else (*texts, f"SUV {value * volume.suv_factor:.2f}")


def _length(mm: float, series: Series) -> str:
    """A length with what it was measured by, where that is not the patient."""
    at_detector = series.calibration == "ImagerPixelSpacing"
    return f"{mm:g} {tr('mm at detector') if at_detector else 'mm'}"
