"""Augmentation keeps image and labels together, mirrors nothing, and touches only what it says."""

import numpy as np
import torch

from training.augment import paste_masks, posed_again, strong_look, weak_affine

PATCH = (40, 56)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def posed(image: torch.Tensor, target: torch.Tensor, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    centre = ((target.shape[0] - 1) / 2, (target.shape[1] - 1) / 2)
    return weak_affine(image, target, centre, PATCH, seeded(seed))


def letter_f() -> torch.Tensor:
    """A shape whose mirror image no rotation gives again."""
    drawn = torch.zeros(PATCH, dtype=torch.uint8)
    drawn[8:32, 18:22] = 1
    drawn[8:12, 18:40] = 1
    drawn[18:22, 18:30] = 1
    return drawn


def test_labels_move_with_the_image():
    target = letter_f()
    for seed in range(20):
        image, moved = posed(target.float()[None].repeat(3, 1, 1), target, seed)

        inside = moved != 255
        assert image.shape == (3, *PATCH) and moved.dtype == torch.int64
        assert ((image[1] > 0.5) == (moved == 1))[inside].float().mean() > 0.97


def test_pose_never_mirrors_and_stays_within_its_bounds():
    """The affine map is recovered from images of the coordinates: its determinant is positive (no mirror)."""
    rows, columns = torch.meshgrid(*(torch.arange(n, dtype=torch.float32) for n in PATCH), indexing="ij")
    target = torch.zeros(PATCH, dtype=torch.uint8)
    for seed in range(60):
        (j, i), moved = posed(torch.stack([rows, columns]), target, seed)
        middle = (slice(17, 23), slice(25, 31))
        assert (moved[middle] != 255).all()
        matrix = np.array(
            [[float((part[middle][1:] - part[middle][:-1]).mean()) for part in (j, i)],
             [float((part[middle][:, 1:] - part[middle][:, :-1]).mean()) for part in (j, i)]]
        )  # fmt: skip
        scale = np.sqrt(np.linalg.det(matrix))
        assert 0.79 < scale < 1.26
        assert abs(np.degrees(np.arctan2(matrix[0, 1], matrix[0, 0]))) < 20.5


def test_what_lies_outside_the_image_is_not_annotated():
    small = torch.full((16, 16), 2, dtype=torch.uint8)

    image, moved = posed(torch.ones(1, 16, 16), small, 3)

    assert set(moved.unique().tolist()) == {2, 255}
    assert (image[0, moved == 255] < 1).all()
    assert (moved == 2).float().mean() < 0.3


def test_strong_look_changes_values_only_and_each_image_its_own_way():
    images = torch.full((4, 3, *PATCH), 0.4)
    images[:, :, 10:30, 10:30] = 0.8

    changed = strong_look(images, seeded(1))

    assert changed.shape == images.shape
    assert float(changed.min()) >= 0 and float(changed.max()) <= 1
    assert not torch.equal(changed[0], changed[1])
    assert torch.equal(strong_look(images, seeded(1)), changed)
    brighter = [look[:, 14:26, 14:26].mean() > look[:, 32:, 32:].mean() for look in changed]
    assert all(brighter)  # nothing is moved or inverted


def test_a_share_of_none_leaves_images_as_they_are():
    images = torch.rand(3, 3, *PATCH, generator=seeded(0))

    assert torch.equal(strong_look(images, seeded(1), share=0.0), images)


def test_pasted_boxes_have_two_thirds_of_each_side_and_differ():
    masks = paste_masks(8, PATCH, seeded(2), share=1)

    assert masks.dtype == torch.bool
    for mask in masks:
        assert (int(mask.any(1).sum()), int(mask.any(0).sum())) == (27, 37)
        assert int(mask.sum()) == 27 * 37
    assert len({mask.numpy().tobytes() for mask in masks}) > 4


def test_only_a_share_of_the_slices_gets_a_box():
    masks = paste_masks(200, PATCH, seeded(4))

    filled = masks.flatten(1).sum(1)
    assert set(filled.tolist()) == {0, 27 * 37}
    assert 80 <= int((filled > 0).sum()) <= 120
    assert not paste_masks(200, PATCH, seeded(4), share=0).any()


def test_a_second_pose_moves_image_and_labels_together_and_each_patch_its_own_way():
    target = letter_f()
    images, labels = (part.expand(6, *part.shape) for part in (target.float()[None], target.long()))

    seen, moved = posed_again(images, labels, seeded(5))

    assert seen.shape == (6, 1, *PATCH) and moved.shape == (6, *PATCH) and moved.dtype == torch.int64
    inside = moved != 255
    assert not inside.all() and inside.float().mean() > 0.6
    assert ((seen[:, 0] > 0.5) == (moved == 1))[inside].float().mean() > 0.97
    assert len({label.numpy().tobytes() for label in moved}) == 6
