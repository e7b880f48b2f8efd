"""Where a file for other programs is to be saved: one way to ask, for all kinds of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from viewer.gui.language import tr
from viewer.gui.question import agreed

_last: list[Path] = []  # the folder of the last file; not kept on disk: folders may be named after patients


def last_folder() -> Path:
    """The folder that was saved to last since the program started, if it is still there; else the home folder."""
    return _last[0] if _last and _last[0].is_dir() else Path.home()


def keep_folder(path: Path) -> None:
    """Remember the folder of a file that is saved."""
    _last[:] = [path.parent]


def ask_where(
    parent: QWidget, title: str, name: str, kinds: Mapping[str, str], first: str = ""
) -> tuple[Path, str] | None:
    """A path that ends as its kind does, and the kind that was chosen; None if a person wants none.

    kinds: for each kind, as the dialog names it, how its files end (".csv"). first is the kind that is offered first.
    What is there already is replaced only if a person says so; else the question is put again.
    """
    proposed = str(last_folder() / name)
    while True:
        chosen, kind = QFileDialog.getSaveFileName(
            parent, title, proposed, ";;".join(kinds), first, options=QFileDialog.Option.DontConfirmOverwrite
        )
        if not chosen:
            return None
        kind = kind if kind in kinds else next(iter(kinds))
        path = with_suffix(Path(chosen), kinds[kind])
        if not path.exists() or may_replace(parent, [path.name]):
            keep_folder(path)
            return path, kind
        proposed, first = str(path), kind


def with_suffix(path: Path, suffix: str) -> Path:
    """The path, with the suffix at its end if it has another or none."""
    return path if path.name.lower().endswith(suffix) else path.with_name(path.name + suffix)


def may_replace(parent: QWidget, names: Sequence[str]) -> bool:
    """Whether a person lets files of these names be replaced."""
    return agreed(parent, tr("{name} exists already. Replace it?").format(name=tr(", ").join(names)))
