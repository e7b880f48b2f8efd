"""A phantom head of a large left and a small right structure, so that a mirrored sample shows itself."""

import numpy as np
import pytest
import torch

from training import brain_structures
from training.synthesis import Anatomy, LabelMapSampler, SlabSettings

AIR, LEFT, RIGHT, MIDDLE, FLUID, SKULL = range(6)
SETTINGS = SlabSettings(spacing_mm=2.0, slices=3, context=2, rows=48, columns=40)


def small_anatomy() -> Anatomy:
    return Anatomy(
        values=np.array([0, 2, 41, 16, 24, 516]),
        classes=np.array([0, 1, 2, 3, 0, 0]),
        mirrored=np.array([AIR, RIGHT, LEFT, MIDDLE, FLUID, SKULL]),
        tissues=np.array([0, 1, 1, 2, 3, 4]),
        outside=np.array([True, False, False, False, False, True]),
        fluid=FLUID,
        t1_mean=np.array([0.0, 0.8, 0.8, 0.5, 0.15, 0.3], dtype=np.float32),
    )


def phantom_head() -> torch.Tensor:
    """(k, j, i) at 1 mm, i towards the left: 61 x 90 x 70, no two sides alike."""
    k, j, i = np.meshgrid(*(np.arange(n) for n in (61, 90, 70)), indexing="ij")
    radius = np.sqrt(((k - 30) / 29) ** 2 + ((j - 45) / 43) ** 2 + ((i - 35) / 33) ** 2)
    labels = np.where(radius < 1, SKULL, AIR)
    labels[radius < 0.85] = FLUID
    labels[(radius < 0.75) & (i > 38)] = LEFT
    labels[(radius < 0.45) & (i < 32)] = RIGHT
    labels[(radius < 0.6) & (np.abs(i - 35) <= 3)] = MIDDLE
    return torch.from_numpy(labels.astype(np.uint8))


@pytest.fixture(scope="module")
def samples() -> list[tuple[torch.Tensor, torch.Tensor]]:
    sampler = LabelMapSampler([phantom_head()], small_anatomy(), SETTINGS)
    generator = torch.Generator().manual_seed(2)
    return [sampler.sample(generator) for _ in range(40)]


def test_sample_has_the_size_the_network_takes(samples):
    for image, target in samples:
        assert image.shape == (3, 5, 48, 40)
        assert image.dtype == torch.float32
        assert image.min() >= 0
        assert image.max() <= 1
        assert target.shape == (3, 48, 40)
        assert target.dtype == torch.int64
        assert set(target.unique().tolist()) <= {0, 1, 2, 3}


def test_neighbouring_slices_are_the_channels_of_a_stack(samples):
    for image, _ in samples[:5]:
        for shift in range(1, 3):
            torch.testing.assert_close(image[shift, 2 - shift], image[0, 2])
            torch.testing.assert_close(image[0, 2 + shift], image[shift, 2])


def test_left_stays_left_in_every_sample_mirrored_or_not(samples):
    seen = 0
    for _, target in samples:
        columns = [torch.nonzero(target == side)[:, 2].float() for side in (1, 2)]
        if all(len(c) > 30 for c in columns):
            seen += 1
            assert columns[0].mean() > columns[1].mean()
    assert seen > 12


def test_half_the_heads_are_mirrored(samples):
    left_is_the_large_one = [
        int((target == 1).sum()) > int((target == 2).sum()) for _, target in samples if (target > 0).any()
    ]

    assert 0.25 < np.mean(left_is_the_large_one) < 0.75


def test_both_sides_of_a_tissue_look_alike_and_tissues_change_from_sample_to_sample(samples):
    left, middle = [], []
    apart = []
    for image, target in samples:
        centre = image[:, 2]
        if all(int((target == n).sum()) > 60 for n in (1, 2, 3)):
            values = [float(centre[target == n].median()) for n in (1, 2, 3)]
            left.append(values[0])
            middle.append(values[2])
            apart.append(abs(values[0] - values[1]))

    assert np.median(apart) < 0.1
    assert np.std(left) > 0.1  # a random contrast, not one scanner's
    assert np.mean(np.array(left) > np.array(middle)) not in (0.0, 1.0)  # in either order


def test_same_generator_gives_the_same_sample():
    sampler = LabelMapSampler([phantom_head()], small_anatomy(), SETTINGS)

    one, other = (sampler.sample(torch.Generator().manual_seed(9)) for _ in range(2))

    assert torch.equal(one[0], other[0])
    assert torch.equal(one[1], other[1])


def test_head_that_ends_with_its_map_is_surrounded_by_background():
    cut = phantom_head()[20:40, 30:60]  # a map without any air of its own
    sampler = LabelMapSampler([cut], small_anatomy(), SETTINGS)

    _, target = sampler.sample(torch.Generator().manual_seed(1))

    assert not target[:, 0].any()
    assert not target[:, -1].any()


class TestBrainAnatomy:
    """The tables of the shipped model, FreeSurfer's numbers against FreeSurferColorLUT.txt."""

    parts = brain_structures.anatomy()
    names = ("Background", *brain_structures.class_names())

    def name_of(self, value: int) -> str:
        return self.names[int(self.parts.classes[list(self.parts.values).index(value)])]

    @pytest.mark.parametrize(
        ("value", "name"),
        [
            (2, "Left cerebral white matter"),
            (42, "Right cerebral cortex"),
            (4, "Left lateral ventricle"),
            (44, "Right lateral ventricle"),
            (17, "Left hippocampus"),
            (54, "Right amygdala"),
            (26, "Left nucleus accumbens"),
            (58, "Right nucleus accumbens"),
            (28, "Left ventral diencephalon"),
            (16, "Brainstem"),
            (15, "Fourth ventricle"),
            (24, "Background"),
            (516, "Background"),
        ],
    )
    def test_value_of_freesurfer_becomes_its_structure(self, value, name):
        assert self.name_of(value) == name

    def test_mirror_changes_the_side_and_nothing_else(self):
        swap = {"Left": "Right", "Right": "Left"}
        for value, mirrored in zip(self.parts.values, self.parts.values[self.parts.mirrored], strict=True):
            side, _, rest = self.name_of(value).partition(" ")
            expected = f"{swap[side]} {rest}" if side in swap else self.name_of(value)
            assert self.name_of(mirrored) == expected
        np.testing.assert_array_equal(self.parts.mirrored[self.parts.mirrored], np.arange(len(self.parts.values)))

    def test_both_sides_share_one_tissue(self):
        np.testing.assert_array_equal(self.parts.tissues, self.parts.tissues[self.parts.mirrored])

    def test_there_are_29_structures_each_with_a_name_of_its_own(self):
        assert len(set(self.names)) == 30
        assert set(self.parts.classes.tolist()) == set(range(30))

    def test_maps_held_out_are_fixed_and_apart(self):
        assert not set(brain_structures.VALIDATION) & set(brain_structures.TEST)
        assert len(brain_structures.TEST) == 3
