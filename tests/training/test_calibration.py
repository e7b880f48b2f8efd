import numpy as np
import pytest

from training.calibration import fit_temperature


def answers(sharpness: float, count: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Logits so many times too sharp of answers drawn with the probabilities that the right ones mean."""
    draw = np.random.default_rng(0)
    logits = 1.5 * draw.standard_normal((count, 3))
    likely = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    target = (draw.random((count, 1)) > likely.cumsum(1)).sum(1).clip(0, 2)
    return (sharpness * logits).astype(np.float32), target.astype(np.uint8)


@pytest.mark.parametrize("sharpness", [0.7, 1.0, 2.5])
def test_temperature_undoes_what_made_logits_too_sharp(sharpness):
    assert fit_temperature(*answers(sharpness)) == pytest.approx(sharpness, rel=0.05)


def test_temperature_stays_within_its_bounds():
    right = np.eye(3, dtype=np.float32)[[0, 1, 2]]
    wrong = np.eye(3, dtype=np.float32)[[1, 2, 0]]
    target = np.array([0, 1, 2], np.uint8)

    assert fit_temperature(right, target) == pytest.approx(0.5, rel=1e-6)
    assert fit_temperature(10 * wrong, target) == pytest.approx(5, rel=1e-6)
