"""The real window on a user folder of its own, with small models and scans whose results can be worked out."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent

from inference.models import ModelStore
from tests.gui.painted_words import Ink, watch
from tests.models import write_trainable_model
from viewer.core.geometry import Geometry
from viewer.core.session import Session
from viewer.core.volume import Volume
from viewer.gui import translator
from viewer.gui.bridge import Courier
from viewer.gui.main_window import MainWindow
from viewer.io import journal
from viewer.io.files import write_image
from viewer.jobs import JobQueue
from viewer.workflows import Workflows

OBLIQUE_LEFT_HANDED = np.array([[0.96, 0.28, 0.0], [0.28, -0.96, 0.0], [0.0, 0.0, 1.0]])
BRIGHT = (slice(4, 14), slice(8, 24), slice(9, 22))  # k, j, i


def head() -> Volume:
    """A bright block in a dark, noisy box: 40 x 32 x 20 voxels of 2 mm, oblique and left-handed."""
    voxels = np.random.default_rng(3).integers(0, 60, (20, 32, 40)).astype(np.int16)
    voxels[BRIGHT] += 900
    return Volume(voxels, Geometry((40, 32, 20), (2.0, 2.0, 2.0), np.array([5.0, -7.0, 40.0]), OBLIQUE_LEFT_HANDED))


@pytest.fixture(scope="session", autouse=True)
def english_system():
    """Windows speak English whatever the language of the system, unless their settings ask for another."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(translator, "system_language", lambda: "en")
        yield


@pytest.fixture(scope="session", autouse=True)
def patient():
    """What is done is written when it is done, however slow the disk is; one test has a slow one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal, "PATIENCE_S", 10.0)
        yield


@pytest.fixture
def ink(monkeypatch) -> Ink:
    """The rectangle and the words of each text that panes paint from now on."""
    return watch(monkeypatch)


@pytest.fixture
def scan_folder(tmp_path):
    folder = tmp_path / "scans"
    folder.mkdir()
    write_image(head().voxels, head().geometry, folder / "head.nii.gz")
    return folder


@pytest.fixture
def start(tmp_path, qtbot):
    """Starts the program on the same user folder, as often as wanted; every window is closed at the end."""
    write_trainable_model(tmp_path / "shipped" / "tiny")
    windows = []

    def begin() -> MainWindow:
        for window in windows:
            window.close()
        courier = Courier()
        models = ModelStore(tmp_path / "shipped", tmp_path / "user" / "models")
        workflows = Workflows(Session(), JobQueue(2, courier.deliver), tmp_path / "user", models)
        window = MainWindow(workflows)
        courier.setParent(window)
        windows.append(window)
        window.resize(1180, 760)
        window.show()
        qtbot.waitExposed(window)
        return window

    begin.windows = windows
    yield begin
    for window in windows:
        end(window)


def end(window: MainWindow) -> None:
    """Close a window and let go of it: hundreds of them would make each later one slower."""
    window._ask = lambda warning: True  # a failed test must not leave a question that nobody answers
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture(scope="module")
def shared_window(qapp, tmp_path_factory):
    """One window without models for all tests of a module that only look: it takes seconds to make one."""
    folder, courier = tmp_path_factory.mktemp("user"), Courier()
    models = ModelStore(folder / "shipped", folder / "models")
    window = MainWindow(Workflows(Session(), JobQueue(2, courier.deliver), folder, models))
    courier.setParent(window)
    window.resize(1024, 640)
    window.show()
    yield window
    end(window)


@pytest.fixture
def opened(start, scan_folder, qtbot) -> MainWindow:
    """The window with the small head open."""
    window = start()
    window.open_paths([scan_folder])
    qtbot.waitUntil(lambda: window.session.editable, timeout=20_000)
    qtbot.wait(50)
    return window
