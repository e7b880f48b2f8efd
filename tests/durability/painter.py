"""A person at work, as a program that is killed: paints, undoes, confirms and measures on one small series.

    painter.py prepare FOLDER      lists the series in FOLDER/user
    painter.py serve               for each line "FOLDER WRITER SEED ACTS" on stdin does run in a process of its own
    painter.py run FOLDER WRITER SEED ACTS

run says, a line each: "pid N"; "opened DIGEST"; of each act "about DIGEST" when it is done on the screen and not yet
written, and "saved DIGEST" when it is written, or "not saved"; "end". A digest is one of all that a person has made of
the series, with the titles of what can be undone and redone.

WRITER is "store", which is ours, or a planted fault: "plain" writes a file in place as programs do that do not care,
"normal" is our store without a sync for each commit.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import random
import sys
from dataclasses import astuple
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from inference.models import ModelStore
from viewer.core.findings import SERIES, Place
from viewer.core.session import Annotations, Session
from viewer.io.journal import Journal
from viewer.jobs import JobQueue
from viewer.workflows import Workflows

SIZE = (24, 30, 12)


def digest(work: Annotations | Session) -> str:
    """One of all that a person has made of a series."""
    history = work.history
    steps = [[edit.title for edit in edits] for edits in (history._done, history._undone)]
    answers = sorted(((number, astuple(place)), yes) for (number, place), yes in work.answers.items())
    marks = (
        work.labels, sorted(work.confirmed), work.measurements, sorted(work.key_images), work.source, steps, answers,
    )  # fmt: skip
    return hashlib.sha256(work.label_map.voxels.tobytes() + repr(marks).encode()).hexdigest()[:16]


def prepare(folder: Path) -> None:
    import SimpleITK as sitk

    voxels = np.random.default_rng(0).integers(0, 500, SIZE[::-1]).astype(np.int16)
    sitk.WriteImage(sitk.GetImageFromArray(voxels), str(folder / "scan.nii.gz"))
    workflows = start(folder)
    workflows.add_paths([folder / "scan.nii.gz"])
    workflows.close()


def start(folder: Path) -> Workflows:
    models = ModelStore(folder / "shipped", folder / "user" / "models")
    return Workflows(Session(), JobQueue(workers=0), folder / "user", models)


def run(folder: Path, writer: str, seed: int, acts: int) -> None:
    say(f"pid {os.getpid()}")
    workflows = start(folder)
    store = workflows.annotation_store
    workflows._journal = Journal(store, lambda act: act(), workflows._written, threaded=True)  # as in the window
    if writer == "plain":
        write_plainly(workflows, folder / "plain")
    elif writer == "normal":
        store._database.execute("pragma synchronous = normal")
    series = workflows.library.all_series()[0]
    workflows.open_series(series.uid)
    session, append = workflows.session, store.append

    def tell_and_append(*act) -> None:
        say(f"about {digest(session)}")
        append(*act)

    store.append = tell_and_append
    say(f"opened {digest(session)}")
    dice = random.Random(seed)
    for _ in range(acts):
        act(workflows, dice)
        if not workflows.unsaved or workflows.save_again():
            say(f"saved {digest(session)}")
        else:
            say("not saved")
    workflows.close()
    if not workflows.unsaved:
        say(f"saved {digest(session)}")
    say("end")


def act(workflows: Workflows, dice: random.Random) -> None:
    session, (right, down, up) = workflows.session, SIZE
    at = dice.uniform(0, right), dice.uniform(0, down), dice.randrange(up)
    kind = dice.random()
    if kind < 0.6:
        session.choose_tool("brush" if dice.random() < 0.8 else "eraser")
        session.hand.set_brush_radius(dice.uniform(0.5, 6.0))
        session.choose_label(dice.choice([label.value for label in session.labels]))
        plane = dice.choice(session.planes)
        session.begin_stroke(plane, at)
        session.stroke_to((at[0] + dice.uniform(-5, 5), at[1] + dice.uniform(-5, 5), at[2]))
        session.end_stroke()
    elif kind < 0.72:
        workflows.editing.undo()
    elif kind < 0.8:
        workflows.editing.redo()
    elif kind < 0.87:
        session.move_cursor(at)
        session.toggle_confirmed("axial")
    elif kind < 0.93:
        session.add_measurement("length", (at, (0.0, 0.0, at[2])), 2)
    elif kind < 0.95:
        session.toggle_key_image("axial")
    elif kind < 0.98:
        place = Place("slice", 2, up) if dice.random() < 0.7 else SERIES
        session.answer(dice.randrange(1, 4), place, dice.choice((True, False, None)))
    elif len(session.labels) < 20:
        session.add_label(f"Label {len(session.labels)} {dice.random()}", (1, 2, 3))


def write_plainly(workflows: Workflows, path: Path) -> None:
    """Planted fault: a file that is written anew in place, not even flushed."""
    store = workflows.annotation_store

    def append(*_) -> None:
        session = workflows.session
        work = Annotations(
            session.label_map, session.machine, session.labels, session.confirmed, session.source,
            session.measurements, session.key_images, session.history, session.answers,
        )  # fmt: skip
        store.file = path.open("wb")
        pickle.dump(work, store.file)

    store.append = append
    store.load = lambda *_: pickle.loads(path.read_bytes()) if path.exists() else None


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())  # a pipe holds what was written when the writer is killed


def main() -> None:
    command, *values = sys.argv[1:]
    if command == "prepare":
        prepare(Path(values[0]))
    elif command == "run":
        run(Path(values[0]), values[1], int(values[2]), int(values[3]))
    else:
        import SimpleITK  # noqa: F401  now, once for all

        say("ready")
        for line in sys.stdin:
            folder, writer, seed, acts = line.split()
            child = os.fork()
            if child == 0:
                try:
                    run(Path(folder), writer, int(seed), int(acts))
                except BaseException as error:
                    say(f"error {error!r}")
                os._exit(0)
            os.waitpid(child, 0)
            say("over")


if __name__ == "__main__":
    main()
