"""The other sides of `brat bench search --compare`: who finds the same similar cases, how fast, and with how much memory.

Reads views.npy [cases, V, W] and queries.npy [queries, V, W], float32 unit rows, and prints one JSON list. Truth is pairwise view
alignment (greedy, one to one: the paper's Algorithm 1) of every case in float32. What is not installed is named and left out.

    python -m parity.search_compare folder --truth 20
"""

from __future__ import annotations

import argparse
import json
import resource
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

Found = list[int]
TOP = 10
CANDIDATES = 200


def alignment_means(sims_CVV: np.ndarray) -> np.ndarray:
    """Mean of the greedy one-to-one alignment of each matrix, float64 [cases]."""
    cases, views = len(sims_CVV), sims_CVV.shape[1]
    open_CF = sims_CVV.reshape(cases, views * views).copy()
    open_CVV = open_CF.reshape(sims_CVV.shape)
    rows, sums = np.arange(cases), np.zeros(cases)
    for _ in range(views):
        at = open_CF.argmax(axis=1)
        sums += open_CF[rows, at]
        open_CVV[rows, at // views, :] = -np.inf
        open_CVV[rows, :, at % views] = -np.inf
    return sums / views


def rank(views_CVW: np.ndarray, query_VW: np.ndarray, among: np.ndarray) -> list[tuple[float, int]]:
    """The ten best of some cases, exactly: most similar first, of equal ones the lower number."""
    best: list[tuple[float, int]] = []
    for start in range(0, len(among), 1024):
        chunk = among[start : start + 1024]
        sims = np.einsum("vw,cuw->cvu", query_VW, views_CVW[chunk], optimize=True)
        floor = best[TOP - 1][0] if len(best) >= TOP else -np.inf
        # No alignment exceeds the mean of best partners.
        hopeful = np.flatnonzero(sims.max(axis=2).mean(axis=1) >= floor - 1e-6)
        best += zip(alignment_means(sims[hopeful]).tolist(), chunk[hopeful].tolist(), strict=True)
        best = sorted(best, key=lambda item: (-item[0], item[1]))[:TOP]
    return best


def resident() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def measured(name: str, build_s: float, held: int, queries: np.ndarray, truth: list[Found], find: Callable[[np.ndarray], Found]) -> dict[str, object]:
    wall, cpu, recalls = [], [], []
    for n, query in enumerate(queries):
        started, used = time.perf_counter(), time.process_time()
        found = find(query)
        wall.append((time.perf_counter() - started) * 1000)
        cpu.append((time.process_time() - used) * 1000)
        if n < len(truth):
            recalls.append(len(set(found) & set(truth[n])) / TOP)
    return {
        "name": name, "buildS": build_s, "heldBytes": held, "p50Ms": float(np.median(wall)), "p95Ms": float(np.quantile(wall, 0.95)),
        "processorP50Ms": float(np.median(cpu)), "recallAt10": float(np.mean(recalls)), "sameTen": float(np.mean([recall == 1 for recall in recalls])),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--truth", type=int, default=20)
    given = parser.parse_args()
    views = np.load(given.folder / "views.npy", mmap_mode="r")
    queries = np.load(given.folder / "queries.npy")
    everything = np.arange(len(views))
    in_memory = np.ascontiguousarray(views)
    truth: list[Found] = []

    def brute(query: np.ndarray) -> Found:
        found = [number for _, number in rank(in_memory, query, everything)]
        truth.append(found)
        return found

    results = [measured("brute force, float32 in numpy (BLAS)", 0, in_memory.nbytes, queries[: given.truth], [], brute)]
    results[0] |= {"recallAt10": 1.0, "sameTen": 1.0}
    pooled = in_memory.mean(axis=1)
    pooled /= np.linalg.norm(pooled, axis=1, keepdims=True)

    def pool(query: np.ndarray) -> np.ndarray:
        mean = query.mean(axis=0)
        return (mean / np.linalg.norm(mean)).astype(np.float32)

    def again(query: np.ndarray, numbers: np.ndarray) -> Found:
        return [number for _, number in rank(in_memory, query, np.sort(numbers))]

    def sqlite_vec() -> None:
        import sqlite_vec as extension

        db = sqlite3.connect(":memory:")
        db.enable_load_extension(True)
        extension.load(db)
        started, before = time.perf_counter(), resident()
        db.execute(f"CREATE VIRTUAL TABLE v USING vec0(embedding float[{pooled.shape[1]}] distance_metric=cosine)")
        db.executemany("INSERT INTO v (rowid, embedding) VALUES (?, ?)", ((n, row.tobytes()) for n, row in enumerate(pooled)))
        built, held = time.perf_counter() - started, max(0, resident() - before)

        def nearest(query: np.ndarray, k: int) -> np.ndarray:
            rows = db.execute("SELECT rowid FROM v WHERE embedding MATCH ? AND k = ? ORDER BY distance", (pool(query).tobytes(), k))
            return np.array([number for (number,) in rows])

        results.append(measured("sqlite-vec alone: one pooled vector a case", built, held, queries, truth, lambda query: nearest(query, TOP).tolist()))
        results.append(measured(f"sqlite-vec on pooled vectors, best {CANDIDATES} aligned exactly", built, held, queries, truth, lambda query: again(query, nearest(query, CANDIDATES))))

    def usearch() -> None:
        from usearch.index import Index

        started, before = time.perf_counter(), resident()
        index = Index(ndim=pooled.shape[1], metric="cos", dtype="f32")
        index.add(everything, pooled)
        built, held = time.perf_counter() - started, max(0, resident() - before)

        def nearest(query: np.ndarray, k: int) -> np.ndarray:
            return np.asarray(index.search(pool(query), k).keys, dtype=np.int64)

        results.append(measured(f"usearch (HNSW) on pooled vectors, best {CANDIDATES} aligned exactly", built, held, queries, truth, lambda query: again(query, nearest(query, CANDIDATES))))

    for other in (sqlite_vec, usearch):
        try:
            other()
        except (ImportError, AttributeError, sqlite3.Error) as error:
            results.append({"name": other.__name__, "missing": str(error)})
    print(json.dumps(results))


if __name__ == "__main__":
    main()
