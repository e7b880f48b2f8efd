"""Where a result of a model came from: what is shown beside it, and written into what is exported of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

_SHORT = 12  # characters of a hash that a person compares


def now_utc() -> str:
    """ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class Origin:
    """A run of a model. sha256: of its network, in hexadecimal; provider: what it really ran on, e.g. "CPU"; made: when
    it ended, ISO 8601 in UTC. overridden: why the model should not have run on this series, each a word and a sentence,
    and a person had it run all the same. notes: what a person should know of the run, each a sentence."""

    model: str
    version: str
    provider: str = ""
    seconds: float = 0.0
    sha256: str = ""
    made: str = ""
    overridden: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def short_hash(self) -> str:
        return self.sha256[:_SHORT]

    @property
    def source(self) -> str:
        """The model and its version, and that it ran against the advice of the program."""
        if not self.overridden:
            return f"{self.model} {self.version}"
        about = ", ".join(dict.fromkeys(word for word, _ in self.overridden))
        return f"{self.model} {self.version} (overridden: {about})"

    def facts(self) -> dict[str, str]:
        """What objects that are exported say of the run, each by a word; only what is known."""
        told = {
            "SHA-256": self.short_hash,
            "Device": self.provider,
            "Made": self.made,
            "Overridden": " ".join(sentence for _, sentence in self.overridden),
            "Notes": " ".join(self.notes),
        }
        return {name: text for name, text in told.items() if text}


@dataclass(frozen=True)
class Accepted:
    """What a person took over of a run. values: of the labels, in the label table; threshold: the probability that was
    asked of each voxel, None: as the model decides itself; by: the name of the person's account; at: when, ISO 8601 in
    UTC."""

    origin: Origin
    values: tuple[int, ...]
    threshold: float | None = None
    by: str = ""
    at: str = ""

    def facts(self, earlier: Sequence[Accepted] = ()) -> dict[str, str]:
        """Origin.facts, when it was accepted, at which probability, and the models of which it was before. By whom is
        not told: the name of an account is no observer's."""
        told = {
            **self.origin.facts(),
            "Accepted": self.at,
            "Threshold": "" if self.threshold is None else f"{self.threshold:.2f}",
            "Also": ", ".join(dict.fromkeys(f"{one.origin.source} {one.origin.short_hash}" for one in earlier)),
        }
        return {name: text for name, text in told.items() if text}


def accepted_of(accepted: Sequence[Accepted], value: int) -> tuple[Accepted, ...]:
    """What was accepted of a label, the newest first."""
    return tuple(one for one in reversed(accepted) if value in one.values)
