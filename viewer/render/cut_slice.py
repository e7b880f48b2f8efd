"""The scan's own grey values where a plane cuts it, as a picture that stands in the 3-D scene."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkFiltersSources import vtkPlaneSource
from vtkmodules.vtkImagingCore import vtkImageReslice
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkTexture

from viewer.render.frame import CutPlane
from viewer.render.surfaces import Grid

_PIXELS = 400
_OUTSIDE = -1.0


class CutSlice:
    """An actor that shows a slice of a grid, without what is around the patient."""

    def __init__(self) -> None:
        self._source = vtkPlaneSource()
        self._texture = vtkTexture()
        self._texture.InterpolateOn()
        mapper = vtkPolyDataMapper()
        mapper.SetInputConnection(self._source.GetOutputPort())
        self.actor = vtkActor()
        self.actor.SetMapper(mapper)
        self.actor.SetTexture(self._texture)
        self.actor.GetProperty().LightingOff()
        self.actor.ForceOpaqueOn()  # it has to hide the rays behind it; wholly transparent pixels are left out all same

    def show(
        self,
        grid: Grid,
        plane: CutPlane,
        others: Sequence[CutPlane],
        black: float,
        white: float,
        air: float,
    ) -> None:
        """Cut a grid of levels by a plane, and leave out what lies beyond others. black, white and air are levels; air
        that reaches the edge is left out."""
        import SimpleITK as sitk  # here, because most scans are never cut, and it takes 50 MB

        normal = np.array(plane.normal_lps) / np.linalg.norm(plane.normal_lps)
        right = np.cross(normal, np.eye(3)[int(np.argmin(np.abs(normal)))])
        right /= np.linalg.norm(right)
        up = np.cross(normal, right)
        extent_mm = np.array(grid.voxels.shape[::-1]) * grid.spacing
        middle = grid.to_world((extent_mm - grid.spacing) / 2)
        middle = middle - ((middle - np.array(plane.point_lps)) @ normal) * normal
        side_mm = float(np.linalg.norm(extent_mm))
        pixel_mm = side_mm / _PIXELS
        first = middle - (right + up) * (side_mm - pixel_mm) / 2  # centre of the first pixel
        levels = _resliced(grid, first, right, up, normal, pixel_mm)
        inside = levels >= 0
        steps = np.arange(_PIXELS) * pixel_mm
        for other in others:
            away = np.array(other.normal_lps)
            beyond_mm = (first - other.point_lps) @ away + (steps * (right @ away))[None, :]
            inside &= beyond_mm + (steps * (up @ away))[:, None] <= 0
        tissue = sitk.BinaryFillhole(sitk.GetImageFromArray(((levels > air) & inside).astype(np.uint8)))
        shown = (sitk.GetArrayViewFromImage(tissue) > 0) & inside
        rgba = np.empty((_PIXELS, _PIXELS, 4), np.uint8)
        rgba[..., :3] = (np.clip((levels - black) / max(white - black, 1e-9), 0, 1) * 255)[..., None]
        rgba[..., 3] = np.where(shown, 255, 0)
        image = vtkImageData()
        image.SetDimensions(_PIXELS, _PIXELS, 1)
        image.GetPointData().SetScalars(numpy_to_vtk(rgba.reshape(-1, 4), deep=True))
        self._texture.SetInputData(image)
        corner = first - (right + up) * pixel_mm / 2
        self._source.SetOrigin(*corner)
        self._source.SetPoint1(*(corner + side_mm * right))
        self._source.SetPoint2(*(corner + side_mm * up))


def _resliced(
    grid: Grid, first: NDArray, right: NDArray, up: NDArray, normal: NDArray, pixel_mm: float
) -> NDArray[np.float32]:
    """Values (row, column) of the grid on a plane whose first pixel and axes are given in LPS; below 0 outside it."""
    to_grid = grid.to_lps.T
    reslice = vtkImageReslice()
    reslice.SetInputData(grid.image())
    reslice.SetResliceAxesDirectionCosines(*(to_grid @ right), *(to_grid @ up), *(to_grid @ normal))
    reslice.SetResliceAxesOrigin(*(to_grid @ (first - grid.origin_lps)))
    reslice.SetOutputDimensionality(2)
    reslice.SetOutputSpacing(pixel_mm, pixel_mm, 1.0)
    reslice.SetOutputOrigin(0.0, 0.0, 0.0)
    reslice.SetOutputExtent(0, _PIXELS - 1, 0, _PIXELS - 1, 0, 0)
    reslice.SetInterpolationModeToLinear()
    reslice.SetOutputScalarType(10)  # VTK_FLOAT
    reslice.SetBackgroundLevel(_OUTSIDE)
    reslice.Update()
    levels = vtk_to_numpy(reslice.GetOutput().GetPointData().GetScalars())
    return levels.reshape(_PIXELS, _PIXELS).astype(np.float32, copy=False)
