"""What training sees of images and words: sides stay sides, bad input is left out by name, false sentences are false."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch

from brat_train.data.augment import NONE, Augmentation, prepare
from brat_train.data.text_bank import TextBank, may_be_true
from brat_train.data.training_set import load_training_set
from brat_train.text.falsify import falsify, wrong_place, wrong_side
from brat_train.text.subwords import CLS, SEP, encode_batch, train_subwords
from brat_train.train.evaluate import auroc, best_threshold, retrieval
from conftest import write_set

CPU = torch.device("cpu")


def test_without_variation_a_volume_comes_through_as_it_is() -> None:
    volume = torch.randint(0, 256, (2, 32, 64, 64), dtype=torch.uint8)
    prepared, _ = prepare(volume, NONE, torch.Generator())
    torch.testing.assert_close(prepared[:, 0], volume.float() / 255)


@pytest.mark.parametrize("seed", range(8))
def test_variation_never_moves_a_lesion_to_the_other_side_and_moves_its_mask_along(seed: int) -> None:
    volume = torch.full((1, 32, 64, 64), 60, dtype=torch.uint8)
    mask = torch.zeros(1, 32, 32, 32, dtype=torch.uint8)
    volume[:, 12:18, 20:30, 44:54] = 255
    mask[:, 12:18, 10:15, 22:27] = 1
    prepared, moved = prepare(volume, Augmentation(), torch.Generator().manual_seed(seed), mask)
    bright = (prepared[0, 0] > prepared.median() + 0.3).nonzero().float().mean(0)
    inside = (moved[0, 0] > 0.5).nonzero().float().mean(0)
    assert bright[2] > 36
    assert float(prepared.min()) >= 0
    assert float(prepared.max()) <= 1
    torch.testing.assert_close(bright, inside * torch.tensor([1.0, 2.0, 2.0]), atol=1.6, rtol=0)


def test_a_shard_that_cannot_be_read_is_left_out_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_set(tmp_path / "set", 12)
    (folder / "shard-0001.npz").write_bytes(b"not a shard")
    found = load_training_set(folder, CPU)
    assert [case.id for case in found.cases] == [f"case-{number}" for number in (0, 1, 2, 3, 8, 9, 10, 11)]
    assert len(found.volumes) == 8
    assert "shard-0001.npz" in capsys.readouterr().err


def test_a_shard_cut_short_is_left_out_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_set(tmp_path / "set", 8)
    whole = (folder / "shard-0001.npz").read_bytes()
    (folder / "shard-0001.npz").write_bytes(whole[: len(whole) // 2])
    assert len(load_training_set(folder, CPU)) == 4
    assert "1 shards left out: shard-0001.npz" in capsys.readouterr().err


@pytest.mark.parametrize(("marks", "expected"), [(["train"] * 5 + ["dev"] * 3, 5), ([""] * 8, 6), (["dev"] + ["train"] * 7, "do not come before"), (["train"] * 8, "0 cases for development")])
def test_a_set_split_by_patient_keeps_its_split(marks: list[str], expected: int | str, tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set", 8)
    lines = [json.loads(line) for line in (folder / "reports.jsonl").read_text().splitlines()]
    (folder / "reports.jsonl").write_text("\n".join(json.dumps({**line, "split": mark}) for line, mark in zip(lines, marks, strict=True)))
    if isinstance(expected, str):
        with pytest.raises(ValueError, match=expected):
            load_training_set(folder, CPU).split(2)
        return
    training, dev = load_training_set(folder, CPU).split(2)
    assert ([case.id for case in training.cases], len(dev)) == ([f"case-{number}" for number in range(expected)], 8 - expected)


def test_a_case_with_an_empty_report_is_left_out_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_set(tmp_path / "set", 4)
    lines = [json.loads(line) for line in (folder / "reports.jsonl").read_text().splitlines()]
    lines[1]["sentences"] = ["  "]
    (folder / "reports.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    found = load_training_set(folder, CPU)
    assert [case.id for case in found.cases] == ["case-0", "case-2", "case-3"]
    whole = np.load(folder / "shard-0000.npz")["volumes"]
    assert np.array_equal(found.volumes[1].numpy(), whole[2])
    assert "1 cases without a sentence" in capsys.readouterr().err


def test_a_broken_line_of_the_listing_is_named(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set", 4)
    with (folder / "reports.jsonl").open("a") as file:
        file.write('{"id": "half"\n')
    with pytest.raises(ValueError, match="line 5"):
        load_training_set(folder, CPU)


def test_no_training_set_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="make a training set first"):
        load_training_set(tmp_path, CPU)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("A mass in the left frontal lobe.", "A mass in the right frontal lobe."),
        ("Left-to-right midline shift of 5 mm.", "Right-to-left midline shift of 5 mm."),
        ("Lesions in the left frontal and right parietal lobes.", None),
        ("No hydrocephalus.", None),
    ],
)
def test_a_wrong_side_is_made_only_where_it_is_wrong(sentence: str, expected: str | None) -> None:
    assert wrong_side(sentence) == expected


def test_a_wrong_place_is_another_place() -> None:
    for seed in range(20):
        changed = wrong_place("A 2 cm lesion in the left cerebellar hemisphere.", random.Random(seed))
        assert changed is not None
        assert "cerebell" not in changed
    assert wrong_place("Lesions in the frontal lobe and the parietal lobe.", random.Random(0)) is None
    assert falsify("The ventricles are normal.", random.Random(0)) is None


def test_a_changed_sentence_that_another_lesion_makes_true_does_not_count_as_false() -> None:
    answers = {"count": "Between 2 and 6", "locations": "Left frontal lobe; Right frontal lobe"}
    assert may_be_true("A lesion in the right frontal lobe.", answers)
    assert not may_be_true("A lesion in the right parietal lobe.", answers)
    assert not may_be_true("A lesion in the right frontal lobe.", {"count": "One", "locations": "Left frontal lobe"})


def test_a_batch_of_sentences_lines_up_with_its_reports(small_set: Path) -> None:
    cases = load_training_set(small_set, CPU).cases
    tokenizer = train_subwords([sentence for case in cases for sentence in case.wordings[0]], 300)
    bank = TextBank(cases, tokenizer, 64, 20, 100)
    reports = [cases[0].wordings[0], cases[1].wordings[1]]
    batch = bank.sentences(reports, [0, 1], random.Random(0), falsehoods=True)
    assert batch.slots_RS.tolist() == [[True, True, True], [True, True, False]]
    decoded = [tokenizer.decode(row[mask].tolist()) for row, mask in zip(batch.token, batch.real, strict=True)]
    assert len(decoded) == 5 + len(batch.true_N)
    assert "left" in decoded[0]
    assert "right" in decoded[3]
    assert batch.owner_N.tolist() == [0, 1]
    caption, real = bank.captions(reports)
    assert caption[0][real[0]].tolist()[1:-1] == [token for sentence in reports[0] for token in bank.ids[sentence][1:-1]]


def test_a_long_sentence_keeps_its_start_and_end() -> None:
    tokenizer = train_subwords(["lesion " * 3], 100)
    ids, real = encode_batch(tokenizer, ["lesion " * 100], 10)
    assert ids.shape == (1, 10)
    assert (tokenizer.id_to_token(int(ids[0, 0])), tokenizer.id_to_token(int(ids[0, -1]))) == (CLS, SEP)
    assert bool(real.all())


def test_ranks_count_ties_against_the_right_answer() -> None:
    view = torch.eye(3)[:, None]
    sentence = torch.stack([torch.eye(3)[0], torch.eye(3)[1], torch.eye(3)[1]])[:, None]
    found = retrieval(view, sentence, torch.ones(3, 1, dtype=torch.bool))
    assert found.text_to_image["r1"] == pytest.approx(2 / 3)
    assert found.image_to_text == {"r1": pytest.approx(1 / 3), "r5": 1.0, "r10": 1.0, "medianRank": 2.0, "meanRank": 2.0}


def test_auroc_and_threshold_of_separable_scores() -> None:
    high, low = np.array([0.8, 0.9, 0.7]), np.array([0.1, 0.3, 0.2])
    assert auroc(high, low) == 1.0
    assert auroc(low, high) == 0.0
    assert auroc(np.array([0.5]), np.array([0.5])) == 0.5
    assert 0.3 < best_threshold(high, low) <= 0.7
