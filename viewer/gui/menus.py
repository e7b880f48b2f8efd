"""The menus of the window and of its panes. Actions stand in them under their names, "File/Open folder…"."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from viewer.core.hand import LABELLING
from viewer.core.measuring import KINDS
from viewer.gui.actions import Actions, Group
from viewer.gui.curved_pane import CurvedPane
from viewer.gui.drawing_tools import WHOLE_LABEL
from viewer.gui.language import QT_TR_NOOP, tr
from viewer.gui.reading_room import SomePane
from viewer.gui.slice_pane import SlicePane
from viewer.gui.translator import LANGUAGES

_EDIT = QT_TR_NOOP("&Edit")
_MENUS: dict[Group, str] = {  # where actions stand that have no better place
    "File": QT_TR_NOOP("&File"),
    "Findings": QT_TR_NOOP("&Slices"),
    "Display": QT_TR_NOOP("&View"),
    "Presets": QT_TR_NOOP("&View"),
    "Colours": QT_TR_NOOP("&View"),
    "3-D": QT_TR_NOOP("&View"),
    "Layout": QT_TR_NOOP("&Layout"),
    "Slices": QT_TR_NOOP("&Slices"),
    "Tools": QT_TR_NOOP("&Tools"),
    "Labels": QT_TR_NOOP("La&bels"),
    "Measuring": QT_TR_NOOP("&Measure"),
    "AI": QT_TR_NOOP("&AI"),
    "Window": QT_TR_NOOP("&Window"),
}
_BAR = ("&File", _EDIT, "&Slices", "&View", "&Layout", "&Tools", "La&bels", "&Measure", "&AI", "&Window")
_LINE = ""  # between two parts of a menu
_RESET = ("Display/Reset view", "Display/One pane large, or all")
_ALONG = "Display/Planes along the scan"
_KEY_IMAGE = "Slices/Key image"
_CONFIRM = "Labels/Confirm the slice"
_WRITE = "Measuring/Write to the measurement…"
_DELETE = "Measuring/Delete the measurement"
_SHOW_LABELS = "Display/Show labels"
_FILE_OVERLAY = "Display/Overlays of the file"
_EXPORT = "File/Export pictures…"
_AS = "File/Export measurements as…"
_PROBABILITIES = "AI/Export probabilities and uncertainty…"
_SYNTHETIC = "File/Export the synthetic picture as DICOM series…"
_SCORES = "AI/Export scores and heat maps…"
_NAME = "File/Your name in reports…"
_COPY = "File/Copy the picture"
_DRAW_ON = (
    "Labels/Draw everywhere, on all values",
    "Labels/Draw only on what has no label",
    "Labels/Draw only inside the chosen label",
)
_BRUSH = ("Labels/Brush as a sphere", "Labels/Smaller brush", "Labels/Larger brush")
_CLICKED = ("Labels/Take what was clicked", "Labels/What was clicked to neighbouring slices")
_CONFIRMING = (
    _CONFIRM,
    "Labels/Confirm, and on to the next suggestion",
    "Labels/Nothing on this slice: clear and confirm it",
)
_LOOK = ("Display/Invert grey levels", "Display/Smooth magnified pictures")
_GOING = (
    "Display/Zoom in",
    "Display/Zoom out",
    _LINE,
    "Display/Next pane",
    "Display/Previous pane",
    _LINE,
    "Display/Next series of the list",
    "Display/Previous series of the list",
)
_SLAB = ("Display/Slab: MIP, MinIP, mean, single slices", "Display/Thicker slab", "Display/Thinner slab")
_TURN = (
    "Display/Mirror left and right",
    "Display/Mirror above and below",
    "Display/Turn clockwise",
    "Display/Turn anticlockwise",
    _LINE,
    "Display/Neurological convention: patient's left on the left",
)
_OBLIQUE = (
    _ALONG,
    _LINE,
    "Display/Turn the other planes clockwise by 5°",
    "Display/Turn the other planes anticlockwise by 5°",
    "Display/Turn the other planes clockwise by 1°",
    "Display/Turn the other planes anticlockwise by 1°",
)
_FUSION = (
    "Display/Lay another series over this one…",
    "Display/Show what is laid over the series",
    "Display/Fusion denser",
    "Display/Fusion fainter",
    "Display/Take away what is laid over the series",
)
_LAYOUT = (
    "Layout/One pane",
    "Layout/Two panes side by side",
    "Layout/One large and three small panes",
    "Layout/Four panes",
    "Layout/Six panes",
    _LINE,
    "Layout/Axial in this pane",
    "Layout/Coronal in this pane",
    "Layout/Sagittal in this pane",
    "Layout/3-D in this pane",
    "Layout/Curved, along the path, in this pane",
    _LINE,
    "Layout/Only this series",
    "Layout/Link places across series",
    "Layout/Link magnification across series",
    "Layout/Link windows across series",
    "Layout/Reference lines",
    "Layout/The cross-hairs are at the same place",
)
_HELP = ("Window/Find a command…", "Window/Keys and mouse…", "Window/About Slicewise…")

Fill = Callable[[QMenu], None]  # puts into a menu what there is now, in place of what was


def fill_menu_bar(bar: QMenuBar, commands: Actions, recent: Fill, key_images: Fill) -> None:
    """Every action stands in a menu: in its place, or else at the end of its group's menu. recent fills the menu of
    recent studies, key_images that of the key images of the series, each time that it is opened."""
    menus = {title: bar.addMenu(tr(title)) for title in _BAR}
    file = menus["&File"]
    _add(file, commands, "File/Open folder…", "File/Open files…")
    _filled_when_opened(file.addMenu(tr("Recent studies")), recent)
    _add(file, commands, "File/Open the demo study", _LINE, "File/Import annotations…", "File/Export labels…", _AS)
    _add(file, commands, "File/Export findings and boxes…", _SYNTHETIC, _NAME, _EXPORT, _COPY)
    _add(file, commands, "File/Copy the picture with the patient's name", _LINE)
    _add(menus[_EDIT], commands, "Labels/Undo", "Labels/Redo")
    _fill_label_menu(menus["La&bels"], commands)
    measure = menus["&Measure"]
    measure.addActions([commands.tools[kind] for kind in KINDS])
    _add(measure, commands, _LINE, _WRITE, _DELETE, "Measuring/Show measurements")
    _fill_view_menu(menus["&View"], commands)
    _add(menus["&Layout"], commands, *_LAYOUT)
    slices = menus["&Slices"]
    _add(slices, commands, "Slices/Play", "Slices/Previous frame or moment", "Slices/Next frame or moment", _LINE)
    _add(slices, commands, _KEY_IMAGE, "Slices/Next key image", "Slices/Previous key image")
    _filled_when_opened(slices.addMenu(tr("Key images")), key_images)
    findings = [action.objectName() for action in commands.groups["Findings"]]
    slices.addMenu(_submenu(tr("Findings"), commands, findings, slices))
    slices.addSeparator()
    _add(
        menus["&AI"],
        commands,
        "AI/Segment",
        "AI/Accept the proposal",
        "AI/Reject the proposal",
        _PROBABILITIES,
        _SCORES,
        _LINE,
    )
    _add(menus["&Window"], commands, "Window/Studies", "Window/Panels", _LINE)
    _add(bar.addMenu(tr("&Help")), commands, *_HELP)
    quit_action = commands.named["File/Quit"]
    placed = {quit_action, *actions_in(bar.actions())}
    for group, actions in commands.groups.items():
        if group != "Presets":  # which come and go with the modality
            menus[_MENUS[group]].addActions([action for action in actions if action not in placed])
    file.addSeparator()
    file.addAction(quit_action)


def pane_menu(pane: SomePane, commands: Actions, parent: QWidget) -> QMenu:
    """What a right click on a pane offers, as it is now."""
    menu = QMenu(parent)
    if isinstance(pane, SlicePane | CurvedPane):
        menu.addMenu(window_menu(commands, menu))
        menu.addMenu(_colour_menu(commands, menu))
        _add(menu, commands, *_LOOK, _SHOW_LABELS)
    if isinstance(pane, SlicePane):
        _add(menu, commands, _FILE_OVERLAY)
        pane.fill_menu(menu)
        menu.addMenu(_submenu(tr("Fusion"), commands, _FUSION, menu))
        menu.addMenu(_submenu(tr("Mirror and turn"), commands, _TURN, menu))
        if pane.session.rotation is not None:
            _add(menu, commands, _ALONG)
        menu.addSeparator()
        if pane.session.selected is not None:
            _add(menu, commands, _WRITE, _DELETE, _LINE)
        _add(menu, commands, _CONFIRM, _KEY_IMAGE)
        if pane.session.proposal is not None or pane.session.accepted:
            _add(menu, commands, "AI/Where is this label from?", "AI/Uncertainty of the model")
    else:
        pane.fill_menu(menu)
    menu.addSeparator()
    menu.addMenu(_submenu(tr("Layout"), commands, _LAYOUT, menu))
    _add(menu, commands, *_RESET, _LINE, _COPY, _EXPORT)
    return menu


def window_menu(commands: Actions, parent: QWidget) -> QMenu:
    """The windows of the open series."""
    menu = QMenu(tr("Window presets"), parent)
    _filled_when_opened(menu, commands.fill_window_menu)  # each series brings its own
    return menu


def actions_in(actions: Sequence[QAction]) -> list[QAction]:
    """Actions and those of their submenus."""
    found = []
    for action in actions:
        menu = action.menu()
        found += [action, *(actions_in(menu.actions()) if isinstance(menu, QMenu) else [])]
    return found


def _fill_view_menu(view: QMenu, commands: Actions) -> None:
    """What is changed with nearly every study at hand, the rest behind the words that one looks for."""
    _add(view, commands, *_RESET)
    view.addMenu(_submenu(tr("Zoom and go to"), commands, _GOING, view))
    view.addSeparator()
    view.addMenu(window_menu(commands, view))
    view.addMenu(_colour_menu(commands, view))
    _add(view, commands, *_LOOK, _LINE)
    _add(view, commands, _SHOW_LABELS, _FILE_OVERLAY, "Display/Text on the panes: all, image only, none", _LINE)
    view.addMenu(_submenu(tr("Slab"), commands, _SLAB, view))
    view.addMenu(_submenu(tr("Mirror and turn"), commands, _TURN, view))
    view.addMenu(_submenu(tr("Oblique planes"), commands, _OBLIQUE, view))
    view.addMenu(_submenu(tr("Fusion"), commands, _FUSION, view))
    sides = [action.objectName() for action in commands.groups["3-D"]]
    view.addMenu(_submenu(tr("3-D"), commands, sides, view))
    _add(view, commands, "Display/Resample to a regular grid…", _LINE)
    languages = [f"Window/Language: {name}" for name in LANGUAGES.values()]
    view.addMenu(_submenu(tr("Language · 语言"), commands, languages, view))  # found by who cannot read the window


def _fill_label_menu(labels: QMenu, commands: Actions) -> None:
    """What draws first, then what changes a whole label, and what is done with a finished slice."""
    labels.addActions([commands.tools[tool] for tool in LABELLING])
    labels.addSeparator()
    labels.addMenu(_submenu(tr("Brush"), commands, _BRUSH, labels))
    labels.addMenu(_submenu(tr("Draw on"), commands, _DRAW_ON, labels))
    labels.addMenu(_submenu(tr("What was clicked"), commands, _CLICKED, labels))
    labels.addMenu(_submenu(tr("Change the whole label"), commands, WHOLE_LABEL, labels))
    _add(labels, commands, _LINE, "Labels/Previous label", "Labels/Next label", _LINE, *_CONFIRMING)


def _colour_menu(commands: Actions, parent: QWidget) -> QMenu:
    menu = QMenu(tr("Colour map"), parent)
    menu.addActions(list(commands.colour_maps.values()))
    _add(menu, commands, _LINE, "Colours/Next colour map")
    return menu


def _submenu(title: str, commands: Actions, names: Sequence[str], parent: QWidget) -> QMenu:
    menu = QMenu(title, parent)
    _add(menu, commands, *names)
    return menu


def _filled_when_opened(menu: QMenu, fill: Fill) -> None:
    fill(menu)
    menu.aboutToShow.connect(lambda: fill(menu))


def _add(menu: QMenu, commands: Actions, *names: str) -> None:
    """Put actions into a menu by their names, and lines where a name is empty."""
    for name in names:
        if name == _LINE:
            menu.addSeparator()
        else:
            menu.addAction(commands.named[name])
