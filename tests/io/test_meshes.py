"""Surfaces come back from their files where they were, or there is no file."""

import struct

import numpy as np
import pytest

from viewer.core.mesh import Mesh, bounds, enclosed_volume
from viewer.core.study import SeriesError
from viewer.io import meshes, saving
from viewer.io.meshes import MESH_SUFFIXES, read_mesh_corners, write_mesh

LOW, SIZE = np.array((-61.25, 203.5, -1004.75)), np.array((3.0, 5.0, 11.0))


@pytest.fixture
def block() -> Mesh:
    """A box of 165 mm^3, its triangles counter-clockwise from outside."""
    corner = np.array(list(np.ndindex(2, 2, 2)))  # number 4 x + 2 y + z
    triangles = [(0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1), (2, 3, 7), (2, 7, 6)]
    triangles += [(0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3)]
    return Mesh("left lobe\nof it", LOW + corner * SIZE, np.array(triangles, np.int32), (10, 200, 30))


@pytest.mark.parametrize("suffix", MESH_SUFFIXES)
def test_what_was_written_comes_back(tmp_path, block, suffix):
    write_mesh(block, tmp_path / f"block{suffix}")

    back = read_mesh_corners(tmp_path / f"block{suffix}")
    np.testing.assert_allclose(back, block.corners, atol=1e-3)
    np.testing.assert_allclose(bounds(back), (LOW, LOW + SIZE), atol=1e-3)
    assert enclosed_volume(back) == pytest.approx(165.0, rel=1e-4)
    assert [path.name for path in tmp_path.iterdir()] == [f"block{suffix}"]


@pytest.mark.parametrize("suffix", MESH_SUFFIXES)
def test_files_say_their_unit_and_their_axes(tmp_path, block, suffix):
    write_mesh(block, tmp_path / f"block{suffix}")
    head = (tmp_path / f"block{suffix}").read_bytes()[:300]
    assert b"UNIT=mm" in head and b"SPACE=LPS" in head
    assert not (suffix == ".stl" and head.startswith(b"solid"))  # readers would take it for text


def test_stl_is_what_other_programs_read(tmp_path, block):
    write_mesh(block, tmp_path / "block.stl")
    content = (tmp_path / "block.stl").read_bytes()
    (count,) = struct.unpack("<I", content[80:84])
    normal = struct.unpack("<3f", content[84:96])
    assert count == 12 and len(content) == 84 + 50 * 12
    assert normal == (-1.0, 0.0, 0.0)  # of the first triangle, on the lowest x


def test_ply_is_what_vtk_reads(tmp_path, block):
    reader = pytest.importorskip("vtkmodules.vtkIOPLY").vtkPLYReader()
    write_mesh(block, tmp_path / "block.ply")
    reader.SetFileName(str(tmp_path / "block.ply"))
    reader.Update()
    read = reader.GetOutput()
    assert (read.GetNumberOfPoints(), read.GetNumberOfCells()) == (8, 12)
    np.testing.assert_allclose(np.reshape(read.GetBounds(), (3, 2)).T, (LOW, LOW + SIZE), atol=1e-3)
    assert read.GetPointData().GetScalars().GetTuple(0) == (10, 200, 30)


@pytest.mark.parametrize("suffix", MESH_SUFFIXES)
def test_nothing_is_replaced_unless_asked(tmp_path, block, suffix):
    path = tmp_path / f"block{suffix}"
    path.write_bytes(b"a person's work")
    with pytest.raises(FileExistsError, match="exists already"):
        write_mesh(block, path)
    assert path.read_bytes() == b"a person's work"

    write_mesh(block, path, overwrite=True)
    assert len(read_mesh_corners(path)) == 12
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path, block, monkeypatch):
    check = meshes._check

    def late(*args):
        check(*args)
        (tmp_path / "block.stl").write_bytes(b"somebody else's")

    monkeypatch.setattr(meshes, "_check", late)
    with pytest.raises(FileExistsError):
        write_mesh(block, tmp_path / "block.stl")
    assert (tmp_path / "block.stl").read_bytes() == b"somebody else's"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda corners: corners + 0.02, "from its place"),
        (lambda corners: corners[:-1], "11 triangles of 12"),
        (lambda corners: corners * np.nan, "from its place"),
        (lambda corners: corners[:, ::-1], "nothing was saved"),
    ],
)
@pytest.mark.parametrize("suffix", MESH_SUFFIXES)
def test_a_copy_that_differs_is_not_kept(tmp_path, block, monkeypatch, suffix, spoil, said):
    read = meshes.read_mesh_corners
    monkeypatch.setattr(meshes, "read_mesh_corners", lambda path: spoil(read(path)))
    with pytest.raises(SeriesError, match=said):
        write_mesh(block, tmp_path / f"block{suffix}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", MESH_SUFFIXES)
def test_a_truncated_file_is_damaged(tmp_path, block, suffix):
    path = tmp_path / f"block{suffix}"
    write_mesh(block, path)
    path.write_bytes(path.read_bytes()[: -30 if suffix != ".obj" else -2])
    with pytest.raises(SeriesError, match="damaged"):
        read_mesh_corners(path)


def test_nothing_is_written_for_an_unknown_format_an_empty_surface_or_a_full_disk(tmp_path, block, monkeypatch):
    with pytest.raises(SeriesError, match="surfaces are written as"):
        write_mesh(block, tmp_path / "block.vtk")
    empty = Mesh("empty", np.zeros((0, 3)), np.zeros((0, 3), np.int32))
    with pytest.raises(SeriesError, match="no surface"):
        write_mesh(empty, tmp_path / "empty.stl")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(saving.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_mesh(block, tmp_path / "block.stl")
    assert not list(tmp_path.iterdir())
