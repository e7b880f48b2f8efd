"""Where what is seen at a voxel comes from: which model said it, how sure it was, who took it over, who changed it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from viewer.core.labels import Label
from viewer.core.origin import Accepted, Origin, accepted_of
from viewer.core.proposal import Certainty
from viewer.core.session import Session

Standing = Literal["proposed", "accepted", "drawn", "changed", "erased"]


@dataclass(frozen=True)
class Provenance:
    """Of a voxel. standing: proposed and not judged yet; accepted and as the model said; drawn by a person where no
    model said anything; changed by a person to this label, or erased, from what a model said, which is label then.
    source tells the model where that is all that is known. accepted: of that label, the newest first. probability, of
    the model's likeliest label there, and entropy are in [0, 1], None where they are not kept; likeliest is that label,
    where it is another one."""

    standing: Standing
    label: Label
    said: Label | None = None
    origin: Origin | None = None
    accepted: tuple[Accepted, ...] = ()
    source: str = ""
    probability: float | None = None
    entropy: float | None = None
    likeliest: str = ""
    copies: int = 1

    @property
    def of_a_model(self) -> bool:
        return self.standing != "drawn"


def provenance_at(session: Session, index_ijk: tuple[int, int, int]) -> Provenance | None:
    """Of what is seen at a voxel of the open series, a proposal before labels; None where nothing is."""
    label_map, machine, proposal = session.label_map, session.machine, session.proposal
    if label_map is None or machine is None or session.volume is None or session.loading:
        return None
    i, j, k = index_ijk
    at = (slice(k, k + 1), slice(j, j + 1), slice(i, i + 1))
    if proposal is not None:
        value = int(proposal.seen(lambda voxels: voxels[at])[0, 0, 0])
        if value in proposal.ticked:
            label = next(label for label in proposal.labels if label.value == value)
            sure = _sure(proposal.certainty, at, proposal.labels, label)
            return Provenance("proposed", label, origin=proposal.origin, **sure)
    table = {label.value: label for label in session.labels}
    now, was = (table.get(int(voxels[at][0, 0, 0])) for voxels in (label_map.voxels, machine))
    if now is None and was is None:
        return None
    if was is None:
        assert now is not None
        return Provenance("drawn", now)
    accepted = accepted_of(session.accepted, was.value)
    origin = accepted[0].origin if len(accepted) == 1 else None
    sure = {}
    if session.certainty_of is not None and any(one.origin == session.certainty_of for one in accepted):
        sure = _sure(session.certainty, at, (), was)
    source = "" if accepted else session.source
    standing: Standing = "accepted" if now == was else "erased" if now is None else "changed"
    return Provenance(standing, now or was, was, origin, accepted, source, **sure)


def _sure(certainty: Certainty | None, at: tuple[slice, slice, slice], labels: tuple[Label, ...], label: Label) -> dict:
    if certainty is None:
        return {}
    likeliest = int(certainty.likeliest[at][0, 0, 0])
    other = next((one.name for one in labels if one.value == likeliest and one.value != label.value), "")
    return {
        "probability": float(certainty.probability[at][0, 0, 0]) / 255,
        "entropy": float(certainty.entropy[at][0, 0, 0]) / 255,
        "likeliest": other,
        "copies": certainty.copies,
    }
