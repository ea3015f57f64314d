"""What a pack was made for: measurements, other kinds of images, the fit, and its way into a pack."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from brat_train.outside.fit import Statistics, fit, read_statistics, write_statistics
from brat_train.outside.made_for import add_to_pack, fit_made_for, other_sequences, spread
from brat_train.outside.measure import COUNT, darkened, measure, measure_reduced, reduce_volume
from brat_train.outside.transforms import KINDS, others


def head(rng: np.random.Generator) -> NDArray[np.uint8]:
    """A made-up head at the reduced size: skull, brain, ventricles, each a little different."""
    s, a, r = np.meshgrid(np.linspace(-1, 1, 32), np.linspace(-1, 1, 64), np.linspace(-1, 1, 64), indexing="ij")
    s, a, r = (axis + shift for axis, shift in zip((s, a, r), rng.normal(0, 0.04, 3)))
    wide, long = rng.normal(0.68, 0.03), rng.normal(0.85, 0.03)
    reach = (s / 0.95) ** 2 + (a / long) ** 2 + (r / wide) ** 2
    image = np.where(reach < 1, rng.normal(210, 15), 0.0)
    image = np.where(reach < 0.8, rng.normal(60, 8), image)
    image = np.where(reach < 0.72, rng.normal(140, 10) + 20 * np.sin(9 * a) * np.cos(8 * r), image)
    image = np.where(((a - 0.1) / 0.3) ** 2 + ((np.abs(r) - 0.12) / 0.08) ** 2 + (s / 0.3) ** 2 < 1, rng.normal(40, 8), image)
    return np.clip(np.abs(image + rng.normal(0, 4, image.shape)), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def fitted() -> tuple[Statistics, list[NDArray[np.uint8]]]:
    rng = np.random.default_rng(5)
    heads = [head(rng) for _ in range(130)]
    measured = np.stack([measure_reduced(one) for one in heads])
    kinds: dict[str, list[NDArray[np.float64]]] = {}
    for one in heads[:20]:
        for kind, image in others(one, rng):
            kinds.setdefault(kind, []).append(measure_reduced(image))
    return fit(measured[:60], {kind: np.stack(values) for kind, values in kinds.items()}, measured[60:100]), heads[100:]


def test_new_heads_are_inside_and_other_images_of_them_are_outside(fitted: tuple[Statistics, list[NDArray[np.uint8]]]) -> None:
    statistics, heads = fitted
    own = statistics.scores(np.stack([measure_reduced(one) for one in heads]))
    assert (own <= statistics.threshold).mean() >= 0.9
    rng = np.random.default_rng(6)
    others_scores = [statistics.scores(measure_reduced(image)[None])[0] for one in heads[:8] for _, image in others(one, rng)]
    assert (np.array(others_scores)[:, None] > own).mean() >= 0.95


def test_every_kind_is_made_and_keeps_the_size() -> None:
    made = list(others(head(np.random.default_rng(1)), np.random.default_rng(2)))
    assert {kind for kind, _ in made} == set(KINDS)
    assert {(image.shape, image.dtype.name) for _, image in made} == {((32, 64, 64), "uint8")}


def test_a_background_turned_grey_is_measured_as_a_dark_one() -> None:
    dark = np.kron(head(np.random.default_rng(3)), np.ones((1, 4, 4), np.uint8))
    dark[dark < 30] = 0
    grey = np.where(dark == 0, np.uint8(97), dark)
    assert np.array_equal(darkened(grey), np.where(dark == 97, np.uint8(0), dark))
    assert np.abs(measure(dark) - measure(grey)).mean() < 0.01
    assert measure(dark).shape == (COUNT,)


def test_a_volume_that_cannot_be_cut_into_blocks_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be cut"):
        reduce_volume(np.zeros((30, 256, 256), np.uint8))


def test_too_few_volumes_are_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        fit(np.zeros((5, COUNT)), {}, np.zeros((5, COUNT)))


def test_what_is_written_into_a_folder_is_read_back_with_the_same_scores(fitted: tuple[Statistics, list[NDArray[np.uint8]]], tmp_path: Path) -> None:
    statistics, heads = fitted
    (tmp_path / "manifest.json").write_text(json.dumps({"madeFor": write_statistics(statistics, tmp_path, "heads", "a test")}))
    measured = np.stack([measure_reduced(one) for one in heads[:5]])
    assert np.allclose(read_statistics(tmp_path).scores(measured), statistics.scores(measured), rtol=1e-6)


def test_an_existing_pack_gets_limits_with_hashes_that_fit_the_files_and_the_same_data_give_the_same(tmp_path: Path) -> None:
    rng = np.random.default_rng(9)
    data, pack = tmp_path / "data", tmp_path / "pack"
    data.mkdir()
    pack.mkdir()
    np.savez(data / "shard-0000.npz", volumes=np.stack([np.kron(head(rng), np.ones((1, 4, 4), np.uint8)) for _ in range(54)]))
    (pack / "manifest.json").write_text(json.dumps({"id": "demo", "files": {"z.bin": {"sha256": "0", "bytes": 1}}}))
    add_to_pack(pack, data, transformed=6)
    manifest = json.loads((pack / "manifest.json").read_text())
    assert list(manifest["files"]) == ["outside-basis.npy", "outside-kinds.npy", "z.bin"]
    for name in ("outside-basis.npy", "outside-kinds.npy"):
        content = (pack / name).read_bytes()
        assert manifest["files"][name] == {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    assert manifest["madeFor"]["parts"][-2:] == ["unlike", "beside"]
    assert fit_made_for(data, transformed=6).statistics.threshold == manifest["madeFor"]["threshold"]


def test_a_folder_without_shards_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="shard"):
        fit_made_for(tmp_path)


def test_a_phantom_is_drawn_in_other_sequences() -> None:
    made = dict(other_sequences(900_001))
    assert list(made) == ["before-contrast", "t2", "flair"]
    assert all(volume.shape == (32, 256, 256) for volume in made.values())
    ranks = {kind: measure(volume)[:2048] for kind, volume in made.items()}
    assert np.abs(ranks["t2"] - ranks["before-contrast"]).mean() > 0.02


def test_spread_takes_each_index_once() -> None:
    assert list(spread(10, 4)) == [0, 3, 6, 9]
    assert list(spread(3, 9)) == [0, 1, 2]
    assert list(spread(0, 3)) == []
