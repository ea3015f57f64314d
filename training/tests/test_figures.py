"""Pictures show what is there: collapsed views as a point, attention in its place, the patient's right on the left."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.spatial.distance import pdist, squareform

from brat_train.cli import main
from brat_train.figures.attention import as_seen, distinct_views, overlap, slices_to_show, strongest_slice, to_volume
from brat_train.figures.spread import mean_distances, on_a_plane
from brat_train.models.brat import Brat


def test_points_of_a_plane_come_back_with_their_distances() -> None:
    points = np.random.default_rng(0).normal(size=(16, 2)) * 7
    wanted = squareform(pdist(points))
    np.testing.assert_allclose(squareform(pdist(on_a_plane(wanted))), wanted, atol=0.25)
    assert not on_a_plane(np.zeros((5, 5))).any()


def test_distances_are_averaged_over_images() -> None:
    views = np.random.default_rng(0).normal(size=(3, 5, 4)).astype(np.float32)
    expected = np.mean([squareform(pdist(each)) for each in views], 0)
    np.testing.assert_allclose(mean_distances(views), expected, rtol=1e-5)


def test_attention_is_put_where_its_cell_is() -> None:
    maps = np.zeros((2, 4 * 4 * 4), np.float32)
    maps[0, np.ravel_multi_index((3, 0, 2), (4, 4, 4))] = 0.4
    maps[1] = 1 / 64
    volume = to_volume(maps, (4, 4, 4), (32, 64, 64))
    assert volume.shape == (2, 32, 64, 64)
    peak = np.argwhere(volume[0] > 0.99).mean(0)
    np.testing.assert_allclose(peak, (28, 4, 39.5), atol=4)
    assert strongest_slice(volume[0]) >= 24
    assert strongest_slice(volume[1]) == 16


def test_the_slices_shown_are_those_looked_at_and_others_between() -> None:
    maps = np.zeros((2, 32, 4, 4), np.float32)
    maps[0, 31], maps[1, 3] = 1, 1
    shown = slices_to_show(maps, [0, 1], 6)
    assert {3, 31} < set(shown)
    assert len(shown) == 6
    assert max(np.diff(shown)) <= 12


def test_slices_are_shown_anterior_up_and_right_on_the_left() -> None:
    one = np.zeros((4, 6))
    one[3, 5] = 1  # most anterior, most right
    assert as_seen(one)[0, 0] == 1


def test_views_that_look_elsewhere_are_chosen_and_overlap_says_how_alike_they_are() -> None:
    maps = np.array([[0.9, 0.1, 0, 0], [0.89, 0.11, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    assert distinct_views(maps, 3) == [0, 2, 3] or distinct_views(maps, 3) == [1, 2, 3]
    assert overlap(np.eye(4)) == 0
    assert overlap(np.ones((4, 7))) == pytest.approx(1)


def _run_folder(folder: Path, collapsed: bool) -> Path:
    from brat_train.text.subwords import load_tokenizer, save_subwords, train_subwords
    from brat_train.train.recipes import recipe, to_json

    folder.mkdir()
    made = recipe("smoke")
    (folder / "run.json").write_text(json.dumps(to_json(made)))
    save_subwords(train_subwords(["no lesion", "a lesion in the left frontal lobe"], 120), folder, 32)
    torch.manual_seed(1)
    model = Brat(made.model(load_tokenizer(folder / "tokenizer.json").get_vocab_size()))
    if collapsed:
        with torch.no_grad():
            model.query_tokens.copy_(model.query_tokens[:, :1].expand_as(model.query_tokens))
    torch.save({"modules": {f"brat.{name}": value for name, value in model.state_dict().items()}, "step": 6}, folder / "pretrain.pt")
    return folder


def test_the_command_draws_models_side_by_side(small_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = _run_folder(tmp_path / "qformer", True), _run_folder(tmp_path / "brat", False)
    with pytest.raises(SystemExit) as end:
        main(["figures", "--checkpoint", str(one), "--checkpoint", str(two), "--data", str(small_set), "--out", str(tmp_path / "out"), "--images", "4", "--views", "2", "--device", "cpu"])
    assert end.value.code == 0
    numbers = json.loads(capsys.readouterr().out)
    assert numbers["case"] == "case-11"
    assert numbers["models"]["qformer"]["meanDistance"] < 1e-3 < numbers["models"]["brat"]["meanDistance"]
    assert numbers["models"]["qformer"]["attentionOverlap"] == pytest.approx(1, abs=1e-5)
    for name in ("figure3", "figure4", "attention-slices"):
        assert np.asarray(Image.open(tmp_path / f"out/{name}.png").convert("L")).std() > 5
        assert (tmp_path / f"out/{name}.svg").read_text().lstrip().startswith("<?xml")
    with pytest.raises(SystemExit):
        main(["figures", "--checkpoint", str(two), "--data", str(small_set), "--out", str(tmp_path / "out"), "--case", "nobody"])
    assert "no case 'nobody'" in capsys.readouterr().err
