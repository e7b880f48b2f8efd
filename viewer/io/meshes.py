"""Surfaces as STL, PLY and OBJ files, in LPS and mm. Each is read back and compared before it gets its name."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from viewer.core.mesh import Mesh, bounds, enclosed_volume
from viewer.core.study import SeriesError
from viewer.io.saving import saved_when_complete

MESH_SUFFIXES = (".stl", ".ply", ".obj")

# 3D Slicer looks for SPACE=LPS in the header or the comments and would otherwise have to guess.
_FACTS = "Slicewise SPACE=LPS UNIT=mm Not for diagnostic use"
_SAME_PLACE_MM = 1e-3  # STL holds 32-bit numbers: at 1 m from the origin they are 0.00006 mm apart
_SAME_VOLUME = 1e-4
_PIECE = 10_000  # lines of text that are made or read at once
_STL_TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
_PLY_POINT = np.dtype([("xyz", "<f8", 3), ("rgb", "u1", 3)])
_PLY_FACE = np.dtype([("count", "u1"), ("points", "<i4", 3)])


def write_mesh(mesh: Mesh, path: Path, overwrite: bool = False) -> None:
    """Write a surface as binary STL, binary PLY or OBJ, by the file's name.

    The file appears under its name only after it was read back and found to have the same corners, bounds and
    enclosed volume. Raises SeriesError for an unknown suffix, an empty surface or a copy that came back different,
    FileExistsError, OSError.
    """
    suffix = path.suffix.lower()
    if suffix not in MESH_SUFFIXES:
        raise SeriesError(f"{path.name}: surfaces are written as {', '.join(MESH_SUFFIXES)}")
    if not len(mesh.triangles):
        raise SeriesError(f"{mesh.name} has no surface")
    write = {".stl": _stl, ".ply": _ply, ".obj": _obj}[suffix]
    with saved_when_complete(path, overwrite) as temporary:
        temporary.write_bytes(write(mesh))
        _check(path.name, mesh.corners, read_mesh_corners(temporary))


def read_mesh_corners(path: Path) -> NDArray[np.float64]:
    """Corners (m, 3, 3) of the triangles in a file that write_mesh wrote. Raises SeriesError for any other."""
    content = path.read_bytes()
    read = {".stl": _read_stl, ".ply": _read_ply, ".obj": _read_obj}[path.suffix.lower()]
    try:
        return read(content)
    except (ValueError, IndexError) as error:
        raise SeriesError(f"{path.name} is damaged ({error})") from error


def _check(name: str, corners: NDArray[np.float64], back: NDArray[np.float64]) -> None:
    """Raises SeriesError if triangles came back from a file as others than were written."""
    if back.shape != corners.shape:
        raise SeriesError(f"{name} came back with {len(back)} triangles of {len(corners)}; nothing was saved")
    apart = max(np.abs(back - corners).max(), np.abs(bounds(back) - bounds(corners)).max())
    if not apart <= _SAME_PLACE_MM:
        raise SeriesError(f"{name} came back up to {apart:.3g} mm from its place; nothing was saved")
    volume, volume_back = enclosed_volume(corners), enclosed_volume(back)
    extent = float(np.prod(np.ptp(bounds(corners), axis=0)))
    if not abs(volume_back - volume) <= _SAME_VOLUME * max(abs(volume), 1e-3 * extent):
        raise SeriesError(f"{name} came back with another volume; nothing was saved")


# STL


def _stl(mesh: Mesh) -> bytes:
    corners = mesh.corners
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    triangles = np.zeros(len(corners), _STL_TRIANGLE)
    triangles["normal"] = np.divide(normals, lengths, out=np.zeros_like(normals), where=lengths > 0)
    triangles["corners"] = corners
    return _FACTS.encode().ljust(80) + np.uint32(len(corners)).tobytes() + triangles.tobytes()


def _read_stl(content: bytes) -> NDArray[np.float64]:
    (count,) = np.frombuffer(content[80:84], "<u4")
    if len(content) != 84 + count * _STL_TRIANGLE.itemsize:
        raise ValueError("another length than its header says")
    return np.frombuffer(content, _STL_TRIANGLE, offset=84)["corners"].astype(np.float64)


# PLY


def _ply(mesh: Mesh) -> bytes:
    points = np.zeros(len(mesh.points), _PLY_POINT)
    points["xyz"], points["rgb"] = mesh.points, mesh.colour
    faces = np.zeros(len(mesh.triangles), _PLY_FACE)
    faces["count"], faces["points"] = 3, mesh.triangles
    header = [
        "ply",
        "format binary_little_endian 1.0",
        f"comment {_FACTS}",
        f"comment {_one_line(mesh.name)}",
        f"element vertex {len(points)}",
        *(f"property double {axis}" for axis in "xyz"),
        *(f"property uchar {colour}" for colour in ("red", "green", "blue")),
        f"element face {len(faces)}",
        "property list uchar int vertex_indices",
        "end_header\n",
    ]
    return "\n".join(header).encode("utf-8") + points.tobytes() + faces.tobytes()


def _read_ply(content: bytes) -> NDArray[np.float64]:
    header, found, body = content.partition(b"\nend_header\n")
    counts = {line.split()[1]: int(line.split()[2]) for line in header.splitlines() if line.startswith(b"element ")}
    points_end = counts[b"vertex"] * _PLY_POINT.itemsize
    if not found or len(body) != points_end + counts[b"face"] * _PLY_FACE.itemsize:
        raise ValueError("another length than its header says")
    points = np.frombuffer(body[:points_end], _PLY_POINT)["xyz"]
    return points[np.frombuffer(body[points_end:], _PLY_FACE)["points"]]


# OBJ


def _obj(mesh: Mesh) -> bytes:
    """In pieces, as text in one piece would let no other thread run."""
    red, green, blue = (c / 255 for c in mesh.colour)
    text = [f"# {_FACTS}\no {_one_line(mesh.name).replace(' ', '_')}\n"]
    for part in _pieces(mesh.points):
        lines = [f"v {x:.6f} {y:.6f} {z:.6f} {red:.4f} {green:.4f} {blue:.4f}\n" for x, y, z in part.tolist()]
        text.append("".join(lines))
    text += ["".join([f"f {a} {b} {c}\n" for a, b, c in (part + 1).tolist()]) for part in _pieces(mesh.triangles)]
    return b"".join([piece.encode("utf-8") for piece in text])


def _read_obj(content: bytes) -> NDArray[np.float64]:
    points: list[NDArray[np.float64]] = [np.zeros((0, 3))]
    triangles: list[NDArray[np.int64]] = [np.zeros((0, 3), np.int64)]
    lines = iter(io.BytesIO(content))
    while piece := list(itertools.islice(lines, _PIECE)):
        at = [line.split()[1:4] for line in piece if line.startswith(b"v ")]
        of = [line.split()[1:4] for line in piece if line.startswith(b"f ")]
        points.append(np.array(at, dtype=np.float64).reshape(-1, 3))
        triangles.append(np.array(of, dtype=np.int64).reshape(-1, 3))
    return np.concatenate(points)[np.concatenate(triangles) - 1]


def _pieces(rows: NDArray) -> Iterator[NDArray]:
    return (rows[start : start + _PIECE] for start in range(0, len(rows), _PIECE))


def _one_line(name: str) -> str:
    return " ".join(name.split())
