"""The backbone by itself: what it is asked, where marks lie on its map, and that pre-training then leaves it as it is."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from brat_train.data.augment import NONE
from brat_train.data.text_bank import TextBank
from brat_train.data.training_set import Case, load_training_set
from brat_train.distributed.group import ALONE
from brat_train.models.brat import Brat
from brat_train.models.config import tiny
from brat_train.train.learn_backbone import answer_pairs, asked_answers, cell_of
from brat_train.train.pretrain import Pretrain
from brat_train.train.recipes import Recipe, Stage, recipe
from brat_train.train.run import load_models, make_models, shared_tokenizers, train
from brat_train.train.view_bank import bridge_inputs_of, inputs_of_maps

CPU = torch.device("cpu")


def with_backbone(steps: int) -> Recipe:
    """The smoke recipe with the stage before it."""
    made = recipe("smoke")
    return replace(made, name="smoke-backbone", augmentation=replace(made.augmentation, shift=(0.0, 0.0, 0.0), rotation=0.0, scale=0.0), backbone=Stage(steps=steps, batch=3, rate=3e-3))


@pytest.mark.parametrize(
    ("centre", "cell"),
    [((0.0, 0.0, 0.0), 0), ((31.4, 255.4, 255.4), 8 * 16 * 16 - 1), ((4.0, 16.0, 33.0), (1 * 16 + 1) * 16 + 2), ((-3.0, 300.0, 15.4), 15 * 16), ((3.49, 15.49, 15.51), 1)],
)
def test_a_place_lies_in_the_cell_that_holds_it(centre: tuple[float, float, float], cell: int) -> None:
    assert cell_of(centre, (8, 16, 16)) == cell


def test_marks_lie_on_the_masks_of_their_lesions(small_set: Path) -> None:
    cases = load_training_set(small_set, CPU)
    for case, mask in zip(cases.cases, cases.masks, strict=True):
        held = torch.nn.functional.adaptive_max_pool3d(mask[None, None].float(), (8, 4, 4)).flatten()
        assert held[cell_of(case.marks[0].centre_sar, (8, 4, 4))] == 1


def test_answers_are_asked_part_by_part_where_some_have_and_some_lack_them() -> None:
    cases = [Case(str(k), (("One.",),), {"locations": "Cerebellum; brainstem" if k == 0 else "NA", "shift": "No"}) for k in range(4)]
    assert answer_pairs(cases[0]) == {("locations", "Cerebellum"), ("locations", "brainstem"), ("shift", "No")}
    assert asked_answers(cases) == [("locations", "Cerebellum"), ("locations", "NA"), ("locations", "brainstem")]


def test_the_backbone_learns_and_pretraining_leaves_it_as_it_is(small_set: Path, tmp_path: Path) -> None:
    made = with_backbone(40)
    assert train(made, small_set, tmp_path, CPU)
    lines = (tmp_path / "backbone.csv").read_text().splitlines()
    names = lines[0].split(",")
    first, last = (dict(zip(names, map(float, line.split(",")), strict=True)) for line in (lines[1], lines[-1]))
    for part in ("lesion", "answers", "marks"):
        assert last[part] < 0.8 * first[part], part
    alone = torch.load(tmp_path / "backbone.pt", weights_only=True)["modules"]
    state = load_models(made, tmp_path).brat.visual_encoder.state_dict()
    for name, value in state.items():
        torch.testing.assert_close(value, alone[f"encoder.{name}"], rtol=0, atol=0, msg=name)


def test_views_of_kept_maps_are_those_of_the_images(small_set: Path) -> None:
    cases = load_training_set(small_set, CPU)
    torch.manual_seed(0)
    model = Brat(tiny()).eval()
    maps = bridge_inputs_of(model, cases, NONE, 0, CPU, "float32", "maps")[None]
    for source in ("views", "features"):
        expected = bridge_inputs_of(model, cases, NONE, 0, CPU, "float32", source)
        torch.testing.assert_close(inputs_of_maps(model, maps, "float32", source, batch=5)[0], expected, rtol=0, atol=0.02)


def test_a_view_that_looks_at_its_locations_lesions_costs_less(small_set: Path, tmp_path: Path) -> None:
    made = replace(recipe("smoke"), objective=replace(recipe("smoke").objective, look_weight=1.0))
    cases = load_training_set(small_set, CPU)
    models = make_models(made, *shared_tokenizers(tmp_path, cases, made, ALONE))
    text = TextBank(cases.cases, models.text_tokenizer, made.max_tokens, made.max_sentences, made.report_tokens)
    task = Pretrain(models.brat, models.lesion, models.heads, cases, text, made, CPU)
    assert task.viewer == {"Left frontal lobe": 0, "Right frontal lobe": 1}
    own = np.array([0, 1])  # a lesion on the left, one on the right
    cells = [cell_of(cases.cases[int(case)].marks[0].centre_sar, models.brat.grid) for case in own]
    even = torch.full((2, 8, 8 * 4 * 4), 1 / 128)
    aimed = even.clone()
    aimed[0, 0, cells[0]] = aimed[1, 1, cells[1]] = 0.5
    others = even.clone()
    others[0, 1, cells[0]] = others[1, 0, cells[1]] = 0.5
    assert task._look(aimed, own).item() == pytest.approx(-math.log(0.5), rel=1e-4)
    assert task._look(even, own).item() == pytest.approx(math.log(128), rel=1e-4)
    assert task._look(others, own).item() == pytest.approx(math.log(128), rel=1e-4)


def test_a_set_without_masks_is_refused_in_words(small_set: Path, tmp_path: Path) -> None:
    bare = load_training_set(small_set, CPU)
    folder = tmp_path / "bare"
    folder.mkdir()
    (folder / "reports.jsonl").write_text((small_set / "reports.jsonl").read_text())
    for number in range(3):
        np.savez(folder / f"shard-{number:04d}.npz", volumes=bare.volumes[number * 4 : number * 4 + 4].numpy())
    with pytest.raises(ValueError, match="no lesion masks"):
        train(with_backbone(1), folder, tmp_path / "run", CPU)
