"""The memory that is predicted is what the process that runs the model takes."""

from pathlib import Path

import pytest

from tests.bench_inference import MEMORY_CASES, memory_of


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells the peak of a process")
@pytest.mark.parametrize("case", MEMORY_CASES[:2], ids=["2.5-D", "3-D"])
def test_the_memory_of_a_segmentation_is_predicted(case, tmp_path):
    smaller = case._replace(shape=(case.shape[0] // 2, *case.shape[1:]))

    predicted, measured = memory_of(smaller, tmp_path / "model")

    assert 0.7 < predicted / measured < 1.4
