"""What a person holds and asks, and how pictures are dressed: the same for every series on the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

from viewer.core.events import Change, What
from viewer.core.findings import Finding
from viewer.core.masking import Masking
from viewer.core.measuring import Kind

RegionTool = Literal[
    "outline", "lasso", "livewire", "flood", "flood3d", "level", "click"
]  # each gives a region to a label
REGION_TOOLS: tuple[RegionTool, ...] = get_args(RegionTool)
FOLLOWING: tuple[RegionTool, ...] = (
    "livewire",
    "flood",
    "flood3d",
    "level",
    "click",
)  # of these, those that follow values
Tool = Literal["window", "crosshair", "pan", "zoom", "brush", "eraser"] | RegionTool | Kind
LABELLING: tuple[Tool, ...] = ("brush", "eraser", *REGION_TOOLS)
ClickMeans = Literal["belongs", "excluded", "box"]  # what a click or a drag says with the tool click
BrushShape = Literal["disc", "sphere"]
OverlayText = Literal["all", "image only", "none"]

BRUSH_RADIUS_RANGE_MM = (0.5, 50.0)


class Hand:
    """The tool in use, the list of findings, and what is shown over pictures. Sessions share one, and pass its changes
    on."""

    def __init__(self) -> None:
        self.tool: Tool = "window"
        self.brush_radius_mm = 3.0
        self.brush_shape: BrushShape = "disc"
        self.masking = Masking()
        self.click_means: ClickMeans = "belongs"
        self.previewed_values: tuple[float, float] | None = None
        self.overlay_visible = True
        self.overlay_opacity = 0.5
        self.overlay_text: OverlayText = "all"
        self.file_overlay_visible = True
        self.measurements_visible = True
        self.uncertainty_visible = False
        self.safe_label_colours = False
        self.smooth = True
        self.neurological = False  # wished: see Session.is_neurological
        self.drag_up_darkens = False
        self.findings: tuple[Finding, ...] = ()  # as Workflows keeps them, in the order of in_order
        self._listeners: list[Callable[[Change], None]] = []

    def subscribe(self, listener: Callable[[Change], None]) -> None:
        """Have a listener called after every change."""
        self._listeners.append(listener)

    def unsubscribe(self, listener: Callable[[Change], None]) -> None:
        self._listeners.remove(listener)

    def choose_tool(self, tool: Tool) -> None:
        """Use a tool from now on."""
        self.tool = tool
        self._announce(What.TOOL)

    def set_brush_radius(self, radius_mm: float) -> None:
        low, high = BRUSH_RADIUS_RANGE_MM
        self.brush_radius_mm = min(max(radius_mm, low), high)
        self._announce(What.TOOL)

    def set_brush_shape(self, shape: BrushShape) -> None:
        """Draw discs on the plane that is shown, or balls that reach into the slices around it."""
        self.brush_shape = shape
        self._announce(What.TOOL)

    def set_masking(self, masking: Masking) -> None:
        """Where tools may draw from now on."""
        if masking != self.masking:
            self.masking = masking
            self._announce(What.TOOL)

    def set_click_means(self, means: ClickMeans) -> None:
        """What a click says that segments."""
        if means != self.click_means:
            self.click_means = means
            self._announce(What.TOOL)

    def preview_values(self, values: tuple[float, float] | None) -> None:
        """Tint the voxels of these values, from and to, while a person chooses them."""
        if values != self.previewed_values:
            self.previewed_values = values
            self._announce(What.TOOL)

    def set_overlay(self, *, visible: bool | None = None, opacity: float | None = None) -> None:
        """Show or hide the labels, and set their opacity in [0, 1]."""
        self.overlay_visible = self.overlay_visible if visible is None else visible
        self.overlay_opacity = self.overlay_opacity if opacity is None else min(max(opacity, 0.0), 1.0)
        self._announce(What.DISPLAY)

    def toggle_file_overlay(self) -> None:
        """Show or hide what the file itself draws over the picture."""
        self.file_overlay_visible = not self.file_overlay_visible
        self._announce(What.DISPLAY)

    def cycle_overlay_text(self) -> None:
        states: tuple[OverlayText, ...] = ("all", "image only", "none")
        self.overlay_text = states[(states.index(self.overlay_text) + 1) % len(states)]
        self._announce(What.DISPLAY)

    def show_uncertainty(self, visible: bool) -> None:
        """Whether pictures show how unsure the model was whose result is there."""
        if visible != self.uncertainty_visible:
            self.uncertainty_visible = visible
            self._announce(What.DISPLAY)

    def show_measurements(self, visible: bool) -> None:
        self.measurements_visible = visible
        self._announce(What.MEASUREMENTS)

    def set_safe_label_colours(self, safe: bool) -> None:
        """Whether default labels have colours that can be told apart with any colour vision."""
        self.safe_label_colours = safe
        self._announce(What.LABEL_TABLE)

    def set_smooth(self, smooth: bool) -> None:
        """Whether magnified pictures are interpolated between voxels, or show each voxel as a sharp block."""
        self.smooth = smooth
        self._announce(What.DISPLAY)

    def set_neurological(self, neurological: bool) -> None:
        """Have axial and coronal planes show the patient's left on the left of the screen, or as radiologists do on the
        right."""
        self.neurological = neurological
        self._announce(What.DISPLAY)

    def set_drag_up_darkens(self, darkens: bool) -> None:
        """Whether a drag of the window upwards makes the picture darker instead of brighter."""
        self.drag_up_darkens = darkens
        self._announce(What.TOOL)

    def set_findings(self, findings: tuple[Finding, ...]) -> None:
        """What a person answers in every series: a list that is kept already."""
        if findings != self.findings:
            self.findings = findings
            self._announce(What.FINDINGS)

    def _announce(self, what: What) -> None:
        for listener in tuple(self._listeners):
            listener(Change(what))
