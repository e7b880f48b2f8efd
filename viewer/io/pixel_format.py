"""How a DICOM file stores its pixels, checked: what the header alone tells of whether they can be shown."""

from __future__ import annotations

import contextlib
import importlib
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from viewer.core.study import SeriesError
from viewer.io.dicom_header import (
    DEFLATED,
    EXPLICIT_BIG_ENDIAN,
    EXPLICIT_LITTLE_ENDIAN,
    IMPLICIT_LITTLE_ENDIAN,
    Header,
    printable,
)

if TYPE_CHECKING:
    from pydicom.pixels.decoders.base import Decoder

FETCH = "fetch the file again"
NATIVE = (IMPLICIT_LITTLE_ENDIAN, EXPLICIT_LITTLE_ENDIAN, DEFLATED, EXPLICIT_BIG_ENDIAN)
PALETTE = "PALETTE COLOR"
PALETTE_COLOURS = ("Red", "Green", "Blue")
HALVED_CHROMA = ("YBR_FULL_422", "YBR_PARTIAL_422")  # two pixels share their colour where they are not compressed

_GREY = ("MONOCHROME1", "MONOCHROME2")
_CODEC_COLOUR = ("YBR_ICT", "YBR_RCT", "YBR_PARTIAL_420")  # exist only within a codestream
_COLOUR = ("RGB", "YBR_FULL", *HALVED_CHROMA, *_CODEC_COLOUR)


@dataclass(frozen=True)
class PixelFormat:
    """The Image Pixel module of a file, checked. DICOM PS3.3 C.7.6.3. allocated and stored are bits of a sample."""

    keyword: Literal["PixelData", "FloatPixelData", "DoubleFloatPixelData"]
    rows: int
    columns: int
    frames: int
    samples: int
    photometric: str
    planar: int
    allocated: int
    stored: int
    high_bit: int
    signed: bool

    @property
    def colour(self) -> bool:
        return self.photometric not in _GREY

    @property
    def frame_bytes(self) -> int:
        """Bytes of one frame that is not compressed."""
        whole = self.rows * self.columns * self.samples * (self.allocated // 8)
        return whole // 3 * 2 if self.photometric in HALVED_CHROMA else whole

    @property
    def stored_range(self) -> tuple[int, int]:
        """The smallest and the largest value that the bits stored can tell."""
        return (-(1 << self.stored - 1), (1 << self.stored - 1) - 1) if self.signed else (0, (1 << self.stored) - 1)


def pixel_format(header: Header) -> PixelFormat:
    """How the pixels are stored. Raises SeriesError if the header alone tells that they cannot be shown."""
    if header.pixels is None:
        raise SeriesError("the file holds no pixels; it may be truncated, fetch it again")
    _check_syntax(header.transfer_syntax)
    rows, columns = header.whole("Rows"), header.whole("Columns")
    frames = header.whole("NumberOfFrames") if header.text("NumberOfFrames") else 1
    if rows is None or columns is None:
        raise SeriesError(f"the header does not tell the size of the picture (Rows, Columns); {FETCH}")
    if not (0 < rows <= 65535 and 0 < columns <= 65535):
        raise SeriesError(f"the picture has an impossible size ({rows} rows, {columns} columns); {FETCH}")
    if not frames or frames < 0:
        raise SeriesError(f"the header names an impossible number of frames; {FETCH}")
    samples = 1 if "SamplesPerPixel" not in header else header.whole("SamplesPerPixel")
    photometric = header.text("PhotometricInterpretation") or ("MONOCHROME2" if samples == 1 else "")
    wanted = 1 if photometric in (*_GREY, PALETTE) else 3 if photometric in _COLOUR else None
    if wanted is None:
        raise SeriesError(f"pictures of kind {photometric[:32]!r} cannot be shown; export it as RGB or MONOCHROME2")
    if samples != wanted:
        raise SeriesError(f"a {photometric} picture has {wanted} values per pixel, its header says {samples}; {FETCH}")
    if photometric in _CODEC_COLOUR and header.transfer_syntax in NATIVE:
        raise SeriesError(f"{photometric} exists only in compressed pictures, and this one is not; {FETCH}")
    allocated, stored, high_bit, signed = _bits(header)
    if photometric == PALETTE and not all(_has_palette(header, colour) for colour in PALETTE_COLOURS):
        raise SeriesError("it is a PALETTE COLOR picture without its palette; export it as RGB")
    keyword = header.pixels.keyword
    if keyword != "PixelData" and photometric not in _GREY:
        raise SeriesError(f"its pixels are fractions but its kind is {photometric}; {FETCH}")
    planar = header.whole("PlanarConfiguration") or 0
    if planar not in (0, 1):
        raise SeriesError(f"its colours are laid out in an unknown way (PlanarConfiguration {planar}); {FETCH}")
    return PixelFormat(keyword, rows, columns, frames, wanted, photometric, planar, allocated, stored, high_bit, signed)


def _bits(header: Header) -> tuple[int, int, int, bool]:
    """Bits allocated, bits stored, high bit, signed."""
    assert header.pixels is not None
    if header.pixels.keyword != "PixelData":
        wide = 32 if header.pixels.keyword == "FloatPixelData" else 64
        return wide, wide, wide - 1, True
    allocated = header.whole("BitsAllocated")
    if allocated == 1:
        raise SeriesError("its pixels are single bits; export it with 8 bits per pixel")
    if allocated is None:
        raise SeriesError(f"the header does not tell how many bits a pixel has (BitsAllocated); {FETCH}")
    if allocated not in (8, 16, 32):
        raise SeriesError(f"it stores {allocated} bits per pixel, which cannot be read; export it with 8 or 16")
    stored = allocated if "BitsStored" not in header else header.whole("BitsStored")
    high_bit = header.whole("HighBit") if "HighBit" in header and stored is not None else (stored or 0) - 1
    if not stored or high_bit is None or not 0 <= stored - 1 <= high_bit < allocated:
        raise SeriesError(
            f"its header contradicts itself ({stored} bits up to bit {high_bit} in {allocated} per pixel); {FETCH}"
        )
    signed = header.whole("PixelRepresentation") or 0
    if signed not in (0, 1):
        raise SeriesError(f"its header does not tell the sign of its pixels (PixelRepresentation {signed}); {FETCH}")
    return allocated, stored, high_bit, bool(signed)


def is_spare_bit(pixels: PixelFormat, bit: int) -> bool:
    """True if a bit of the stored words is not one of the value's."""
    return 0 <= bit < pixels.allocated and not pixels.high_bit + 1 - pixels.stored <= bit <= pixels.high_bit


@lru_cache(maxsize=64)
def _check_syntax(transfer_syntax: str) -> None:
    if transfer_syntax in NATIVE:
        return
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.uid import UID

    syntax = UID(transfer_syntax)
    try:
        decoder = get_decoder(syntax)
        available = decoder.available_plugins or with_gdcm(decoder).available_plugins
    except NotImplementedError as error:
        raise SeriesError(
            f"its pixels are stored as {printable(syntax.name[:64])}, which cannot be read; export it anew"
        ) from error
    if not available:
        raise SeriesError(f"the decoder of {syntax.name} is missing; install Slicewise again")


def without_gdcm() -> None:
    """Have pydicom, where it is not imported yet, leave GDCM alone until with_gdcm: it takes 15 MB, and of all that is
    compressed only JPEG needs it."""
    if "pydicom" not in sys.modules:
        sys.modules["gdcm"] = None  # type: ignore[assignment]  # import then says that there is none


def load_gdcm() -> None:
    """Import GDCM, if it is installed, and let pydicom know."""
    if "gdcm" in sys.modules and sys.modules["gdcm"] is None:
        del sys.modules["gdcm"]
        import pydicom.pixels.decoders.gdcm as plugin

        if not plugin.HAVE_GDCM:
            importlib.reload(plugin)


def with_gdcm(decoder: Decoder) -> Decoder:
    """The decoder, having GDCM as a plug-in if that is installed and knows its syntax."""
    load_gdcm()
    if "gdcm" not in decoder.available_plugins:
        with contextlib.suppress(ValueError):  # GDCM does not know this syntax
            decoder.remove_plugin("gdcm")
            decoder.add_plugin("gdcm", ("pydicom.pixels.decoders.gdcm", "_decode_frame"))
    return decoder


def _has_palette(header: Header, colour: str) -> bool:
    return f"{colour}PaletteColorLookupTableDescriptor" in header and (
        f"{colour}PaletteColorLookupTableData" in header or f"Segmented{colour}PaletteColorLookupTableData" in header
    )
