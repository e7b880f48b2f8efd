"""Thousands of damaged files against the reader: each ends in a volume or one sentence, and the window's process lives.

What the harness calls good is itself put to the test below, with readers that are bad on purpose.
"""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID

from tests.hostile.generate import (
    BAD_FILES_OF_PYDICOM,
    ct,
    damaged,
    damaged_files,
    dicom,
    named_faults,
    packed,
    truncations,
    values,
)
from tests.hostile.harness import Report, attack, descendants, faults_of_sentence, resident_mb
from viewer.core.study import Series, SeriesError
from viewer.core.volume import Volume
from viewer.io import files
from viewer.io.reader import Reader

DAMAGED = 2_000
MOST_GROWTH_MB = 50

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="the reader has no processes of its own on Windows")
pytestmark = needs_posix

TRUE_HU = values().astype(np.int16) - 1024


def write_all(folder: Path, contents: dict[str, bytes]) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in contents]


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Path:
    return write_all(tmp_path_factory.mktemp("good"), {"good.dcm": dicom(ct(series="7"))})[0]


@dataclass
class Attack:
    report: Report
    growth_mb: float
    files: list[Path]
    left: set[int] = field(default_factory=set)


@pytest.fixture(scope="module")
def attacked(tmp_path_factory, good) -> Attack:
    """One reader against everything; what is measured comes out of this one run."""
    folder = tmp_path_factory.mktemp("attack")
    written = write_all(folder / "damaged", dict(damaged_files(DAMAGED)))
    written += write_all(folder / "named", named_faults())
    written += write_all(folder / "cut", truncations())
    theirs = folder / "pydicom"
    theirs.mkdir()
    for name in BAD_FILES_OF_PYDICOM:
        content = Path(str(get_testdata_file(name))).read_bytes()
        written += write_all(theirs, {name: content})
    warm_up = write_all(folder.parent / "warm-up", dict(damaged_files(100, seed=1)))
    before = descendants()
    reader = Reader()
    reader.start()
    try:
        attack(reader, warm_up, good, TRUE_HU)  # what Python and its libraries take once is no growth
        resident = resident_mb()
        report = attack(reader, [folder], good, TRUE_HU)
        growth = resident_mb() - resident
    finally:
        reader.close()
    return Attack(report, growth, written, left=_after_a_moment(before))


def _after_a_moment(before: set[int]) -> set[int]:
    for _ in range(50):
        if not descendants() - before:
            break
        time.sleep(0.1)
    return descendants() - before


def test_every_damaged_file_ends_in_a_volume_or_in_one_sentence(attacked):
    assert attacked.report.complaints == []
    # Both ends are frequent, or the files are all harmless or all hopeless and nothing was tried.
    assert attacked.report.volumes > DAMAGED / 4
    assert attacked.report.refusals > DAMAGED / 4


def test_every_damaged_file_has_an_end(attacked):
    """Refused or shown; only files that are no image by their first bytes and by their name may be passed over."""
    passed_over = [
        file.name
        for file in attacked.files
        if not attacked.report.said.get(file) and file.suffix not in ("", ".zip", ".raw")
    ]
    assert passed_over == []


def test_window_grows_by_little_while_thousands_of_damaged_files_are_read(attacked):
    assert not attacked.growth_mb > MOST_GROWTH_MB  # nan where it cannot be measured


def test_no_process_is_left_behind(attacked):
    assert attacked.left == set()


@pytest.mark.parametrize("name", BAD_FILES_OF_PYDICOM)
def test_bad_file_of_pydicom_has_an_end(attacked, name):
    file = next(file for file in attacked.files if file.name == name)
    if name.startswith("DICOMDIR"):  # a list of files: within a folder it is skipped, and its files are found anyway
        assert "verdict" not in attacked.report.about(file)
    else:
        assert attacked.report.about(file)


LAST_DEFENCE = r"crashed|more than [\d,]+ MB of memory|longer than \d+ s"
BOMBS = ("65000", "-30000", "65535", "-2e9", "-huge", "60000", "bomb")


def test_bombs_are_refused_by_what_their_headers_say_and_not_by_the_limits_of_a_process(attacked):
    """A limit would hold as well, but it costs the memory and the time up to it."""
    bombs = [file for file in attacked.files if file.parent.name == "named" and any(b in file.stem for b in BOMBS)]
    assert len(bombs) > 20
    assert [file.name for file in bombs if re.search(LAST_DEFENCE, attacked.report.about(file))] == []


def test_few_damaged_files_get_as_far_as_ending_a_process(attacked):
    ended = [file.name for file in attacked.files if re.search(LAST_DEFENCE, attacked.report.about(file))]
    assert len(ended) < len(attacked.files) / 200


# Folders and archives


def scan_texts(reader: Reader, path: Path) -> tuple[list[Series], list[str]]:
    found = files.scan([path], look_all=reader.look_all)
    for refusal in found.refused:
        assert faults_of_sentence(refusal.reason) == []
    return list(found.series), [refusal.reason for refusal in found.refused]


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    reader = Reader()
    yield reader
    reader.close()


def test_damaged_slice_never_spoils_the_values_of_its_neighbours(tmp_path, reader):
    """It may take the whole series with it, by one sentence, but what is shown of the others is right."""
    rng, whole = random.Random(5), [dicom(ct(k)) for k in range(5)]
    shown = 0
    for number in range(120):
        way, worse = damaged(rng, whole[2])
        folder = tmp_path / f"{number}-{way}"
        write_all(folder, {f"{k}.dcm": worse if k == 2 else whole[k] for k in range(5)})
        series, _ = scan_texts(reader, folder)
        for one in series:
            try:
                volume = reader.read(one)
            except SeriesError as error:
                assert faults_of_sentence(str(error)) == [], folder.name  # noqa: PT017
                continue
            for n, file in enumerate(one.files):
                if (k := int(file.stem)) != 2:
                    shown += 1
                    np.testing.assert_array_equal(volume.voxels[n], values(k).astype(np.int16) - 1024)
    assert shown > 240  # of 480


def test_loops_of_links_and_pipes_do_not_hold_up_a_scan(tmp_path, reader):
    folder = tmp_path / "a" / "b"
    write_all(folder, {"good.dcm": dicom(ct())})
    (folder / "loop").symlink_to(tmp_path / "a")
    (folder / "itself").symlink_to(folder / "itself")
    (folder / "dangling.dcm").symlink_to(tmp_path / "nowhere.dcm")
    os.mkfifo(folder / "pipe.dcm")
    series, _ = scan_texts(reader, tmp_path)
    assert [one.files for one in series] == [(folder / "good.dcm",)]
    _, reasons = scan_texts(reader, folder / "pipe.dcm")
    assert len(reasons) == 1


def test_names_in_an_archive_never_lead_out_of_it(tmp_path, reader):
    outside = write_all(tmp_path, {"outside": b"untouched"})[0]
    folder = tmp_path / "deep" / "deeper"
    members = {"../../outside": dicom(ct()), "/etc/outside": dicom(ct(1)), "C:\\outside": dicom(ct(2))}
    archive = write_all(folder, {"names.zip": packed(members)})[0]
    series, _ = scan_texts(reader, archive)
    assert sum(len(one.files) for one in series) == 3
    assert all(file.is_relative_to(archive) for one in series for file in one.files)
    for one in series:
        assert reader.read(one).voxels.shape[1:] == TRUE_HU.shape
    assert outside.read_bytes() == b"untouched"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["deep", "deeper", "names.zip", "outside"]


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
@pytest.mark.parametrize("path", [("..", "OUTSIDE"), ("", "ETC", "PASSWD"), ("SUB", "..", "..", "OUTSIDE")])
def test_dicomdir_lists_no_file_outside_its_folder(tmp_path, reader, path):
    write_all(tmp_path, {"OUTSIDE": dicom(ct())})
    folder = tmp_path / "disc"
    write_all(folder, {"INSIDE": dicom(ct(1))})
    listing = Dataset()
    listing.file_meta = FileMetaDataset()
    listing.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.1")
    listing.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.1.3.10")
    listing.file_meta.MediaStorageSOPInstanceUID = UID("1.2.826.0.1.3680043.10.543.500")
    records = []
    for parts in (["INSIDE"], list(path)):
        record = Dataset()
        record.DirectoryRecordType = "IMAGE"
        record.OffsetOfTheNextDirectoryRecord = record.OffsetOfReferencedLowerLevelDirectoryEntity = 0
        record.RecordInUseFlag = 0xFFFF
        record.ReferencedFileID = parts
        records.append(record)
    listing.DirectoryRecordSequence = records
    listing.save_as(folder / "DICOMDIR", enforce_file_format=True)
    series, reasons = scan_texts(reader, folder / "DICOMDIR")
    assert [one.files for one in series] == [(folder / "INSIDE",)]
    assert len(reasons) == 1


# The harness is shown to notice what it is there for


@dataclass
class Planted:
    """A reader that is bad in one way, and otherwise the one without processes."""

    refusal: str = ""
    message: str = ""
    wrong_values: bool = False
    leak: list[bytes] = field(default_factory=list)
    leak_bytes: int = 0
    forget: bool = False
    honest: Reader = field(default_factory=lambda: Reader(0))

    def look_all(self, paths: Sequence[Path], check=lambda: None, at="header") -> Iterator[files.Look]:
        for look in self.honest.look_all(paths, check, at):
            self.leak.append(b"\1" * self.leak_bytes)
            yield replace(look, refused=self.refusal) if self.refusal and look.refused else look

    def read(self, series: Series) -> Volume:
        if self.message:
            raise SeriesError(self.message)
        volume = self.honest.read(series)
        if self.wrong_values:
            return replace(volume, voxels=volume.voxels + 1)
        if self.forget and series.uid.endswith(".1"):
            raise KeyError(series.uid)
        return volume


def complaints_about(reader: Planted, tmp_path: Path, good: Path) -> str:
    paths = write_all(tmp_path, {"a.dcm": dicom(ct()), "b.dcm": dicom(ct())[:-40], "c.nii": b"no"})
    return "\n".join(attack(reader, paths, good, TRUE_HU).complaints)


def test_harness_has_nothing_against_an_honest_reader(tmp_path, good):
    assert complaints_about(Planted(), tmp_path, good) == ""


@pytest.mark.parametrize(
    "sentence",
    [
        "a.dcm cannot be read\nbecause it is cut",
        'Traceback (most recent call last): File "a.py", line 3',
        "the header is damaged (KeyError: 7)",
        "the header is damaged (struct.error: unpack requires 4 bytes)".replace("struct.error", "struct.Error"),
        "it cannot be opened ()",
        "it is damaged " + "very " * 80,
        "it failed",
        "",
    ],
)
def test_harness_notices_what_is_no_sentence(tmp_path, good, sentence):
    assert faults_of_sentence(sentence)
    if sentence:
        assert "b.dcm" in complaints_about(Planted(refusal=sentence), tmp_path, good)
        assert "a.dcm" in complaints_about(Planted(message=sentence), tmp_path, good)


def test_harness_notices_wrong_values_and_other_errors(tmp_path, good):
    assert "wrong values" in complaints_about(Planted(wrong_values=True), tmp_path, good)
    assert "KeyError" in complaints_about(Planted(forget=True), tmp_path, good)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is measured in /proc")
def test_harness_notices_a_leak(tmp_path, good):
    before, leaking = resident_mb(), Planted(leak_bytes=MOST_GROWTH_MB * 1_000_000)
    complaints_about(leaking, tmp_path, good)
    assert resident_mb() - before > MOST_GROWTH_MB


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are counted in /proc")
def test_harness_notices_a_process_that_is_left():
    before = descendants()
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    assert child.pid in descendants() - before
    child.kill()
    child.wait()
    assert child.pid not in descendants()


ABORTS = """
import os, sys
from pathlib import Path
from viewer.io import files
from viewer.io.reader import Reader
from viewer.io.reader_process import run

def look(file, at):
    if file.name == "b.dcm":
        os.abort()
    return honest(file, at)

honest = files.look
"""
WITHOUT_PROCESSES = ABORTS + "files.look = look\nlist(Reader(0).look_all([Path(name) for name in sys.argv[1:]]))\n"
WITH_PROCESSES = ABORTS + "run(look, files.read_slices)\n"


def test_decoder_that_aborts_ends_a_reader_without_processes(tmp_path):
    """So the fault that the next test plants is one that would have ended the window."""
    paths = write_all(tmp_path, {name: dicom(ct()) for name in ("a.dcm", "b.dcm", "c.dcm")})
    command = [sys.executable, "-c", WITHOUT_PROCESSES, *map(str, paths)]
    ended = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert ended.returncode == -signal.SIGABRT


def test_decoder_that_aborts_costs_one_file_and_not_the_window(tmp_path):
    paths = write_all(tmp_path, {name: dicom(ct()) for name in ("a.dcm", "b.dcm", "c.dcm")})
    reader = Reader(program=[sys.executable, "-c", WITH_PROCESSES])
    try:
        looks = list(reader.look_all(paths))
    finally:
        reader.close()
    assert [bool(look.refused) for look in looks] == [False, True, False]
    assert faults_of_sentence(looks[1].refused) == []


TRUSTING = {
    "nested-100000.dcm": "import sys, SimpleITK as sitk; sitk.ReadImage(sys.argv[1])",
    "jpeg-ls-24-bits.dcm": "import sys, pydicom; pydicom.dcmread(sys.argv[1]).pixel_array",
}


@pytest.mark.parametrize("name", TRUSTING)
def test_file_that_kills_a_library_does_not_kill_the_reader(tmp_path, reader, name):
    """These faults are real: a program that gives such a file to its library is gone."""
    file = write_all(tmp_path, {name: named_faults()[name]})[0]
    command = [sys.executable, "-c", TRUSTING[name], str(file)]
    ended = subprocess.run(command, capture_output=True, timeout=60, check=False)
    if ended.returncode >= 0:
        pytest.skip("this version of the library survives the file")
    assert -ended.returncode in (signal.SIGSEGV, signal.SIGABRT)
    series, reasons = scan_texts(reader, file)
    for one in series:
        with pytest.raises(SeriesError) as refused:
            reader.read(one)
        reasons.append(str(refused.value))
    assert len(reasons) == 1
    assert faults_of_sentence(reasons[0]) == []
