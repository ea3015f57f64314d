"""GREEN counts what a model's reply counts, over a real connection; what cannot be read is no judgement."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from brat_train.cli import main
from brat_train.metrics.green import PROMPT, fill, green_figures, read_prompt, read_reply

pytest.importorskip("openai")
from brat_train.reports.chat import Server  # noqa: E402


def _reply(significant: str, matched: str) -> str:
    return f"[Explanation]:\nCompared.\n\n[Clinically Significant Errors]:\n{significant}\n\n[Clinically Insignificant Errors]:\n(a) False report of a finding in the candidate: 7. x\n\n[Matched Findings]:\n{matched}\n"


def test_green_is_matched_findings_over_matched_and_significantly_wrong_ones() -> None:
    found = read_reply(_reply("(a) False report of a finding in the candidate: 1. mass\n(c) Misidentification: 2. left for right; frontal for parietal", "3. oedema; cavity; no shift"))
    assert found.significant == (1, 0, 2, 0, 0, 0)
    assert found.matched == 3
    assert found.green == pytest.approx(3 / 6)


def test_nothing_matched_is_0_and_no_errors_is_1() -> None:
    assert read_reply(_reply("No errors.", "No matched findings.")).green == 0
    assert read_reply(_reply("(a) False report: 0.\n(b) Missing: 0.", "2. a; b")).green == 1


def test_the_filled_in_form_counts_not_the_repeated_one() -> None:
    form = PROMPT[PROMPT.index("[Explanation]") :]
    assert read_reply(form + "\n" + _reply("(b) Missing a finding present in the reference: 1. shift", "1. mass")).green == 0.5


@pytest.mark.parametrize(("reply", "lacks"), [("I cannot judge this.", "no [Clinically Significant"), (_reply("(a) some", "1. a"), "no counts"), (_reply("None.", "several"), "no count of matched"), ("[Clinically Significant Errors]:\nNone", "no [Matched")])
def test_a_reply_without_its_counts_is_no_judgement(reply: str, lacks: str) -> None:
    with pytest.raises(ValueError, match=lacks.replace("[", r"\[")):
        read_reply(reply)


def test_reports_enter_the_prompt_as_they_are(tmp_path: Path) -> None:
    filled = fill(PROMPT, "size {candidate} of {1}", "none")
    assert "size {candidate} of {1}" in filled
    assert filled.count("none") == 1
    (tmp_path / "own.txt").write_text("{candidate} against {reference}")
    assert fill(read_prompt(tmp_path / "own.txt"), "R", "C") == "C against R"
    (tmp_path / "bad.txt").write_text("{candidate} only")
    with pytest.raises(ValueError, match="once each"):
        read_prompt(tmp_path / "bad.txt")


class _Judge(BaseHTTPRequestHandler):
    """Counts an error where the candidate says 'left' and the reference 'right'; is silent about one report."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = body["messages"][-1]["content"]
        reference, candidate = text.split("Reference report:\n")[1].split("\n\nCandidate report:\n")
        candidate = candidate.split("\n\nAnswer")[0]
        if "silent" in reference:
            content = "No comment."
        else:
            wrong = int("left" in candidate and "right" in reference)
            content = _reply(f"(a) False: 0.\n(c) Misidentification: {wrong}. side", f"{2 - wrong}. lesion")
        raw = json.dumps({"id": "1", "object": "chat.completion", "created": 0, "model": body["model"], "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}]}).encode()
        self.send_response(200 if body["model"] == "judge" else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def judge() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Judge)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()


REPORTS = ["A right frontal lesion.", "A left frontal lesion.", "Be silent about this.", "A right parietal lesion."]
DRAFTS = ["A left frontal lesion.", "A left frontal lesion.", "A lesion.", "A right parietal lesion."]


def test_a_server_judges_every_draft_and_what_it_does_not_say_is_counted(judge: str) -> None:
    figures = green_figures(DRAFTS, REPORTS, Server(judge, "judge", retries=0), concurrency=2)
    assert {number: each.green for number, each in figures.judgements.items()} == {0: 0.5, 1: 1.0, 3: 1.0}
    assert figures.green.value == pytest.approx(2.5 / 3)
    assert figures.without["location"] == pytest.approx(2 / 3)
    assert figures.without["falseFinding"] == 1
    assert figures.unjudged == {2: "no [Clinically Significant Errors]"}


def test_a_model_that_is_not_there_ends_with_its_name(judge: str) -> None:
    with pytest.raises(OSError, match="knows no model 'other'"):
        green_figures(DRAFTS, REPORTS, Server(judge, "other", retries=0))


def test_the_command_scores_words_and_green(judge: str, tmp_path: Path) -> None:
    (tmp_path / "drafts.jsonl").write_text("".join(json.dumps({"draft": draft, "report": report}) + "\n" for draft, report in zip(DRAFTS, REPORTS, strict=True)))
    with pytest.raises(SystemExit) as end:
        main(["score-drafts", "--drafts", str(tmp_path / "drafts.jsonl"), "--no-meteor", "--green-url", judge, "--green-model", "judge", "--out", str(tmp_path / "figures.json")])
    assert end.value.code == 0
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["count"] == 4
    assert figures["green"]["judged"] == 3
    assert 0 < figures["words"]["bleu1"] <= 1
    assert figures["words"]["meteor"] is None


def test_a_file_of_something_else_is_refused_by_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "drafts.jsonl").write_text('{"draft": "a", "report": "b"}\n{"draft": 3}\n')
    with pytest.raises(SystemExit):
        main(["score-drafts", "--drafts", str(tmp_path / "drafts.jsonl")])
    assert "entry 2: needs texts" in capsys.readouterr().err
