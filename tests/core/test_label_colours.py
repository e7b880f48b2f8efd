"""The default labels' colours for every kind of colour vision."""

import itertools
from dataclasses import replace

import numpy as np

from viewer.core.events import What
from viewer.core.labels import DEFAULT_LABELS, OKABE_ITO, Label, with_default_colours
from viewer.core.session import Session
from viewer.core.study import GeometryVerdict, Series

# Viénot, Brettel and Mollon 1999, on linear RGB: what someone sees who lacks one kind of cone.
DEFICIENCIES = {
    "protanopia": [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]],
    "deuteranopia": [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]],
}


def seen(colour, matrix) -> np.ndarray:
    linear = (np.array(colour) / 255) ** 2.2
    return np.clip(np.array(matrix) @ linear, 0, 1) ** (1 / 2.2) * 255


def test_default_labels_can_be_told_apart_without_red_or_green_cones():
    labels = with_default_colours(DEFAULT_LABELS, True)
    assert [label.colour for label in labels] == list(OKABE_ITO[: len(labels)])
    for matrix in DEFICIENCIES.values():
        for a, b in itertools.combinations(labels, 2):
            assert np.abs(seen(a.colour, matrix) - seen(b.colour, matrix)).max() > 50, (a.name, b.name)


def test_only_default_labels_change_and_they_change_back():
    mine = replace(DEFAULT_LABELS[1], colour=(1, 2, 3))
    model = Label(7, "Left putamen", DEFAULT_LABELS[0].colour)
    hidden = replace(DEFAULT_LABELS[2], visible=False)
    labels = (DEFAULT_LABELS[0], mine, hidden, model)
    safe = with_default_colours(labels, True)
    assert safe == (replace(DEFAULT_LABELS[0], colour=OKABE_ITO[0]), mine, replace(hidden, colour=OKABE_ITO[2]), model)
    assert with_default_colours(safe, False) == labels
    assert with_default_colours(labels, False) == labels


def test_the_session_changes_them_at_once_and_says_so():
    session, told = Session(), []
    session.subscribe(lambda change: told.append(change.what))
    session.hand.set_safe_label_colours(True)
    assert session.labels[0].colour == OKABE_ITO[0]
    assert told == [What.LABEL_TABLE]
    session.hand.set_safe_label_colours(True)
    assert told == [What.LABEL_TABLE], "nothing changed"


def test_a_series_that_is_opened_afterwards_has_them_too(oblique_phantom):
    session = Session()
    session.hand.set_safe_label_colours(True)
    session.open(Series("1", "1", "P", "Phantom", "CT", "", (), GeometryVerdict("regular", "")), oblique_phantom)
    assert [label.colour for label in session.labels] == list(OKABE_ITO[:3])
