"""What is shipped with the program: the demo study, models, presets, styles."""

from __future__ import annotations

from pathlib import Path

_ROOT = Path(__file__).parent


def path(*parts: str) -> Path:
    """Path of a shipped file or folder, e.g. path("models", "brain-structures-mr")."""
    return _ROOT.joinpath(*parts)
