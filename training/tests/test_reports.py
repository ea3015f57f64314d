"""Reports through a server that misbehaves: every valid reply is kept, every invalid one asked again, then counted."""

from __future__ import annotations

import json
import re
import resource
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from brat_train.cli import main
from brat_train.reports.answers import InvalidReplyError, parse_answers
from brat_train.reports.chat import Server, ServerError
from brat_train.reports.journal import Entry, Journal, read_entries
from brat_train.reports.leftovers import identifying, words_of_change
from brat_train.reports.process import Outcome, Report, Settings, process_reports
from brat_train.reports.processed import ProcessedReports
from brat_train.reports.prompts import ANSWER_HEAD, REWRITE, answer_instructions
from brat_train.reports.questions import COMPLETE, PAPER
from brat_train.reports.score import score
from brat_train.text.sentences import split_report

ROOT = Path(__file__).resolve().parents[2]
NORMAL = {"surgery": "No", "surgeryKind": "NA", "enhancing": "No", "size": "NA", "side": "NA", "locations": "NA", "count": "NA", "shift": "No", "whiteMatter": "No", "pituitaryNormal": "Yes", "sella": "No", "compression": "Nowhere"}
Behaviour = Callable[[str, int], tuple[int, str]]


def as_reply(answers: dict[str, str]) -> str:
    return json.dumps({PAPER.by_id[name].text: answer for name, answer in answers.items()})


class _Handler(BaseHTTPRequestHandler):
    """Speaks the chat protocol; what it says is the server's `behaviour`."""

    protocol_version = "HTTP/1.1"
    server: ChatServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        status, text = self.server.answer(body)
        payload = json.dumps(
            {"id": "1", "object": "chat.completion", "created": 0, "model": body["model"], "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}]}
            if status == 200
            else {"error": {"message": "as asked"}}
        ).encode()
        try:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(payload)))
            if status >= 500:
                self.send_header("retry-after-ms", "1")
            self.end_headers()
            self.wfile.write(payload)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client gave up waiting

    def log_message(self, *_: object) -> None:
        pass


class ChatServer(ThreadingHTTPServer):
    """A server on a free port of this machine that counts what it is asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behaviour: Behaviour = lambda request, nth: (200, as_reply(NORMAL))
        self.asked: Counter[str] = Counter()
        self.bodies: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def answer(self, body: dict[str, Any]) -> tuple[int, str]:
        first = body["messages"][0]["content"]
        report = first.split("Brain MRI report: ")[1]
        kind = "rewrite" if first.startswith(REWRITE) else "answers"
        with self._lock:
            self.bodies.append(body)
            self.asked[f"{kind} {report}"] += 1
            nth = self.asked[f"{kind} {report}"]
        if kind == "rewrite" and not report.startswith("rewrite:"):
            return 200, report.replace("Compared to June 3, 2019, ", "")
        return self.behaviour(report, nth)


@pytest.fixture
def server() -> Iterator[ChatServer]:
    made = ChatServer()
    yield made
    made.shutdown()
    made.server_close()


def run(server: ChatServer, journal: Path, *texts: str, **more: Any) -> Outcome:
    patience = {"timeout_s": more.pop("timeout_s", 20.0), "retries": more.pop("retries", 2)}
    settings = Settings(Server(server.url, "local", **patience), PAPER, **{"reasks": 2, "concurrency": 4, **more})
    with Journal(journal) as opened:
        return process_reports([Report(f"r{n}", text) for n, text in enumerate(texts)], opened, settings)


def test_the_prompts_are_the_papers_word_for_word() -> None:
    path = ROOT.parent / "shared" / "paper" / "brat-paper.txt"
    if not path.exists():
        pytest.skip("the paper is not there")
    def words(text: str) -> str:
        return re.sub(r"[\s\\$-]+", " ", text)
    paper = words(path.read_text(encoding="utf-8"))
    assert words(REWRITE) in paper
    assert words(ANSWER_HEAD) in paper
    assert words(answer_instructions(PAPER)) in paper


def test_each_report_is_rewritten_then_asked_and_the_journal_answers_for_both(server: ChatServer, tmp_path: Path) -> None:
    server.behaviour = lambda request, nth: (200, "Here you are:\n```json\n" + as_reply({**NORMAL, "shift": "YES", "size": "1 to 2 cm", "locations": "brainstem;Left frontal lobe"}) + "\n```")
    original = "Compared to June 3, 2019, there is a mass."
    outcome = run(server, tmp_path / "j.jsonl", original, original, "  ", "Normal study.")
    assert (outcome.rewritten, outcome.answered, outcome.duplicates, outcome.empty) == (2, 2, 1, ["r2"])
    found = ProcessedReports.read(tmp_path / "j.jsonl").look_up(original)
    assert found is not None
    assert found[0] == "there is a mass."
    assert (found[1]["shift"], found[1]["size"], found[1]["locations"]) == ("Yes", "1 to 2cm", "Left frontal lobe; brainstem")
    assert ProcessedReports.read(tmp_path / "j.jsonl").look_up("unknown") is None
    assert original not in (tmp_path / "j.jsonl").read_text()
    assert {(body["temperature"], body["top_p"]) for body in server.bodies} == {(0.0, 1.0)}


def test_bad_json_and_wrong_options_are_asked_for_again_with_their_faults_named(server: ChatServer, tmp_path: Path) -> None:
    replies = {1: "I think it is normal.", 2: as_reply({**NORMAL, "side": "Middle", "count": "Yes"}), 3: as_reply(NORMAL)}
    server.behaviour = lambda request, nth: (200, replies[nth])
    outcome = run(server, tmp_path / "j.jsonl", "A report.")
    assert outcome.answered == 1
    assert [entry.attempts for entry in read_entries(tmp_path / "j.jsonl")] == [1, 3]
    told = server.bodies[-1]["messages"][-1]["content"]
    assert '"Which side of the brain has more enhancing lesions?": "Middle" is not allowed. Choose exactly one from: NA; Left; Right.' in told
    assert "How many enhancing lesions" in told
    assert len(server.bodies[-1]["messages"]) == 3


def test_a_model_that_never_answers_rightly_is_counted_and_not_asked_for_ever(server: ChatServer, tmp_path: Path) -> None:
    server.behaviour = lambda request, nth: (200, "{}")
    outcome = run(server, tmp_path / "j.jsonl", "A report.")
    assert list(outcome.invalid) == ["r0"]
    assert server.asked["answers A report."] == 3
    assert run(server, tmp_path / "j.jsonl", "A report.").invalid == outcome.invalid
    assert server.asked["answers A report."] == 3


def test_a_rewritten_report_that_still_holds_a_date_is_not_taken(server: ChatServer, tmp_path: Path) -> None:
    server.behaviour = lambda request, nth: (200, "Seen on 03/14/2019: a mass." if nth == 1 else "A mass, unchanged." if request.startswith("rewrite:") else as_reply(NORMAL))
    outcome = run(server, tmp_path / "j.jsonl", "rewrite: me")
    assert (outcome.rewritten, outcome.with_words_of_change, dict(outcome.words_of_change)) == (1, 1, {"unchanged": 1})
    assert server.bodies[1]["messages"][-1]["content"].startswith("Your output still holds a date.")


def test_faults_of_the_server_are_tried_again_and_what_stays_without_reply_waits_for_the_next_run(server: ChatServer, tmp_path: Path) -> None:
    server.behaviour = lambda request, nth: (500, "") if nth <= 2 or request == "Never." else (200, as_reply(NORMAL))
    outcome = run(server, tmp_path / "j.jsonl", "Twice.", "Never.")
    assert (outcome.answered, outcome.failed) == (1, {"r1": "HTTP 500"})
    server.behaviour = lambda request, nth: (200, as_reply(NORMAL))
    again = run(server, tmp_path / "j.jsonl", "Twice.", "Never.")
    assert (again.answered, again.failed, again.kept) == (2, {}, 3)
    assert server.asked["answers Twice."] == 3


def test_a_reply_that_does_not_come_is_given_up(server: ChatServer, tmp_path: Path) -> None:
    released = threading.Event()

    def slow(request: str, nth: int) -> tuple[int, str]:
        released.wait(30)
        return 200, as_reply(NORMAL)

    server.behaviour = slow
    outcome = run(server, tmp_path / "j.jsonl", "A report.", timeout_s=2.0, retries=0)
    released.set()
    assert outcome.failed == {"r0": "no reply within 2 s"}


@pytest.mark.parametrize(("status", "words"), [(401, "refuses the key"), (404, "knows no model 'local'")])
def test_a_refusal_that_every_report_would_meet_ends_the_run(server: ChatServer, tmp_path: Path, status: int, words: str) -> None:
    server.behaviour = lambda request, nth: (status, "")
    with pytest.raises(ServerError, match=words):
        run(server, tmp_path / "j.jsonl", "A report.", "Another.")


def test_a_server_that_is_gone_ends_the_run_before_all_reports_were_tried(tmp_path: Path) -> None:
    gone = ChatServer()
    url = gone.url
    gone.shutdown()
    gone.server_close()
    settings = Settings(Server(url, "local", retries=0), PAPER)
    with Journal(tmp_path / "j.jsonl") as journal, pytest.raises(ServerError, match="20 requests in a row had no reply .the last: no connection."):
        process_reports([Report(f"r{n}", f"Report {n}.") for n in range(60)], journal, settings)


def test_a_journal_cut_short_by_a_kill_goes_on_from_its_last_whole_line(server: ChatServer, tmp_path: Path) -> None:
    journal = tmp_path / "j.jsonl"
    run(server, journal, "One.", "Two.")
    whole = journal.read_bytes()
    journal.write_bytes(whole[:-25])
    assert run(server, journal, "One.", "Two.").kept == 3
    assert sorted(entry.key for entry in read_entries(journal)) == sorted(Entry(**json.loads(line)).key for line in whole.splitlines())
    journal.write_bytes(b"rubbish\n" + whole)
    with pytest.raises(ValueError, match="line 1 is damaged"):
        run(server, journal, "One.")


def test_a_full_disk_loses_no_line_and_says_what_to_do(server: ChatServer, tmp_path: Path) -> None:
    journal = tmp_path / "j.jsonl"
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, hard))  # fails in the middle of a line, as a full disk does
    try:
        with pytest.raises(OSError, match="no room left for the journal"):
            run(server, journal, *(f"Report {n}." for n in range(12)), concurrency=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        signal.signal(signal.SIGXFSZ, before)
    kept = list(read_entries(journal))
    assert len(kept) >= 3
    assert journal.read_bytes().endswith(b"\n")
    outcome = run(server, journal, *(f"Report {n}." for n in range(12)))
    assert (outcome.answered, outcome.kept) == (12, len(kept))


def test_two_runs_do_not_write_one_journal(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.jsonl"), pytest.raises(OSError, match="another run"), Journal(tmp_path / "j.jsonl"):
        pass


def test_reports_go_nowhere_unless_the_host_is_named_twice() -> None:
    assert Server("http://localhost:8000/v1", "m")
    assert Server("http://[::1]:8000/v1", "m")
    assert Server("http://gpu-box:8000/v1", "m", allow_host="gpu-box")
    for url in ("http://gpu-box:8000/v1", "https://api.openai.com/v1", "http://localhost.example.org/v1"):
        with pytest.raises(ValueError, match="would leave this machine"):
            Server(url, "m")
    with pytest.raises(ValueError, match="no address"):
        Server("localhost:8000", "m")


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (json.dumps(NORMAL), "Nowhere"),
        (json.dumps({"answers": {**NORMAL, "compression": ["brainstem", "ventricles"]}}), "ventricles; brainstem"),
        (json.dumps([{"question": PAPER.by_id[name].text, "answer": answer} for name, answer in NORMAL.items()]), "Nowhere"),
        ("<think>{not json}</think>" + json.dumps({f"{n}. {PAPER.by_id[name].line()}": answer for n, (name, answer) in enumerate(NORMAL.items())}), "Nowhere"),
    ],
)
def test_answers_are_read_however_a_model_wraps_them(reply: str, expected: str) -> None:
    assert parse_answers(reply, PAPER)["compression"] == expected


@pytest.mark.parametrize("change", [{"side": "Left; Right"}, {"locations": "NA; brainstem"}, {"locations": "Right temporal lobe"}, {"shift": None}, {"shift": True}, {"count": ""}, {"compression": {"a": 1}}])
def test_what_is_none_of_the_options_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidReplyError, match="not allowed"):
        parse_answers(json.dumps({**NORMAL, **change}), PAPER)


def test_the_complete_questions_know_the_places_that_the_figure_leaves_out() -> None:
    reply = json.dumps({**NORMAL, "locations": "Right temporal lobe", "hydrocephalus": "no"})
    answers = parse_answers(reply, COMPLETE)
    assert (answers["locations"], answers["hydrocephalus"]) == ("Right temporal lobe", "No")


@pytest.mark.parametrize("text", ["on December 21, 2011", "03/14/2019", "2019-03-14", "MRN: 123456", "Dr. Smith read it", "call 555-123-4567"])
def test_dates_and_identifiers_are_noticed(text: str) -> None:
    assert identifying(f"A mass, {text}.")


def test_sizes_and_plain_findings_are_no_identifiers_or_words_of_change() -> None:
    text = "A 1.8 x 1.3 cm mass with 5 mm shift at L4-5; 3.5 cm cavity in the right frontal lobe. No new text."
    assert identifying(text) == []
    assert words_of_change(text) == []
    assert words_of_change("Compared to the prior study, the new lesion has increased.") == ["compared to", "has increased", "new lesion", "prior study"]


def test_scores_are_those_counted_by_hand() -> None:
    gold = [{"shift": "Yes", "locations": "brainstem; Cerebellum"}, {"shift": "No", "locations": "NA"}, {"shift": "No"}, {"shift": "Yes", "locations": "NA"}]
    answers = [{"shift": "yes", "locations": "brainstem"}, {"shift": "No", "locations": "NA"}, {"shift": "Yes", "locations": "NA"}, None]
    scores = score(answers, gold, PAPER, resamples=200)
    by_id = {one.question: one for one in scores.questions}
    assert by_id["shift"].accuracy.value == 0.5
    # Yes: one hit of two true and two said; No: one hit of two true and one said
    assert by_id["shift"].macro_f1.value == pytest.approx((2 / 4 + 2 / 3) / 2)
    assert (by_id["locations"].reports, by_id["locations"].accuracy.value) == (3, pytest.approx(1 / 3))
    # NA: 1 of 2 true, 1 said; Cerebellum: missed; brainstem: right
    assert by_id["locations"].macro_f1.value == pytest.approx((2 / 3 + 0 + 1) / 3)
    assert scores.accuracy.value == pytest.approx(3 / 7)
    assert by_id["shift"].accuracy.low < 0.5 < by_id["shift"].accuracy.high
    with pytest.raises(ValueError, match="no option"):
        score([None], [{"shift": "maybe"}], PAPER)


def test_the_commands_go_from_a_table_to_scores(server: ChatServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "reports.csv").write_text("accession,report\nA1,A mass.\nA2,No mass.\n")
    (tmp_path / "gold.csv").write_text("accession,Is there a herniation or midline shift?,enhancing\nA1,No,No\nA2,No,Yes\n")
    journal = ["--journal", str(tmp_path / "j.jsonl")]
    with pytest.raises(SystemExit) as ended:
        main(["process-reports", "--reports", str(tmp_path / "reports.csv"), *journal, "--base-url", server.url, "--model", "local"])
    assert ended.value.code == 0
    assert json.loads(capsys.readouterr().out)["answered"] == 2
    with pytest.raises(SystemExit) as ended:
        main(["score-reports", *journal, "--gold", str(tmp_path / "gold.csv"), "--reports", str(tmp_path / "reports.csv"), "--json"])
    assert ended.value.code == 0
    assert json.loads(capsys.readouterr().out)["accuracy"]["value"] == 0.75


TEXTS = [
    "FINDINGS: A 1.8 x 1.3 cm mass. No shift.\n\nIMPRESSION: 1. Mass, e.g. a meningioma. 2. Stable.",
    "Seen by J. Smith. Hepatitis C. Next one begins here! Really? \"Yes.\" End",
    "Wrapped over\ntwo lines, approx. 5 mm. No.\n- First item\n- Second item vs. third\nImpression:\nNo. 3 is large. Signed on Mar. 4 by St. Mary.",
    "Technique: T1.\r\nContrast: none\r\nThe scan is of max. quality. It is the max. The rest",
    "", "   \n ", "1. No mass\n2) No shift\n(3) Done", "Größe 3 cm. Ähnlich. µ is a letter.",
]  # fmt: skip


def test_reports_are_split_as_the_app_splits_them() -> None:
    assert split_report(TEXTS[0]) == ["A 1.8 x 1.3 cm mass.", "No shift.", "Mass, e.g. a meningioma.", "Stable."]
    node = ROOT / "node_modules" / ".bin" / "node"
    if not node.exists():
        pytest.skip("needs the app's packages (npm ci)")
    program = "import { splitSentences } from './src/engine/draft/sentences.ts'; console.log(JSON.stringify(JSON.parse(process.argv[1]).map(splitSentences)));"
    done = subprocess.run([node, "--input-type=module", "-e", program, json.dumps(TEXTS)], capture_output=True, text=True, cwd=ROOT, check=True)
    assert [split_report(text) for text in TEXTS] == json.loads(done.stdout)
