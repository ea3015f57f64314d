"""Classification reads labels from where they are, keeps patients apart, learns what is there, and goes on after a kill."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from brat_train.data.curate.volume import curate, to_input
from brat_train.downstream.backbone import PooledEncoder, config_of, load_brat
from brat_train.downstream.classify import Classifier, class_aurocs, classify, names_a_side, subset, table_5, train_once
from brat_train.downstream.labelled import Labelled, deal, load_labelled
from brat_train.downstream.nifti import prepare_nifti
from brat_train.downstream.vary import table_5_variation
from brat_train.models.brat import Brat
from brat_train.models.config import tiny
from conftest import write_set

CPU = torch.device("cpu")
SIZE = (32, 64, 64)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of named tensors laid out as the published ones, of a small DenseNet-121's model."""
    path = tmp_path_factory.mktemp("published") / "brat.bin"
    config = tiny()
    torch.manual_seed(5)
    model = Brat(replace(config, vision=replace(config.vision, backbone="densenet121", size=(32, 256, 256)), qformer=replace(config.qformer, hidden=64, heads=1, vocabulary=50)))
    torch.save(model.state_dict(), path)
    return path


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder after its pre-training stage."""
    from brat_train.text.subwords import save_subwords, train_subwords
    from brat_train.train.recipes import recipe, to_json

    folder = tmp_path_factory.mktemp("run")
    made = recipe("smoke")
    (folder / "run.json").write_text(json.dumps(to_json(made)))
    save_subwords(train_subwords(["no lesion", "a lesion in the left frontal lobe"], 120), folder, 32)
    from brat_train.text.subwords import load_tokenizer

    torch.manual_seed(3)
    model = Brat(made.model(load_tokenizer(folder / "tokenizer.json").get_vocab_size()))
    torch.save({"modules": {f"brat.{name}": value for name, value in model.state_dict().items()}, "step": 6}, folder / "pretrain.pt")
    return folder


def _sided(count: int, seed: int = 0) -> Labelled:
    """Noise with a bright block on the side that is the label."""
    rng = np.random.default_rng(seed)
    volumes = rng.integers(0, 60, (count, *SIZE), dtype=np.uint8)
    label = np.arange(count) % 2
    for row, side in enumerate(label):
        volumes[row, 8:20, 20:40, slice(6, 26) if side == 0 else slice(38, 58)] = 250
    split = tuple(("train", "train", "dev", "test")[row // 2 % 4] for row in range(count))
    return Labelled(tuple(f"case-{row}" for row in range(count)), torch.from_numpy(volumes), label, ("Left", "Right"), split)


def test_the_sizes_of_a_published_checkpoint_are_read_off_its_tensors(published: Path) -> None:
    model = load_brat(published)
    vision, qformer = model.config.vision, model.config.qformer
    assert (vision.backbone, vision.channels, model.config.width) == ("densenet121", 1, 16)
    assert (qformer.hidden, qformer.layers, qformer.queries, qformer.vocabulary, qformer.cross_attention_frequency) == (64, 2, 8, 50, 2)
    stored = torch.load(published, weights_only=True)
    torch.testing.assert_close(model.visual_encoder.features.conv0.weight, stored["visual_encoder.features.conv0.weight"])
    assert not torch.equal(load_brat(published, new_weights=True).visual_encoder.features.conv0.weight, model.visual_encoder.features.conv0.weight)


def test_a_file_that_is_no_checkpoint_of_brat_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "bad.bin").write_bytes(b"no tensors here")
    with pytest.raises(ValueError, match=r"bad\.bin is not a readable checkpoint"):
        load_brat(tmp_path / "bad.bin")
    torch.save({"weight": torch.zeros(2)}, tmp_path / "other.bin")
    with pytest.raises(ValueError, match="it has no query_tokens"):
        load_brat(tmp_path / "other.bin")
    with pytest.raises(ValueError, match=r"no run\.json"):
        load_brat(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"missing\.bin"):
        load_brat(tmp_path / "missing.bin")
    with pytest.raises(ValueError, match="no vision_proj"):
        config_of({name: value for name, value in Brat(tiny()).state_dict().items() if name != "vision_proj.weight"} | {"visual_encoder.conv1.weight": torch.zeros(1, 1), "visual_encoder.layer4.0.conv1.weight": torch.zeros(1)})


def test_pooling_is_mean_and_maximum_over_views_or_positions(run_folder: Path) -> None:
    model = load_brat(run_folder)
    volume = torch.rand(2, 1, *SIZE)
    with torch.no_grad():
        views = model.encode_volume(volume).views
        torch.testing.assert_close(PooledEncoder(model, views=True)(volume), torch.cat((views.mean(1), views.max(1).values), 1))
        rows = model.visual_encoder(volume)
        torch.testing.assert_close(PooledEncoder(model, views=False)(volume), torch.cat((rows.mean(1), rows.max(1).values), 1))


def test_the_defaults_are_those_of_table_5() -> None:
    found = {fraction: table_5(fraction, "densenet121") for fraction in (0.01, 0.1, 1.0)}
    assert {fraction: (each.batch, each.rate, each.augmentation, each.trained, each.precision) for fraction, each in found.items()} == {
        0.01: (16, 1e-6, True, "mlp", "bfloat16"),
        0.1: (32, 1e-5, False, "all", "bfloat16"),
        1.0: (32, 1e-5, False, "all", "bfloat16"),
    }
    assert table_5(1.0, "vit").rate == 1e-6


def test_aurocs_of_each_class_agree_with_sklearn() -> None:
    rng = np.random.default_rng(0)
    probability = rng.dirichlet((1, 1, 1), 60)
    label = rng.integers(0, 3, 60)
    expected = [roc_auc_score(label == k, probability[:, k]) for k in range(3)]
    assert class_aurocs(probability, label) == pytest.approx(expected)


def test_a_fraction_keeps_every_class_and_its_share() -> None:
    label = np.array([0] * 900 + [1] * 90 + [2] * 10)
    chosen = subset(label, np.arange(1000), 0.1, seed=3)
    assert np.bincount(label[chosen]).tolist() == [90, 9, 1]
    assert np.bincount(label[subset(label, np.arange(1000), 0.01, seed=3)]).tolist() == [9, 1, 1]
    assert not np.array_equal(chosen, subset(label, np.arange(1000), 0.1, seed=4))


def test_patients_are_dealt_to_one_split_each() -> None:
    patients = [f"p{number // 3}" for number in range(300)]
    split = deal(patients, 0)
    assert {patient: len({own for other, own in zip(patients, split, strict=True) if other == patient}) for patient in patients} == dict.fromkeys(patients, 1)
    assert 25 < split.count("test") < 40
    assert split == deal(patients, 0) != deal(patients, 1)


@pytest.mark.parametrize("trained", ["mlp", "all"])
def test_a_side_is_learned_from_few_cases(run_folder: Path, trained: str) -> None:
    settings = replace(table_5(1.0, "thin"), batch=8, rate=3e-3, trained=trained, epochs=12 if trained == "mlp" else 5, precision="float32", inner=32)
    run = train_once(lambda: PooledEncoder(load_brat(run_folder), views=False), _sided(32), 1.0, settings, 0, CPU, keep_sides=True)
    assert run.cases == 16
    assert run.mean > 0.9


def test_a_frozen_encoder_stays_as_it_was(run_folder: Path) -> None:
    kept: list[PooledEncoder] = []

    def make() -> PooledEncoder:
        kept.append(PooledEncoder(load_brat(run_folder), views=True))
        return kept[-1]

    before = {name: value.clone() for name, value in load_brat(run_folder).state_dict().items()}
    settings = replace(table_5(0.01, "thin"), batch=4, epochs=1, precision="float32")
    train_once(make, _sided(16), 1.0, settings, 0, CPU, keep_sides=True)
    after = kept[0].model
    assert after is not None
    for name, value in after.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_the_command_writes_every_fraction_and_does_not_run_twice(run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_set(tmp_path / "set", 24)
    arguments = dict(checkpoint=run_folder, data=data, target="side", out=tmp_path / "out", device=CPU, fractions=(0.1, 1.0), runs=2, overrides={"epochs": 1, "precision": "float32", "trained": "mlp"})
    report = classify(**arguments)
    assert report["classes"] == ["Left", "Right"]
    assert report["flips"] is False
    assert [row["fraction"] for row in report["fractions"]] == [0.1, 1.0]
    assert all(row["mean"]["low"] <= row["mean"]["value"] <= row["mean"]["high"] for row in report["fractions"])
    assert json.loads((tmp_path / "out/classify.json").read_text()) == report
    assert capsys.readouterr().err.count("run ") == 4
    lines = (tmp_path / "out/runs.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "out/runs.jsonl").write_text("".join(lines[:3]))
    again = classify(**arguments)
    assert capsys.readouterr().err.count("run ") == 1
    assert again == report
    with pytest.raises(ValueError, match="other settings"):
        classify(**{**arguments, "target": "side=Left"})


def test_a_target_that_cannot_be_learned_is_refused(small_set: Path) -> None:
    with pytest.raises(ValueError, match="'enhancing' is 'Yes' in every case"):
        load_labelled(small_set, "enhancing", SIZE)
    with pytest.raises(ValueError, match="no case of .* has an answer to 'age'"):
        load_labelled(small_set, "age", SIZE)
    assert load_labelled(small_set, "locations=Left frontal lobe", SIZE).classes == ("No", "Yes")


def test_a_prepared_set_keeps_its_own_splits_and_needs_no_reports(tmp_path: Path) -> None:
    for folder, splits in ((tmp_path / "adni", ["train"] * 6 + ["dev"] * 2), (tmp_path / "adni/test", ["test"] * 4)):
        write_set(folder, len(splits))
        lines = [json.loads(line) for line in (folder / "reports.jsonl").read_text().splitlines()]
        records = [
            {"id": f"{folder.name}-{row}", "patient": f"{folder.name}-{row}", "split": split, "sentences": [], "answers": {}, "labels": {"diagnosis": ("AD", "CN")[row % 2]}, "shard": line["shard"], "index": line["index"]}
            for row, (line, split) in enumerate(zip(lines, splits, strict=True))
        ]
        (folder / "reports.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    found = load_labelled(tmp_path / "adni", "diagnosis", SIZE)
    assert found.split == ("train",) * 6 + ("dev",) * 2 + ("test",) * 4
    assert found.classes == ("AD", "CN")
    np.testing.assert_array_equal(found.volumes[8].numpy(), np.load(tmp_path / "adni/test/shard-0000.npz")["volumes"][0])


def _nifti(path: Path, values: np.ndarray, affine: np.ndarray) -> Path:
    nib.save(nib.Nifti1Image(values, affine), path)
    return path


def test_a_table_of_images_is_read_and_its_faults_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    for number in range(6):
        _nifti(tmp_path / f"{number}.nii.gz", rng.random((20, 24, 16)).astype(np.float32), np.diag((2.0, 2.0, 3.0, 1.0)))
    (tmp_path / "bad.nii.gz").write_bytes(b"not an image")
    rows = [f"{number}.nii.gz,{'AD' if number % 2 else 'CN'},p{number},{('train', 'train', 'val', 'val', 'test', 'test')[number]}" for number in range(6)]
    table = tmp_path / "adni.csv"
    table.write_text("\n".join(["image,diagnosis,patient,split", *rows, "bad.nii.gz,AD,p9,train", ",AD,p9,train", "0.nii.gz,,p0,train"]))
    found = load_labelled(table, "diagnosis", SIZE)
    assert found.classes == ("AD", "CN")
    assert found.split == ("train", "train", "dev", "dev", "test", "test")
    assert found.volumes.shape == (6, *SIZE)
    error = capsys.readouterr().err
    assert "3 cases left out" in error
    assert "line 8: bad.nii.gz: not readable as NIfTI" in error
    table.write_text("\n".join(["image,diagnosis,patient,split", *rows, "0.nii.gz,CN,p0,test"]))
    with pytest.raises(ValueError, match="both in train and test"):
        load_labelled(table, "diagnosis", SIZE)
    with pytest.raises(ValueError, match="no column age"):
        load_labelled(table, "age", SIZE)


def test_an_image_of_a_table_is_prepared_as_those_of_a_training_set(tmp_path: Path) -> None:
    values = np.random.default_rng(1).gamma(2, 100, (30, 36, 12))
    affine = np.array([[-1.1, 0, 0, 40], [0, 0, 2.5, -30], [0, 0.9, 0, 10], [0, 0, 0, 1]])
    path = _nifti(tmp_path / "a.nii.gz", values.astype(np.float32), affine)
    expected = to_input(curate(np.asarray(nib.load(path).dataobj, dtype=np.float64)), affine)
    np.testing.assert_allclose(prepare_nifti(path, (32, 256, 256)).numpy(), expected, atol=1e-5)
    with pytest.raises(ValueError, match=r"flat\.nii: all its values are equal"):
        prepare_nifti(_nifti(tmp_path / "flat.nii", np.ones((4, 4, 4), np.float32), np.eye(4)), None)


def test_a_target_that_names_a_side_is_never_flipped() -> None:
    assert names_a_side(("locations=Left frontal lobe", "Yes", "No"))
    assert names_a_side(("side", "NA", "Yes"))
    assert not names_a_side(("diagnosis", "AD", "CN"))
    volume = torch.zeros(6, 1, 4, 8, 8)
    volume[..., :3] = 0.9
    varied = torch.cat([table_5_variation(seed, keep_sides=True)(volume) for seed in range(3)])
    assert bool((varied[..., :3].mean((1, 2, 3, 4)) > varied[..., 5:].mean((1, 2, 3, 4))).all())
    flipped = torch.cat([table_5_variation(seed, keep_sides=False)(volume) for seed in range(3)])
    assert bool((flipped[..., :3].mean((1, 2, 3, 4)) < flipped[..., 5:].mean((1, 2, 3, 4))).any())


def test_a_classifier_gives_one_score_a_class(run_folder: Path) -> None:
    assert Classifier(PooledEncoder(load_brat(run_folder), views=True), 3, 16)(torch.rand(2, 1, *SIZE)).shape == (2, 3)
