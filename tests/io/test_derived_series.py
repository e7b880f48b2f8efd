"""A synthetic picture as a derived DICOM series: marked, in its place, and nothing where anything is wrong."""

from dataclasses import replace

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from viewer.core.enhanced import Enhanced
from viewer.core.geometry import Geometry
from viewer.core.origin import Origin
from viewer.core.session import Session
from viewer.core.study import DERIVED_NOTE, SYNTHETIC_NOTE, SeriesError
from viewer.core.volume import Volume
from viewer.io import derived_series, files
from viewer.io.reader import Reader

SOURCE = np.random.default_rng(1).integers(-900, 900, (4, 12, 10)).astype(np.int16)


@pytest.fixture
def opened(tmp_path):
    """A CT of four slices as the program reads it."""
    folder = tmp_path / "ct"
    folder.mkdir()
    study, series = generate_uid(), generate_uid()
    for k, plane in enumerate(SOURCE):
        one = Dataset()
        one.SOPClassUID, one.SOPInstanceUID = CTImageStorage, generate_uid()
        one.StudyInstanceUID, one.SeriesInstanceUID, one.FrameOfReferenceUID = study, series, "1.2.3"
        one.Modality, one.PatientID, one.PatientName = "CT", "P7", "Doe^Jane"
        one.SeriesDescription, one.ImageType, one.InstanceNumber = "Chest", ["ORIGINAL", "PRIMARY", "AXIAL"], k + 1
        one.Rows, one.Columns, one.SamplesPerPixel, one.PhotometricInterpretation = 12, 10, 1, "MONOCHROME2"
        one.BitsAllocated = one.BitsStored = 16
        one.HighBit, one.PixelRepresentation = 15, 1
        one.KVP, one.Manufacturer, one.ConvolutionKernel = "120", "Scanner works", "B30"
        one.add_new(0x00291001, "LO", "private")
        one.RescaleSlope, one.RescaleIntercept, one.PixelSpacing = 1, 0, [0.5, 0.8]
        one.ImageOrientationPatient = [0.96, 0.28, 0, 0.28, -0.96, 0]
        one.ImagePositionPatient = [5, -7, 40 - 3.0 * k]
        one.PixelData = plane.tobytes()
        one["PixelData"].VR = "OW"
        one.file_meta = FileMetaDataset()
        one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        one.file_meta.MediaStorageSOPClassUID, one.file_meta.MediaStorageSOPInstanceUID = (
            CTImageStorage,
            one.SOPInstanceUID,
        )
        one.save_as(folder / f"{k}.dcm", enforce_file_format=True)
    reader = Reader()
    series = files.scan([folder], look_all=reader.look_all).series[0]
    yield series, reader.read(series), reader
    reader.close()


def finer(volume: Volume) -> Enhanced:
    """Each pixel twice as fine, by repetition, and 0.25 more."""
    geometry = volume.geometry
    spacing = (geometry.spacing[0] / 2, geometry.spacing[1] / 2, geometry.spacing[2])
    size = (geometry.size[0] * 2, geometry.size[1] * 2, geometry.size[2])
    place = Geometry(size, spacing, geometry.index_to_lps((-0.25, -0.25, 0)), geometry.direction)
    voxels = volume.voxels.repeat(2, 1).repeat(2, 2).astype(np.float32) + 0.25
    residual = Volume(np.full(voxels.shape, 0.25, np.float32), place)
    return Enhanced(Volume(voxels, place), residual, 1.0, 0.0, {}, Origin("finer", "1.0.0", "CPU", sha256="ab" * 32))


def test_it_is_marked_and_comes_back_in_its_place_and_says_so_when_opened(opened, tmp_path):
    series, volume, reader = opened
    enhanced = finer(volume)
    assert enhanced.covers(volume.geometry)
    written = derived_series.write_derived_series(series, volume, enhanced, tmp_path / "out")
    found, source = dcmread(written[1]), dcmread(series.files[1])
    assert list(found.ImageType) == ["DERIVED", "SECONDARY", "AXIAL"]
    assert found.SeriesDescription == "SYNTHETIC Chest" and "SYNTHETIC" in found.DerivationDescription
    assert found.SourceImageSequence[0].ReferencedSOPInstanceUID == source.SOPInstanceUID
    assert found.SeriesInstanceUID != source.SeriesInstanceUID and found.StudyInstanceUID == source.StudyInstanceUID
    assert found.PatientID == "P7" and found.BurnedInAnnotation == "NO"
    assert "StudyID" not in source and "PatientSex" not in source
    assert not found.StudyID and not found.PatientSex and not found.ReferringPhysicianName  # type 2: there, but empty
    assert found.ContributingEquipmentSequence[0].SoftwareVersions == "abababababab"
    assert found.SyntheticData == "YES" and found.KVP == 120 and 0x00291001 not in found
    assert [code.CodeValue for code in found.DerivationCodeSequence] == ["ENHANCEMENT", "113085"]
    again = files.scan([tmp_path / "out"], look_all=reader.look_all).series[0]
    back = reader.read(again)
    assert back.geometry.same_grid(enhanced.volume.geometry, 1e-3)
    np.testing.assert_allclose(back.voxels, enhanced.volume.voxels, atol=0.02)
    session = Session()
    session.open(replace(again, description="renamed"), back)
    assert session.synthetic
    assert session.add_measurement("length", ((1.0, 1.0, 1.0), (4.0, 5.0, 1.0)), 2) is None
    assert session.add_measurement("arrow", ((1.0, 1.0, 1.0), (4.0, 5.0, 1.0)), 2) is not None
    session.open(series, volume)
    assert not session.synthetic and not series.notes


def test_a_translation_says_nothing_of_how_its_source_was_acquired(opened, tmp_path):
    series, volume, reader = opened
    made = replace(finer(volume), residual=None, bound=None)
    there = Volume(volume.voxels.astype(np.float32) / 7, volume.geometry, "", "MR")
    made = replace(made, volume=there)
    written = derived_series.write_derived_series(series, volume, made, tmp_path / "out")
    found, source = dcmread(written[2]), dcmread(series.files[2])
    assert list(found.ImageType) == ["DERIVED", "SECONDARY", "OTHER"] and found.SyntheticData == "YES"
    assert (found.Modality, found.SOPClassUID.name) == ("MR", "MR Image Storage")
    assert found.SeriesDescription == "SYNTHETIC MR by finer" and found.Manufacturer == "Slicewise"
    assert found.DerivationCodeSequence[0].CodeValue == "TRANSLATION"
    assert found.SourceImageSequence[0].ReferencedSOPInstanceUID == source.SOPInstanceUID
    assert found.ContributingEquipmentSequence[0].Manufacturer == "Scanner works"
    assert not {"KVP", "ConvolutionKernel", "EchoTime"} & {one.keyword for one in found if one.value}
    assert found.PatientID == "P7" and found.FrameOfReferenceUID == source.FrameOfReferenceUID
    again = files.scan([tmp_path / "out"], look_all=reader.look_all).series[0]
    assert again.synthetic and again.verdict.is_volume and again.unit == ""
    np.testing.assert_allclose(reader.read(again).voxels, there.voxels, atol=0.01)
    us = replace(made, volume=replace(there, modality="US"))
    with pytest.raises(SeriesError, match="synthetic US cannot be written"):
        derived_series.write_derived_series(series, volume, us, tmp_path / "us")


def test_a_source_without_a_study_is_refused_in_a_sentence(opened, tmp_path):
    series, volume, _ = opened
    one = dcmread(series.files[3])
    one.StudyInstanceUID = ""
    one.save_as(series.files[3])
    with pytest.raises(SeriesError, match="names no study"):
        derived_series.write_derived_series(series, volume, finer(volume), tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["ct"]


@pytest.mark.parametrize(("told", "note"), [("YES", SYNTHETIC_NOTE), ("NO", DERIVED_NOTE), (None, DERIVED_NOTE)])
def test_series_of_others_are_what_they_say_in_the_terms_of_dicom(opened, told, note):
    series, _, reader = opened
    for file in series.files:
        one = dcmread(file)
        one.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
        if told is not None:
            one.SyntheticData = told
        one.save_as(file)
    again = files.scan([series.files[0].parent], look_all=reader.look_all).series[0]
    assert again.notes == (note,) and again.synthetic == (told == "YES")


def test_nothing_is_left_where_anything_is_wrong(opened, tmp_path, monkeypatch):
    series, volume, _ = opened
    enhanced = finer(volume)
    (tmp_path / "there").mkdir()
    with pytest.raises(SeriesError, match="there already"):
        derived_series.write_derived_series(series, volume, enhanced, tmp_path / "there")
    monkeypatch.setattr(derived_series.np, "rint", lambda values: np.floor(values) + 3)
    with pytest.raises(SeriesError, match="came back otherwise"):
        derived_series.write_derived_series(series, volume, enhanced, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ct", "there"]
