"""Settings come back as they were, survive damage and full disks, and two windows do not undo each other."""

import errno
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewer.core.settings import MOST_RECENT, ExportChoices, RecentStudy, Settings, WindowPlace
from viewer.io.settings_file import SettingsFile, read_settings, write_settings

UIDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=64)
SETTINGS = st.builds(
    Settings,
    keys=st.dictionaries(st.text(max_size=30), st.lists(st.text(max_size=12), max_size=3).map(tuple), max_size=5),
    theme=st.sampled_from(["dark", "light"]),
    safe_label_colours=st.booleans(),
    overlay_text=st.sampled_from(["all", "image only", "none"]),
    large_pane=st.sampled_from(["", "axial", "coronal", "sagittal", "3d"]),
    window=st.none()
    | st.builds(
        WindowPlace,
        left=st.integers(-9000, 9000),
        top=st.integers(-9000, 9000),
        width=st.integers(1, 9000),
        height=st.integers(1, 9000),
        maximised=st.booleans(),
    ),
    splitter=st.none() | st.tuples(*[st.integers(0, 5000)] * 3),
    browser_shown=st.booleans(),
    panels_shown=st.booleans(),
    panel=st.integers(0, 5),
    recent=st.lists(st.builds(RecentStudy, study_uid=UIDS, series_uid=UIDS), max_size=4).map(tuple),
    export=st.builds(
        ExportChoices,
        format=st.sampled_from(["png", "jpeg", "gif"]),
        resolution=st.sampled_from(["screen", "1x", "2x"]),
        frames_per_second=st.floats(1, 50),
    ),
)


@given(SETTINGS)
def test_settings_come_back_as_they_were_written(tmp_path_factory, settings):
    path = tmp_path_factory.mktemp("settings") / "settings.json"
    write_settings(settings, path)
    assert read_settings(path) == (settings, "")
    assert os.listdir(path.parent) == [path.name], "no temporary file stays"


def test_without_a_file_the_settings_are_those_of_a_first_start(tmp_path):
    assert read_settings(tmp_path / "settings.json") == (Settings(), "")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[1, 2]", b'"light"', b"\xff\xfe\x00", b"[" * 100_000, b" " * 2_000_000 + b"{}"]
)
def test_a_damaged_file_is_put_aside_and_said(tmp_path, content):
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    held = SettingsFile(path)
    assert held.settings == Settings()
    assert "damaged and begun anew" in held.said
    (aside,) = tmp_path.glob("settings.damaged-*.json")
    assert aside.read_bytes() == content
    assert str(aside) in held.said
    held.change(lambda s: s.model_copy(update={"theme": "light"}))
    held.close()
    assert read_settings(path) == (Settings(theme="light"), "")


def test_of_a_file_with_a_meaningless_value_the_others_hold(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text('{"theme": "mauve", "overlay_text": "none", "window": {"left": 1e99}, "from_the_future": [1]}')
    settings, said = read_settings(path)
    assert settings == Settings(overlay_text="none")
    assert "theme, window" in said
    assert len(list(tmp_path.glob("settings.damaged-*.json"))) == 1
    assert read_settings(path) == (settings, ""), "it is said once"


def test_unknown_keys_are_kept_out(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text('{"theme": "light", "patient_name": "Canary", "export": {"with_name": true}}')
    held = SettingsFile(path)
    assert held.said == ""
    held.change(lambda s: s.model_copy(update={"panel": 2}))
    held.close()
    assert json.loads(path.read_text()) == {"theme": "light", "panel": 2}


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_the_change_is_written_later(tmp_path, monkeypatch, failing):
    path, said = tmp_path / "settings.json", []
    write_settings(Settings(panel=1), path)

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    held = SettingsFile(path, said.append)
    with monkeypatch.context() as broken:
        broken.setattr(os, failing, full)
        held.change(lambda s: s.model_copy(update={"theme": "light"}))
        held.change(lambda s: s.model_copy(update={"overlay_text": "none"}))
        held._writer.submit(lambda: None).result(10)
        assert read_settings(path) == (Settings(panel=1), "")
        assert sorted(file.name for file in tmp_path.iterdir() if not file.name.endswith(".lock")) == [path.name]
    assert said == ["Your settings could not be saved (No space left on device). They hold until the window is closed."]
    assert held.settings.theme == "light"
    held.change(lambda s: s.model_copy(update={"panel": 2}))
    held.close()
    assert read_settings(path) == (Settings(panel=2, theme="light", overlay_text="none"), "")


def test_two_windows_keep_each_others_changes(tmp_path):
    path = tmp_path / "settings.json"
    first, second = SettingsFile(path), SettingsFile(path)
    first.change(lambda s: s.with_keys({"Tools/Brush": ("Q",)}))
    first.change(lambda s: s.with_recent(RecentStudy(study_uid="1.2", series_uid="1.2.3")))
    first.close()
    second.change(lambda s: s.with_keys({"Tools/Pan": ("Y",), "Tools/Zoom": ()}))
    second.change(lambda s: s.with_recent(RecentStudy(study_uid="4.5", series_uid="4.5.6")))
    second.change(lambda s: s.model_copy(update={"theme": "light"}))
    second.close()
    settings, _ = read_settings(path)
    assert settings.keys == {"Tools/Brush": ("Q",), "Tools/Pan": ("Y",), "Tools/Zoom": ()}
    assert [study.study_uid for study in settings.recent] == ["4.5", "1.2"]
    assert settings.theme == "light"


def test_a_file_damaged_while_the_window_runs_is_written_anew_from_what_the_window_holds(tmp_path):
    path = tmp_path / "settings.json"
    write_settings(Settings(theme="light"), path)
    held = SettingsFile(path)
    path.write_text("{")
    held.change(lambda s: s.model_copy(update={"panel": 2}))
    held.close()
    assert read_settings(path) == (Settings(theme="light", panel=2), "")


def test_recent_studies_stand_once_newest_first_and_are_few():
    settings = Settings()
    for n in (*range(20), 15):
        settings = settings.with_recent(RecentStudy(study_uid=f"1.{n}", series_uid=f"1.{n}.1"))
    uids = [study.study_uid for study in settings.recent]
    assert uids[:3] == ["1.15", "1.19", "1.18"]
    assert len(uids) == len(set(uids)) == MOST_RECENT


def test_giving_back_an_actions_own_keys_forgets_the_others():
    settings = Settings().with_keys({"a": ("X",), "b": ()})
    assert settings.with_keys({"a": None}).keys == {"b": ()}
