"""How sure a model is and where its labels come from, in words."""

from __future__ import annotations

from datetime import datetime

from viewer.core.origin import Accepted, Origin
from viewer.core.proposal import Certainty
from viewer.core.provenance import Provenance, Standing
from viewer.core.session import Session
from viewer.gui.colour_bar import ColourBar
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.gui.overlay import Badge, Rank
from viewer.gui.slice_picture import DOUBT_COLOURS
from viewer.gui.style import PROPOSAL, WARNING

_DETAIL = QT_TR_NOOP(
    "Entropy of the probabilities that the model gave its labels at each voxel: 0, transparent, is sure of one; 1 "
    "holds all for equally likely. A model can be sure and wrong; its card says how often. "
    "{AI/Uncertainty of the model} hides it."
)
_STANDING: dict[Standing, str] = {
    "proposed": QT_TR_NOOP("Proposed, not judged yet"),
    "accepted": QT_TR_NOOP("Accepted as the model said it"),
    "drawn": QT_TR_NOOP("Drawn by a person"),
    "changed": QT_TR_NOOP("Changed by a person; the model said {name}"),
    "erased": QT_TR_NOOP("Erased by a person; the model said {name}"),
}


def doubt_badges(session: Session) -> tuple[Badge, ...]:
    """That the picture shows how unsure a model is, and what that is."""
    if not session.hand.uncertainty_visible:
        return ()
    if session.certainty is None:
        return (Badge(tr("Uncertainty: not known here, run the model"), WARNING),)
    # Short: a long one would leave a small pane no room for the bar that says what the colours are.
    detail = f"{doubt_text(session.certainty)}\n{tr(_DETAIL)}"
    return (Badge(tr("Uncertainty of the model"), PROPOSAL, detail, Rank.MUST),)


def proposal_badges(session: Session) -> tuple[Badge, ...]:
    """That labels in the picture are a model's."""
    if session.proposal is None:
        return ()
    hidden = "" if session.hand.overlay_visible else tr(" (hidden)")
    text = tr("AI proposal: {model}{hidden}").format(model=said(session.proposal.source), hidden=hidden)
    return (Badge(text, PROPOSAL),)


def only_on_slices(session: Session, *, uncertainty: bool) -> tuple[Badge, ...]:
    """What of a model's results is seen on slices but not in this pane. uncertainty: it is seen here."""
    missing = [
        name
        for name, seen in (
            (tr("uncertainty"), session.hand.uncertainty_visible and session.certainty is not None and not uncertainty),
            (tr("AI boxes"), session.detections is not None and session.hand.overlay_visible),
            (tr("AI heat map"), session.heat is not None),
        )
        if seen
    ]
    text = tr("On the slices only: {what}").format(what=tr(", ").join(missing))
    return (Badge(text, PROPOSAL, rank=Rank.MUST),) if missing else ()


def doubt_text(certainty: Certainty) -> str:
    if certainty.copies > 1:
        return tr("Uncertainty: entropy of {n} mirrored copies").format(n=certainty.copies)
    return tr("Uncertainty: entropy of the model's probabilities")


def doubt_bar(session: Session) -> ColourBar | None:
    """The colours of entropy with the values of their ends."""
    if not session.hand.uncertainty_visible or session.certainty is None:
        return None
    much = session.certainty.much
    top = tr("1 unsure") if much == 1 else tr("≥ {n:.1f} unsure").format(n=much)
    return ColourBar(DOUBT_COLOURS, top, tr("0 sure"))


def standing_text(found: Provenance) -> str:
    name = tr(found.said.name) if found.said is not None else ""
    return tr(_STANDING[found.standing]).format(name=name)


def facts(found: Provenance) -> list[tuple[str, str]]:
    """What is known of a voxel, each a word and a text, in the order in which it is read."""
    rows = []
    if found.probability is not None and found.entropy is not None:
        name = tr(" ({name})").format(name=tr(found.likeliest)) if found.likeliest else ""
        rows.append((tr("Probability"), f"{100 * found.probability:.0f} %{name}"))
        copies = tr(" of {n} mirrored copies").format(n=found.copies) if found.copies > 1 else ""
        rows.append((tr("Entropy"), f"{found.entropy:.2f}{copies}"))
    elif found.of_a_model:
        rows.append((tr("Probability"), tr("not kept")))
    if found.standing == "proposed" and found.origin is not None:
        return [*rows, *_run(found.origin)]
    for n, one in enumerate(found.accepted):
        if n:
            rows.append(("", tr("or, elsewhere in this label:")))
        rows += [*_run(one.origin), *_acceptance(one)]
    if found.source:
        rows.append((tr("Model"), said(found.source)))
    return rows


def _run(origin: Origin) -> list[tuple[str, str]]:
    rows = [(tr("Model"), f"{origin.model} {origin.version}"), (tr("SHA-256"), origin.short_hash)]
    rows += [(tr("Made"), when(origin.made)), (tr("Device"), origin.provider)]
    rows += [(tr("Overridden"), said(sentence)) for _, sentence in origin.overridden]
    rows += [(tr("Note"), said(sentence)) for sentence in origin.notes]
    return [(word, text) for word, text in rows if text]


def _acceptance(accepted: Accepted) -> list[tuple[str, str]]:
    by = " · ".join(text for text in (accepted.by, when(accepted.at)) if text)
    rows = [(tr("Accepted"), by)]
    if accepted.threshold is not None:
        rows.append((tr("Threshold"), f"{100 * accepted.threshold:.0f} %"))
    return [(word, text) for word, text in rows if text]


def duration(seconds: float) -> str:
    """A time that is only known roughly."""
    if seconds < 100:
        return tr("{n:.0f} s").format(n=max(1.0, seconds))
    return tr("{n:.0f} min").format(n=seconds / 60)


def when(made: str) -> str:
    """A moment in UTC (ISO 8601) on the clock of this computer."""
    try:
        return datetime.fromisoformat(made).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return made
