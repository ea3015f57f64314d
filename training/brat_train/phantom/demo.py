"""Builds `resources/demo`: the archive of phantom cases and the DICOM studies that the app shows at its first start.

The archive's views and sentence vectors are made by the pack that ships, so this is run again whenever that pack changes:
`python -m brat_train.phantom.demo --pack resources/models/demo --out resources/demo`. Schema: docs/demo-archive.md.
Needs onnxruntime, tokenizers and pydicom. Everything is written beside the target and moved there when whole.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brat_train.phantom import ARCHIVE_SEED_START, STUDY_SEED_START
from brat_train.phantom.dicom import patient_of, write_study
from brat_train.phantom.phantom import TrainingPhantom, acquisition_of, training_phantom
from brat_train.phantom.scene import Scene, draw_scene
from brat_train.phantom.shards import study_record

#: small decoys keep the demonstration studies light
DEMO_DECOY_SHAPE = (14, 160, 160)

#: what the demonstration studies show, one each
WANTED: dict[str, Callable[[Scene], bool]] = {
    "1-ring-lesion": lambda s: len(s.findings.lesions) == 1 and s.findings.lesions[0].kind == "ring" and s.findings.lesions[0].size_mm > 24 and s.findings.lesions[0].side == "left" and not s.findings.cavity,
    "2-many-lesions": lambda s: 7 <= len(s.findings.lesions) <= 12 and not s.findings.cavity and s.findings.lesions[0].size_mm > 12,
    "3-dural-mass": lambda s: len(s.findings.lesions) == 1 and s.findings.lesions[0].kind == "dural" and s.findings.lesions[0].side == "right" and s.findings.lesions[0].size_mm > 22,
    "4-after-surgery": lambda s: s.findings.cavity is not None and len(s.findings.lesions) == 1 and s.findings.lesions[0].size_mm > 11,
    "5-ventricles-and-white-matter": lambda s: s.findings.hydrocephalus and s.findings.white_matter > 1 and not s.findings.cavity,
    "6-normal": lambda s: s.findings.normal,
}  # fmt: skip


def png(grey: NDArray[np.uint8]) -> bytes:
    """An 8-bit greyscale PNG of an image [rows, columns] (PNG specification, colour type 0)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows, columns = grey.shape
    raw = b"".join(b"\0" + row.tobytes() for row in grey)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b"")


def thumbnail(phantom: TrainingPhantom) -> NDArray[np.uint8]:
    """The slice of the biggest lesion (or a middle one), 128 x 128, anterior up, patient right on the left."""
    at = int(np.clip(round(phantom.centres_sar[0][0]), 0, 31)) if len(phantom.centres_sar) else 15
    shown = phantom.volume[at, ::-1, ::-1].astype(np.float32)
    small = shown.reshape(128, 2, 128, 2).mean((1, 3))
    low, high = np.percentile(small, (1, 99.5))
    # eight grey levels fewer compress twice as well and show the same
    return (np.clip((small - low) / max(high - low, 1), 0, 1) * 31).round().astype(np.uint8) * 8


def _case(seed: int) -> tuple[dict[str, Any], NDArray[np.uint8], bytes]:
    phantom = training_phantom(seed)
    return study_record(phantom), phantom.volume, png(thumbnail(phantom))


class PackModels:
    """The encoder and text branch of a pack, through onnxruntime as the app runs them."""

    def __init__(self, folder: Path, threads: int) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        self.manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if self.manifest.get("format") != "brat-pack/1" or "text" not in self.manifest:
            raise ValueError(f"{folder} holds no brat-pack/1 with a text branch")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads

        def session(name: str) -> Any:
            return onnxruntime.InferenceSession(str(folder / name), options, providers=["CPUExecutionProvider"])

        self.encoder = session(self.manifest["encoder"]["file"])
        self.text = session(self.manifest["text"]["file"])
        self.tokenizer = Tokenizer.from_file(str(folder / self.manifest["text"]["tokenizer"]))
        self.tokenizer.enable_truncation(self.manifest["text"]["maxTokens"])
        self.tokenizer.enable_padding(pad_id=self.manifest["text"]["padTokenId"])

    def views(self, volume: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Projected views [views, width] of a prepared volume [32, 256, 256] (value times 255)."""
        (projected,) = self.encoder.run(["projected"], {"volume": (volume / np.float32(255)).astype(np.float32)[None, None]})
        return projected[0]

    def sentences(self, texts: list[str]) -> NDArray[np.float32]:
        """Unit vectors [sentences, width]."""
        encoded = self.tokenizer.encode_batch(texts)
        ids = np.array([e.ids for e in encoded], np.int64)
        mask = np.array([e.attention_mask for e in encoded], np.int64)
        (out,) = self.text.run(["sentence"], {"input_ids": ids, "attention_mask": mask})
        return out


def _cases(seeds: range, processes: int) -> Iterator[tuple[dict[str, Any], NDArray[np.uint8], bytes]]:
    if processes == 1:
        yield from map(_case, seeds)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_case, seeds)


def build_archive(pack: Path, out: Path, cases: int, processes: int) -> None:
    """Writes archive.json, views.npy, sentences.npy and thumbnails of `cases` phantoms below `out`."""
    models = PackModels(pack, processes)
    (out / "thumbnails").mkdir(parents=True)
    listed, views, vectors = [], [], []
    for number, (record, volume, picture) in enumerate(_cases(range(ARCHIVE_SEED_START, ARCHIVE_SEED_START + cases), processes), 1):
        name = f"demo-{number:04d}"
        (out / "thumbnails" / f"{name}.png").write_bytes(picture)
        person = patient_of(record["seed"])
        listed.append({
            "id": name, "age": person.age, "sex": person.sex, "studyDate": person.study_date, "sentences": record["sentences"],
            "thumbnail": f"thumbnails/{name}.png", "findings": {**record["answers"], "seed": record["seed"]},
        })  # fmt: skip
        views.append(models.views(volume))
        vectors.append(models.sentences(record["sentences"]))
    np.save(out / "views.npy", _unit(np.stack(views)))
    np.save(out / "sentences.npy", _unit(np.concatenate(vectors)))
    archive = {
        "format": "brat-demo-archive/1",
        "pack": {"id": models.manifest["id"], "version": models.manifest["version"]},
        "views": "views.npy",
        "sentenceVectors": "sentences.npy",
        "cases": listed,
    }
    (out / "archive.json").write_text(json.dumps(archive, indent=1) + "\n", encoding="utf-8")


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.linalg.norm(rows, axis=-1, keepdims=True)
    if not np.isfinite(rows).all() or (length < 1e-6).any():
        raise ValueError("the pack gives a vector that is not finite or has no length")
    return (rows / length).astype(np.float32)


def demo_seed(name: str) -> int:
    """The first study seed that shows what is wanted, as an axial series of thick slices (small files)."""
    for seed in count(STUDY_SEED_START):
        scene = draw_scene(seed)
        grid = acquisition_of(scene)
        if WANTED[name](scene) and grid.plane == "axial" and 1.2e6 < np.prod(grid.shape) < 2.6e6 and grid.white_matter_value < 400:
            return seed
    raise AssertionError("seeds do not end")


def build_studies(out: Path) -> None:
    """Writes the demonstration studies as zips below `out`, each with a fixed time in its entries."""
    (out / "studies").mkdir(parents=True)
    for name in WANTED:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            written = write_study(draw_scene(demo_seed(name)), folder, DEMO_DECOY_SHAPE)
            with zipfile.ZipFile(out / "studies" / f"{name}.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
                for path in sorted(written.files):
                    entry = zipfile.ZipInfo(str(path.relative_to(folder)), (2024, 1, 1, 0, 0, 0))
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    archive.writestr(entry, path.read_bytes())


def build(pack: Path, out: Path, cases: int, processes: int) -> None:
    """Builds the whole folder, then puts it in place of the old one."""
    out = out.resolve()
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        fresh.chmod(0o755)
        build_archive(pack, fresh, cases, processes)
        build_studies(fresh)
        old = out.with_name(f".{out.name}-old")
        shutil.rmtree(old, ignore_errors=True)
        if out.exists():
            out.rename(old)
        fresh.rename(out)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m brat_train.phantom.demo", description=__doc__)
    parser.add_argument("--pack", type=Path, default=Path("resources/models/demo"))
    parser.add_argument("--out", type=Path, default=Path("resources/demo"))
    parser.add_argument("--cases", type=int, default=320)
    parser.add_argument("--processes", type=int, default=min(4, os.cpu_count() or 1))
    options = parser.parse_args(arguments)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    build(options.pack, options.out, options.cases, options.processes)
    size = sum(path.stat().st_size for path in options.out.rglob("*") if path.is_file())
    print(f"{options.out}: {options.cases} cases, {len(WANTED)} studies, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
