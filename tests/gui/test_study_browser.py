"""The browser shows what is listed, finds it, says what is wrong with it, and stays quick in a large library."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import time
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QTreeWidgetItem

from tests.listed_series import listed_series
from viewer.core.study import GeometryVerdict, Moment, Scan, Series
from viewer.gui.study_browser import StudyBrowser
from viewer.gui.style import DIMMED_TEXT
from viewer.io.library import Library
from viewer.jobs import JobQueue

UID = Qt.ItemDataRole.UserRole


@pytest.fixture
def series(tmp_path) -> Callable[..., Series]:
    (tmp_path / "there.dcm").touch()

    return partial(listed_series, files=(tmp_path / "there.dcm",))


@pytest.fixture
def library(tmp_path):
    opened = Library(tmp_path / "library.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def browser_of(library, qtbot) -> Callable[..., StudyBrowser]:
    """Makes the browser of a library with these series; jobs run at once."""

    def make(*series: Series) -> StudyBrowser:
        library.add(Scan(series))
        listeners: list[Callable[[], None]] = []
        session = SimpleNamespace(series=None)
        workflows: Any = SimpleNamespace(
            library=library,
            session=session,
            sessions=[session],
            jobs=JobQueue(0),
            confirmed_counts=dict,
            on_library_change=listeners.append,
        )
        browser = StudyBrowser(workflows)
        qtbot.addWidget(browser)
        browser.resize(260, 600)
        browser.show()
        return browser

    return make


def uids(browser: StudyBrowser) -> set[str]:
    return {item.data(0, UID) for item in browser.series_items()}


def row_of(browser: StudyBrowser, uid: str) -> QTreeWidgetItem:
    return next(item for item in browser.series_items() if item.data(0, UID) == uid)


def test_row_says_what_a_series_is(browser_of, series):
    browser = browser_of(series("a"), series("b", size=(64, 48, 1), verdict=GeometryVerdict("2d", "One.")))
    assert row_of(browser, "a").text(0).splitlines() == ["series a", "CT · 36 slices"]
    assert row_of(browser, "b").text(0).splitlines() == ["series b", "CT · 1 image"]


@pytest.mark.parametrize(
    ("kind", "detail", "badge"),
    [
        ("tilted", "The stack is sheared by 15.2 degrees (gantry tilt).", "⚠ tilted 15°"),
        ("missing", "2 slices are missing, after -41.5 mm.", "⚠ 2 slices missing"),
        ("missing", "1 slice is missing, after -41.5 mm.", "⚠ 1 slice missing"),
        ("uneven", "The gaps between slices differ.", "⚠ uneven spacing"),
        ("no-position", "There are no positions.", "⚠ no positions"),
    ],
)
def test_row_warns_of_a_stack_that_makes_no_volume(browser_of, series, kind, detail, badge):
    browser = browser_of(series("a", verdict=GeometryVerdict(kind, detail), notes=("A <note>.",)))
    item = row_of(browser, "a")
    assert item.text(0).splitlines()[-1] == badge
    assert detail in item.toolTip(0)
    assert "A &lt;note&gt;." in item.toolTip(0)  # a file must not bring markup into the window


def test_rows_of_a_file_in_two_places_are_told_apart_and_carry_the_warning(browser_of, series):
    apart = "Its sform and its qform place the voxels up to 40.00 mm apart: this is the place by its"
    browser = browser_of(
        *(
            series(
                name,
                description=f"by its {name} · head.nii.gz",
                verdict=GeometryVerdict("ambiguous", f"36 slices every 2.50 mm, placed by its {name}."),
                notes=(f"{apart} {name}.",),
            )
            for name in ("sform", "qform")
        )
    )
    for name, other in (("sform", "qform"), ("qform", "sform")):
        item = row_of(browser, name)
        assert item.text(0).splitlines()[0].startswith(f"by its {name}")
        assert item.text(0).splitlines()[-1] == f"⚠ 40 mm from its {other}"
        assert f"{apart} {name}." in item.toolTip(0)


def test_cine_is_no_warning(browser_of, series):
    verdict = GeometryVerdict("no-position", "96 frames over time: nothing is measured across them.")
    browser = browser_of(series("a", modality="US", verdict=verdict, frame_time_ms=33.0))
    assert row_of(browser, "a").text(0).splitlines()[1:] == ["US · 36 images", "frames over time"]


@pytest.mark.parametrize(
    ("kind", "badge"),
    [("regular", "⚠ not whole"), ("uneven", "⚠ uneven spacing, not whole"), ("missing", "⚠ slices missing")],
)
def test_a_series_that_is_not_whole_says_so(browser_of, series, kind, badge):
    verdict = GeometryVerdict(kind, "As it is.")
    browser = browser_of(series("a", verdict=verdict, notes=("Left out: i012.dcm: it is truncated.",)))
    assert row_of(browser, "a").text(0).splitlines()[-1] == badge


def test_moments_of_a_sequence_are_one_row_that_opens_the_first(browser_of, series, qtbot):
    moments = [series(f"s#{n}", description="BOLD", moment=Moment("s", "time", n, 300, f"{n} s")) for n in range(300)]
    browser = browser_of(*reversed(moments), series("other", number=9))
    assert uids(browser) == {"s#0", "other"}
    item = row_of(browser, "s#0")
    assert item.text(0).splitlines() == ["BOLD", "CT · 36 slices", "300 time points"]
    with qtbot.waitSignal(browser.seriesRequested) as asked:
        browser.tree.itemActivated.emit(item, 0)
    assert asked.args == ["s#0"]
    browser.select("s#200")
    assert browser.tree.currentItem() is item
    browser._remove("s#0")
    assert uids(browser) == {"other"}


def test_series_that_is_open_is_marked(browser_of, series):
    browser = browser_of(series("a"), series("b"))
    browser._session.series = series("b")
    browser.show_open()
    assert [row_of(browser, uid).font(0).bold() for uid in "ab"] == [False, True]


def test_what_was_selected_stays_selected_when_the_list_is_made_anew(browser_of, series):
    browser = browser_of(series("a"), series("b"))
    browser._session.series = series("a")
    browser.show_open()
    browser.select("b")
    browser.refresh()
    assert browser.tree.currentItem() is row_of(browser, "b")


# Finding


def test_series_that_filters_hide_is_shown_when_it_is_to_be_selected(browser_of, series):
    browser = browser_of(series("a"), series("b", modality="MR"))
    browser.modality.setCurrentText("MR")
    browser.modality.activated.emit(2)
    browser.filter.setText("nobody")
    assert uids(browser) == set()
    browser.select("a")
    assert browser.tree.currentItem() is row_of(browser, "a")
    assert (browser.filter.text(), browser.modality.currentIndex()) == ("", 0)


def test_typing_searches_after_a_pause(browser_of, series, library, monkeypatch, qtbot):
    browser = browser_of(series("a", patient_name="Müller^Anna"), series("b", patient_id="8"))
    searched: list[str] = []
    search = library.search

    def watched(text: str, **filters: Any) -> Any:
        searched.append(text)
        return search(text, **filters)

    monkeypatch.setattr(library, "search", watched)
    qtbot.keyClicks(browser.filter, "muller")
    assert searched == []
    qtbot.waitUntil(lambda: searched == ["muller"], timeout=2000)
    assert uids(browser) == {"a"}
    browser.filter.clear()
    assert uids(browser) == {"a", "b"}  # whoever asks does not get what is out of date


def test_modality_filter_offers_what_is_listed(browser_of, series, library):
    browser = browser_of(series("a"), series("b", modality="MR"))
    assert [browser.modality.itemText(n) for n in range(browser.modality.count())] == ["All", "CT", "MR"]
    browser.modality.setCurrentText("MR")
    browser.modality.activated.emit(2)
    assert uids(browser) == {"b"}
    library.remove("b")
    browser.refresh()
    assert uids(browser) == {"a"}  # not an empty list under a filter that is no longer offered


def test_date_filter(browser_of, series):
    today = date.today()
    ago = {"today": 0, "week": 6, "month": 25, "year": 300, "old": 1000}
    browser = browser_of(
        *(
            series(name, study_uid=name, study_date=f"{today - timedelta(days=days):%Y%m%d}")
            for name, days in ago.items()
        ),
        series("undated", study_uid="u", study_date=""),
    )
    found = []
    for action in browser._dates.actions():
        action.trigger()
        found.append(uids(browser))
    assert found == [
        {"today", "week", "month", "year", "old", "undated"},
        {"today"},
        {"today", "week"},
        {"today", "week", "month"},
        {"today", "week", "month", "year"},
    ]


def test_nothing_found_offers_to_show_all(browser_of, series, qtbot):
    browser = browser_of(series("a"), series("b", modality="MR"))
    browser.filter.setText("nothing like this")
    assert browser.series_items() == []
    assert browser.clear_filters.isVisible()
    qtbot.mouseClick(browser.clear_filters, Qt.MouseButton.LeftButton)
    assert uids(browser) == {"a", "b"}
    assert not browser.clear_filters.isVisible()


def test_folded_patient_stays_folded_but_shows_what_was_searched(browser_of, series):
    browser = browser_of(series("a"), series("b", patient_id="8", patient_name="Roe"))
    patient = row_of(browser, "a").parent().parent()
    patient.setExpanded(False)
    browser.refresh()
    assert uids(browser) == {"b"}
    browser.filter.setText("series a")
    assert uids(browser) == {"a"}
    browser.filter.clear()
    assert uids(browser) == {"b"}


# Files that are not there


def test_missing_files_are_said_and_can_be_found(browser_of, series, tmp_path, qtbot):
    gone = tmp_path / "gone" / "1.dcm"
    browser = browser_of(series("a"), series("b", files=(gone,)))
    qtbot.waitUntil(lambda: "files not found" in row_of(browser, "b").text(0), timeout=3000)
    assert row_of(browser, "b").foreground(0).color() == QColor(DIMMED_TEXT)
    assert "files not found" not in row_of(browser, "a").text(0)
    offered = {action.text(): action for action in browser._menu_of("b").actions()}
    assert "Find the folder…" not in {action.text() for action in browser._menu_of("a").actions()}
    with qtbot.waitSignal(browser.locateRequested) as asked:
        offered["Find the folder…"].trigger()
    assert asked.args == ["b"]
    gone.parent.mkdir()
    gone.touch()
    browser.refresh()
    qtbot.waitUntil(lambda: "files not found" not in row_of(browser, "b").text(0), timeout=3000)


def test_removed_series_leaves_at_once_though_the_disk_is_slow(browser_of, series, monkeypatch):
    browser = browser_of(series("a"), series("b"))
    monkeypatch.setattr(browser, "_jobs", SimpleNamespace(submit=lambda *job: None))
    browser._remove("a")
    assert uids(browser) == {"b"}


def test_removing_that_fails_shows_the_series_again(browser_of, series, library, monkeypatch, qtbot):
    browser = browser_of(series("a"))

    def full(uid: str) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(library, "remove", full)
    browser._remove("a")
    assert uids(browser) == {"a"}


# Large libraries and other programs


def test_what_another_program_lists_appears(browser_of, series, tmp_path, qtbot):
    browser = browser_of(series("a"))
    other = Library(tmp_path / "library.sqlite")
    other.add(Scan((series("b"),)))
    other.close()
    browser._elsewhere.timeout.emit()
    assert uids(browser) == {"a", "b"}


def test_large_library_is_shown_at_once(browser_of, series):
    """5,000 series: only a screenful is made, the rest when it is asked for."""
    browser = browser_of(
        *(
            series(f"{n}", study_uid=f"{n // 4}", patient_id=f"P{n // 8}", patient_name=f"{n // 8:04d}")
            for n in range(5000)
        )
    )
    assert len(browser.series_items()) < 100
    best_s = min(_seconds(browser.refresh) for _ in range(3))
    assert best_s < 0.5  # some 50 ms on an idle machine; making all rows takes seconds
    browser.select("4999")
    assert browser.tree.currentItem().data(0, UID) == "4999"
    browser.filter.setText("0601")
    assert uids(browser) == {f"{n}" for n in range(4808, 4816)}


def test_more_patients_are_listed_on_demand(browser_of, series):
    browser = browser_of(*(series(f"{n}", patient_id=f"P{n}", patient_name=f"{n:04d}") for n in range(600)))
    last = browser.tree.topLevelItem(browser.tree.topLevelItemCount() - 1)
    assert last.text(0) == "… and 100 more patients"
    browser.tree.itemActivated.emit(last, 0)
    assert browser.tree.topLevelItemCount() == 600


def test_unreadable_list_is_a_sentence(browser_of, series, library, monkeypatch):
    browser = browser_of(series("a"))
    (Path(library._reader.execute("pragma database_list").fetchone()[2])).write_bytes(b"\xa5" * 100_000)
    library._reader.close()
    browser.refresh()
    assert "cannot be read" in browser._hint.text()
    assert browser._hint.isVisible()


def test_thumbnails_in_grey_and_colour(browser_of, series, library):
    browser = browser_of(series("grey"), series("colour"), series("none"))
    library.set_thumbnail("grey", np.full((96, 96), 130, np.uint8))
    library.set_thumbnail("colour", np.full((48, 95, 3), (250, 20, 130), np.uint8))
    browser.refresh()
    middle = {}
    for uid in ("grey", "colour"):
        picture = row_of(browser, uid).icon(0).pixmap(96, 96).toImage()
        middle[uid] = picture.pixelColor(picture.width() // 2, picture.height() // 2).getRgb()[:3]
    assert middle == {"grey": (130, 130, 130), "colour": (250, 20, 130)}


def _seconds(act: Callable[[], None]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun
