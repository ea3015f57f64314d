"""Figures of drafts: what a perfect, a wrong and a garbled draft get, and false sentences that are false."""

from __future__ import annotations

from typing import Any

import pytest

from brat_train.evaluate.drafts import compare_with_truth, finding_errors, finding_figures, question_f1, truth_figures
from brat_train.evaluate.falsehoods import donors, falsehoods, may_be_true
from brat_train.evaluate.lesions import KnownLesion, match_lesions
from brat_train.evaluate.places import Place
from brat_train.evaluate.read_findings import NORMAL, read_report
from brat_train.phantom import TEST_SEED_START
from brat_train.phantom.scene import draw_scene
from brat_train.phantom.shards import scene_record


@pytest.fixture(scope="module")
def records() -> list[dict[str, Any]]:
    return [scene_record(draw_scene(TEST_SEED_START + 800_000 + k)) for k in range(400)]


def test_a_phantoms_own_report_gets_nearly_full_marks(records: list[dict[str, Any]]) -> None:
    figures = truth_figures([compare_with_truth(record["sentences"], record) for record in records])
    # The side of more lesions is not always told, so F1 stays a little below 1.
    assert figures["findingsF1"] is not None and figures["findingsF1"] > 0.98
    assert figures["normalAccuracy"] == 1
    assert figures["sizeAccuracy"] is not None and figures["sizeAccuracy"] > 0.99
    assert figures["sideAccuracy"] is not None and figures["sideAccuracy"] > 0.99
    assert figures["lobeAccuracy"] is not None and figures["lobeAccuracy"] > 0.99
    assert figures["priorMentions"] == 0


def test_garbage_and_missing_drafts_get_no_marks(records: list[dict[str, Any]]) -> None:
    for sentences in ([], ["suggesssuitary gions diseas \ufffd\ufffd"]):
        figures = truth_figures([compare_with_truth(sentences, record) for record in records])
        assert figures == {"findingsF1": 0, "sideAccuracy": None, "lobeAccuracy": None, "sizeAccuracy": 0, "normalAccuracy": 0, "priorMentions": 0}


def test_reports_of_other_studies_do_badly(records: list[dict[str, Any]]) -> None:
    figures = truth_figures([compare_with_truth(other["sentences"], record) for record, other in zip(records, records[1:] + records[:1])])
    assert figures["findingsF1"] is not None and figures["findingsF1"] < 0.4
    assert figures["sideAccuracy"] is not None and figures["sideAccuracy"] < 0.8


def test_sides_exchanged_are_all_wrong_where_there_is_one_lesion(records: list[dict[str, Any]]) -> None:
    single = [record for record in records if len(record["lesions"]) == 1 and record["lesions"][0]["side"] != "midline"]
    swap = {"left": "right", "right": "left", "Left": "Right", "Right": "Left"}

    def exchanged(sentence: str) -> str:
        return " ".join(swap.get(word, word) for word in sentence.replace("-", " ").split())

    figures = truth_figures([compare_with_truth([exchanged(sentence) for sentence in record["sentences"]], record) for record in single])
    assert figures["sideAccuracy"] == 0
    assert figures["lobeAccuracy"] == 1


def test_f1_by_hand() -> None:
    true = [{**NORMAL, "shift": "Yes"}, {**NORMAL, "shift": "Yes"}, NORMAL, {**NORMAL, "locations": "Left frontal lobe; Cerebellum"}]
    drafted = [{**NORMAL, "shift": "Yes"}, NORMAL, {**NORMAL, "shift": "Yes"}, {**NORMAL, "locations": "Left frontal lobe"}]
    assert question_f1(drafted, true) == {"shift": pytest.approx(0.5), "locations": pytest.approx(0.5)}


def test_lesions_are_matched_one_to_one_and_the_largest_with_the_largest() -> None:
    known = [KnownLesion(Place("frontal", "left"), 30, "ring"), KnownLesion(Place("parietal", "right"), 8, "solid")]
    told = read_report(["There are two enhancing lesions.", "The largest lesion is in the right parietal lobe and measures 3 cm.", "There is an enhancing lesion in the right parietal lobe."]).lesions
    first, second = match_lesions(told, known)
    assert first.known == known[0] and (first.side_right, first.place_right) == (False, False)
    assert second.known == known[1] and (second.side_right, second.place_right) == (True, True)
    spare = match_lesions(read_report(["There is an enhancing lesion in the left frontal lobe."] * 3).lesions, known)
    assert [match.known is None for match in spare].count(True) == 1


def test_each_kind_of_error_is_counted_as_itself() -> None:
    reference = ["There is a 2.5 cm ring enhancing lesion in the left frontal lobe.", "There is 7 mm of left-to-right midline shift.", "There is hydrocephalus."]
    assert finding_errors(reference, reference).score == 1
    misplaced = finding_errors([reference[0].replace("left", "right"), *reference[1:]], reference)
    assert (misplaced.matched, misplaced.location, misplaced.missing, misplaced.false) == (2, 1, 0, 0)
    misjudged = finding_errors([reference[0].replace("2.5 cm", "6 mm"), *reference[1:]], reference)
    assert (misjudged.matched, misjudged.severity) == (2, 1)
    assert finding_errors(reference[:2], reference).missing == 1
    assert finding_errors([*reference, "There is an enhancing lesion in the right cerebellum."], reference).false == 1
    assert finding_errors(["There is 7 mm of right-to-left midline shift."], [reference[1]]).location == 1
    assert finding_errors("", "No midline shift.").score == 1
    assert finding_figures([misplaced, misjudged])["location"] == 0.5


def test_false_sentences_are_false_and_of_every_kind(records: list[dict[str, Any]]) -> None:
    pool = donors(records)
    made = [(record, one) for record in records for one in falsehoods(record, pool)]
    assert len(made) > 2 * len(records)
    assert {one.kind for _, one in made} == {"side", "place", "finding"}
    for record, one in made:
        assert one.true in record["sentences"] and one.false not in record["sentences"]
        if len(record["lesions"]) == 1 and one.kind != "finding":
            own = record["lesions"][0]
            for lesion in read_report([one.false]).lesions:
                assert lesion.place is not None and (lesion.place.location, lesion.place.side) != (own["location"], own["side"]) or " thalamus" in one.true + one.false or "basal" in one.true + one.false
    again = [one for record in records for one in falsehoods(record, pool)]
    assert again == [one for _, one in made]


def test_a_changed_sentence_that_another_lesion_makes_true_is_left_out() -> None:
    record = {"lesions": [{"location": "Left frontal lobe", "side": "left", "sizeMm": 12, "kind": "solid"}, {"location": "Right frontal lobe", "side": "right", "sizeMm": 9, "kind": "solid"}]}
    assert may_be_true("There is an enhancing lesion in the right frontal lobe.", record)
    assert not may_be_true("There is an enhancing lesion in the right parietal lobe.", record)
    assert not may_be_true("There is 7 mm of left-to-right midline shift.", record)
