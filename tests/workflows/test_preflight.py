"""The word of a person against the program's advice: asked of the use case and of the command line, kept in exports."""

import json

import numpy as np
import pytest

from tests.models import write_peak_model, write_threshold_model
from viewer.__main__ import main
from viewer.core.label_set import label_set
from viewer.core.labels import Label
from viewer.core.origin import Origin
from viewer.core.session import Proposal
from viewer.io.files import write_image


def test_exports_name_what_was_overridden(oblique_phantom):
    proposal = Proposal(
        np.ones(oblique_phantom.geometry.shape, np.uint8),
        (),
        Origin(
            "head",
            "1.2",
            overridden=(("modality", "It was made for MR."), ("values", "They are none."), ("values", "Nor these.")),
        ),
    )
    assert proposal.source == "head 1.2 (overridden: modality, values)"
    voxels, labels = proposal.voxels, (Label(1, "Bright", (1, 2, 3)),)
    made = label_set(None, oblique_phantom.geometry, voxels, voxels, labels, proposal.source, [1]).made[1]
    assert (made.algorithm, made.version) == ("head", "1.2 (overridden: modality, values)")
    usual = label_set(None, oblique_phantom.geometry, voxels, voxels, labels, "head 1.2", [1]).made[1]
    assert (usual.algorithm, usual.version) == ("head", "1.2")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr("viewer.workflows.user_folder", lambda: tmp_path / "user")
    write_threshold_model(tmp_path / "user" / "models" / "threshold" / "1.0.0")
    return tmp_path


def test_the_command_line_refuses_what_should_not_run_unless_it_is_told_to(home, oblique_phantom, capsys):
    write_image(oblique_phantom.voxels, oblique_phantom.geometry, home / "ct.nii.gz")  # down to air: no MR
    argv = ["segment", str(home / "ct.nii.gz"), str(home / "out.nii.gz"), "--model", "threshold"]
    assert main(argv) == 2
    refused = capsys.readouterr().err
    assert "those of a CT" in refused and "--override" in refused and not (home / "out.nii.gz").exists()

    assert main([*argv, "--override"]) == 0
    told = capsys.readouterr()
    assert "overridden (values): Threshold was made for MR" in told.out and (home / "out.nii.gz").exists()
    assert "amber: The file does not say its modality" in told.err
    origin = json.loads((home / "out.json").read_text())  # what the label map has no room for
    assert (origin["model"], origin["version"], origin["label_map"]) == ("threshold", "1.0.0", "out.nii.gz")
    assert origin["device"] == "CPU" and len(origin["sha256"]) == 64 and origin["made"] and origin["level"] == "red"
    assert [reason["about"] for reason in origin["overridden"]] == ["values"]


def test_no_override_lets_run_what_cannot(home, oblique_phantom, capsys):
    from dataclasses import replace

    single = replace(oblique_phantom.geometry, size=(14, 11, 1))
    write_image(oblique_phantom.voxels[:1].copy(), single, home / "one.nii.gz")
    argv = ["segment", str(home / "one.nii.gz"), str(home / "out.nii.gz"), "--model", "threshold", "--override"]
    assert main(argv) == 2
    assert "single picture" in capsys.readouterr().err


def test_the_command_line_finds_boxes_where_they_are_in_the_patient(home, oblique_phantom, capsys):
    write_peak_model(home / "user" / "models" / "peaks" / "1.0.0", axes="KJI")
    voxels = np.zeros(oblique_phantom.geometry.shape, np.int16)
    voxels[5, 3, 9], voxels[2, 8, 4] = 800, 300
    write_image(voxels, oblique_phantom.geometry, home / "mr.nii.gz")
    argv = ["detect", str(home / "mr.nii.gz"), "--model", "peaks"]
    assert main(argv) == 0
    said = capsys.readouterr().out
    assert "0.80  Mass" in said and "slice k 6" in said and "Nodule" not in said and "1 below the thresholds" in said

    assert main([*argv, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(box["label"], box["shown"]) for box in told["boxes"]] == [("Mass", True), ("Nodule", False)]
    middle = np.mean(told["boxes"][0]["corners_lps_mm"], axis=0)
    np.testing.assert_allclose(middle, oblique_phantom.geometry.index_to_lps((9, 3, 5)), atol=1e-4)
    assert told["run"]["name"] == "peaks" and len(told["run"]["sha256"]) == 64

    assert main([*argv[:-1], "threshold"]) == 2
    assert "is a model of segmentation" in capsys.readouterr().err
