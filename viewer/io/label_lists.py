"""Lists of labels as JSON files, to be used again in other studies and on other computers: names, colours and codes,
nothing of a patient."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from viewer.core.labels import MAX_LABELS, Label
from viewer.io.saving import saved_when_complete

FORMAT = "slicewise-labels"
_MOST_BYTES = 1_000_000
_Channel = Annotated[int, Field(ge=0, le=255)]


class _Row(BaseModel):
    model_config = ConfigDict(extra="ignore")
    value: Annotated[int, Field(ge=1, le=MAX_LABELS)]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    colour: tuple[_Channel, _Channel, _Channel]
    code: tuple[str, str, str] | None = None


class _List(BaseModel):
    model_config = ConfigDict(extra="ignore")
    format: str
    labels: Annotated[list[_Row], Field(min_length=1, max_length=MAX_LABELS)]


def write_label_list(path: Path, labels: Sequence[Label]) -> None:
    """Write the names, colours and codes of labels. Raises OSError."""
    rows = [{"value": x.value, "name": x.name, "colour": x.colour, "code": x.code} for x in labels]
    text = json.dumps({"format": FORMAT, "version": 1, "labels": rows}, ensure_ascii=False, indent=1)
    with saved_when_complete(path, overwrite=True) as part:
        part.write_text(text, encoding="utf-8")


def read_label_list(path: Path) -> tuple[Label, ...]:
    """The labels of a file that write_label_list has written. Raises ValueError with a sentence for any other."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError("too large")
        table = _List.model_validate_json(path.read_bytes())
    except (OSError, ValueError) as error:  # pydantic's own is a ValueError
        why = "it cannot be read" if isinstance(error, OSError) else "it is not a list of labels"
        raise ValueError(f"{path.name} is not used: {why}") from error
    names, values = ({getattr(row, key) for row in table.labels} for key in ("name", "value"))
    if table.format != FORMAT or len(names) < len(table.labels) or len(values) < len(table.labels):
        raise ValueError(f"{path.name} is not used: it is not a list of labels")
    return tuple(Label(row.value, row.name, row.colour, row.code) for row in table.labels)
