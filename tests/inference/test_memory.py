"""The memory that is predicted is what a process of its own takes."""

from pathlib import Path

import pytest

from inference.manifest import load_manifest
from inference.memory import batch_shape, working_bytes
from inference.preprocess import model_grid
from tests.bench_inference import MEMORY_CASES, ct, memory_of, write_unet


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells the peak of a process")
@pytest.mark.parametrize("case", MEMORY_CASES[:2], ids=["2.5-D", "3-D"])
def test_the_memory_of_a_segmentation_is_predicted(case, tmp_path):
    smaller = case._replace(shape=(case.shape[0] // 2, *case.shape[1:]))

    predicted, measured = memory_of(smaller, tmp_path / "model")

    assert 0.7 < predicted / measured < 1.4


def test_more_of_everything_takes_more(tmp_path):
    case = MEMORY_CASES[1]
    write_unet(tmp_path, case.preprocessing, case.classes, (4, 8))
    described = load_manifest(tmp_path)

    def predicted(shape=(40, 90, 80), value_bytes=2, network_bytes=0, with_certainty=False, described=described) -> int:
        return working_bytes(
            model_grid(ct(shape), described.preprocessing),
            described,
            value_bytes=value_bytes,
            network_bytes=network_bytes,
            with_certainty=with_certainty,
        )

    assert batch_shape(described, model_grid(ct((40, 90, 80)), case.preprocessing)) == (1, 1, 64, 64, 64)
    assert predicted(network_bytes=1000) == predicted() + 1000
    assert predicted(value_bytes=4) == predicted() + 2 * 40 * 90 * 80
    assert predicted((80, 90, 80)) > predicted()
    assert predicted(with_certainty=True) > predicted() + 3 * 40 * 90 * 80
