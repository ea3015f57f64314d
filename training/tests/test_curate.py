"""From a data set to shards: the right series, the right way up, patients apart, whole files or none, any size."""

from __future__ import annotations

import json
import resource
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import torch
from data_files import brightest, head, write_dicom_series, write_nifti
from test_readers import write_brats, write_table

from brat_train.data.curate.convert import UnreadableImageError, check_grid, load_series, read_nifti
from brat_train.data.curate.prepare import Options, prepare_set
from brat_train.data.curate.split import Proportions, assign, split_of
from brat_train.data.curate.volume import curate, prepare
from brat_train.data.readers.brats import read_brats
from brat_train.data.readers.folder import read_folder
from brat_train.data.readers.source import SourceCase, Tally
from brat_train.data.sharded_set import ShardedSet, map_npz
from brat_train.data.training_set import load_training_set
from conftest import write_set

ROOT = Path(__file__).resolve().parents[2]
HALVES = Options(Proportions(dev=0.25, test=0.25), per_shard=2)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six DICOM studies, each with a series before and one after contrast, named apart by words only."""
    root = tmp_path_factory.mktemp("images")
    for n in range(6):
        write_dicom_series(root / f"s{n}" / "1", f"1.3.{n}", "AX T1 PRE", 1, f"P{n}", f"A{n}", ContrastBolusAgent="GADAVIST")
        write_dicom_series(root / f"s{n}" / "2", f"1.3.{n}", "AX T1 POST", 2, f"P{n}", f"A{n}", head(n))
    return root


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = "".join(f'A{n},"FINDINGS: A 1.5 x 1.3 cm mass in the left frontal lobe. No shift, number {n}."\n' for n in range(6))
    return write_table(tmp_path_factory.mktemp("table") / "reports.csv", "accession,report\n" + rows)


@pytest.fixture(scope="module")
def made(images: Path, table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made")
    prepare_set(read_folder(images, table), out, replace(HALVES, curated=out / "curated"))
    return out


def test_the_series_after_contrast_is_taken_and_left_stays_left_front_front_and_top_top(made: Path) -> None:
    volumes = np.load(made / "shard-0000.npz")["volumes"]
    assert volumes.shape[1:] == (32, 256, 256)
    record = json.loads((made / "reports.jsonl").read_text().splitlines()[0])
    assert record["series"].endswith(".2")
    assert record["sentences"][0] == "A 1.5 x 1.3 cm mass in the left frontal lobe."
    superior, anterior, right = brightest(volumes[0])
    assert superior == pytest.approx(10.5 / 14, abs=0.03)
    assert anterior == pytest.approx(1 - 10 / 40, abs=0.03)
    assert right == pytest.approx(1 - 26.5 / 36, abs=0.03)


def test_curated_volumes_are_16_bit_and_run_from_0_to_800(made: Path) -> None:
    files = sorted((made / "curated").glob("*.nii.gz"))
    assert len(files) == 6
    image = nib.load(files[0])
    values = np.asarray(image.dataobj)
    assert image.get_data_dtype() == np.int16
    assert (values.min(), values.max()) == (0, 800)


def test_the_training_code_reads_what_was_prepared_and_patients_are_apart(made: Path) -> None:
    training = load_training_set(made, torch.device("cpu"))
    records = [json.loads(line) for folder in (made, made / "test") for line in (folder / "reports.jsonl").read_text().splitlines()]
    assert len(records) == 6
    assert len(training) == sum(record["split"] != "test" for record in records)
    assert [case.id for case in training.cases] == [record["id"] for record in records if record["split"] != "test"]
    assert not any("P1" in json.dumps(record["patient"]) for record in records)
    splits = {record["patient"]: {other["split"] for other in records if other["patient"] == record["patient"]} for record in records}
    assert all(len(of_patient) == 1 for of_patient in splits.values())


def test_a_killed_run_goes_on_and_another_set_is_refused(images: Path, table: Path, made: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    shutil.copytree(made, out)
    before = {path.name: path.stat().st_mtime_ns for path in out.glob("shard-*.npz")}
    lost = sorted(before)[-1]
    (out / lost).unlink()
    (out / lost).with_suffix(".part").write_bytes(b"half")
    (out / "reports.jsonl").unlink()
    prepare_set(read_folder(images, table), out, HALVES)
    after = {path.name: path.stat().st_mtime_ns for path in out.glob("shard-*.npz")}
    assert {name for name in after if after[name] != before[name]} == {lost}
    assert (out / "reports.jsonl").read_text() == (made / "reports.jsonl").read_text()
    assert np.array_equal(np.load(out / lost)["volumes"], np.load(made / lost)["volumes"])
    assert not list(out.glob("*.part"))
    with pytest.raises(ValueError, match="other cases or options"):
        prepare_set(read_folder(images, table), out, replace(HALVES, per_shard=3))


@pytest.fixture
def small_disk() -> Iterator[None]:
    """No file can grow beyond 1 MB, which fails in the middle of a write as a full disk does."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    signal.signal(signal.SIGXFSZ, before)


def test_a_full_disk_is_said_in_words_and_leaves_no_half_shard(images: Path, table: Path, tmp_path: Path, small_disk: None) -> None:
    with pytest.raises(OSError, match="no room left for shards.*finished shards are kept"):
        prepare_set(read_folder(images, table), tmp_path, HALVES)
    assert not list(tmp_path.rglob("shard-*"))


def test_unreadable_images_are_counted_and_named_while_the_rest_goes_on(tmp_path: Path) -> None:
    images = tmp_path / "images"
    write_nifti(images / "good-0001.nii.gz")
    write_nifti(images / "flat-0002.nii.gz", np.full((20, 20, 20), 7, np.int16))
    write_nifti(images / "nan-0003.nii.gz", np.where(np.arange(8000).reshape(20, 20, 20) == 5, np.nan, 1.0).astype(np.float32))
    write_nifti(images / "lost-0004.nii.gz", coded=False)
    whole = write_nifti(images / "cut-0005.nii.gz").read_bytes()
    (images / "cut-0005.nii.gz").write_bytes(whole[: len(whole) // 2])
    write_dicom_series(images / "gap", "1.4.1", "AX T1 POST", skip=(5,))
    names = ("good-0001", "flat-0002", "nan-0003", "lost-0004", "cut-0005", "1.4.1")
    table = write_table(tmp_path / "r.csv", "study,report\n" + "".join(f"{name},Nothing abnormal.\n" for name in names))
    summary = prepare_set(read_folder(images, table), tmp_path / "out", Options(Proportions(0, 0)))
    assert summary["cases"] == {"train": 1, "dev": 0, "test": 0}
    assert summary["leftOut"]["no-t1-post-contrast"]["names"] == ["1.4.1"]
    why = dict(line.split(": ", 1) for line in summary["leftOut"]["unreadable-image"]["names"])
    assert why["flat-0002"] == "all its values are equal"
    assert why["nan-0003"] == "some of its values are not numbers"
    assert "left and right cannot be told" in why["lost-0004"]
    assert "cut-0005" in why
    assert json.loads((tmp_path / "out" / "summary.json").read_text()) == summary


def test_a_conversion_that_lies_elsewhere_than_the_headers_say_is_refused(images: Path, table: Path) -> None:
    series = read_folder(images, table).cases[0].series[1]
    values, affine = load_series(series)
    stack = series.header.stack
    assert stack is not None
    check_grid(values.shape, affine, stack)
    moved = affine.copy()
    moved[2, 3] += 30
    with pytest.raises(UnreadableImageError, match="do not lie where the headers say"):
        check_grid(values.shape, moved, stack)
    with pytest.raises(UnreadableImageError, match="voxels instead of"):
        check_grid((36, 40, 13), affine, stack)


@pytest.mark.parametrize(("edition", "name", "join", "image", "labels"), [("2021", "BraTS2021_00001", "_", "t1ce", (1, 2, 4)), ("2023-mets", "BraTS-MET-00001-000", "-", "t1c", (1, 2, 3))])
def test_brats_regions_lie_one_within_the_other_on_the_image(tmp_path: Path, edition: str, name: str, join: str, image: str, labels: tuple[int, int, int]) -> None:
    found = read_brats(write_brats(tmp_path / "in", name, join, image, labels), edition)  # type: ignore[arg-type]
    prepare_set(found, tmp_path / "out", Options(Proportions(0, 0)))
    part = ShardedSet(tmp_path / "out", batch=1, need_report=False).batch_of(0)
    assert part.regions is not None
    assert part.masks is not None
    whole, core, enhancing = ((part.regions[0].numpy() & bit) > 0 for bit in (1, 2, 4))
    assert not (core & ~whole).any()
    assert not (enhancing & ~core).any()
    # 20 x 20 x 10, 12 x 12 x 6 and that less 6 x 6 x 4 of 36 x 40 x 14 voxels
    total = 36 * 40 * 14
    assert (whole.mean(), core.mean(), enhancing.mean()) == pytest.approx((4000 / total, 864 / total, 720 / total), rel=0.12)
    assert part.masks.float().mean().item() == pytest.approx(720 / total, rel=0.2)


def test_a_segmentation_with_unknown_labels_or_on_another_grid_is_refused(tmp_path: Path) -> None:
    root = write_brats(tmp_path, "BraTS2021_00001", "_", "t1ce", (1, 2, 3))
    case = read_brats(root, "2021").cases[0]
    with pytest.raises(UnreadableImageError, match="labels that the data set does not define: 3"):
        prepare(load_series(case.series[0]), case.regions)
    assert case.regions is not None
    write_nifti(case.regions.file, np.zeros((36, 40, 13), np.uint8))
    with pytest.raises(UnreadableImageError, match="another grid"):
        prepare(load_series(case.series[0]), case.regions)


def test_a_patient_stays_in_its_split_when_others_are_added_and_parts_are_as_asked() -> None:
    proportions = Proportions(dev=0.1, test=0.2)
    splits = [split_of(f"patient {n}", proportions) for n in range(4000)]
    assert splits.count("dev") / 4000 == pytest.approx(0.1, abs=0.02)
    assert splits.count("test") / 4000 == pytest.approx(0.2, abs=0.02)
    cases = [SourceCase(f"c{n}", f"p{n // 3}", ()) for n in range(90)]
    few, many = ({case.id: split for case, split in assign(part, proportions, 0, Tally())} for part in (cases[:30], cases))
    assert all(many[name] == split for name, split in few.items())
    with pytest.raises(ValueError, match="leave nothing to train on"):
        Proportions(0.6, 0.4)


def test_a_patient_given_to_two_splits_is_kept_out_of_training() -> None:
    tally = Tally()
    cases = [SourceCase("a", "p", (), split="train"), SourceCase("b", "p", (), split="test"), SourceCase("c", "p", ())]
    assert [split for _, split in assign(cases, Proportions(), 0, tally)] == ["test"] * 3
    assert tally.counts == {"patient-in-several-splits": 1}


def test_shards_are_read_in_place_and_several_processes_share_what_one_would_see(small_set: Path) -> None:
    with np.load(small_set / "shard-0001.npz") as loaded:
        mapped = map_npz(small_set / "shard-0001.npz")
        assert all(np.array_equal(loaded[name], mapped[name]) for name in ("volumes", "masks"))
        assert all(isinstance(array, np.memmap) for array in mapped.values())
    alone = ShardedSet(small_set, batch=4, seed=3)
    shares = [ShardedSet(small_set, batch=4, seed=3, rank=rank, world_size=2) for rank in range(2)]
    seen = []
    for step, part in alone.batches(0, 7):
        joined = [share.batch_of(step) for share in shares]
        assert torch.equal(part.volumes, torch.cat([one.volumes for one in joined]))
        assert [case.id for case in part.cases] == [case.id for one in joined for case in one.cases]
        assert part.masks is not None
        for row, case in enumerate(part.cases):
            side = slice(8, 20) if case.answers["side"] == "Left" else slice(44, 56)
            assert part.volumes[row, 10:16, 20:30, side].min() == 240
        seen.append(part.index.tolist())
    assert sorted(sum(seen[:3], [])) == list(range(12))
    assert sorted(sum(seen[3:6], [])) == list(range(12))
    assert seen[:3] != seen[3:6]
    with pytest.raises(ValueError, match="cannot be shared by 3"):
        ShardedSet(small_set, batch=4, world_size=3)


def test_a_damaged_shard_costs_its_cases_only_and_a_compressed_one_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_set(tmp_path / "set", 12)
    path = folder / "shard-0001.npz"
    path.write_bytes(path.read_bytes()[:200_000])
    data = ShardedSet(folder, batch=4)
    assert len(data) == 8
    assert "4 cases left out: case-4: shard-0001.npz cannot be read" in capsys.readouterr().err
    np.savez_compressed(path, volumes=np.zeros((4, 2, 2, 2), np.uint8))
    with pytest.raises(ValueError, match="compressed"):
        map_npz(path)


def _node() -> str | None:
    beside = ROOT / "node_modules" / ".bin" / "node"
    return str(beside) if beside.exists() else None


def _shared_data() -> Path:
    import os

    return Path(os.environ.get("BRAT_TEST_DATA", ROOT.parent / "shared" / "data"))


REAL = ("philips-mprage-study/s1301-adni-sag3d-mprage", "philips-t1w-ffe-axial-phantom/dicom", "siemens-t1-fl2d-sag-hfp-jpeg-ls/dicom", "tumour-tcga-fg-6692-native/t1-post-gad.nii.gz")


@pytest.mark.skipif(_node() is None, reason="needs the app's packages (npm ci)")
@pytest.mark.parametrize("name", REAL)
def test_real_series_come_out_as_in_the_app(name: str, tmp_path: Path) -> None:
    path = _shared_data() / name
    if not path.exists():
        pytest.skip("no real data: set BRAT_TEST_DATA")
    if path.is_file():
        volume = read_nifti(path)
    else:
        from brat_train.data.readers.dicom_files import read_dicom_tree

        series = [one for study in read_dicom_tree(path, Tally()) for one in study.series if one.header.stack is not None]
        volume = load_series(max(series, key=lambda one: len(one.files)))
    ours = prepare(volume).volume
    node = _node()
    assert node is not None
    done = subprocess.run([node, "src/cli/main.ts", "preprocess", str(path), "--out", str(tmp_path / "app.npy")], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    app = np.load(tmp_path / "app.npy")[0]
    # Half a grey level of 255, and the 1e-3 that the app is held to MONAI with.
    assert np.abs(app - ours / 255).max() < 0.5 / 255 + 1e-3


def test_the_99th_percentile_is_where_the_paper_cuts() -> None:
    values = np.arange(1001, dtype=np.float64).reshape(7, 11, 13)
    curated = curate(values)
    assert curated.dtype == np.int16
    assert (curated.min(), curated.max()) == (0, 800)
    assert (curated == 800).sum() == 11  # 990 to 1000
    assert curated.reshape(-1)[495] == 400
