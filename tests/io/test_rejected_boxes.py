"""A box of a model that a person rejected is kept as that: over a closing, for the next run, and for training."""

import json

import numpy as np
import pytest

from viewer.core.detections import Detection, Detections
from viewer.core.geometry import Geometry
from viewer.core.labels import Label
from viewer.core.origin import Origin
from viewer.core.session import Session, State
from viewer.core.study import GeometryVerdict, Series
from viewer.core.volume import Volume
from viewer.io.annotation_store import AnnotationStore
from viewer.io.finding_table import gather, write_json

GEOMETRY = Geometry((8, 6, 3), (1.0, 2.0, 3.0), np.zeros(3), np.eye(3))
SERIES = Series("a", "s", "", "", "CT", "", (), GeometryVerdict("regular", ""), size=(8, 6, 3))


def found(number: int, i: float, sha256: str = "ef" * 32) -> Detections:
    low, high = (i, 1.5, 0.5), (i + 2, 3.5, 1.5)
    one = Detection(number, "Nodule", 0.8, low, high, 2, 1, (low, high))
    origin = Origin("peaks", "1.0.0", "CPU", 0.5, sha256, "2026-01-02T03:04:05+00:00")
    return Detections((one,), (Label(1, "Nodule", (1, 2, 3)),), {"Nodule": 0.5}, 0.05, origin)


def opened(annotations=None) -> Session:
    session = Session()
    session.open(SERIES, Volume(np.zeros((3, 6, 8), np.int16), GEOMETRY), annotations)
    return session


@pytest.fixture
def store(tmp_path):
    kept = AnnotationStore(tmp_path / "annotations.sqlite")
    yield kept
    kept.close()


def keep(session: Session, store: AnnotationStore) -> None:
    store.append("a", GEOMETRY, None, state=State(rejected_boxes=session.rejected_boxes))


def test_a_rejected_box_stays_rejected_in_the_next_run_of_the_same_network_alone(store):
    session = opened()
    session.propose_boxes(found(4, 2.5))
    session.reject_box(4, "Artefact")
    keep(session, store)
    again = opened(store.load("a", GEOMETRY))
    assert again.rejected_boxes == session.rejected_boxes and len(again.rejected_boxes) == 1
    again.propose_boxes(found(1, 2.5))
    assert again.detections.rejected == {1: "Artefact"} and not again.detections.open(())
    again.propose_boxes(found(1, 3.5))
    assert not again.detections.rejected, "another place"
    again.propose_boxes(found(1, 2.5, "00" * 32))
    assert not again.detections.rejected, "another network"
    again.propose_boxes(found(1, 2.5))
    again.restore_box(1)
    assert not again.rejected_boxes
    again.reject_box(1)
    again.accept_boxes([1])
    assert not again.rejected_boxes and len(again.measurements) == 1


def test_training_gets_it_with_the_model_and_the_reason(store, tmp_path):
    session = opened()
    session.propose_boxes(found(4, 2.5))
    session.reject_box(4, "Artefact")
    keep(session, store)
    write_json(tmp_path / "a.json", gather(store, ()))
    content = json.loads((tmp_path / "a.json").read_text())
    (box,) = content["rejected_boxes"]
    assert box["corners_ijk"] == [[2.5, 1.5, 1.0], [4.5, 3.5, 1.0]] and box["rejected"]["reason"] == "Artefact"
    assert box["found_by_model"]["sha256"] == "ef" * 32 and box["found_by_model"]["score"] == 0.8
    assert content["boxes"] == []
