"""The tool bar: what is used with nearly every study, one click away."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from viewer.core.events import What
from viewer.core.hand import REGION_TOOLS
from viewer.core.measuring import KINDS
from viewer.core.painting import Box
from viewer.gui.actions import Actions, icon
from viewer.gui.language import tr
from viewer.gui.menus import window_menu
from viewer.workflows import Workflows


class ToolBar(QToolBar):
    """Whoever listens to the session calls apply() once per turn of the event loop."""

    def __init__(self, commands: Actions, workflows: Workflows) -> None:
        super().__init__(tr("Tools"))
        self._commands, self._workflows = commands, workflows
        named = commands.named
        self.setMovable(False)
        self.setIconSize(QSize(20, 20))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.addAction(named["File/Open folder…"])
        self.addSeparator()
        self.addActions([action for tool, action in commands.tools.items() if tool not in (*KINDS, *REGION_TOOLS)])
        self.region_button = self._make_region_button()
        self.addWidget(self.region_button)
        self.measure_button = self._make_measure_button()
        self.addWidget(self.measure_button)
        self.addSeparator()
        self.addActions([commands.undo, commands.redo])
        self.addSeparator()
        self.presets = presets = QToolButton()
        presets.setText(tr("Presets"))
        presets.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        presets.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        presets.setMenu(window_menu(commands, presets))
        self.addWidget(presets)
        self.addActions([named["Display/Reset view"], named["Slices/Play"]])
        self.addSeparator()
        for action in (named["AI/Segment"], named["Labels/Confirm the slice"]):
            self.addAction(action)
            button = self.widgetForAction(action)
            if isinstance(button, QToolButton):
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        space = QWidget()
        space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(space)
        self.addAction(named["Window/Keys and mouse…"])
        more = self.findChild(QToolButton, "qt_toolbar_ext_button")  # Qt's own: it shows what has no room
        assert isinstance(more, QToolButton)
        self._more = more
        more.setToolTip(tr("More tools"))
        more.setAccessibleName(tr("More tools"))
        self.dress()
        self.apply(What.SERIES)

    def apply(self, what: What, box: Box | None = None) -> None:
        """Show the drawing and the measuring tool that is chosen, and whether there is a window to choose."""
        session = self._workflows.session
        if what & What.TOOL and session.hand.tool in REGION_TOOLS:
            self.region_button.setDefaultAction(self._commands.tools[session.hand.tool])
        if what & What.TOOL and session.hand.tool in KINDS:
            self.measure_button.setDefaultAction(self._commands.tools[session.hand.tool])
        if what & What.SERIES:
            colour = session.volume is not None and session.volume.colour
            self.presets.setEnabled(not colour)
            self.presets.setToolTip(tr("Colours have no window to choose") if colour else tr("Window presets"))

    def dress(self) -> None:
        """Draw the icons that are no action's in the colours of the theme."""
        self.presets.setIcon(icon("contrast-box"))
        self._more.setIcon(icon("chevron-double-right"))  # Qt's is drawn in black

    def _make_region_button(self) -> QToolButton:
        """One button for all tools that give a region to a label; it shows the one that was used last."""
        commands, button = self._commands, QToolButton()
        menu = QMenu(button)
        menu.addActions([commands.tools[tool] for tool in REGION_TOOLS])
        menu.addSeparator()
        menu.addAction(commands.named["Labels/Grow from seeds"])
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        button.setDefaultAction(commands.tools["outline"])
        return button

    def _make_measure_button(self) -> QToolButton:
        """One button for all measuring tools: it shows the one that was used last, and takes it up again."""
        commands, button = self._commands, QToolButton()
        menu = QMenu(button)
        menu.addActions([commands.tools[kind] for kind in KINDS])
        menu.addSeparator()
        menu.addActions([commands.delete_measurement, commands.measurements_visible])
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        button.setDefaultAction(commands.tools["length"])
        return button
