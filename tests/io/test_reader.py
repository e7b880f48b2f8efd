"""Reading in child processes: the same as in this one, and no file can hurt it.

Faults are planted by faulty_reader.py, which runs in the place of the reader's own program.
"""

import contextlib
import gc
import hashlib
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import threading
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom.data
import pytest
from PIL import Image
from pydicom import dcmread

from tests.opened_files import opened_files
from viewer.core.geometry import Geometry
from viewer.core.study import SeriesError
from viewer.io import files, reader
from viewer.io.reader import Reader, SlicesUnreadable
from viewer.io.reader_process import memory_limit_bytes

FAULTY = (sys.executable, "-P", str(Path(__file__).with_name("faulty_reader.py")))
CT = Path(pydicom.data.get_testdata_file("CT_small.dcm", download=False))
BUNDLED = CT.parent
DEMO = Path(__file__).parents[2] / "resources" / "demo" / "mni152-t1"

CRASHED = "the reader crashed on it"
FAULTS = {
    "abort": CRASHED,
    "segfault": CRASHED,
    "killed": CRASHED,
    "exit": CRASHED,
    "interrupt": CRASHED,
    "leaving": CRASHED,
    "error": CRASHED,
    "garbage": CRASHED,
    "shape": CRASHED,
    "unknown": CRASHED,
    "deep": CRASHED,
    "huge": CRASHED,
    "another": CRASHED,
    "unasked": CRASHED,
    "writing": CRASHED,
    "endless": "took longer than 2 s",
    "holding": "took longer than 2 s",
    "hog": "needs more than 1,024 MB of memory",
}


class Cancelled(Exception):
    pass


@pytest.fixture(scope="module")
def faulty():
    """Two processes in which files go wrong as their names say; the same for all tests, as each must leave it well."""
    made = Reader(2, FAULTY)
    yield made
    made.close()


@pytest.fixture(scope="module")
def two():
    made = Reader(2)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def short_limits(monkeypatch):
    monkeypatch.setattr(reader, "HEADER_LIMIT_S", 2.0)
    monkeypatch.setattr(reader, "SLICE_LIMIT_S", 2.0)


@pytest.fixture
def copies(tmp_path):
    """Makes copies of one CT slice under given names."""

    def make(*names):
        made = [tmp_path / f"{name}.dcm" for name in names]
        for file in made:
            shutil.copy(CT, file)
        return made

    return make


@pytest.fixture
def series_of(write_dicom, tmp_path, oblique_phantom):
    """The phantom as a scanned series, slices `at` of which go wrong in the way of a fault."""

    def make(fault="", at=(3,)):
        folder = tmp_path / f"series-{fault}"
        write_dicom(folder, oblique_phantom)
        (series,) = files.scan([folder]).series
        names = [f"{fault}-{k}.dcm" if fault and k in at else f"{k}.dcm" for k in range(series.frames)]
        return replace(
            series, files=tuple(file.rename(folder / name) for file, name in zip(series.files, names, strict=True))
        )

    return make


def children(pid):
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(entry.name))
    return found


def descendants(pid):
    """Processes that a process has started, and those that they have."""
    return [below for child in children(pid) for below in (child, *descendants(child))]


def state(pid):
    """One letter, "Z" for a zombie; empty for no process. proc(5)."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return ""


def wait_until(what, timeout_s=20.0):
    end = time.monotonic() + timeout_s
    while not what() and time.monotonic() < end:
        time.sleep(0.02)
    return what()


def resident_mb():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS")) / 1024


def peak_mb():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 1024


def zipped(paths, archive):
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writing:
        for path in paths:
            writing.write(path, path.name)
    return archive


def same(volume, expected):
    np.testing.assert_array_equal(volume.voxels, expected.voxels)
    assert volume.voxels.dtype == expected.voxels.dtype
    assert (volume.overlay is None) == (expected.overlay is None)
    if expected.overlay is not None:
        np.testing.assert_array_equal(volume.overlay, expected.overlay)
    assert volume.complete
    assert volume.geometry.same_grid(expected.geometry)
    assert (volume.unit, volume.padding) == (expected.unit, expected.padding)


# The same as in this process


@pytest.mark.parametrize("at", ["header", "contents", "digest"])
def test_files_are_looked_at_as_in_this_process_and_in_their_order(two, at, tmp_path):
    paths = [*sorted(BUNDLED.glob("*.dcm")), BUNDLED / "dicomdirtests" / "DICOMDIR", zipped([CT], tmp_path / "a.zip")]

    looks = list(two.look_all(paths, at=at))

    assert looks == list(files.look_here(paths, lambda: None, at))
    assert at == "header" or len({(look.contents, look.digest) for look in looks}) > 2


def test_a_phantom_arrives_voxel_for_voxel(two, series_of, oblique_phantom):
    volume = two.read(series_of())

    np.testing.assert_array_equal(volume.voxels, oblique_phantom.voxels)
    assert volume.voxels.dtype == np.int16
    assert volume.geometry.same_grid(oblique_phantom.geometry)
    assert volume.unit == "HU"


@pytest.mark.parametrize("processes", [0, 2])
def test_real_series_are_read_or_refused_as_in_this_process(processes, two):
    one = two if processes else Reader(processes=0)
    kinds = set()

    for series in files.scan([BUNDLED], lambda: None, one.look_all).series:
        try:
            expected = files.read_series(series)
        except SeriesError as error:
            with pytest.raises(SeriesError, match=f"^{re.escape(str(error))}$"):
                one.read(series)
            kinds.add("refused")
        else:
            same(one.read(series), expected)
            kinds |= {str(expected.voxels.dtype), "overlay" if series.overlays else "", series.frames > 1}

    assert {"refused", "int16", "int32", "uint8", "float32", "overlay", True} <= kinds


def test_the_demo_study_is_read_as_in_this_process(two):
    (series,) = files.scan([DEMO], lambda: None, two.look_all).series

    same(two.read(series, first=series.frames // 2), files.read_series(series))


@pytest.mark.parametrize("coloured", [None, 0, 6])
@pytest.mark.parametrize("processes", [0, 2])
def test_a_stack_saved_as_colours_is_grey_as_long_as_no_slice_has_one(processes, coloured, two, tmp_path):
    one = two if processes else Reader(processes=0)
    colours = np.repeat(np.random.default_rng(4).integers(0, 256, (7, 9, 12, 1), np.uint8), 3, axis=-1)
    if coloured is not None:
        colours[coloured, 3, 4, 1] ^= 1
    for k, picture in enumerate(colours):
        Image.fromarray(picture).save(tmp_path / f"{k}.png")
    (series,) = files.scan([tmp_path]).series
    told = []

    volume = one.read(series, arrived=lambda shown, slices: told.append((shown, slices)), first=0)

    shown = dict.fromkeys(shown for shown, _ in told)
    assert list(shown)[-1] is volume
    if not processes:  # else slice 6 may come before slice 0
        assert [one.colour for one in shown] == {None: [False], 0: [True], 6: [False, True]}[coloured]
    assert sorted(k for given, slices in told if given is volume for k in slices) == list(range(7))
    assert volume.complete
    assert (volume.colour, volume.saved_as_colours) == (coloured is not None, coloured is None)
    np.testing.assert_array_equal(volume.voxels, colours if volume.colour else colours[..., 0])
    same(volume, files.read_series(series))


def test_a_volume_in_one_file_is_read_at_once(two, tmp_path, oblique_phantom):
    files.write_image(oblique_phantom.voxels, oblique_phantom.geometry, tmp_path / "phantom.nii.gz")
    (series,) = files.scan([tmp_path], lambda: None, two.look_all).series

    volume = two.read(series)

    np.testing.assert_array_equal(volume.voxels, oblique_phantom.voxels)
    assert volume.geometry.same_grid(oblique_phantom.geometry)


def test_file_names_in_no_known_encoding_are_read(two, series_of, tmp_path):
    series = series_of()
    odd = tmp_path / os.fsdecode(b"h\xe9t\xe9rog\xe8ne")
    series.files[0].parent.rename(odd)

    (found,) = files.scan([odd], lambda: None, two.look_all).series

    assert found.files[0].parent == odd
    assert two.read(found).complete


# Slices arrive


@pytest.mark.parametrize("slow", [range(7), (6,)])
@pytest.mark.parametrize("processes", [0, 2])
def test_the_slice_that_is_wanted_first_arrives_first_and_the_others_follow(processes, slow, faulty, series_of):
    one = faulty if processes else Reader(processes=0)
    series = series_of("slow", at=slow)
    told, whole = [], []

    def arrived(volume, slices):
        assert all(volume.arrived[k] for k in slices)
        told.append(slices)
        whole.append((volume, volume.complete))

    volume = one.read(series, arrived=arrived, first=6)

    assert 6 in told[0]
    assert len(told[0]) <= 2 or slow == (6,)  # the other process has had one more, or all others
    assert sorted(k for slices in told for k in slices) == list(range(7))
    assert all(given is volume for given, _ in whole)
    assert [complete for _, complete in whole].count(True) == 1
    assert volume.complete


def test_nobody_can_write_into_the_voxels(two, series_of):
    volume = two.read(series_of())

    with pytest.raises(ValueError, match="read-only"):
        volume.voxels[0, 0, 0] = 1
    with pytest.raises(ValueError, match="cannot set WRITEABLE"):
        volume.voxels.flags.writeable = True


@pytest.mark.parametrize("processes", [0, 2])
def test_values_that_need_a_larger_type_are_read_again_into_it(processes, two, write_dicom, tmp_path, oblique_phantom):
    one = two if processes else Reader(processes=0)

    def steeper(dataset, k):
        dataset.RescaleSlope = 40 if k == 6 else 1

    write_dicom(tmp_path, oblique_phantom, change=steeper)
    (series,) = files.scan([tmp_path]).series
    expected = oblique_phantom.voxels.astype(np.int32)
    expected[6] = (expected[6] + 1024) * 40 - 1024
    given = []

    volume = one.read(
        replace(series, value_type="int16"), arrived=lambda volume, slices: given.append((volume, slices))
    )

    np.testing.assert_array_equal(volume.voxels, expected)
    assert volume.voxels.dtype == np.int32
    of_the_last = [k for volume_, slices in given if volume_ is volume for k in slices]
    assert sorted(of_the_last) == list(range(7))


def test_progress_reaches_the_end_and_never_falls(two, series_of):
    fractions = []

    two.read(series_of(), lambda fraction, text: fractions.append(fraction))

    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


# Nothing is opened in the window's process


@pytest.fixture
def holders(tmp_path):
    """A ZIP, one that is not called so, a DICOMDIR that lists an image, and two copies of a slice."""
    (tmp_path / "in").mkdir()
    whole = dcmread(CT)
    made = []
    for n in range(4):
        whole.SOPInstanceUID = whole.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{n}"
        whole.SeriesInstanceUID = f"1.2.4.{n}"
        made.append(tmp_path / "in" / f"{n}.dcm")
        whole.save_as(made[-1])
    disc = tmp_path / "disc"
    (disc / "98892001").mkdir(parents=True)
    shutil.copy(BUNDLED / "dicomdirtests" / "DICOMDIR", disc)
    shutil.copytree(BUNDLED / "dicomdirtests" / "98892001" / "CT5N", disc / "98892001" / "CT5N")
    (tmp_path / "twice").mkdir()
    copies = [Path(shutil.copy(made[0], tmp_path / "twice" / name)) for name in ("a", "b")]
    return [
        zipped([made[1]], tmp_path / "a.zip"),
        zipped([made[2]], tmp_path / "download"),
        disc / "DICOMDIR",
        *copies,
    ]


@pytest.mark.parametrize("processes", [0, 2])
def test_no_archive_file_set_or_copy_is_opened_in_this_process(two, holders, processes):
    one = two if processes else Reader(processes=0)
    expected = files.scan(holders)

    with opened_files() as opened:
        found = files.scan(holders, look_all=one.look_all)

    assert found == expected
    assert len(found.series) == 4
    assert any("1 identical copy was left out." in series.notes for series in found.series)
    assert len(found.refused) > 10  # of the disc most files are not there
    heard = {name for name in opened if name.startswith(str(holders[0].parent))}
    if processes:
        assert heard == set()
    else:
        assert heard >= set(map(str, holders))  # so there is something to be heard


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured in /proc")
def test_this_process_does_not_grow_with_a_large_copy_in_an_archive(two, tmp_path):
    large = dcmread(CT)
    large.Rows = large.Columns = 6000
    large.PixelData = bytes(6000 * 6000 * 2)
    large.save_as(tmp_path / "a.dcm")
    shutil.copy(tmp_path / "a.dcm", tmp_path / "b.dcm")
    archive = zipped([tmp_path / "a.dcm", tmp_path / "b.dcm"], tmp_path / "a.zip")
    del large
    gc.collect()
    files.scan([CT], look_all=two.look_all)
    Path("/proc/self/clear_refs").write_text("5")  # the peak is now what is resident, proc(5)
    before = resident_mb()

    (series,) = files.scan([archive], look_all=two.look_all).series

    assert "1 identical copy was left out." in series.notes
    assert peak_mb() - before < 20


def test_the_digest_of_a_large_file_has_the_time_that_reading_it_takes(faulty, tmp_path, monkeypatch):
    list(faulty.look_all([CT]))
    monkeypatch.setattr(reader, "HEADER_LIMIT_S", 0.1)
    slow = tmp_path / "slow-1"  # takes 0.3 s
    slow.touch()
    os.truncate(slow, 2_000_000)
    (gone,) = faulty.look_all([tmp_path / "gone"], at="digest")

    (in_time,) = faulty.look_all([slow], at="digest")
    (late,) = faulty.look_all([slow])

    assert in_time.digest == hashlib.sha256(bytes(2_000_000)).hexdigest()
    assert "took longer" in late.refused
    assert (gone.digest, bool(gone.refused)) == ("", True)


# No file can hurt


@pytest.mark.parametrize("fault", FAULTS)
def test_a_file_that_ends_its_process_is_refused_in_one_sentence_and_others_go_on(faulty, copies, fault):
    paths = copies("a", "b", f"{fault}-1", "c", "d", "e")
    expected = list(files.look_here(paths, lambda: None))

    looks = list(faulty.look_all(paths))

    assert [look.file for look in looks] == paths
    assert FAULTS[fault] in looks[2].refused
    assert "fetch it again" in looks[2].refused
    assert looks[:2] + looks[3:] == expected[:2] + expected[3:]
    assert list(faulty.look_all(paths[:2])) == expected[:2]
    assert not (paths[0].with_name("written").exists() and paths[0].with_name("written").read_bytes())


@pytest.mark.parametrize("fault", ["abort", "garbage", "endless", "hog"])
def test_an_archive_that_ends_its_process_is_refused_in_one_sentence_and_others_go_on(faulty, copies, tmp_path, fault):
    copies("a")
    bad = zipped([CT], tmp_path / f"{fault}-1.zip")
    fine = zipped([BUNDLED / "MR_small.dcm"], tmp_path / "fine.zip")

    found = files.scan([tmp_path], look_all=faulty.look_all)

    assert {series.files for series in found.series} == {(tmp_path / "a.dcm",), (fine / "MR_small.dcm",)}
    assert [refusal.file for refusal in found.refused] == [bad]
    assert FAULTS[fault] in found.refused[0].reason


@pytest.mark.parametrize("fault", ["abort", "garbage"])
def test_a_dicomdir_that_ends_its_process_is_refused_and_the_files_of_its_folder_are_listed(faulty, tmp_path, fault):
    disc = tmp_path / f"{fault}-disc"
    disc.mkdir()
    shutil.copy(BUNDLED / "dicomdirtests" / "DICOMDIR", disc)
    image = Path(shutil.copy(CT, disc / "image"))
    other = Path(shutil.copy(BUNDLED / "MR_small.dcm", tmp_path))

    found = files.scan([disc / "DICOMDIR", other], look_all=faulty.look_all)

    assert {series.files for series in found.series} == {(image,), (other,)}
    assert [refusal.file for refusal in found.refused] == [disc / "DICOMDIR"]
    assert CRASHED in found.refused[0].reason


def test_a_copy_that_ends_its_process_is_taken_for_no_copy(faulty, copies):
    twins, others = copies("twin-a", "twin-b"), copies("a", "b")

    (series,) = files.scan([*twins, *others], look_all=faulty.look_all).series

    assert series.verdict.kind == "duplicate"
    assert set(series.files) == {*twins, others[0]}
    assert "1 identical copy was left out." in series.notes


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"another", "unasked"}))
def test_a_slice_that_ends_its_process_is_named_and_other_series_are_read(faulty, series_of, fault):
    good, bad = series_of(), series_of(fault)

    with pytest.raises(SeriesError, match=f"^{fault}-3.dcm: .*{FAULTS[fault]}.*fetch it again"):
        faulty.read(bad)

    same(faulty.read(good), files.read_series(good))


@pytest.mark.parametrize("fault", ["segfault", "holding"])
def test_a_bad_slice_is_named_whatever_was_asked_for_with_it(faulty, series_of, fault, monkeypatch):
    monkeypatch.setattr(reader, "_runs", lambda series, first, processes: [range(series.frames)])

    with pytest.raises(SeriesError, match=f"^{fault}-3.dcm: .*{FAULTS[fault]}"):
        faulty.read(series_of(fault))


def test_many_faults_at_once_each_get_their_own_sentence(faulty, copies):
    kinds = ["abort", "fine", "hog", "fine", "garbage", "exit", "fine", "fine"]
    paths = copies(*(f"{kinds[n % 8]}-{n}" for n in range(64)))

    looks = list(faulty.look_all(paths))

    for look, n in zip(looks, range(64), strict=True):
        assert FAULTS.get(kinds[n % 8], "") in look.refused
        assert (look.instance is not None) == (kinds[n % 8] == "fine")


def test_a_reader_cannot_cut_the_memory_that_the_window_looks_at(series_of):
    given = []

    with (
        contextlib.closing(Reader(1, FAULTY)) as one,  # a second one might cut before the first slice is there
        pytest.raises(SeriesError, match=CRASHED),
    ):
        one.read(series_of("cutting", at=(6,)), arrived=lambda volume, slices: given.append(volume), first=0)

    assert given
    assert all(int(volume.voxels.sum()) for volume in given)  # this process would have ended with SIGBUS


@pytest.mark.parametrize("fault", ["hog", "huge", "deep", "endless"])
def test_this_process_grows_little_over_a_bad_file(faulty, copies, fault):
    paths = copies("a", f"{fault}-1", "b")
    list(faulty.look_all(paths))
    before = peak_mb()

    list(faulty.look_all(paths))

    assert peak_mb() - before < 20


def test_chatter_of_decoders_stays_out_of_the_terminal(faulty, copies, capfd):
    list(faulty.look_all(copies("chatter-1", "chatter-2")))

    assert capfd.readouterr() == ("", "")


def test_a_damaged_slice_is_refused_with_its_own_sentence(two, series_of):
    series = series_of()
    series.files[2].write_bytes(series.files[2].read_bytes()[:-40])

    with pytest.raises(SeriesError, match=series.files[2].name) as refused:
        two.read(series)

    assert CRASHED not in str(refused.value)


# Memory


def test_a_series_that_does_not_fit_into_memory_is_refused_with_both_figures(two, series_of, monkeypatch):
    monkeypatch.setattr(reader, "_free_bytes", lambda: 8_000_000_000)

    with pytest.raises(SeriesError, match=r"needs 12\.3 GB of memory, 8\.0 GB are free"):
        two.read(replace(series_of(), size=(1_000_000, 879, 7)))


@pytest.mark.parametrize("size", [(10**9, 10**9, 7), (10**5, 10**6, 7), (0, 11, 7), (-14, 11, 7), None])
def test_an_impossible_size_is_refused(two, series_of, size):
    with pytest.raises(SeriesError, match=r"memory|how many pixels"):
        two.read(replace(series_of(), size=size))


def test_a_series_with_fewer_files_than_slices_is_refused(two, series_of):
    series = series_of()

    with pytest.raises(SeriesError, match="not as many"):
        two.read(replace(series, files=series.files[:5]))


def test_voxels_of_python_objects_are_refused(two, series_of):
    with pytest.raises(SeriesError, match="type object"):
        two.read(replace(series_of(), value_type="object"))


def test_memory_is_given_back_when_the_volume_is_dropped(two, tmp_path):
    noise = np.random.default_rng(3).integers(0, 3000, (60, 512, 512), np.int16)  # 31 MB
    geometry = Geometry((512, 512, 60), (0.7, 0.7, 1.5), np.zeros(3), np.eye(3))
    files.write_image(noise, geometry, tmp_path / "noise.nii.gz")
    (series,) = files.scan([tmp_path], lambda: None, two.look_all).series
    int(two.read(series).voxels.sum())
    gc.collect()  # an error holds what its frames held, and tests before have raised some
    before = resident_mb()

    volume = two.read(series)
    assert int(volume.voxels.sum()) == int(noise.sum())
    assert resident_mb() - before > 25
    del volume

    assert resident_mb() - before < 5
    assert wait_until(  # the pool's thread may be letting go of it at this moment
        lambda: not [entry for entry in Path("/proc/self/fd").iterdir() if "voxels" in str(entry.resolve())]
    )
    assert wait_until(lambda: not any(map(has_voxels, descendants(os.getpid()))))


def has_voxels(pid):
    with contextlib.suppress(FileNotFoundError):  # it ended meanwhile
        return "voxels" in Path(f"/proc/{pid}/maps").read_text()
    return False


def test_a_reader_may_take_four_times_what_a_large_file_declares(tmp_path):
    """A file of 0.4 GB: 1.6 GB are allowed, more than the 1 GB for small ones."""
    (series,) = files.scan([CT]).series

    assert memory_limit_bytes(series, "int16") == 1 << 30
    assert memory_limit_bytes(replace(series, size=(1000, 1000, 200), files=(CT,)), "int16") == 1_600_000_000
    assert memory_limit_bytes(replace(series, size=(1000, 1000, 200), files=(CT,) * 200), "int16") == 1_600_000_000
    in_slices = tuple(tmp_path / str(k) for k in range(200))
    assert memory_limit_bytes(replace(series, size=(1000, 1000, 200), files=in_slices), "int16") == 1 << 30


# Cancelling, and several at once


def test_a_cancelled_look_ends_soon_and_the_next_call_works(faulty, copies):
    paths = copies(*(f"slow-{n}" for n in range(40)), "a")
    calls = []

    def check():
        calls.append(1)
        if len(calls) > 5:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(faulty.look_all(paths, check))

    started = time.monotonic()
    (look,) = faulty.look_all(paths[-1:])
    assert look.instance is not None
    assert time.monotonic() - started < 4.0  # the 40 slow files would take 6 s


def test_a_look_cancelled_while_a_file_hangs_does_not_hold_up_the_next_call(faulty, copies, monkeypatch):
    monkeypatch.setattr(reader, "HEADER_LIMIT_S", 1000.0)
    paths = copies("holding-1", "endless-1", "a")
    list(faulty.look_all(copies("slow-1", "slow-2")))  # both processes run

    def check():
        if time.monotonic() > end:
            raise Cancelled

    end = time.monotonic() + 1.0
    with pytest.raises(Cancelled):
        list(faulty.look_all(paths, check))

    (look,) = faulty.look_all(paths[-1:])
    assert look.instance is not None


def test_a_reading_can_be_cancelled_and_the_series_read_again(faulty, series_of):
    series = series_of("slow", at=(2,))

    def progress(fraction, text):
        if fraction > 0:
            raise Cancelled

    with pytest.raises(Cancelled):
        faulty.read(series, progress)

    assert faulty.read(series).complete


def test_several_threads_get_their_own_results(faulty, series_of, copies, phantom):
    good, bad = series_of(), series_of("abort")
    paths = copies(*(f"{'exit' if n % 10 == 3 else 'fine'}-{n}" for n in range(40)))
    expected = files.read_series(good).voxels
    wrong = []

    def read():
        wrong.extend("voxels" for _ in range(3) if not np.array_equal(faulty.read(good).voxels, expected))

    def fail():
        for _ in range(3):
            try:
                faulty.read(bad)
            except SeriesError as error:
                if "abort-3.dcm" not in str(error):
                    wrong.append(str(error))
            else:
                wrong.append("no error")

    def look():
        for look, path in zip(faulty.look_all(paths), paths, strict=True):
            if look.file != path or bool(look.refused) != path.name.startswith("exit"):
                wrong.append(look)

    threads = [threading.Thread(target=work) for work in (read, fail, look, read)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert not any(thread.is_alive() for thread in threads)
    assert wrong == []


def test_an_opening_waits_for_no_more_than_one_file_of_a_long_scan(faulty, series_of, copies):
    paths = copies(*(f"slow-{n}" for n in range(100)))
    series = series_of()
    looked = []

    def scan():
        with contextlib.suppress(Cancelled):
            looked.extend(faulty.look_all(paths, check))

    def check():
        if opened:
            raise Cancelled

    opened = []
    thread = threading.Thread(target=scan)
    thread.start()
    assert wait_until(lambda: looked)
    before = len(looked)
    faulty.read(series, arrived=lambda volume, slices: None)
    between = len(looked) - before
    opened.append(True)
    thread.join(30)

    assert between <= 4  # each process ends the file it is at; a request of the scan has 13
    assert all(look.instance is not None for look in looked)


# Start and end


def test_closing_leaves_no_process_behind(copies):
    before = children(os.getpid())
    one = Reader(2, FAULTY)
    list(one.look_all(copies("a", "abort-1", "b", "hog-1")))
    (parent,) = set(children(os.getpid())) - set(before)
    started = [parent, *descendants(parent)]
    assert len(started) >= 3

    one.close()
    one.close()

    assert "".join(map(state, started)) == ""
    with pytest.raises(SeriesError, match="closing"):
        list(one.look_all(copies("a")))


def test_processes_that_died_are_buried(faulty, copies):
    list(faulty.look_all(copies(*(f"abort-{n}" for n in range(6)))))

    assert wait_until(lambda: "Z" not in map(state, descendants(os.getpid())))


def test_closing_ends_calls_that_still_run(copies):
    one = Reader(2, FAULTY)
    before = children(os.getpid())
    one.start()
    assert wait_until(lambda: [c for c in children(os.getpid()) if c not in before])
    (parent,) = set(children(os.getpid())) - set(before)
    assert wait_until(lambda: len(descendants(parent)) == 2)
    paths = copies("endless-1", "holding-2", "a")
    said = []

    def look():
        try:
            list(one.look_all(paths))
        except SeriesError as error:
            said.append(str(error))

    thread = threading.Thread(target=look)
    thread.start()
    time.sleep(0.5)
    started = time.monotonic()
    one.close()
    thread.join(10)

    assert time.monotonic() - started < reader._END_LIMIT_S
    assert state(parent) == ""
    assert len(said) == 1 and "closing" in said[0]


def test_closing_while_the_processes_still_start_does_not_wait_for_them():
    one = Reader(2)
    before = children(os.getpid())
    one.start()
    assert wait_until(lambda: [c for c in children(os.getpid()) if c not in before])
    started = time.monotonic()
    one.close()

    assert time.monotonic() - started < reader._END_LIMIT_S
    assert set(children(os.getpid())) <= set(before)


@pytest.mark.parametrize("program", [("/no/such/program",), (sys.executable, "-c", "raise SystemExit(3)")])
def test_a_program_that_does_not_start_is_said_and_does_not_hang(program, copies):
    one = Reader(2, program)
    with pytest.raises(SeriesError, match="does not start; install Slicewise again"):
        list(one.look_all(copies("a")))
    with pytest.raises(SeriesError, match="does not start"):
        list(one.look_all(copies("a")))
    one.close()


def test_a_program_that_did_not_start_is_tried_again_by_the_next_call(tmp_path, copies):
    program = f"""
import os
from viewer.io import files, reader_process
if os.path.exists({str(tmp_path / "damaged")!r}):
    raise SystemExit(3)
reader_process.run(files.look, files.read_slices)
"""
    one = Reader(2, (sys.executable, "-P", "-c", program))
    (tmp_path / "damaged").touch()
    with pytest.raises(SeriesError, match="does not start"):
        list(one.look_all(copies("a")))
    (tmp_path / "damaged").unlink()

    (look,) = one.look_all(copies("a"))
    assert look.instance is not None
    one.close()


def test_no_reader_outlives_the_process_that_forked_it(copies):
    one = Reader(2, FAULTY)
    before = children(os.getpid())
    paths = copies("a", "endless-1", "holding-2")
    looks = one.look_all(paths)
    next(looks)
    (parent,) = set(children(os.getpid())) - set(before)
    readers = descendants(parent)
    time.sleep(0.3)
    os.kill(parent, signal.SIGKILL)

    assert [CRASHED in look.refused for look in looks] == [True, True]
    assert wait_until(lambda: "".join(map(state, readers)).strip("Z") == "")
    one.close()


def test_reading_goes_on_after_all_its_processes_were_killed(copies):
    one = Reader(2)
    paths = copies("a", "b")
    before = children(os.getpid())
    expected = list(one.look_all(paths))
    (parent,) = set(children(os.getpid())) - set(before)
    for pid in (*descendants(parent), parent):
        os.kill(pid, signal.SIGKILL)
    time.sleep(0.2)

    assert list(one.look_all(paths)) == expected
    one.close()


def test_readers_that_nobody_needs_end_and_others_take_their_place(copies, monkeypatch):
    monkeypatch.setattr("viewer.io.reader._REST_AFTER_S", 1.5)
    one = Reader(2)
    paths, before = copies("a", "b"), children(os.getpid())
    expected = list(one.look_all(paths))
    (parent,) = set(children(os.getpid())) - set(before)

    assert wait_until(lambda: not descendants(parent))
    assert state(parent) not in ("", "Z")  # ready to fork others
    assert list(one.look_all(paths)) == expected
    assert len(descendants(parent)) == 2
    one.close()


def mapped(pids, library):
    return [library in Path(f"/proc/{pid}/maps").read_text() for pid in pids]


def test_decoders_are_imported_by_the_first_reader_that_needs_them_and_then_shared(copies, monkeypatch):
    monkeypatch.setattr("viewer.io.reader._REST_AFTER_S", 0.3)
    one, before = Reader(2), children(os.getpid())
    (jpeg,) = files.scan([BUNDLED / "JPGExtended.dcm"]).series  # of 12 bits, which GDCM alone reads
    expected = files.read_series(jpeg)
    (jpeg2000,) = files.scan([BUNDLED / "MR_small_jp2klossless.dcm"]).series

    list(one.look_all(copies("a")))
    (parent,) = set(children(os.getpid())) - set(before)
    assert not any(mapped([parent, *descendants(parent)], "openjpeg"))  # a CT that is not compressed needs no decoder
    same(one.read(jpeg2000), files.read_series(jpeg2000))
    assert any(mapped(descendants(parent), "openjpeg"))
    assert not any(mapped([parent, *descendants(parent)], "gdcm"))

    same(one.read(jpeg), expected)
    assert sum(mapped(descendants(parent), "gdcm")) == 1
    assert wait_until(lambda: all(mapped([parent], "gdcm")))  # once its readers rest
    list(one.look_all(copies("a")))
    assert all(mapped(descendants(parent), "gdcm"))
    same(one.read(jpeg), expected)
    one.close()


def test_the_keyboards_interrupt_does_not_end_the_processes(two, copies):
    paths = copies("a", "b")
    expected = list(two.look_all(paths))
    started = descendants(os.getpid())
    for pid in started:
        os.kill(pid, signal.SIGINT)

    assert list(two.look_all(paths)) == expected
    assert set(started) <= set(descendants(os.getpid()))


SCRIPT = """
import sys, os, threading
from pathlib import Path
from viewer.io.reader import Reader
from viewer.io.reader_process import memory_limit_bytes
reader = Reader(2, {program!r})
reader.start()
print([look.instance is not None for look in reader.look_all([Path({file!r})])], flush=True)
"""


@pytest.mark.parametrize("as_text", [True, False])
def test_a_script_without_a_main_guard_can_read_and_ends_cleanly_without_closing(tmp_path, as_text):
    text = SCRIPT.format(program=reader._PROGRAM, file=str(CT))
    (tmp_path / "script.py").write_text(text)
    argv = [sys.executable, "-c", text] if as_text else [sys.executable, str(tmp_path / "script.py")]

    ended = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "[True]\n", "")


def test_processes_die_with_a_killed_parent_even_in_an_endless_loop(tmp_path, copies):
    endless = copies("holding-1", "endless-1")
    text = SCRIPT.format(program=FAULTY, file=str(CT))
    text += f"print(*reader.look_all([Path(name) for name in {list(map(str, endless))!r}]))"
    with subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "[True]\n"
        time.sleep(0.5)
        started = descendants(parent.pid)
        parent.kill()

    assert len(started) == 3
    assert wait_until(lambda: all(state(pid) in ("", "Z") for pid in started), 5.0)


# Slices that cannot be read among others that can


@pytest.mark.parametrize("processes", [0, 2])
def test_slices_that_cannot_be_read_are_told_with_their_reasons(two, series_of, processes):
    one = two if processes else Reader(processes=0)
    series = series_of("short", at=(2,))
    series.files[2].write_bytes(series.files[2].read_bytes()[:-9])

    with pytest.raises(SlicesUnreadable, match=r"^short-2\.dcm: .*truncated") as caught:
        one.read(series)

    assert list(caught.value.sentences) == [2]


def test_each_slice_is_told_that_ends_its_process(faulty, series_of, monkeypatch):
    monkeypatch.setattr(reader, "_runs", lambda series, first, processes: [range(series.frames)])
    monkeypatch.setattr(files, "_READABLE_SHARE", 0.5)

    with pytest.raises(
        SlicesUnreadable, match=r"^abort-1\.dcm: .* \(and 2 further slices cannot be read either\)$"
    ) as caught:
        faulty.read(series_of("abort", at=(1, 4, 6)))

    assert list(caught.value.sentences) == [1, 4, 6]
    assert all(sentence.startswith(f"abort-{k}.dcm") for k, sentence in caught.value.sentences.items())


def test_a_series_of_which_much_is_damaged_is_given_up(two, series_of):
    series = series_of("short", at=(2, 3))
    for k in (2, 3):
        series.files[k].write_bytes(series.files[k].read_bytes()[:-9])

    with pytest.raises(SeriesError, match="truncated") as caught:
        two.read(series)

    assert not isinstance(caught.value, SlicesUnreadable)


@pytest.mark.parametrize("processes", [0, 2])
def test_the_other_slices_are_judged_anew_and_read(two, series_of, processes):
    one = two if processes else Reader(processes=0)
    series = series_of("short", at=(2,))
    whole = files.read_series(series)
    series.files[2].write_bytes(series.files[2].read_bytes()[:-9])
    with pytest.raises(SlicesUnreadable) as caught:
        one.read(series)

    rest = files.without(series, caught.value.sentences, look_all=one.look_all)
    volume = one.read(rest)

    assert rest.verdict.kind == "missing"
    assert rest.uid == series.uid
    assert rest.notes[0] == f"Left out: {caught.value}."
    np.testing.assert_array_equal(volume.voxels, np.delete(whole.voxels, 2, axis=0))


def test_a_film_that_was_cut_off_is_shown_to_its_last_whole_frame(two, tmp_path):
    film = tmp_path / "film.dcm"
    content = (BUNDLED / "examples_ybr_color.dcm").read_bytes()
    film.write_bytes(content)
    (series,) = files.scan([film]).series
    whole = files.read_series(series)
    film.write_bytes(content[:-3000])

    with pytest.raises(SlicesUnreadable, match="truncated") as caught:
        two.read(series)

    assert list(caught.value.sentences) == [29]
    rest = files.without(series, caught.value.sentences, look_all=two.look_all)
    assert (rest.frames, rest.verdict.kind) == (29, "no-position")
    np.testing.assert_array_equal(two.read(rest).voxels, whole.voxels[:29])


def test_the_last_slice_of_a_packed_volume_counts_only_after_its_checksum(tmp_path, oblique_phantom):
    path = tmp_path / "volume.nii.gz"
    files.write_image(oblique_phantom.voxels, oblique_phantom.geometry, path)
    content = bytearray(path.read_bytes())
    content[-8] ^= 1
    path.write_bytes(content)
    (series,) = files.scan([path]).series
    done = []

    with pytest.raises(SeriesError, match="damaged"):
        files.read_slices(
            series, range(series.frames), np.empty(series.size[::-1], series.value_type), None, done.append
        )

    assert done == list(range(series.frames - 1))


def test_whole_numbers_of_64_bits_that_need_a_larger_type_get_it(two, tmp_path):
    values = np.random.default_rng(5).integers(-1000, 3000, (5, 7, 9)) * 10**7
    header = bytearray(352)
    struct.pack_into("<i8h", header, 0, 348, *[0] * 8)
    struct.pack_into("<8h", header, 40, 3, 9, 7, 5, 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, 1024, 64)
    struct.pack_into("<8f", header, 76, 1, 1, 2, 3, 0, 0, 0, 0)
    struct.pack_into("<f", header, 108, 352)
    header[344:348] = b"n+1\0"
    (tmp_path / "large.nii").write_bytes(header + values.astype("<i8").tobytes())
    (series,) = files.scan([tmp_path / "large.nii"]).series

    volume = two.read(series)

    assert volume.voxels.dtype == np.float64
    np.testing.assert_array_equal(volume.voxels, values)
