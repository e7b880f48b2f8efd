"""What is seen of a proposal is what is accepted, part by part, and everything tells which model it is from."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from viewer.core.geometry import Geometry
from viewer.core.labels import Label
from viewer.core.origin import Accepted, Origin, accepted_of
from viewer.core.proposal import Certainty, Proposal, labels_seen, prepare_judgement, region_at
from viewer.core.provenance import provenance_at
from viewer.core.session import Session
from viewer.core.study import GeometryVerdict, Series
from viewer.core.volume import Volume

SIZE = (12, 10, 8)
FIRST = Origin("first", "1.0.0", "CPU", 1.0, "ab" * 32, "2026-01-02T03:04:05+00:00")
SECOND = replace(FIRST, model="second", sha256="cd" * 32)
LABELS = (Label(1, "Liver", (200, 30, 30)), Label(2, "Spleen", (30, 200, 30)))
HERE, THERE, OTHER = (slice(1, 3),) * 3, (slice(5, 7),) * 3, (slice(1, 3), slice(6, 9), slice(6, 9))


@pytest.fixture
def session():
    geometry = Geometry(SIZE, (1.0, 1.0, 1.0), np.zeros(3), np.eye(3))
    session = Session()
    series = Series("1.2", "1", "P", "Phantom", "MR", "T1", (Path("a"),), GeometryVerdict("regular", ""), SIZE)
    session.open(series, Volume(np.zeros(geometry.shape, np.int16), geometry, modality="MR"))
    return session


def proposal(origin=FIRST, labels=LABELS) -> Proposal:
    """The first label in two regions, the second in one; around them the first is likely, but not enough."""
    shape = SIZE[::-1]
    voxels, probability = np.zeros(shape, np.uint8), np.full(shape, 51, np.uint8)
    likeliest, entropy = np.ones(shape, np.uint8), np.full(shape, 128, np.uint8)
    for place, value, sure in ((HERE, 1, 230), (THERE, 1, 153), (OTHER, 2, 204)):
        voxels[place] = likeliest[place] = value
        probability[place] = sure
    return Proposal(voxels, labels, origin, Certainty(likeliest, probability, entropy))


def judge(session, place, accepts):
    shown = session.proposal
    k, j, i = (span.start for span in place)
    part = region_at(shown, shown.all_seen(), (i, j, k))
    session.judge_proposal(prepare_judgement(shown, part, "a region", accepts, session.acceptance_inputs(), by="Ada"))


@pytest.mark.parametrize(("threshold", "here", "there", "around"), [(None, 1, 1, 0), (0.7, 1, 0, 0), (0.2, 1, 1, 1)])
def test_what_is_seen_is_accepted_to_the_last_voxel(session, threshold, here, there, around):
    session.propose(proposal())
    session.set_proposal_threshold(threshold)
    seen = session.proposal.all_seen()
    assert (seen[HERE] == here).all() and (seen[THERE] == there).all() and (seen[0] == around).all()
    part = np.s_[2, 1:5, :]  # as a pane reads it
    np.testing.assert_array_equal(session.proposal.seen(lambda voxels: voxels[part]), seen[part])
    session.accept_proposal()
    np.testing.assert_array_equal(session.label_map.voxels, seen)
    assert session.accepted[0].threshold == threshold


def test_exactly_as_probable_as_asked_is_enough(session):
    session.propose(proposal())
    for threshold, taken in ((0.6, True), (0.601, False)):
        session.set_proposal_threshold(threshold)
        assert bool(session.proposal.seen()[THERE].any()) == taken


def test_labels_that_are_not_ticked_are_not_accepted(session):
    session.propose(proposal())
    session.tick_proposal_labels([1], False)
    session.accept_proposal()
    assert not session.label_map.voxels[HERE].any() and (session.label_map.voxels[OTHER] == 2).all()
    assert [one.values for one in session.accepted] == [(2,)]
    assert all(label.visible for label in session.labels)


def test_a_region_is_accepted_or_rejected_alone_and_each_is_one_undo(session):
    session.propose(proposal())
    judge(session, HERE, accepts=True)
    judge(session, THERE, accepts=False)
    voxels = session.label_map.voxels
    assert (voxels[HERE] == 1).all() and not voxels[THERE].any() and not voxels[OTHER].any()
    assert not session.proposal.all_seen()[HERE].any() and not session.proposal.all_seen()[THERE].any()
    session.undo()
    assert (session.proposal.all_seen()[THERE] == 1).all() and (session.label_map.voxels[HERE] == 1).all()
    session.undo()
    assert (session.proposal.all_seen()[HERE] == 1).all() and not session.label_map.voxels.any()
    assert session.accepted == ()
    session.redo()
    session.redo()
    assert (session.label_map.voxels[HERE] == 1).all() and not session.proposal.all_seen()[THERE].any()
    session.accept_proposal()  # the rest, which takes back nothing of what was judged
    assert (session.label_map.voxels[HERE] == 1).all() and not session.label_map.voxels[THERE].any()
    assert (session.label_map.voxels[OTHER] == 2).all()
    assert [one.origin for one in accepted_of(session.accepted, 1)] == [FIRST]


def test_an_undo_passes_over_a_rejection_whose_proposal_is_gone(session):
    session.choose_tool("brush")
    session.begin_stroke("axial", (9.0, 9.0, 7.0))
    session.end_stroke()
    session.propose(proposal())
    judge(session, THERE, accepts=False)
    session.reject_proposal()
    session.propose(proposal(SECOND))
    session.undo()
    assert not session.label_map.voxels.any()  # the stroke
    assert (session.proposal.all_seen()[THERE] == 1).all()
    session.redo()
    assert session.label_map.voxels.any() and (session.proposal.all_seen()[THERE] == 1).all()


def test_a_persons_voxels_and_confirmed_slices_stay(session):
    session.hand.set_brush_radius(0.5)
    session.choose_label(3)
    session.choose_tool("brush")
    session.begin_stroke("axial", (1.0, 1.0, 1.0))
    session.end_stroke()
    drawn = session.label_map.voxels == 3
    assert drawn[HERE].any()
    session.move_cursor((2, 2, 2))
    session.toggle_confirmed("axial")
    session.propose(proposal())
    judge(session, HERE, accepts=True)
    voxels = session.label_map.voxels
    assert (voxels[drawn] == 3).all() and not voxels[2].any()
    liver = next(label.value for label in session.labels if label.name == "Liver")
    assert (voxels[1][HERE[1:]] == liver).sum() == 3


def test_another_model_leaves_the_labels_that_it_does_not_know(session):
    session.propose(proposal())
    session.accept_proposal()
    other = proposal(SECOND, (Label(1, "Spleen", (1, 2, 3)), Label(2, "Kidney", (4, 5, 6))))
    session.propose(other)
    session.accept_proposal()
    names = {label.name: label.value for label in session.labels}
    assert (session.label_map.voxels[HERE] == names["Spleen"]).all()  # said by the newer one
    assert (session.label_map.voxels[OTHER] == names["Kidney"]).all()
    made_by = {name: [one.origin.model for one in accepted_of(session.accepted, v)] for name, v in names.items()}
    assert made_by["Spleen"] == ["second"] and made_by["Kidney"] == ["second"]
    session.undo()
    assert [one.origin.model for one in session.accepted] == ["first"]


def test_each_voxel_tells_where_it_is_from(session):
    session.propose(proposal())
    found = provenance_at(session, (1, 1, 1))
    assert (found.standing, found.label.name, found.origin) == ("proposed", "Liver", FIRST)
    assert found.probability == pytest.approx(230 / 255) and found.entropy == pytest.approx(128 / 255)
    judge(session, HERE, accepts=True)
    found = provenance_at(session, (1, 1, 1))
    assert found.standing == "accepted" and found.origin == FIRST and found.accepted[0].by == "Ada"
    session.accept_proposal()
    session.hand.set_brush_radius(0.5)
    session.choose_label(2)
    session.choose_tool("brush")
    session.begin_stroke("axial", (1.0, 1.0, 1.0))
    session.end_stroke()
    found = provenance_at(session, (1, 1, 1))
    assert (found.standing, found.label.name, found.said.name) == ("changed", "Spleen", "Liver")
    session.choose_tool("eraser")
    session.begin_stroke("axial", (1.0, 1.0, 1.0))
    session.end_stroke()
    found = provenance_at(session, (1, 1, 1))
    assert (found.standing, found.label.name) == ("erased", "Liver")
    assert provenance_at(session, (11, 9, 7)) is None


def test_sizes_and_mean_probabilities_are_those_of_what_is_seen(session):
    session.propose(proposal())
    shown = session.proposal
    seen = labels_seen(shown, shown.all_seen())
    assert seen[1].voxels == 16 and seen[1].probability == pytest.approx((230 + 153) / 2 / 255)
    assert seen[2].voxels == 18 and seen[2].probability == pytest.approx(0.8)


def test_facts_of_an_acceptance():
    one = Accepted(FIRST, (1,), 0.7, "Ada", "2026-02-03T04:05:06+00:00")
    facts = one.facts([replace(one, origin=SECOND)])
    assert facts["SHA-256"] == FIRST.short_hash and facts["Device"] == "CPU" and facts["Threshold"] == "0.70"
    assert "second 1.0.0" in facts["Also"] and "Ada" not in " ".join(facts.values())


def test_locked_labels_stay(session):
    session.propose(proposal())
    session.accept_proposal()
    session.lock_label(1, True)
    again = proposal(SECOND)
    again.voxels[HERE] = 2
    session.propose(again)
    judge(session, HERE, accepts=True)
    assert (session.label_map.voxels[HERE] == 1).all()
