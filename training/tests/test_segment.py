"""Segmentation sees what the backbone sees, learns masks, puts them back on the image's own grid, and reads BraTS of both years."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import torch
from monai.metrics import compute_dice

from brat_train.downstream.masked import folds, masked_brats, masked_phantoms
from brat_train.downstream.segment import Settings, crop, measure, predict, segment, train_once
from brat_train.downstream.segmenter import Segmenter, feature_pyramid, segmentation_loss
from brat_train.metrics.segmentation import METASTASES
from brat_train.models.brat import Brat
from brat_train.models.config import BratConfig, tiny
from conftest import write_set

CPU = torch.device("cpu")
SIZE = (32, 64, 64)
QUICK = Settings(batch=3, epochs=1, inner=4, precision="float32", momentum=0.9, look_every=1)


def _model(backbone: str, channels: int = 1, seed: int = 0) -> Brat:
    torch.manual_seed(seed)
    config: BratConfig = tiny()
    return Brat(replace(config, vision=replace(config.vision, backbone=backbone, channels=channels))).eval()


@pytest.fixture(scope="module")
def thin_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder after its pre-training stage."""
    from brat_train.text.subwords import load_tokenizer, save_subwords, train_subwords
    from brat_train.train.recipes import recipe, to_json

    folder = tmp_path_factory.mktemp("run")
    made = recipe("smoke")
    (folder / "run.json").write_text(json.dumps(to_json(made)))
    save_subwords(train_subwords(["no lesion", "a lesion in the left frontal lobe"], 120), folder, 32)
    model = Brat(made.model(load_tokenizer(folder / "tokenizer.json").get_vocab_size()))
    torch.save({"modules": {f"brat.{name}": value for name, value in model.state_dict().items()}, "step": 6}, folder / "pretrain.pt")
    return folder


@pytest.mark.parametrize("backbone", ["densenet121", "resnet50", "vit", "thin_resnet"])
@torch.no_grad()
def test_the_coarsest_map_is_what_the_backbone_gives(backbone: str) -> None:
    model = _model(backbone)
    volume = torch.rand(1, 1, *SIZE)
    maps = feature_pyramid(model.visual_encoder, volume)
    rows = maps[-1].flatten(2).transpose(1, 2)
    if backbone == "densenet121":
        features = model.visual_encoder.features(volume)
        expected = torch.nn.functional.leaky_relu(features).flatten(2).transpose(1, 2)
    else:
        expected = model.visual_encoder(volume)
    torch.testing.assert_close(rows, expected)
    sizes = [each.shape[2:].numel() for each in maps]
    assert sizes == sorted(sizes, reverse=True)
    segmenter = Segmenter(model, 3, inner=4).eval()
    assert segmenter(volume).shape == (1, 3, *SIZE)


def test_no_transposed_convolution_is_in_it_nor_in_its_graph(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    segmenter = Segmenter(_model("thin_resnet"), 1, inner=4).eval()
    assert not [module for module in segmenter.modules() if "Transpose" in type(module).__name__]
    torch.onnx.export(segmenter, (torch.zeros(1, 1, *SIZE),), str(tmp_path / "a.onnx"), opset_version=17, dynamo=False)
    assert "ConvTranspose" not in {node.op_type for node in onnx.load(str(tmp_path / "a.onnx")).graph.node}


def test_the_loss_falls_to_nothing_for_a_sure_and_right_answer() -> None:
    target = torch.zeros(2, 1, 4, 4, 4)
    target[:, :, :2] = 1
    sure = (target * 2 - 1) * 30
    assert float(segmentation_loss(sure, target)) < 1e-3
    assert float(segmentation_loss(-sure, target)) > 10


def test_lesions_of_phantoms_are_learned_and_found_again(tmp_path: Path) -> None:
    data = masked_phantoms(write_set(tmp_path / "set", 8), tmp_path / "kept", 1)
    assert data.regions == ("enhancing",)
    settings = replace(QUICK, batch=2, epochs=4, rate=0.05, look_every=4)
    rows = np.arange(8)
    model, _ = train_once(Segmenter(_model("thin_resnet"), 1, 4), data, rows[:6], rows[6:7], SIZE, settings, 0, CPU)
    case = data.load(7)
    predicted = predict(model, case, SIZE, settings, CPU)
    figures = measure(predicted, case.truth, data.regions, data.rules)["enhancing"]
    expected = compute_dice(torch.from_numpy(predicted)[None].float(), torch.from_numpy(case.truth)[None].float())
    assert figures["dice"] == pytest.approx(float(expected), abs=1e-6)
    assert figures["dice"] > 0.8
    assert figures["lesionDice"] == pytest.approx(figures["dice"], abs=0.05)


@pytest.mark.parametrize("seed", range(4))
def test_a_window_is_cut_the_same_from_image_and_target_and_small_images_are_padded(seed: int) -> None:
    from brat_train.downstream.masked import Prepared

    rng = np.random.default_rng(seed)
    target = (torch.rand(1, 10, 40, 20) > 0.98).float()
    image, mask = crop(Prepared(target * 0.5, target, target.numpy() > 0), (16, 16, 16), rng)
    assert image.shape == mask.shape == (1, 16, 16, 16)
    torch.testing.assert_close(image, mask * 0.5)


def _brats(root: Path, year: str, count: int, without: tuple[str, ...] = ()) -> Path:
    """Cases of 24 x 28 x 20 voxels in the challenge's orientation, with a core in an oedema and an enhancing rim."""
    rng = np.random.default_rng(0)
    for number in range(count):
        name, parts, high = (f"BraTS2021_{number:05d}", ("_t1ce", "_t1", "_t2", "_flair", "_seg"), 4) if year == "2021" else (f"BraTS-MET-{number:05d}-000", ("-t1c", "-t1n", "-t2w", "-t2f", "-seg"), 3)
        folder = root / name
        folder.mkdir(parents=True)
        label = np.zeros((24, 28, 20), np.int16)
        label[2:10, 6:18, 4:14] = 2
        label[3:8, 8:15, 6:12] = high
        label[4:6, 10:12, 8:10] = 1
        for channel, part in enumerate(parts):
            if part.strip("_-") in without:
                continue
            values = label if part.endswith("seg") else (rng.gamma(2, 60, label.shape) + 300 * (label == high) * (channel == 0) + 10).astype(np.float32)
            nib.save(nib.Nifti1Image(values, np.diag((-1.0, -1.0, 1.0, 1.0))), folder / f"{name}{part}.nii.gz")
    return root


@pytest.mark.parametrize("year", ["2021", "2023-mets"])
def test_brats_of_both_years_gives_nested_regions_on_the_patients_own_sides(year: str, tmp_path: Path) -> None:
    root = _brats(tmp_path / "brats", year, 2)
    data = masked_brats(root, year, tmp_path / "kept", None, 4)
    case = data.load(0)
    assert case.image.shape == (4, 20, 28, 24)
    whole, core, enhancing = case.truth
    assert [int(mask.sum()) for mask in (whole, core, enhancing)] == [8 * 12 * 10, 5 * 7 * 6, 5 * 7 * 6 - 8]
    assert not (core & ~whole).any()
    # The file's first axis grows to the patient's left, so its voxels 2 to 9 are towards the right: at high R.
    assert np.argwhere(whole)[:, 2].min() == 24 - 10
    assert case.image[0][torch.from_numpy(enhancing)].mean() > case.image[0][torch.from_numpy(~whole)].mean() + 0.2


def test_a_missing_channel_is_zeros_and_one_channel_is_t1c(tmp_path: Path) -> None:
    root = _brats(tmp_path / "brats", "2023-mets", 1, without=("t2w",))
    four = masked_brats(root, "2023-mets", tmp_path / "four", SIZE, 4).load(0)
    assert four.image.shape == (4, *SIZE)
    assert four.image[2].abs().max() == 0
    one = masked_brats(root, "2023-mets", tmp_path / "one", SIZE, 1).load(0)
    torch.testing.assert_close(one.image[0], four.image[0])
    assert four.target.shape == (3, *SIZE)
    # A cell's target is the part of it that is tumour, so the volume stays.
    assert float(four.target[0].mean()) == pytest.approx(four.truth[0].mean(), rel=0.02)
    with pytest.raises(ValueError, match="takes 2 channels"):
        masked_brats(root, "2023-mets", tmp_path / "two", SIZE, 2)


def test_cases_that_cannot_be_used_are_left_out_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = _brats(tmp_path / "brats", "2021", 3)
    bad = root / "BraTS2021_00001/BraTS2021_00001_seg.nii.gz"
    nib.save(nib.Nifti1Image(np.full((24, 28, 20), 9, np.int16), np.diag((-1.0, -1.0, 1.0, 1.0))), bad)
    (root / "BraTS2021_00002/BraTS2021_00002_t1ce.nii.gz").write_bytes(b"cut off")
    data = masked_brats(root, "2021", tmp_path / "kept", SIZE, 1)
    assert data.ids == ("BraTS2021_00000",)
    error = capsys.readouterr().err
    assert "labels [9]" in error
    assert "unreadable-image" in error


def test_a_prediction_on_the_models_grid_comes_back_on_the_images_own(tmp_path: Path) -> None:
    """A network that answers with the image itself must give the image's bright block in its place."""
    root = _brats(tmp_path / "brats", "2023-mets", 1)
    case = masked_brats(root, "2023-mets", tmp_path / "kept", SIZE, 1).load(0)

    class Echo(torch.nn.Module):
        def forward(self, volume: torch.Tensor) -> torch.Tensor:
            return torch.cat([case.target[None, k : k + 1] * 2 - 1 for k in range(3)], 1)

    predicted = predict(Echo(), case, SIZE, QUICK, CPU)
    assert predicted.shape == case.truth.shape
    assert measure(predicted, case.truth, ("whole", "core", "enhancing"), METASTASES)["core"]["dice"] > 0.9


def test_sliding_windows_cover_images_larger_than_the_window(tmp_path: Path) -> None:
    data = masked_brats(_brats(tmp_path / "brats", "2023-mets", 1), "2023-mets", tmp_path / "kept", None, 1)
    case = data.load(0)

    class Bright(torch.nn.Module):
        def forward(self, volume: torch.Tensor) -> torch.Tensor:
            assert volume.shape[2:] == (16, 16, 16)
            return (volume - 0.5).repeat(1, 3, 1, 1, 1)

    predicted = predict(Bright(), case, (16, 16, 16), QUICK, CPU)
    np.testing.assert_array_equal(predicted[0], case.image[0].numpy() > 0.5)


def test_patients_stay_in_one_fold() -> None:
    patients = [f"p{number // 2}" for number in range(40)]
    of_fold = folds(patients, 4, 0)
    assert all(of_fold[row] == of_fold[row + 1] for row in range(0, 40, 2))
    assert np.bincount(of_fold).tolist() == [10, 10, 10, 10]
    with pytest.raises(ValueError, match="2 patients cannot be dealt to 4 folds"):
        folds(["a", "b"], 4, 0)


def test_the_command_writes_both_dices_of_every_region_and_does_not_run_twice(thin_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = _brats(tmp_path / "brats", "2023-mets", 5)
    arguments = dict(checkpoint=thin_run, data=root, layout="2023-mets", out=tmp_path / "out", device=CPU, fractions=(1.0,), fold_count=2, seeds=1, settings=QUICK)
    report = segment(**arguments)
    (row,) = report["fractions"]
    assert row["runs"] == 2
    for region in ("whole", "core", "enhancing"):
        assert 0 <= row[region]["dice"]["low"] <= row[region]["dice"]["value"] <= 1
        assert row[region]["found"] + row[region]["missed"] == 5
    assert capsys.readouterr().err.count("fold ") == 2
    assert segment(**arguments) == report
    assert capsys.readouterr().err.count("fold ") == 0
    with pytest.raises(ValueError, match="grid is the model's"):
        segment(**{**arguments, "grid": "native"})
