"""The training folder holds the voxels exactly and the patient not at all."""

from __future__ import annotations

import csv
import gzip
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from viewer.core.volume import part_of
from viewer.io.training_set import TrainingCase, first_voxel, installation_key, series_of_dataset, write_dataset


@pytest.fixture
def cases(phantom, oblique_phantom) -> list[TrainingCase]:
    labels = (phantom.voxels % 3).astype(np.uint8)
    return [
        TrainingCase("1.2.3.CANARYUID", "CANARYID", phantom, labels, frozenset({(2, 5), (0, 1)}), (1, 2)),
        TrainingCase("1.2.4.CANARYUID", "CANARYID", oblique_phantom),
        TrainingCase("1.2.5.CANARYUID", "", replace(oblique_phantom, modality="MR")),
    ]


def case_of(folder: Path, annotated: bool) -> str:
    labelled = {file.name for file in (folder / "labels").iterdir()}
    images = sorted(file.name for file in (folder / "images").iterdir())
    return next(name for name in images if (name in labelled) == annotated)


def test_images_and_labels_are_exact_and_share_a_grid(tmp_path, cases, phantom):
    write_dataset(tmp_path, cases)
    name = case_of(tmp_path, annotated=True)
    image, labels = (sitk.ReadImage(str(tmp_path / part / name)) for part in ("images", "labels"))
    np.testing.assert_array_equal(sitk.GetArrayViewFromImage(image), phantom.voxels)
    np.testing.assert_array_equal(sitk.GetArrayViewFromImage(labels), phantom.voxels % 3)
    assert labels.GetPixelID() == sitk.sitkUInt8
    for picture in (image, labels):
        for corner in ((0, 0, 0), tuple(n - 1 for n in phantom.geometry.size)):
            expected = phantom.geometry.index_to_lps(corner)
            np.testing.assert_allclose(picture.TransformIndexToPhysicalPoint(corner), expected, atol=0.01)


def test_parts_of_a_scan_lie_where_they_were_and_their_names_tell_where_they_begin(tmp_path, oblique_phantom):
    labels = (oblique_phantom.voxels % 3).astype(np.uint8)
    places = (slice(1, 5), slice(2, 9), slice(3, 8)), (slice(0, 3), slice(0, 4), slice(0, 2))
    cases = [
        TrainingCase(
            "1.2.3.CANARYUID",
            "CANARYID",
            part_of(oblique_phantom, place),
            labels[place],
            frozenset({(2, 1)}),
            at_ijk=(place[2].start, place[1].start, place[0].start),
        )
        for place in places
    ]
    series = write_dataset(tmp_path, cases, key=b"key")

    names = sorted(name for name in series if name.startswith("case"))
    assert sorted(map(first_voxel, names)) == [(0, 0, 0), (3, 2, 1)] and first_voxel("case-0af") == (0, 0, 0)
    for name in names:
        place = places[0] if first_voxel(name) == (3, 2, 1) else places[1]
        image = sitk.ReadImage(str(tmp_path / "images" / f"{name}.nii.gz"))
        np.testing.assert_array_equal(sitk.GetArrayViewFromImage(image), oblique_phantom.voxels[place])
        last = np.subtract(image.GetSize(), 1)
        for corner in (np.zeros(3, int), last):
            expected = oblique_phantom.geometry.index_to_lps(corner + first_voxel(name))
            np.testing.assert_allclose(image.TransformIndexToPhysicalPoint(corner.tolist()), expected, atol=0.01)
    assert series_of_dataset(tmp_path, ["1.2.9", "1.2.3.CANARYUID"], b"key") == series


def test_unlabelled_cases_have_no_label_file(tmp_path, cases):
    write_dataset(tmp_path, cases)
    assert len(list((tmp_path / "images").iterdir())) == 3
    assert len(list((tmp_path / "labels").iterdir())) == 1


def test_confirmed_slices_and_corrected_labels_are_listed(tmp_path, cases):
    write_dataset(tmp_path, cases)
    confirmed = json.loads((tmp_path / "confirmed.json").read_text())
    stem = case_of(tmp_path, annotated=True).removesuffix(".nii.gz")
    assert confirmed == {stem: {"slices": [[0, 1], [2, 5]], "corrected_labels": [1, 2]}}


def test_cases_of_one_patient_share_a_pseudonym(tmp_path, cases):
    write_dataset(tmp_path, cases)
    with (tmp_path / "patients.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    stems = {file.name.removesuffix(".nii.gz") for file in (tmp_path / "images").iterdir()}
    assert {row["case"] for row in rows} == stems
    assert len({row["patient"] for row in rows}) == 2


def test_no_patient_is_named_anywhere(tmp_path, cases):
    write_dataset(tmp_path, cases)
    for file in tmp_path.rglob("*"):
        if file.is_file():
            content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
            assert b"CANARY" not in content, file.name
            assert "CANARY" not in file.name
            if file.suffix == ".gz":
                assert content[148:252].strip(b"\0") == b"", "descrip and aux_file"
                assert file.read_bytes()[3] & 0x18 == 0, "no file name or comment in the gzip header"


def test_pseudonyms_cannot_be_made_again(tmp_path, cases):
    """The key is thrown away: a list of known UIDs cannot be run against the names."""
    write_dataset(tmp_path / "one", cases)
    write_dataset(tmp_path / "two", cases)
    names = [{file.name for file in (tmp_path / part / "images").iterdir()} for part in ("one", "two")]
    assert not names[0] & names[1]


def test_an_installation_names_a_case_alike_each_time_by_a_key_that_no_folder_holds(tmp_path, phantom):
    key = installation_key(tmp_path / "pseudonyms.key")
    case = TrainingCase("1.2.3", "MRN 4711", phantom)
    for name in ("one", "two"):
        write_dataset(tmp_path / name, [case], key=installation_key(tmp_path / "pseudonyms.key"))

    patients = [(tmp_path / name / "patients.csv").read_bytes() for name in ("one", "two")]
    assert patients[0] == patients[1]
    assert (tmp_path / "pseudonyms.key").stat().st_mode & 0o077 == 0 or os.name != "posix"
    for file in (tmp_path / "one").rglob("*"):
        assert file.is_dir() or (key not in file.read_bytes() and b"4711" not in file.read_bytes())


def test_the_key_leads_from_names_back_to_series(tmp_path, cases):
    key = installation_key(tmp_path / "pseudonyms.key")
    series = write_dataset(tmp_path / "data", cases, key=key)
    uids = [case.series_uid for case in reversed(cases)]

    assert series_of_dataset(tmp_path / "data", uids, key) == series and len(series) == 4  # the annotated patient, too
    assert set(series_of_dataset(tmp_path / "data", uids[:2], key).values()) == set(uids[:2])
    assert series_of_dataset(tmp_path / "data", uids, b"another key") == {}
    assert series_of_dataset(tmp_path / "gone", uids, key) == {}
