"""What a model proposes, over the panes, until a person accepts or rejects it."""

from __future__ import annotations

from viewer.core.events import What
from viewer.core.painting import Box
from viewer.gui.actions import READ_ONLY, Actions
from viewer.gui.language import QT_TR_NOOP, said, tr
from viewer.gui.sentence_bar import SentenceBar
from viewer.workflows import Workflows


class ProposalBar(SentenceBar):
    """Shown while the session that is worked on has a proposal. Whoever listens to the session calls apply() once per
    turn of the event loop."""

    def __init__(self, commands: Actions, workflows: Workflows) -> None:
        super().__init__(tr("Accept"), tr("Reject"))
        self._commands, self._workflows = commands, workflows
        self.first.setProperty("primary", True)
        self._accept = commands.add("AI", QT_TR_NOOP("Accept the proposal"), workflows.accept_proposal, "Ctrl+Return")
        self._reject = commands.add("AI", QT_TR_NOOP("Reject the proposal"), self._reject_it, "Ctrl+Backspace")
        self.first.clicked.connect(workflows.accept_proposal)
        self.second.clicked.connect(self._reject_it)
        self.apply(What.SERIES)

    def apply(self, what: What, box: Box | None = None) -> None:
        """Show what changed in the session."""
        session = self._workflows.session
        proposal = session.proposal
        if what & (What.SERIES | What.PROPOSAL):
            if proposal is None:
                self.hide()
            else:
                sentence = tr("{model} proposes the hatched labels. Nothing is changed yet.")
                self.show_text(sentence.format(model=said(proposal.source)))
        why_not = tr(READ_ONLY) if session.read_only else ""
        no_proposal = "" if proposal is not None else tr("No model has proposed anything")
        self._commands.allow(self._accept, proposal is not None, why_not or no_proposal)
        self._commands.allow(self._reject, proposal is not None, no_proposal)
        self.first.setEnabled(not session.read_only)
        self.first.setToolTip(why_not)

    def _reject_it(self) -> None:
        self._workflows.session.reject_proposal()
