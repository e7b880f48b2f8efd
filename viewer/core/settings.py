"""What a person has chosen and what the window remembers: nothing about patients but UIDs."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from viewer.core.hand import OverlayText

Theme = Literal["dark", "light"]
LargePane = Literal["", "axial", "coronal", "sagittal", "3d"]
LayoutName = Literal["1x1", "1x2", "1+3", "2x2", "2x3"]
PictureFormat = Literal["png", "jpeg", "gif"]
Resolution = Literal["screen", "1x", "2x"]
LabelFormat = Literal["seg", "seg-labelmap", "rtstruct", "nrrd", "nifti", "mha"]
Language = Literal["", "en", "zh_CN"]  # "" is that of the system
LAYOUTS: tuple[LayoutName, ...] = get_args(LayoutName)  # by the number of panes

MOST_RECENT = 12  # studies that are remembered
_PIXELS = Annotated[int, Field(ge=-100_000, le=100_000)]
_LENGTH = Annotated[int, Field(ge=1, le=100_000)]
_WIDTH = Annotated[int, Field(ge=0, le=100_000)]
_UID = Annotated[str, Field(min_length=1, max_length=512)]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class WindowPlace(_Value):
    """Where the window stood while it was not maximised: logical pixels of the whole desktop, without the frame."""

    left: _PIXELS
    top: _PIXELS
    width: _LENGTH
    height: _LENGTH
    maximised: bool = True


class RecentStudy(_Value):
    """A study that was open, and the series of it that was seen last. Names are looked up when they are shown."""

    study_uid: _UID
    series_uid: _UID


class ExportChoices(_Value):
    """How pictures were exported last. That a patient's name was on one is never remembered."""

    format: PictureFormat = "png"
    resolution: Resolution = "screen"
    frames_per_second: Annotated[float, Field(ge=1, le=50)] = 10.0


class Settings(_Value):
    """All that is kept between two starts of the window.

    keys: of those actions that a person gave other keys, by the name of the action; no keys at all are an empty
    tuple. Keys are written as Qt's portable text ("Ctrl+Shift+Z"). splitter: widths of the study list, the panes and
    the panels in logical pixels, None before the first time. observer: who reports say has measured, None before
    anyone was asked.
    """

    keys: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    theme: Theme = "dark"
    language: Language = ""
    safe_label_colours: bool = False
    overlay_text: OverlayText = "all"
    layout: LayoutName = "2x2"
    smooth: bool = True
    neurological: bool = False
    drag_up_darkens: bool = False
    large_pane: LargePane = ""
    window: WindowPlace | None = None
    splitter: tuple[_WIDTH, _WIDTH, _WIDTH] | None = None
    browser_shown: bool = True
    panels_shown: bool = True
    panel: Annotated[int, Field(ge=0, le=100)] = 0
    recent: tuple[RecentStudy, ...] = ()
    export: ExportChoices = ExportChoices()
    label_format: LabelFormat = "seg"
    observer: Annotated[str, Field(max_length=64)] | None = None

    def with_recent(self, study: RecentStudy) -> Settings:
        """The settings after a study was opened: it stands first, and once."""
        others = (other for other in self.recent if other.study_uid != study.study_uid)
        return self.model_copy(update={"recent": (study, *others)[:MOST_RECENT]})

    def with_keys(self, changed: dict[str, tuple[str, ...] | None]) -> Settings:
        """The settings after some actions were given other keys; None stands for an action's own."""
        kept = {name: keys for name, keys in self.keys.items() if name not in changed}
        return self.model_copy(update={"keys": kept | {n: k for n, k in changed.items() if k is not None}})
