"""The figures of a pack: from answers made by hand, through the app itself on three phantoms, and into the model card."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brat_train.cli import main as train_command
from brat_train.evaluate.demo import RETRIEVAL, check_seeds, demo_figures, retrieval_scores, write_questions
from brat_train.evaluate.falsehoods import Falsehood
from brat_train.evaluate.masks import app_masks, lesion_dices
from brat_train.export.card import Figure
from brat_train.export.record_figures import eval_figures, record_figures
from brat_train.phantom import TEST_SEED_START
from brat_train.phantom.scene import draw_scene
from brat_train.phantom.shards import scene_record

ROOT = Path(__file__).resolve().parents[2]
NODE = ROOT / "node_modules" / ".bin" / "node"
KEYS = ("findingsF1", "sideAccuracy", "lobeAccuracy", "sizeAccuracy", "normalAccuracy", "priorMentions", "textToImage", "imageToText", "flagAuroc", "lesionDice", "headAuc", "count", "intervals")


@pytest.fixture(scope="module")
def records() -> list[dict[str, Any]]:
    return [{**scene_record(draw_scene(seed)), "studyUid": f"2.25.{seed}"} for seed in range(TEST_SEED_START + 700_000, TEST_SEED_START + 700_040)]


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def answers_of(records: list[dict[str, Any]], folder: Path, right: bool) -> tuple[dict[str, Any], ...]:
    """What an app would answer that knows everything, or the opposite of everything."""
    write_questions(records, folder)
    made = {study: [Falsehood(**one) for one in pairs] for study, pairs in json.loads((folder / "falsehoods.json").read_text()).items()}
    own = {" ".join(record["sentences"]): record["studyUid"] for record in records}
    ranked = [
        {"query": query, "cases": [{"case": record["studyUid"], "similarity": (0.9 if right else -0.9) if record["studyUid"] in (query.get("study"), own.get(query.get("text", ""))) else 0.1} for record in records]}
        for query in read_lines(folder / "queries.jsonl")
    ]
    true, false = (0.8, 0.2) if right else (0.2, 0.8)
    grounded = [
        {"study": line["study"], "sentences": [{"text": text, "best": (true, false)[number % 2]} for number, text in enumerate(line["sentences"])]}
        for line in read_lines(folder / "statements.jsonl")
    ]
    heads = [("enhancing", "Yes"), ("side", "Left"), ("whiteMatter", "Yes")]
    drafts = [
        {
            "study": {"uid": record["studyUid"]},
            "sentences": [{"text": text} for text in (record["sentences"] if right else ["Compared with the prior study this is new."])],
            "findings": [{"question": question, "answer": answer, "probability": float((record["answers"][question] == answer) == right)} for question, answer in heads],
        }
        for record in records
    ]
    return {"drafts": drafts, "failed": []}, {"answers": ranked}, {"reports": grounded}, made


def test_an_app_that_knows_everything_gets_full_marks(records: list[dict[str, Any]], tmp_path: Path) -> None:
    figures, details = demo_figures(records, *answers_of(records, tmp_path, right=True), lesion_dice=[1.0, 0.5], resamples=40)
    assert tuple(figures) == KEYS
    assert figures["findingsF1"] > 0.97
    assert [figures[name] for name in ("sideAccuracy", "lobeAccuracy", "sizeAccuracy", "normalAccuracy", "flagAuroc", "headAuc")] == [1] * 6
    for way in ("textToImage", "imageToText"):
        assert figures[way] == {"r1": 1, "r5": 1, "r10": 1, "medianRank": 1, "meanRank": 1, "r5f": 1, "p5f": figures[way]["p5f"]}
        assert tuple(figures[way]) == RETRIEVAL
    assert (figures["lesionDice"], figures["priorMentions"], figures["count"]) == (0.75, 0, 40)
    assert figures["intervals"]["findingsF1"][0] <= figures["findingsF1"] <= figures["intervals"]["findingsF1"][1]
    assert (details["unreadSentences"], details["withoutDraft"], details["withheld"]) == (0, 0, 0)
    json.dumps(figures, allow_nan=False)


def test_an_app_that_is_always_wrong_gets_none(records: list[dict[str, Any]], tmp_path: Path) -> None:
    figures, _ = demo_figures(records, *answers_of(records, tmp_path, right=False), resamples=40)
    found = sum(not record["normal"] for record in records)
    assert [figures[name] for name in ("findingsF1", "sizeAccuracy", "normalAccuracy", "flagAuroc", "headAuc")] == [0] * 5
    assert [figures[name] for name in ("sideAccuracy", "lobeAccuracy", "lesionDice")] == [None] * 3
    assert figures["priorMentions"] == len(records)
    assert figures["textToImage"]["medianRank"] == found
    json.dumps(figures, allow_nan=False)


def test_missing_answers_give_null_and_missing_drafts_count_as_empty(records: list[dict[str, Any]], tmp_path: Path) -> None:
    *_, made = answers_of(records, tmp_path, right=True)
    figures, details = demo_figures(records, {"drafts": [], "failed": [{"study": "2.25.1", "error": {"code": "select/no-t1c"}}]}, None, None, made, resamples=40)
    assert figures["findingsF1"] == 0 and figures["normalAccuracy"] == 0
    assert figures["textToImage"] == dict.fromkeys(RETRIEVAL)
    assert [figures[name] for name in ("flagAuroc", "headAuc", "lesionDice")] == [None] * 3
    assert details["withoutDraft"] == len(records)


def test_each_way_is_scored_by_its_own_queries() -> None:
    records = [{"studyUid": "a", "sentences": ["x"]}, {"studyUid": "b", "sentences": ["y"]}]
    answers = [
        {"query": {"text": "x"}, "cases": [{"case": "b", "similarity": 0.3}, {"case": "elsewhere", "similarity": 0.9}]},
        {"query": {"study": "a"}, "cases": [{"case": "b", "similarity": 0.4}]},
    ]
    by_text, by_image = retrieval_scores(records, {"answers": answers})
    assert by_text.tolist() == [[-2, -2], [0.3, -2]]
    assert by_image.tolist() == [[-2, 0.4], [-2, -2]]


def test_masks_are_compared_lesion_by_lesion(tmp_path: Path) -> None:
    true = np.zeros((3, 32, 64, 64), np.uint8)
    true[0, 10:14, 20:26, 20:26] = 1
    cells = np.zeros((32, 64, 64), np.uint8)
    cells[10:14, 20:26, 20:26] = 200
    np.save(tmp_path / "1.npy", cells)
    cells[10:14, 40:46, 20:26] = 127  # under the threshold
    np.save(tmp_path / "2.npy", np.flip(cells, 2))
    drafts = [{"study": {"uid": uid}, "lesionCells": {"file": f"{number}.npy", "threshold": 128}} for number, uid in ((1, "a"), (2, "b"))]
    found = app_masks([*drafts, {"study": {"uid": "c"}}], tmp_path)
    # right, made up in a study without lesions, and nothing of either, which does not count
    assert lesion_dices([{"studyUid": uid} for uid in "abc"], found, true) == [1, 0]


@pytest.mark.parametrize(("seed", "what"), [(0, "training"), (2_000_000, "archive"), (3_000_000, "demonstration's studies"), (-1, "not of tests"), (4_999_999, "demonstration's studies")])
def test_seeds_that_are_not_for_tests_are_refused_with_what_they_are(seed: int, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        check_seeds(seed, 3)
    check_seeds(TEST_SEED_START, 3)


def test_the_command_line_of_the_app_gives_every_figure(tmp_path: Path) -> None:
    if not NODE.exists():
        pytest.skip("Node is not installed in this checkout")
    if Path(sys.prefix).resolve() != (ROOT / "training" / ".venv").resolve():
        pytest.skip("training/.venv is what the script runs")
    details = tmp_path / "details.json"
    arguments = ["--seed", str(TEST_SEED_START + 600_000), "--count", "3", "--json", "--keep", str(tmp_path / "keep"), "--processes", "2", "--provider", "cpu", "--details", str(details)]
    run = subprocess.run([str(NODE), "scripts/evalDemo.ts", *arguments], capture_output=True, text=True, cwd=ROOT, timeout=540)
    assert run.returncode == 0, run.stderr[-3000:]
    figures = json.loads(run.stdout)
    assert tuple(figures) == KEYS
    assert figures["count"] == 3
    assert (tmp_path / "keep" / f"phantoms-{TEST_SEED_START + 600_000}-3" / "truth.json").is_file()
    told = json.loads(details.read_text())
    assert told["failed"] == []
    # every pair of a text and an image was ranked by the app
    assert figures["textToImage"]["meanRank"] is None or figures["textToImage"]["meanRank"] <= 3
    refused = subprocess.run([str(NODE), "scripts/evalDemo.ts", "--seed", "7", "--count", "3", "--json"], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "seed 7 is of training" in refused.stderr


def test_figures_go_into_manifest_and_card_and_the_hashes_fit(tmp_path: Path) -> None:
    pack = tmp_path / "demo"
    shutil.copytree(ROOT / "resources" / "models" / "demo", pack)
    figures = tmp_path / "eval.json"
    figures.write_text(json.dumps({"findingsF1": 0.5, "lesionDice": None, "textToImage": {"r1": 0.25, "r5": 1}, "count": 6, "intervals": {"findingsF1": [0.4, 0.6], "textToImage": {"r1": [0.1, 0.3]}}}))
    for _ in range(2):  # the second time replaces the first
        with pytest.raises(SystemExit) as ended:
            train_command(["card", "--pack", str(pack), "--figures", str(figures), "--seed", "5000000"])
        assert ended.value.code == 0
    manifest = json.loads((pack / "manifest.json").read_text())
    command = "npm run --silent eval:demo -- --seed 5000000 --count 6 --json"
    measured = [figure for figure in manifest["card"]["figures"] if figure["command"] == command]
    assert measured == [{"name": name, "value": value, "command": command} for name, value in (("findingsF1", 0.5), ("textToImage.r1", 0.25), ("textToImage.r5", 1.0))]
    card = (pack / "README.md").read_text()
    assert "| findingsF1 | 0.500 | 0.400 to 0.600 |" in card and command in card and manifest["card"]["limits"][0] in card
    assert set(manifest["files"]) == {path.name for path in pack.iterdir()} - {"manifest.json"}
    for name, entry in manifest["files"].items():
        data = (pack / name).read_bytes()
        assert entry == {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}, name
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_folder_that_is_no_pack_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "manifest.json").write_text('{"format": "other"}')
    with pytest.raises(ValueError, match="no brat-pack"):
        record_figures(tmp_path / "pack", [Figure("a", 1.0, "b")], {})
    assert [path.name for path in (tmp_path / "pack").iterdir()] == ["manifest.json"]
    assert eval_figures({"flagAuroc": float("nan"), "priorMentions": 0, "count": 2}, "c") == [Figure("priorMentions", 0.0, "c")]


def test_evaluate_drafts_compares_lines_by_id(tmp_path: Path, capsys: pytest.CaptureFixture[str], records: list[dict[str, Any]]) -> None:
    truth, drafts = tmp_path / "truth.jsonl", tmp_path / "drafts.jsonl"
    truth.write_text("".join(json.dumps(record) + "\n" for record in records) + json.dumps({"id": "plain", "text": "There is hydrocephalus."}) + "\n")
    drafts.write_text("".join(json.dumps({"id": record["id"], "text": " ".join(record["sentences"])}) + "\n" for record in records[1:]) + json.dumps({"id": "stray", "text": "x"}) + "\n")
    with pytest.raises(SystemExit) as ended:
        train_command(["evaluate-drafts", "--drafts", str(drafts), "--truth", str(truth)])
    assert ended.value.code == 0
    out, err = capsys.readouterr()
    figures = json.loads(out)
    assert (figures["count"], figures["withoutDraft"]) == (41, 2)
    assert figures["againstReports"]["noMissing"] > 0.9 and figures["sideAccuracy"] == 1
    assert "stray" in err
    drafts.write_text('{"id": "a", "text": "b"}\n{"id": 3}\n')
    with pytest.raises(SystemExit) as ended:
        train_command(["evaluate-drafts", "--drafts", str(drafts), "--truth", str(truth)])
    assert ended.value.code == 1
    assert "line 2" in capsys.readouterr().err
