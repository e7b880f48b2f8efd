"""Where a result of a model came from: what is shown beside it, and written into what is exported of it."""

from __future__ import annotations

from dataclasses import dataclass

_SHORT = 12  # characters of a hash that a person compares


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
