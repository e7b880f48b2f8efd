"""Makes resources/demo from the MNI152 template that the nilearn package ships: run by hand, its result is committed.

    pip install nilearn && python packaging/make_demo_study.py resources/demo

Writes mni152-t1/ (a DICOM MR series, JPEG 2000 lossless) and tissues.nii.gz (1 grey, 2 white matter).
"""

from __future__ import annotations

import sys
import uuid
from importlib.resources import files
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEG2000Lossless, MRImageStorage

NAMESPACE = uuid.UUID("6b0f0f5e-52a5-4b0a-9c59-0d5a3f1f7a11")


def uid(name: str) -> str:
    """The same name gives the same UID on every run (PS3.5 B.2: 2.25 and a UUID as a number)."""
    return f"2.25.{uuid.uuid5(NAMESPACE, name).int}"


def template(kind: str) -> sitk.Image:
    folder = Path(str(files("nilearn"))) / "datasets" / "data"
    image = sitk.ReadImage(str(folder / f"mni_icbm152_{kind}_tal_nlin_sym_09a_converted.nii.gz"))
    return sitk.DICOMOrient(image, "LPS")


def main(out: Path) -> None:
    head = template("t1")
    series = out / "mni152-t1"
    series.mkdir(parents=True, exist_ok=True)
    voxels = sitk.GetArrayFromImage(head)
    for k, pixels in enumerate(voxels):
        write_slice(pixels, k, head, series / f"{k + 1:03d}.dcm")
    grey, white = (sitk.GetArrayFromImage(template(kind)).astype(np.float32) / 255 for kind in ("gm", "wm"))
    tissues = np.where((grey > 0.5) & (grey >= white), 1, np.where(white > 0.5, 2, 0)).astype(np.uint8)
    image = sitk.GetImageFromArray(tissues)
    image.CopyInformation(head)
    sitk.WriteImage(image, str(out / "tissues.nii.gz"), useCompression=True)


def write_slice(pixels: np.ndarray, k: int, head: sitk.Image, file: Path) -> None:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = MRImageStorage
    meta.MediaStorageSOPInstanceUID = UID(uid(f"slice {k}"))
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset(str(file), {}, file_meta=meta, preamble=b"\0" * 128)
    fill_patient_and_study(data)
    data.SOPClassUID = MRImageStorage
    data.SOPInstanceUID = uid(f"slice {k}")
    data.InstanceNumber = k + 1
    position = head.TransformIndexToPhysicalPoint((0, 0, k))
    direction = np.array(head.GetDirection()).reshape(3, 3)
    data.ImagePositionPatient = [f"{v:.6g}" for v in position]
    data.ImageOrientationPatient = [f"{v:.6g}" for v in (*direction[:, 0], *direction[:, 1])]
    data.PixelSpacing = [f"{head.GetSpacing()[1]:.6g}", f"{head.GetSpacing()[0]:.6g}"]
    data.SliceThickness = data.SpacingBetweenSlices = f"{head.GetSpacing()[2]:.6g}"
    data.SliceLocation = f"{position[2]:.6g}"
    data.Rows, data.Columns = pixels.shape
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 8, 8, 7, 0
    data.WindowCenter, data.WindowWidth = "128", "256"
    data.PixelData = np.ascontiguousarray(pixels, dtype=np.uint8).tobytes()
    data.compress(JPEG2000Lossless, generate_instance_uid=False)
    data.save_as(file, enforce_file_format=True)


def fill_patient_and_study(data: Dataset) -> None:
    data.SpecificCharacterSet = "ISO_IR 192"
    data.PatientName, data.PatientID = "MNI152^Average Head", "MNI152-DEMO"
    data.PatientBirthDate = data.PatientSex = ""
    data.StudyInstanceUID, data.SeriesInstanceUID = uid("study"), uid("series")
    data.FrameOfReferenceUID, data.PositionReferenceIndicator = uid("frame of reference"), ""
    data.StudyDate, data.StudyTime, data.StudyID, data.AccessionNumber = "20090101", "", "DEMO", ""
    data.ReferringPhysicianName, data.Manufacturer = "", "Montreal Neurological Institute (template)"
    data.StudyDescription, data.SeriesDescription = "Demo study", "T1 average of 152 heads"
    data.InstitutionName = "McConnell Brain Imaging Centre"
    data.Modality, data.SeriesNumber, data.BodyPartExamined = "MR", 1, "BRAIN"
    data.PatientPosition, data.Laterality = "HFS", ""
    data.ImageType = ["DERIVED", "SECONDARY"]
    data.DerivationDescription = "ICBM 2009a nonlinear symmetric average, skull-stripped, 1 mm"
    data.ScanningSequence, data.SequenceVariant, data.ScanOptions = "RM", "NONE", ""
    data.MRAcquisitionType, data.EchoTime, data.RepetitionTime, data.EchoTrainLength = "3D", "", "", ""


if __name__ == "__main__":
    main(Path(sys.argv[1]))
