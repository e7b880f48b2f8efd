"""Starts the window: style, threads, the user's folder, and what happens to an error that nobody expected."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import os
import sqlite3
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from viewer.core.session import Session
from viewer.gui.bridge import Courier
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.gui.main_window import MainWindow
from viewer.gui.style import apply_style
from viewer.gui.translator import speak
from viewer.io.reader import Reader
from viewer.jobs import JobQueue
from viewer.render.scene_thread import load_vtk
from viewer.workflows import Workflows, user_folder

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # malloc.h
_LARGEST_PICTURE_BYTES = 32 << 20  # the most that mallopt takes
_LOG_LIMIT_BYTES = 1_000_000
_END_LIMIT_S = 1.5  # for what the 3-D view is still drawing
_SETTLED_MS = 300  # after which the window has been painted
_JOB_THREADS = 4  # a segmentation, a scan and its thumbnails may run while a series is opened


def run(paths: Sequence[Path], demo: bool = False) -> int:
    """Show the window with these files and folders opened, or the bundled demo study; returns the exit code."""
    app = _application()
    folder, window = user_folder(), None
    while window is None:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            window = build_window(folder)
        except (OSError, sqlite3.Error) as error:
            speak("")
            chosen = _other_folder(folder, error)
            if chosen is None:
                return 2
            folder = chosen
    window.closed.connect(app.quit)  # Qt does not always notice that it was the last one
    sys.excepthook = _Excepthook(window, folder / "errors.log")
    window.show_as_before()
    if salvaged := window.workflows.library.salvaged_paths:
        QTimer.singleShot(0, lambda: window.workflows.add_paths(salvaged))
    QTimer.singleShot(0, window.take_up_training)
    if demo:
        QTimer.singleShot(0, window.open_demo)
    elif paths:
        QTimer.singleShot(0, lambda: window.open_paths(paths))
    code = app.exec()
    if not window.volume_pane.close_scene(_END_LIMIT_S):
        os._exit(code)  # all is saved and closed; the interpreter would wait for VTK
    return code


def _other_folder(folder: Path, error: Exception) -> Path | None:
    """Where a person wants to work instead of a folder that cannot be used; None to not work at all."""
    box = QMessageBox(QMessageBox.Icon.Critical, "Slicewise", "")
    sentence = tr("The folder {folder} cannot be used ({error}).")
    box.setText(sentence.format(folder=folder, error=said(str(error))))
    box.setInformativeText(
        tr("Your studies, labels and settings are kept there. In another folder you can work as usual.")
    )
    other = box.addButton(tr("Choose another folder…"), QMessageBox.ButtonRole.AcceptRole)
    box.addButton(tr("Quit"), QMessageBox.ButtonRole.RejectRole)
    box.exec()
    if box.clickedButton() is not other:
        return None
    chosen = QFileDialog.getExistingDirectory(None, tr("Choose another folder…").rstrip("…"))
    return Path(chosen) if chosen else None


def build_window(folder: Path | None) -> MainWindow:
    """The window, not yet shown, over a user folder (None: this machine's own). Closing it ends its jobs."""
    _application()
    courier = Courier()
    reader = Reader()
    reader.start()
    workflows = Workflows(Session(), JobQueue(_JOB_THREADS, courier.deliver), folder, reader=reader)
    window = MainWindow(workflows)
    courier.setParent(window)
    QTimer.singleShot(_SETTLED_MS, window, lambda: threading.Thread(target=_load_the_rest, name="loading").start())
    return window


def _load_the_rest() -> None:
    """Import what the first window did without and a person will soon need: the first picture, label or 3-D view
    must not wait for it. Not on a daemon thread: the interpreter must not go away in the middle of it."""
    for name in ("cv2", "filelock", "numpy.ma"):
        with contextlib.suppress(ImportError):  # where it is needed, it will be said
            importlib.import_module(name)
    load_vtk()


def _application() -> QApplication:
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        if not existing.property("slicewiseStyle"):
            _dress(existing)
        return existing
    # 125 % and 150 % screens: no rounding, or every line is blurred and clicks land beside what is seen.
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    app = QApplication(sys.argv[:1])
    _dress(app)
    return app


def _keep_memory() -> None:
    """Have the C library of Linux keep freed memory at hand: else it gives the pixels of each frame back to the system,
    and to get them again page by page takes longer than to draw them. mallopt(3)."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library
            library = ctypes.CDLL(None)
            library.mallopt(_M_MMAP_THRESHOLD, _LARGEST_PICTURE_BYTES)
            library.mallopt(_M_TRIM_THRESHOLD, 4 * _LARGEST_PICTURE_BYTES)
            library.mallopt(_M_ARENA_MAX, 1)  # not for each thread


def _dress(app: QApplication) -> None:
    _keep_memory()
    # The window's thread waits so long for its turn behind each other thread that runs Python; usually 5 ms.
    sys.setswitchinterval(0.0005)
    gc.freeze()  # or the collector now and then holds the window for 0.1 s to look through all that was imported
    gc.enable()
    app.setApplicationName("Slicewise")
    app.setApplicationDisplayName("")  # the window writes its whole title itself
    app.setDesktopFileName("slicewise")
    apply_style(app)
    app.setProperty("slicewiseStyle", True)


class _Excepthook:
    """Tells a person one sentence, and the log where in the program it happened, but never what was on the screen:
    messages of exceptions may hold names and paths of patients, so only their types are written."""

    def __init__(self, window: MainWindow, log: Path) -> None:
        self._window, self._log = window, log
        self._box: QMessageBox | None = None

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        if sys.stderr.isatty():  # elsewhere it would end in the journal of the desktop, names of patients with it
            traceback.print_exception(kind, error, trace)
        written = self._write(kind, trace)
        if self._box is not None:
            return  # one dialog at a time: a fault in a paint event would open hundreds
        details = tr("Details for the developers, without patient data, are in {log}.")
        where = details.format(log=self._log) if written else ""
        self._box = QMessageBox(QMessageBox.Icon.Warning, "Slicewise", tr(_SENTENCE), parent=self._window)
        self._box.setInformativeText(where)
        self._box.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._box.finished.connect(self._forget)
        self._box.open()

    def _forget(self) -> None:
        self._box = None

    def _write(self, kind: type[BaseException], trace: TracebackType | None) -> bool:
        places = [f"  {Path(f.filename).name}:{f.lineno} {f.name}" for f in traceback.extract_tb(trace)]
        entry = "\n".join([f"{time.strftime('%Y-%m-%d %H:%M:%S')} {kind.__name__}", *places, ""])
        try:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            grown = self._log.exists() and self._log.stat().st_size > _LOG_LIMIT_BYTES
            with self._log.open("w" if grown else "a", encoding="utf-8") as file:
                file.write(entry)
        except OSError:
            return False
        return True


_SENTENCE = QT_TR_NOOP("Something went wrong in Slicewise. Your annotations are saved; you can go on working.")
