"""Background work: results come to one thread, faults become sentences, cancel stops."""

import os
import sys
import threading
import time

import pytest

from viewer.jobs import DetachedProcess, JobQueue, is_locked, read_events, want


def run_until(queue_of_calls, ready, timeout_s=20.0):
    deadline = time.monotonic() + timeout_s
    while not ready():
        assert time.monotonic() < deadline, "nothing came"
        while queue_of_calls:
            queue_of_calls.pop(0)()
        time.sleep(0.005)


def assert_soon(job) -> None:
    until = time.monotonic() + 20
    while not job.ended and time.monotonic() < until:
        time.sleep(0.005)
    assert job.ended


def test_result_and_progress_are_delivered_on_the_owners_thread():
    calls, seen = [], []
    jobs = JobQueue(workers=1, deliver=calls.append)
    jobs.subscribe(lambda job: seen.append((job.state, job.fraction, threading.current_thread())))

    def work(job):
        job.report(0.5, "half")
        return 42

    results = []
    jobs.submit("work", work, lambda value: results.append((value, threading.current_thread())))
    run_until(calls, lambda: results)

    assert results == [(42, threading.main_thread())]
    assert {thread for *_, thread in seen} == {threading.main_thread()}
    jobs.close()


def test_fault_becomes_one_sentence_and_the_next_job_runs():
    jobs, messages, results = JobQueue(workers=0), [], []

    def fail(job):
        raise ValueError("the file is damaged")

    job = jobs.submit("bad", fail, failed=messages.append)
    jobs.submit("good", lambda job: 1, results.append)

    assert (job.state, messages, results) == ("failed", ["the file is damaged"], [1])


def test_cancelled_job_gives_no_result():
    calls, results, begun = [], [], threading.Event()
    jobs = JobQueue(workers=1, deliver=calls.append)

    def work(job):
        begun.set()
        while True:
            job.check()
            time.sleep(0.005)

    job = jobs.submit("endless", work, results.append, results.append)
    assert begun.wait(10)
    job.cancel()
    run_until(calls, lambda: job.ended)

    assert job.state == "cancelled"
    assert results == []
    jobs.close()


HOLDING = (
    "import json, sys, time; from filelock import FileLock; from pathlib import Path; folder = Path(sys.argv[1]); \
lock = FileLock(folder / 'lock', thread_local=False); lock.acquire(); "
)
SAY = "print(json.dumps({'event': 'word', 'word': word}), file=(folder / 'events.jsonl').open('a'), flush=True); "


def program(folder, code):
    return [sys.executable, "-c", HOLDING + code, str(folder)]


def followed(folder, calls, argv=None, read_bytes=0):
    events, exits = [], []
    process = DetachedProcess(folder, calls.append, events.extend, exits.append, argv, read_bytes)
    return process, events, exits


ECHO = f"""
word = 'begun'; {SAY}
wanted = folder / 'wanted'
while True:
    if wanted.exists():
        word = wanted.read_text(); wanted.unlink(); {SAY}
        if word == 'stop': break
    time.sleep(0.01)
"""


def test_a_detached_process_tells_events_hears_words_and_outlives_whoever_started_it(tmp_path):
    calls = []
    first, events, exits = followed(tmp_path, calls, program(tmp_path, ECHO))
    run_until(calls, lambda: events)
    want(tmp_path, "pause")
    run_until(calls, lambda: len(events) == 2)
    first.leave()
    assert first.running and is_locked(tmp_path / "lock") and not exits

    before, read_bytes = read_events(tmp_path)
    second, more, exits = followed(tmp_path, calls, read_bytes=read_bytes)
    want(tmp_path, "stop")
    run_until(calls, lambda: exits)

    assert [event["word"] for event in before] == ["begun", "pause"]
    assert [event["word"] for event in more] == ["stop"], "nothing is told twice"
    assert not second.running and not is_locked(tmp_path / "lock")


def test_a_detached_process_that_dies_is_noticed_with_its_last_words(tmp_path):
    calls = []
    _, _, exits = followed(tmp_path, calls, program(tmp_path, "sys.exit('out of memory')"))
    run_until(calls, lambda: exits)

    assert exits[0] == "out of memory"


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_one_that_is_followed_by_its_lock_alone_is_noticed_when_it_is_killed(tmp_path):
    calls = []
    first, events, _ = followed(tmp_path, calls, program(tmp_path, ECHO))
    run_until(calls, lambda: events)
    first.leave()
    _, _, exits = followed(tmp_path, calls, read_bytes=read_events(tmp_path)[1])
    first._process.kill()
    run_until(calls, lambda: exits)


@pytest.mark.skipif(os.name != "posix", reason="sessions")
def test_a_detached_process_has_a_session_of_its_own(tmp_path):
    """Closing the terminal from which the window was started ends all processes of its session."""
    calls = []
    process, events, _ = followed(tmp_path, calls, program(tmp_path, ECHO))
    run_until(calls, lambda: events)

    assert os.getsid(process._process.pid) == process._process.pid != os.getsid(0)
    process.end()


def test_one_that_does_not_listen_is_ended_nevertheless(tmp_path, monkeypatch):
    monkeypatch.setattr("viewer.jobs._END_WITHIN_S", 0.2)
    calls = []
    process, events, _ = followed(tmp_path, calls, program(tmp_path, f"word = 'deaf'; {SAY} time.sleep(1000)"))
    run_until(calls, lambda: events)
    process.end()

    assert not process.running


def test_lines_that_are_no_events_are_left_out_and_one_that_is_not_whole_is_waited_for(tmp_path):
    lines = b'{"event": "a"}\nnoise\n\x00\x00\n[1]\n{"no": 1}\n{"event": "b"}\n{"event": "c", "st'
    (tmp_path / "events.jsonl").write_bytes(lines)
    events, read_bytes = read_events(tmp_path)
    assert [event["event"] for event in events] == ["a", "b"]

    with (tmp_path / "events.jsonl").open("ab") as file:
        file.write(b'ep": 1}\n')
    assert read_events(tmp_path, read_bytes)[0] == [{"event": "c", "step": 1}]


def test_a_job_submitted_after_the_end_is_cancelled_and_never_runs():
    queue = JobQueue(workers=1)
    queue.close()
    ran = []
    assert queue.submit("late", lambda job: ran.append(1)).state == "cancelled"
    assert ran == []


def test_what_is_let_go_is_given_back_later_by_another_thread():
    given_back = []

    class Heavy:
        def __del__(self) -> None:
            given_back.append(threading.current_thread() is not threading.main_thread())

    for workers, elsewhere in ((2, True), (0, False)):
        jobs = JobQueue(workers)
        started = time.monotonic()
        for _ in range(4):
            jobs.let_go([Heavy()])
        time.sleep(0.3)
        assert given_back == [] or not workers, "not at once: something may still draw it"
        while len(given_back) < 4 and time.monotonic() < started + 2.5:
            time.sleep(0.02)
        assert given_back == [elsewhere] * 4, "all of them a second later, not one a second"
        given_back.clear()
        jobs.close()


def test_work_in_turn_goes_one_by_one_and_nothing_else_waits_for_it():
    jobs, told, go = JobQueue(), [], threading.Event()
    first = jobs.submit("first", lambda job: go.wait(20) and told.append("first"), in_turn=True)
    second = jobs.submit("second", lambda job: told.append("second"), in_turn=True)
    third = jobs.submit("third", lambda job: told.append("third"), in_turn=True, cancelled=lambda: told.append("not"))
    for n in range(2):
        assert_soon(jobs.submit("beside", lambda job, n=n: told.append(n)))
    assert first.state == "running" and second.state == "queued"

    third.cancel()
    assert third.state == "cancelled" and told == [0, 1, "not"], "what waits need not come to its turn first"
    go.set()
    assert_soon(second)
    assert told[3:] == ["first", "second"]
    jobs.close()


def test_submitting_starts_no_thread():
    jobs = JobQueue(3)
    before = set(threading.enumerate())
    for _ in range(6):
        jobs.submit("work", lambda job: time.sleep(0.01))
    jobs.let_go([1])
    assert set(threading.enumerate()) <= before
    jobs.close()


@pytest.mark.skipif(sys.platform != "linux", reason="no priorities of single threads")
def test_jobs_let_the_window_go_first():
    jobs, calls, found = JobQueue(workers=1, deliver=lambda act: calls.append(act)), [], []
    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    jobs.submit("work", lambda job: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()), found.append)
    run_until(calls, lambda: found)
    jobs.close()
    assert found[0] > own == os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
