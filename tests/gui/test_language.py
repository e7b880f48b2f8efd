"""The window in Simplified Chinese: nothing is forgotten, nothing is left in English, and keys stay what they were."""

import ast
import json
import re
import shutil
import string
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import SimpleNamespace
from typing import get_args

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QAction, QFontDatabase
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QFileDialog,
    QGroupBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QListWidget,
    QMenu,
    QMessageBox,
    QTabBar,
    QTableWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

import resources
import viewer.gui
from viewer.core.colour_maps import COLOUR_MAPS
from viewer.core.labels import DEFAULT_LABELS
from viewer.core.measuring import KINDS, POINTS
from viewer.core.study import Refusal
from viewer.gui import language, table_words, translator
from viewer.gui.actions import Group, group_name
from viewer.gui.command_palette import CommandPalette, fitting
from viewer.gui.export_dialog import ExportDialog
from viewer.gui.key_dialog import KeysDialog
from viewer.gui.language import tr
from viewer.gui.left_out import RefusalsDialog
from viewer.gui.overlay import face_for, fitting_sentence
from viewer.gui.surface_export import ExportDialog as SurfaceDialog

GUI = Path(viewer.gui.__file__).parent
TS = resources.path("translations", "slicewise_zh_CN.ts")
BIN = Path(sys.executable).parent

# What a Chinese radiologist reads in Latin letters: units, formats, names and keys.
LATIN = frozenset(
    re.findall(
        r"\w+",
        "mm ml px HU SUV ID AI CT MR PET MIP MinIP SD DICOM NIfTI NRRD MHA ZIP PNG png JPEG GIF STL PLY OBJ CSV csv "
        "JSON LPS Cobb Dice HD Slicewise Apache License Okabe Ito Viridis Inferno CPU MONOCHROME ImagerPixelSpacing "
        "SOPInstanceUID SynthSeg ONNX MONAI bundle nnU Net "
        "Ctrl Shift Alt Esc Enter Return Del Home End PgUp PgDown Backspace Language English",
    )
)


@pytest.fixture
def in_chinese(tmp_path):
    """The settings of the window that `start` makes ask for Chinese; afterwards words are English again."""
    (tmp_path / "user").mkdir(exist_ok=True)
    (tmp_path / "user" / "settings.json").write_text(json.dumps({"language": "zh_CN"}))
    yield
    translator.speak("en")


EARLIER: list[QWidget] = []  # what the tests before have left


@pytest.fixture
def earlier():
    EARLIER[:] = QApplication.topLevelWidgets()
    yield
    EARLIER.clear()


@pytest.fixture
def chinese(earlier, in_chinese, opened):
    """The window in Chinese with the small head open."""
    assert language.language_now() == "zh_CN"
    return opened


def entries() -> list[tuple[str, str]]:
    messages = ElementTree.parse(TS).iter("message")
    return [(one.findtext("source") or "", one.findtext("translation") or "") for one in messages]


# The file of the translator


def test_the_file_holds_every_word_of_the_source_and_each_is_translated(tmp_path):
    fresh = tmp_path / TS.name
    shutil.copy(TS, fresh)
    sources = sorted(str(path) for path in GUI.glob("*.py"))
    options = ["-no-obsolete", "-locations", "none", "-source-language", "en"]
    subprocess.run([BIN / "pyside6-lupdate", *sources, *options, "-ts", fresh], check=True, capture_output=True)
    assert fresh.read_text("utf-8") == TS.read_text("utf-8"), "run make translations, and translate what is new"
    for message in ElementTree.parse(TS).iter("message"):
        translation = message.find("translation")
        assert translation is not None and translation.get("type") is None, message.findtext("source")
        assert (translation.text or "").strip(), message.findtext("source")


def test_the_compiled_file_is_that_of_the_source(tmp_path):
    compiled = tmp_path / "fresh.qm"
    subprocess.run([BIN / "pyside6-lrelease", TS, "-qm", compiled], check=True, capture_output=True)
    assert compiled.read_bytes() == TS.with_suffix(".qm").read_bytes(), "run make translations"


def test_a_translation_has_the_values_of_its_source():
    for source, translation in entries():
        assert _fields(source) == _fields(translation), f"{source!r} became {translation!r}"
        assert ("<b>" in source) == ("<b>" in translation)
        assert not re.search(r"[一-鿿],|,[一-鿿]|[一-鿿][;!?]", translation), (
            f"not Chinese punctuation: {translation!r}"
        )


def _fields(text: str) -> list[tuple[str, str]]:
    return sorted((name, form or "") for _, name, form, _ in string.Formatter().parse(text) if name is not None)


def test_the_tables_that_are_shown_are_those_of_the_program():
    presets = json.loads(resources.path("presets", "window_level.json").read_text("utf-8"))
    looks = json.loads(resources.path("presets", "volume_rendering.json").read_text("utf-8"))
    assert {*_values_of(presets, "name"), *_values_of(looks, "name")} == set(table_words.PRESETS)
    assert {*COLOUR_MAPS.values(), "Masks"} == set(table_words.COLOUR_MAPS)
    assert {label.name for label in DEFAULT_LABELS} == set(table_words.DEFAULT_LABELS)
    shown: set[str] = set()
    for path in resources.path("models").glob("*/manifest.json"):
        manifest = json.loads(path.read_text("utf-8"))
        shown |= {manifest["title"], manifest["description"], *_values_of(manifest["labels"], "name")}
    assert shown == set(table_words.SHIPPED_MODELS)


def _values_of(tree: object, key: str) -> list[str]:
    if isinstance(tree, dict):
        own = [tree[key]] if isinstance(tree.get(key), str) else []
        return own + [value for inner in tree.values() for value in _values_of(inner, key)]
    return [value for inner in tree for value in _values_of(inner, key)] if isinstance(tree, list) else []


# Sentences of the source that are in no language, in both, or for the developer.
UNTRANSLATED = {
    "there are two actions ",
    "The window will be in English when Slicewise is started the next time. 下次启动 Slicewise 时，界面将使用英文。",
    "The window will be in Simplified Chinese when Slicewise is started the next time. "
    "下次启动 Slicewise 时，界面将使用简体中文。",
    "No font of this computer has Simplified Chinese, so the window stays English. "
    "本机没有简体中文字体，界面将保持英文。",
    "<b>Slicewise ",
    "</b></p><p>Apache License 2.0</p>",
    "<p style='margin:2px 0'>",
    "<span style='color:",
}


def test_no_sentence_of_the_source_stands_outside_tr():
    found = []
    for path in sorted(GUI.glob("*.py")):
        if path.name not in ("demo.py", "style.py"):  # what the first says is for the console; the other is CSS
            found += [f"{path.name}: {text!r}" for text in _outside_tr(path.read_text("utf-8"))]
    assert not found


def test_a_sentence_outside_tr_would_be_found():
    assert _outside_tr('label.setText("Two words")') == ["Two words"]
    assert _outside_tr('label.setText(f"{count} voxels left")') == [" voxels left"]
    assert _outside_tr('label.setText(f"Zoom {percent} %")') == ["Zoom "]
    assert _outside_tr('label.setText("Window/level of pictures")') == ["Window/level of pictures"]
    assert not _outside_tr('menu.addAction(named["File/Open folder…"])\nMENU = ("File/Open folder…",)')
    assert not _outside_tr('label.setText(tr("Two words"))\nTABLE = {"a key": QT_TR_NOOP("Two words")}')


def _outside_tr(source: str) -> list[str]:
    """Literals of more than one word that are no argument of tr or QT_TR_NOOP, nor a key or a pattern."""
    tree = ast.parse(source)
    passed_over: set[ast.AST] = set()
    for node in ast.walk(tree):
        marks = isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in (
            "tr",
            "QT_TR_NOOP",
            "setStyleSheet",
            "partition",
            "search",
            "match",
            "compile",
            "sub",
            "finditer",
        )
        if marks or isinstance(node, ast.Subscript | ast.Compare) or (isinstance(node, ast.Expr) and _text(node.value)):
            passed_over |= set(ast.walk(node.slice if isinstance(node, ast.Subscript) else node))
        if isinstance(node, ast.Dict):
            passed_over |= {key for key in node.keys if key is not None}
    texts = [_text(node) for node in ast.walk(tree) if node not in passed_over]
    readable = [
        text
        for text in texts
        if re.search(r"[A-Za-z]{2,} [A-Za-z]|[A-Za-z] [A-Za-z]{2,}|^ [a-z]{3,}|^[A-Z][a-z]+:? +$", text)
    ]
    shown = [text for text in readable if text not in UNTRANSLATED and text not in NAMES_IN_THE_SOURCE]
    return [text for text in shown if not _names_an_action(text)]


def _names_an_action(text: str) -> bool:
    """A group and words that are known to the translator: the name under which an action's keys are kept."""
    group, _, words = text.partition("/")
    return group in get_args(Group) and words in {source for source, _ in entries()}


NAMES_IN_THE_SOURCE = {
    "Window preset ",  # in names of actions
    "Language: ",
    *COLOUR_MAPS,
    "key images",
    "fusion window",
    "go on",
    "loss of the twin",
    "held out of the twin",
    "held out",
    " of the twin",
    "of the program",
    "loading plots",
    "R {} G {} B {}",
    "US regions",
}


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


# What is on the screen


def test_nothing_of_the_window_is_left_in_english(chinese, ink, monkeypatch, qtbot):
    window = chinese
    captions: list[str] = []
    _answer_dialogs(monkeypatch, captions)
    texts: list[str] = [*captions]
    window.resize(1500, 900)
    ink.clear()
    _fill(window, qtbot)
    texts += _all_dialogs(window, qtbot)
    for action in window.menuBar().actions():
        _show_menu(action.menu())
    for pane_kind in ("axial", "3d", "curved"):
        window.layout_commands.show_view(pane_kind)
        qtbot.wait(30)
        window.grab()
        window._pane_menu(window.mapToGlobal(window.rect().center()))
        texts += _words_of_widgets()
        for menu in [one for one in QApplication.topLevelWidgets() if isinstance(one, QMenu)]:
            menu.close()
    for number in range(window.panels.count()):
        window.panels.setCurrentIndex(number)
        window.grab()
    texts += _words_of_widgets()
    texts += [badge.detail for pane in window.room.shown for badge in pane.badges]
    texts += [text for _, text in ink]
    texts += captions
    assert len(set(texts)) > 500, "the test has not seen the window"
    english = _english(texts, window)
    assert not english, "\n".join(english)


def test_a_word_left_in_english_would_be_found(chinese):
    label = QLabel("Forgotten words", chinese)
    label.setToolTip("鼠标 Forgotten")
    found = _english(_words_of_widgets(), chinese)
    assert "Forgotten words" in found and "鼠标 Forgotten" in found


def _fill(window, qtbot) -> None:
    """Bring about what a reading brings about: marks, measurements of all kinds, slabs, turned planes, a proposal."""
    session = window.session
    i, j, k = session.cursor_ijk
    corners = [(i - 6, j - 6, k), (i + 5, j - 4, k), (i + 3, j + 5, k), (i - 4, j + 4, k)]
    for kind in KINDS:
        session.add_measurement(kind, tuple(corners[: max(POINTS[kind], 2 if kind == "path" else 1)]), 2, "文字")
    session.toggle_confirmed("axial")
    session.toggle_key_image("axial")
    window.model_panel.start()
    qtbot.waitUntil(lambda: session.proposal is not None, timeout=30_000)
    qtbot.wait(50)
    window.grab()
    window.commands.neurological.trigger()
    for command in ("Mirror left and right", "Mirror above and below", "Turn clockwise", "Turn anticlockwise"):
        window.commands.named[f"Display/{command}"].trigger()
    for kind in ("MIP", "MinIP", "Mean"):
        window.room.slice_pane.set_slab(kind)
        qtbot.wait(10)
        window.grab()
    window.display_commands.turn_planes(20)
    window.commands.tools["brush"].trigger()
    qtbot.wait(30)
    window.grab()
    window.workflows.accept_proposal()
    window.display_commands.reset_views()
    window.layout_commands.layout_actions["2x3"].trigger()
    qtbot.wait(30)
    window.grab()
    window._step_series(1)  # there is none: the status bar says so
    run = SimpleNamespace(
        ended=False,
        undecided=False,
        state="running",
        events=[{"event": "started", "arms": ["semi-supervised", "supervised"]}],
        report=None,
    )
    panel = window.training_panel
    panel._draw_curves = lambda run: None
    started = {"labelled_slices": 2, "unlabelled_slices": 9, "held_out_slices": 1, "device": "CPU"}
    panel._show_progress(run, {"event": "started", **started})
    window.grab()
    panel._show_progress(run, {"event": "progress", "arm": "supervised", "step": 1, "steps": 9, "eta_s": 30})


def _all_dialogs(window, qtbot) -> list[str]:
    """What each dialog says, opened one after the other."""
    texts: list[str] = []

    def look(dialog: QWidget) -> None:
        dialog.show()
        qtbot.wait(20)
        dialog.grab()
        texts.extend(_words_of_widgets())
        dialog.close()

    keys = KeysDialog(window.commands, window)
    keys.choose(window.commands.tools["brush"])
    keys.change.click()
    keys._pressed("W")  # which is another's
    texts.extend((keys.text.text(), keys.swap.toolTip(), keys.take.toolTip()))
    look(keys)
    palette = CommandPalette(window._entries(), window)
    texts.extend(part for one in palette.shown for part in (one.text, one.group, one.keys, one.why_not))
    look(palette)
    for pane in window.room.shown:
        dialog = ExportDialog(pane, window.settings.export, window)
        for number in range(dialog.what.count()):
            dialog.what.setCurrentIndex(number)
            texts.extend(_words_of(dialog))
        dialog.identified.setChecked(True)
        look(dialog)
    look(SurfaceDialog(window.session, window.workflows.jobs, lambda sentence: None, window))
    look(RefusalsDialog([Refusal(Path("a", "b.dcm"), "reason")], window))
    window.volume_pane.show_settings()
    settings = window.volume_pane.settings
    for number in range(settings.tabs.count()):
        settings.tabs.setCurrentIndex(number)
        qtbot.wait(20)
        settings.grab()
        texts.extend(_words_of_widgets())
    settings.close()
    browser = window.browser
    texts.extend(_words_of(browser._menu_of(browser.series_items()[0].data(0, Qt.ItemDataRole.UserRole))))
    browser.filter.setText("nobody")
    browser._show()
    texts.extend(_words_of(browser))
    browser._clear_filters()
    texts.extend(_words_of(window.fusing._menu_of(())))
    window.fusing._ask("uid", window.session.series)
    question = window.findChild(QMessageBox)
    texts.extend((question.text(), question.informativeText(), *_words_of(question)))
    question.reject()
    window._show_about()
    window._ask("〇")
    window._ask_folder()
    window._ask_files()
    window._locate("uid")
    window.measure_panel._export(False)
    window.volume_pane.ask_picture_file()
    window.picture_commands.copy()
    texts.append(window.statusBar().currentMessage())
    window.picture_commands.copy(identified=True)
    texts.append(window.statusBar().currentMessage())
    return texts


def _answer_dialogs(monkeypatch, captions: list[str]) -> None:
    """Native dialogs are not shown; what they would ask is kept."""

    def asked(answer):
        def ask(parent=None, *words, **options):
            texts = (word for word in words if isinstance(word, str) and not Path(word).is_absolute())
            captions.extend(word for word in texts if not word.startswith("3-D"))
            return answer

        return staticmethod(ask)

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", asked(""))
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", asked(([], "")))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", asked(("", "")))
    monkeypatch.setattr(QMessageBox, "question", asked(QMessageBox.StandardButton.No))
    monkeypatch.setattr(QMessageBox, "about", asked(None))


def _show_menu(menu) -> None:
    if isinstance(menu, QMenu):
        menu.aboutToShow.emit()
        for action in menu.actions():
            _show_menu(action.menu())


def _words_of_widgets() -> list[str]:
    return [text for widget in QApplication.topLevelWidgets() if widget not in EARLIER for text in _words_of(widget)]


def _words_of(top: QWidget) -> list[str]:
    """Every word that a widget and those in it show, or tell a screen reader."""
    found: list[str] = []
    for widget in (top, *top.findChildren(QWidget)):
        found += [widget.toolTip(), widget.statusTip(), widget.windowTitle(), widget.accessibleName()]
        if isinstance(widget, QLabel | QAbstractButton):
            found.append(widget.text())
        elif isinstance(widget, QGroupBox | QMenu):
            found.append(widget.title())
        elif isinstance(widget, QTabBar):
            found += [widget.tabText(n) for n in range(widget.count())]
        elif isinstance(widget, QComboBox):
            found += [widget.itemText(n) for n in range(widget.count())]
        elif isinstance(widget, QLineEdit):
            found.append(widget.placeholderText())
        elif isinstance(widget, QHeaderView):
            model, way = widget.model(), widget.orientation()
            if not widget.isHidden() and way == Qt.Orientation.Horizontal:
                for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
                    found += [str(model.headerData(n, way, role) or "") for n in range(widget.count())]
        if hasattr(widget, "suffix"):
            found.append(widget.suffix())
        found += _items_of(widget)
    for action in top.findChildren(QAction):
        found += [action.text(), action.toolTip(), action.statusTip()]
    return [text for text in found if text]


def _items_of(widget: QWidget) -> list[str]:
    if isinstance(widget, QListWidget):
        items = [widget.item(n) for n in range(widget.count())]
        return [text for item in items for text in (item.text(), item.toolTip())]
    if isinstance(widget, QTableWidget):
        cells = [widget.item(row, n) for row in range(widget.rowCount()) for n in range(widget.columnCount())]
        return [text for cell in cells if cell is not None for text in (cell.text(), cell.toolTip())]
    if isinstance(widget, QTreeWidget):
        return _branch(widget.invisibleRootItem(), widget.columnCount())
    return []


def _branch(item: QTreeWidgetItem, columns: int) -> list[str]:
    own = [text for n in range(columns) for text in (item.text(n), item.toolTip(n))]
    return own + [text for n in range(item.childCount()) for text in _branch(item.child(n), columns)]


def _english(texts: list[str], window) -> list[str]:
    """Texts with an English word that is no unit, format, name or key, nor comes from a file or a model of the test."""
    series = window.session.series
    foreign = [series.description, series.patient_name, series.patient_id, "head.nii.gz", "b.dcm", "measurements.csv"]
    for record in window.workflows.models.list():
        manifest = record.manifest
        foreign += [manifest.name, manifest.title, manifest.description, *(label.name for label in manifest.labels)]
    found = {}
    for text in texts:
        plain = re.sub(r"<[^>]*>|&\w+;|\(&\w\)|\b[0-9a-f]{12}\b", " ", text)  # the last is a hash
        for name in sorted(filter(None, foreign), key=len, reverse=True):
            plain = plain.replace(name, " ")
        words = set(re.findall(r"[A-Za-z]{2,}", plain)) - LATIN
        if any(set(word) - set("RLAPHF") for word in words):  # letters of sides stay
            found[text] = None
    return list(found)


# Keys, names and finding


def test_names_of_actions_and_chosen_keys_are_the_same_in_both_languages(start, tmp_path, qtbot):
    settings = tmp_path / "user" / "settings.json"
    english = start()
    names, keys = set(english.commands.named), {n: a.shortcuts() for n, a in english.commands.named.items()}
    brush = english.commands.tools["brush"]
    english.commands.set_keys({brush: (";",)})
    english.appearance.language_actions["zh_CN"].trigger()
    assert "下次启动" in english._failure.text.text() and "next time" in english._failure.text.text()
    assert brush.text() == "Brush", "the language changes at the next start only"
    try:
        chinese = start()
        assert json.loads(settings.read_text("utf-8"))["keys"] == {"Tools/Brush": [";"]}
        assert set(chinese.commands.named) == names
        assert chinese.commands.tools["brush"].text() == "画笔"
        assert chinese.commands.keys_of(chinese.commands.tools["brush"]) == (";",)
        others = {n: a.shortcuts() for n, a in chinese.commands.named.items() if n != "Tools/Brush"}
        assert others == {n: k for n, k in keys.items() if n != "Tools/Brush"}
        chinese.appearance.language_actions["en"].trigger()
    finally:
        translator.speak("en")
    assert start().commands.tools["brush"].text() == "Brush"


def test_a_command_is_found_by_chinese_and_by_english_words(chinese):
    entries = chinese._entries()
    for typed in ("画笔", "brush", "Brush"):
        assert fitting(entries, typed)[0].text == "画笔", typed
    for typed in ("定位线", "reference"):
        assert fitting(entries, typed)[0].text == "定位线", typed
    assert any(entry.text == "English" for entry in fitting(entries, "language")[:3])
    dialog = KeysDialog(chinese.commands, chinese)
    for typed in ("橡皮", "eraser"):
        dialog.search.setText(typed)
        assert [row.text(0) for row in dialog._rows() if not row.isHidden()] == ["橡皮擦"], typed


def test_qt_speaks_chinese_too(chinese):
    box = QMessageBox(QMessageBox.Icon.Question, "", "", QMessageBox.StandardButton.Cancel, chinese)
    assert box.button(QMessageBox.StandardButton.Cancel).text().startswith("取消")


def test_the_language_menu_can_be_read_in_both_languages(chinese):
    menu = next(menu for menu in chinese.menuBar().findChildren(QMenu) if "Language" in menu.title())
    assert "语言" in menu.title()
    assert [action.text() for action in menu.actions()] == ["English", "简体中文"]
    assert chinese.appearance.language_actions["zh_CN"].isChecked()


# Which language


@pytest.mark.parametrize(
    ("system", "expected"),
    [("zh_CN", "zh_CN"), ("zh_SG", "zh_CN"), ("zh_TW", "en"), ("zh_HK", "en"), ("en_GB", "en"), ("ja_JP", "en")],
)
def test_the_language_of_the_system(system, expected, monkeypatch):
    names = QLocale(system).uiLanguages()
    monkeypatch.setattr(QLocale, "system", staticmethod(lambda: SimpleNamespace(uiLanguages=lambda: names)))
    assert SYSTEM_LANGUAGE() == expected


SYSTEM_LANGUAGE = translator.system_language  # before conftest makes all systems English


def test_windows_of_tests_are_english_on_a_chinese_system(start, monkeypatch):
    names = QLocale("zh_CN").uiLanguages()
    monkeypatch.setattr(QLocale, "system", staticmethod(lambda: SimpleNamespace(uiLanguages=lambda: names)))
    assert start().commands.tools["brush"].text() == "Brush"


def test_without_a_font_the_window_stays_english_and_says_why(in_chinese, start, monkeypatch):
    monkeypatch.setattr(QFontDatabase, "families", staticmethod(lambda system: []))
    window = start()
    assert window.commands.tools["brush"].text() == "Brush"
    assert "No font" in window._failure.text.text()


def test_in_english_nothing_is_loaded(start):
    start()
    assert language.language_now() == "en" and not translator._loaded


# Words on pictures


def test_a_chinese_sentence_is_shortened_by_sentences_then_by_signs(in_chinese, qapp):
    from PySide6.QtCore import QRectF

    translator.speak("zh_CN")
    face = face_for(qapp.font(), 480, 480)
    assert face.pixel_size >= 12, "smaller Chinese cannot be read"
    text = "这些层面不能构成容积数据。其他平面和三维显示需要规则网格。"
    assert fitting_sentence(QRectF(0, 0, 2000, 100), text, face) == text
    first = text[: text.index("。") + 1]
    one_line = QRectF(0, 0, face.advance(first) + 4, face.height + 1)
    assert fitting_sentence(one_line, text, face) == first
    shorter = fitting_sentence(QRectF(0, 0, face.advance(first) - 20, face.height + 1), text, face)
    assert shorter.endswith(" …") and first.startswith(shorter[:-2]) and len(shorter) > 4


def test_words_that_english_spells_alike_are_told_apart(in_chinese, qapp):
    translator.speak("zh_CN")
    assert tr("Window") == "调窗" and group_name("Window") == "窗口"
