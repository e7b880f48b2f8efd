"""The command line: what it prints, and that a user's mistake ends with 2 and one sentence."""

import json
import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom.data import get_testdata_file

import resources
from viewer.__main__ import main


@pytest.fixture(autouse=True)
def _own_user_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))


def test_info_tells_series_spacing_and_verdict(capsys):
    assert main(["info", str(resources.path("demo", "mni152-t1")), "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    assert told["refused"] == []
    (series,) = told["series"]
    assert (series["modality"], series["frames"], series["size"]) == ("MR", 189, [197, 233, 189])
    assert series["spacing_mm"] == [1.0, 1.0, 1.0]
    assert series["verdict"] == "regular"


def test_convert_writes_the_volume_as_simpleitk_reads_it(tmp_path):
    out = tmp_path / "head.nii.gz"

    assert main(["convert", str(resources.path("demo", "mni152-t1")), str(out)]) == 0

    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(resources.path("demo", "mni152-t1"))))
    expected, written = reader.Execute(), sitk.ReadImage(str(out))
    np.testing.assert_array_equal(sitk.GetArrayViewFromImage(written), sitk.GetArrayViewFromImage(expected))
    assert written.GetSpacing() == pytest.approx(expected.GetSpacing())
    assert written.GetOrigin() == pytest.approx(expected.GetOrigin())
    assert written.GetDirection() == pytest.approx(expected.GetDirection())


def test_convert_refuses_a_series_that_is_not_whole(tmp_path, oblique_phantom, write_dicom, capsys):
    (tmp_path / "scan").mkdir()
    files = write_dicom(tmp_path / "scan", oblique_phantom)
    files[-1].write_bytes(files[-1].read_bytes()[:-200])
    out = tmp_path / "out.nii.gz"

    assert main(["convert", str(tmp_path / "scan"), str(out)]) == 2

    assert f"the series is not whole: {files[-1].name}: it is truncated" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small.dcm"])
def test_single_dicom_files_convert_as_simpleitk_reads_them(tmp_path, name):
    file = get_testdata_file(name)

    assert main(["convert", file, str(tmp_path / "out.nrrd")]) == 0

    expected, written = sitk.ReadImage(file), sitk.ReadImage(str(tmp_path / "out.nrrd"))
    np.testing.assert_array_equal(sitk.GetArrayViewFromImage(written), sitk.GetArrayViewFromImage(expected))
    assert written.GetSpacing() == pytest.approx(expected.GetSpacing())
    assert written.GetDirection() == pytest.approx(expected.GetDirection())


def test_models_are_listed_with_licence_and_hash(capsys):
    assert main(["models", "--json"]) == 0

    models = {model["name"]: model for model in json.loads(capsys.readouterr().out)["models"]}
    assert {"brain-structures-mr", "hippocampus-mr"} <= models.keys()
    for model in models.values():
        assert model["active"] and model["shipped"] and len(model["sha256"]) == 64
        assert model["licence_weights"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["no-such-thing"], "there is no file, folder or command named 'no-such-thing'"),
        (["info", "missing"], "there is no file or folder missing"),
        (["info"], "the following arguments are required: path"),
        (["convert", "{text}", "{out}.nii.gz"], "no image series"),
        (["convert", "{ct}", "{out}.jpg"], "volumes are written as"),
        (["convert", "{ct}", "{text}"], "volumes are written as"),
        (["convert", "{ct}", "{out}.nii.gz", "--series", "1.2"], "no series 1.2"),
        (["segment", "{ct}", "{out}.nii.gz", "--model", "liver"], "there is no model liver"),
        (["segment", "{ct}", "{out}.nii.gz", "--model", "brain-structures-mr"], "needs several slices"),
        (["train", "--data", "{out}"], "required"),
        (["demo", "--steps", "0", "--out", "{out}"], "--steps must be at least 1"),
    ],
)
def test_a_mistake_ends_with_2_and_one_sentence(tmp_path, capsys, arguments, sentence):
    text = tmp_path / "notes.txt"
    text.write_text("no image")
    places = {"text": text, "out": tmp_path / "out", "ct": get_testdata_file("CT_small.dcm")}

    code = main([argument.format(**places) for argument in arguments])

    said = capsys.readouterr().err.strip()
    assert code == 2
    assert sentence in said
    assert len(said.splitlines()) == 1
    assert "Traceback" not in said


def test_an_existing_file_is_not_overwritten(tmp_path, capsys):
    out = tmp_path / "kept.nii.gz"
    out.write_bytes(b"mine")

    assert main(["convert", get_testdata_file("CT_small.dcm"), str(out)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert out.read_bytes() == b"mine"


def test_help_answers_without_loading_qt_vtk_or_torch():
    program = (
        "import sys; from viewer.__main__ import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print([m for m in ('PySide6', 'vtkmodules', 'torch', 'onnxruntime', 'SimpleITK') if m in sys.modules])"
    )
    child = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert child.stdout.strip().endswith("[]")
    assert "Not for diagnostic use" in " ".join(child.stdout.split())


def test_without_a_display_the_window_says_what_works_instead(monkeypatch, capsys):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")

    assert main([]) == 2
    assert "slicewise demo --out" in capsys.readouterr().err
