"""Training in three dimensions: what a step sees of volumes and of single confirmed slices, poses, pasting, the model
that comes out, and the same weights from the same seed."""

import copy

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from torch import nn

import training.export
from inference.manifest import ModelManifest, Preprocessing
from inference.models import ModelRecord
from inference.preprocess import padded_for
from inference.runtime import load_model
from inference.tasks import segment
from tests.models import manifest
from training.augment import paste_masks, strong_look, weak_affine
from training.dataset import GridCase, SliceSampler, seen_about
from training.export import ExportError, export_model
from training.loops import LoopSettings, training_steps
from training.losses import IGNORE, dice_cross_entropy
from training.networks import TellingPlaces, build_network, unet_spec
from training.semi_supervised import semi_supervised_loss, supervised_loss

PATCH = (12, 16, 20)
SPEC = unet_spec(1, 2, (4, 8, 8), ((1, 2, 2), (2, 2, 2)))
SPACING = (1.0, 1.0, 2.0)  # i, j, k; mm
SEEN = Preprocessing(spacing_mm=SPACING, dimensions=3, patch=PATCH, size_multiple=4)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(autouse=True)
def _one_thread():
    """Networks this small lose more by sharing cores with other work than they gain."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def ball(seed: int, shape: tuple[int, int, int] = (17, 31, 35)) -> tuple[np.ndarray, np.ndarray]:
    """A bright ball, round in mm, in noise, and its labels."""
    draw = np.random.default_rng(seed)
    k, j, i = np.indices(shape)
    centre = [draw.uniform(0.35, 0.65) * n for n in shape]
    away = np.sqrt((2 * (k - centre[0])) ** 2 + (j - centre[1]) ** 2 + (i - centre[2]) ** 2)
    values = np.clip(1.5 - away / 8, 0, 1) * 0.8 + 0.1 * draw.random(shape)
    return values.astype(np.float32), (away < 8).astype(np.uint8)


def only(target: np.ndarray, k: int) -> np.ndarray:
    """A target of which one slice is confirmed."""
    known = np.full_like(target, IGNORE)
    known[k] = target[k]
    return known


def described() -> ModelManifest:
    return manifest("blocks", ("Ball",), 1.0, "1.0.0", network=SPEC).model_copy(update={"preprocessing": SEEN})


def test_pose_of_a_block_is_rigid_in_mm_but_for_its_scale_tilts_little_and_never_mirrors():
    """The affine map is recovered from images of the coordinates, and brought to mm."""
    shape, spacing = (24, 40, 40), np.array([3.0, 1.0, 1.0])
    coordinates = torch.stack(torch.meshgrid(*(torch.arange(n, dtype=torch.float32) for n in shape), indexing="ij"))
    centre = [(n - 1) / 2 for n in shape]
    tilts = []
    for seed in range(40):
        seen, target = weak_affine(
            coordinates, torch.zeros(shape, dtype=torch.uint8), centre, (8, 12, 12), seeded(seed), spacing.tolist()
        )
        assert (target == 0).all()
        assert all(float(seen.diff(n=2, dim=1 + axis).abs().max()) < 1e-3 for axis in range(3))  # nothing is cut off
        steps = [seen.diff(dim=1 + axis).mean(dim=(1, 2, 3)).numpy() for axis in range(3)]
        mm = np.stack(steps, axis=1) * spacing[:, None] / spacing
        scale = np.linalg.det(mm) ** (1 / 3)
        assert 0.79 < scale < 1.26  # positive: not mirrored
        np.testing.assert_allclose(mm @ mm.T, scale**2 * np.eye(3), atol=1e-3)
        tilts.append(np.degrees(np.arccos(min(1.0, mm[0, 0] / scale))))
    assert 3 < max(tilts) < 14.5  # 10 degrees about each of two axes


def test_labels_move_with_the_block_and_outside_is_not_annotated():
    _, target = ball(0, (9, 20, 20))
    for seed in range(10):
        seen, moved = weak_affine(
            torch.from_numpy(target).float()[None], torch.from_numpy(target), (4, 9.5, 9.5), (16, 24, 24), seeded(seed)
        )

        inside = moved != IGNORE
        assert seen.shape == (1, 16, 24, 24) and moved.dtype == torch.int64
        assert ((seen[0] > 0.5) == (moved == 1))[inside].float().mean() > 0.97
        assert 0.1 < inside.float().mean() < 0.7
        assert (seen[0][~inside] < 0.99).all()


def test_looks_of_blocks_keep_their_shape_and_range_and_boxes_have_two_thirds_of_each_side():
    images = torch.rand(6, 1, *PATCH, generator=seeded(0))

    changed = strong_look(images, seeded(1))
    boxes = paste_masks(6, PATCH, seeded(2), share=1)

    assert changed.shape == images.shape and float(changed.min()) >= 0 and float(changed.max()) <= 1
    assert not torch.equal(changed, images)
    assert torch.equal(strong_look(images, seeded(1), share=0.0), images)
    assert [int(box.sum()) for box in boxes] == [8 * 11 * 13] * 6
    assert len({box.numpy().tobytes() for box in boxes}) > 3


def test_a_confirmed_slice_in_a_volume_is_all_that_a_block_teaches():
    values, target = ball(0, (40, 31, 35))
    target[30, 4:8, 4:8] = 1
    sampler = SliceSampler([GridCase("p", values, only(target, 30), tuple(range(30)))], SEEN, 0)

    taught = 0
    for step in range(20):
        images, known = sampler.labelled(step, 2)
        assert images.shape == (2, 1, *PATCH) and known.shape == (2, *PATCH)
        assert float((known != IGNORE).float().mean()) < 3 / PATCH[0]  # a slice, tilted
        taught += int((known != IGNORE).any(dim=(1, 2, 3)).sum())
    assert taught == 40  # every block is drawn about something annotated


def test_rare_classes_of_a_volume_are_drawn_about():
    target = np.zeros((40, 60, 60), np.uint8)
    target[:, 2:50, 2:50] = 1
    target[33, 52:56, 52:56] = 2
    sampler = SliceSampler([GridCase("p", np.zeros(target.shape, np.float32), target, ())], SEEN, 0)

    assert sampler.patch == PATCH
    assert sum(bool((sampler.labelled(step, 1)[1] == 2).any()) for step in range(30)) >= 6


@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_model_that_takes_mirrored_images_learns_from_them_image_labels_and_places_alike(dimensions):
    """The left half is bright and labelled: mirrored it is the right one, and where it lies is told so."""
    values, target = np.zeros((16, 24, 24), np.float32), np.zeros((16, 24, 24), np.uint8)
    values[..., 12:], target[..., 12:] = 1, 1
    flat = {"dimensions": 2, "patch": None}
    seen = SEEN.model_copy(update={"mirrors": frozenset({"i", "k"}), **(flat if dimensions == 2 else {})})
    cases = [GridCase("p", values, target, ())]
    mirrored = SliceSampler(cases, seen, 0)
    plain = SliceSampler(cases, seen.model_copy(update={"mirrors": frozenset()}), 0)

    def sides(sampler: SliceSampler) -> list[bool]:
        found = []
        for step in range(20):
            images, targets = sampler.labelled(step, 2, with_places=True)
            for image, one in zip(images, targets, strict=True):
                known = one != IGNORE
                agreed = ((image[0] > 0.5) == (one == 1))[known].float().mean()
                assert float(agreed) > 0.95
                across = image[-1][..., 1:] - image[-1][..., :-1]  # places along i grow towards the left, as they do
                assert float(across[known[..., 1:] & known[..., :-1]].median()) > 0  # in an image that is not mirrored
                columns = torch.arange(one.shape[-1]).expand(one.shape).float()
                found.append(bool(columns[one == 1].mean() > columns[known & (one == 0)].mean()))
        return found

    assert all(sides(plain))
    assert 8 <= sum(sides(mirrored)) <= 32


def test_hidden_slices_of_an_unlabelled_block_get_no_label():
    """And blocks lie about the slices that may be used."""
    values = np.zeros((40, 16, 20), np.float32)
    values[20:] = 1.0  # these are hidden
    case = GridCase("p", values, np.full(values.shape, IGNORE, np.uint8), tuple(range(20)))
    annotated = GridCase("q", values[:4], np.zeros((4, 16, 20), np.uint8), ())
    sampler = SliceSampler([annotated, case], SEEN, 0)

    images, inside = sampler.unlabelled(0, 12)

    assert sampler.unlabelled_slices == 20
    assert inside.any(dim=(1, 2, 3)).all()
    assert float(images[:, 0][inside].max()) < 0.6  # at most half of the first hidden one is mixed in
    assert float(images.max()) > 0.99  # some blocks reach them


def test_what_is_watched_of_a_volume_lies_about_the_slice_and_is_padded_as_inference_pads():
    values, target = ball(3, (40, 11, 50))

    seen, known = seen_about(GridCase("p", values, target, ()), 20, SEEN)

    assert seen.shape == (1, 1, *PATCH) and known.shape == (12, 11, 20)
    rows = np.flatnonzero((known != IGNORE).any(axis=(1, 2)))
    assert len(rows) == 1
    first = 20 - int(rows[0])
    assert (known[rows[0]] == 1).sum() == target[20].sum()  # all of what is labelled in it
    columns = [n for n in range(31) if np.array_equal(values[first : first + 12, :, n : n + 20], seen[0, 0, :, :11])]
    assert len(columns) == 1


def trained(cases: list[GridCase], seen: Preprocessing, spec: dict, steps: int, mixed: bool = False) -> nn.Module:
    torch.manual_seed(7)
    network = TellingPlaces(build_network(spec))
    torch.seed()  # what a step draws must not come from here
    ema = copy.deepcopy(network).requires_grad_(False).eval()
    sampler = SliceSampler(cases, seen, 3)
    loss = (
        semi_supervised_loss(network, ema.network, sampler, 2, steps, "cpu")
        if mixed
        else supervised_loss(network.network, sampler, 2, "cpu")
    )
    for _ in training_steps(network, ema, loss, LoopSettings(steps, learning_rate=1e-2, ema_decay=0.8)):
        pass
    return ema.network


@pytest.mark.parametrize("dimensions", [2, 3])
def test_the_same_seed_gives_the_same_weights_bit_for_bit(dimensions):
    values, target = ball(0)
    cases = [GridCase("p", values, target, ()), GridCase("q", ball(1)[0], np.full_like(target, IGNORE), (5, 6, 7))]
    seen = SEEN if dimensions == 3 else Preprocessing(spacing_mm=SPACING, context_slices=3, size_multiple=4)
    spec = SPEC if dimensions == 3 else unet_spec(3, 2, (4, 8, 8))

    one, again = (trained(cases, seen, spec, 6, mixed=True).state_dict() for _ in range(2))

    fresh = trained(cases, seen, spec, 1, mixed=True).state_dict()
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert not all(torch.equal(one[name], fresh[name]) for name in one)


@pytest.mark.parametrize("sparse", [False, True])
def test_a_network_of_blocks_learns_from_volumes_and_from_confirmed_slices(sparse, tmp_path):
    """And finds the whole ball in an image of odd sizes that it has not seen, by the code that runs it for a person."""
    cases = []
    for seed in range(6):
        values, target = ball(seed)
        k = int(target.sum(axis=(1, 2)).argmax()) + seed % 3 - 1
        cases.append(GridCase(f"p{seed}", values, only(target, k) if sparse else target, ()))
    network = trained(cases, SEEN, SPEC, 60)
    written = export_model(network, described(), tmp_path)
    values, target = ball(100, (19, 33, 37))
    image = sitk.GetImageFromArray(values)
    image.SetSpacing(SPACING)

    result = segment(image, load_model(ModelRecord(written, tmp_path, shipped=False, active=False)))

    found = sitk.GetArrayFromImage(result.label_image)
    assert found.shape == target.shape
    assert 2 * (found & target).sum() / (found.sum() + target.sum()) > 0.75


def test_exported_blocks_give_the_networks_logits_at_odd_sizes(tmp_path):
    torch.manual_seed(5)
    network = build_network(SPEC)
    written = export_model(network, described(), tmp_path)
    blocks = padded_for(np.random.default_rng(1).random((1, 1, 13, 31, 17), dtype=np.float32), SEEN)

    logits = load_model(ModelRecord(written, tmp_path, shipped=False, active=False)).run(blocks)

    with torch.no_grad():
        expected = network(torch.from_numpy(blocks)).numpy()
    assert logits.shape == (1, 2, 16, 32, 20)
    np.testing.assert_allclose(logits, expected, atol=1e-4 * expected.std())


def test_an_export_of_blocks_that_computes_something_else_is_refused(tmp_path, monkeypatch):
    export = torch.onnx.export

    def export_with_one_weight_changed(network, *arguments, **options):
        altered = copy.deepcopy(network)
        with torch.no_grad():
            altered[-1].bias[1] += 0.05
        return export(altered, *arguments, **options)

    monkeypatch.setattr(training.export.torch.onnx, "export", export_with_one_weight_changed)

    with pytest.raises(ExportError, match="differs from the trained one"):
        export_model(build_network(SPEC), described(), tmp_path)


def test_loss_of_sixteen_bit_logits_counts_as_that_of_thirty_two():
    target = torch.randint(0, 3, (2, 20, 24, 24), generator=seeded(0))
    logits = torch.randn(2, 3, 20, 24, 24, generator=seeded(1)).bfloat16()

    loss = dice_cross_entropy(logits, target)

    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(dice_cross_entropy(logits.float(), target).item(), abs=1e-6)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_steps_in_sixteen_bits_learn_what_those_in_thirty_two_do(dimensions, monkeypatch):
    """As on a GPU, by the processor's bfloat16; the weights stay in 32 bits."""
    cases = [GridCase(f"p{n}", *ball(n), ()) for n in range(4)]
    for n in (7, 8):
        values, target = ball(n)
        cases.append(GridCase(f"q{n}", values, np.full_like(target, IGNORE), tuple(range(len(values)))))
    seen = SEEN if dimensions == 3 else Preprocessing(spacing_mm=SPACING, context_slices=3, size_multiple=4)
    spec = SPEC if dimensions == 3 else unet_spec(3, 2, (4, 8, 8))
    whole = trained(cases, seen, spec, 60, mixed=True)
    used: list[torch.dtype] = []

    def in_sixteen(network: nn.Module) -> torch.autocast:
        used.extend({part.dtype for part in network.parameters()})
        return torch.autocast("cpu", dtype=torch.bfloat16)

    monkeypatch.setattr("training.loops.mixed_precision", in_sixteen)
    half = trained(cases, seen, spec, 60, mixed=True)

    assert set(used) == {torch.float32} == {part.dtype for part in half.parameters()}
    assert any(not torch.equal(a, b) for a, b in zip(whole.parameters(), half.parameters(), strict=True))
    sampler, dice = SliceSampler([GridCase("r", *ball(50), ())], seen, 0), []
    images, known = sampler.labelled(0, 4)
    for network in (whole, half):
        with torch.no_grad():
            found = network(images).argmax(1)
        there = (known == 1) & (known != IGNORE)
        dice.append(float(2 * ((found == 1) & there).sum() / ((found == 1).sum() + there.sum())))
    assert dice[0] > 0.7 and abs(dice[0] - dice[1]) < 0.05, dice
