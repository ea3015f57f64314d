"""Reading reports by rules: the phantoms' reports give back their truth, other words give nothing."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from brat_train.evaluate.places import places
from brat_train.evaluate.priors import prior_mentions
from brat_train.evaluate.read_findings import NORMAL, read_report
from brat_train.phantom import TEST_SEED_START
from brat_train.phantom.scene import draw_scene
from brat_train.phantom.shards import scene_record
from brat_train.phantom.truth import OPTIONS, QUESTIONS

COUNT = 2200


@pytest.fixture(scope="module")
def records() -> list[dict[str, Any]]:
    return [scene_record(draw_scene(TEST_SEED_START + 900_000 + k)) for k in range(COUNT)]


def states_side(record: dict[str, Any]) -> bool:
    """Whether the report tells which side has more lesions: not where places of both sides are listed without a number each."""
    facts = [fact for facts in record["facts"] for fact in facts]
    listed = {fact["side"] for fact in facts if fact["finding"] == "lesion" and fact["present"] and fact["kind"] is None}
    return any(fact["finding"] == "moreLesions" for fact in facts) or not {"left", "right"} <= listed


def test_phantom_reports_give_back_their_answers(records: list[dict[str, Any]]) -> None:
    asked, right = Counter[str](), Counter[str]()
    for record in records:
        read = read_report(" ".join(record["sentences"]))
        for question in QUESTIONS:
            if question == "side" and not states_side(record):
                continue
            asked[question] += 1
            right[question] += read.answers[question] == record["answers"][question]
    rates = {question: right[question] / asked[question] for question in QUESTIONS}
    assert asked["side"] > 0.9 * COUNT
    # A dural mass beside lesions that 'are more numerous on the left' may leave a tie: the report then does not tell.
    assert min(rates.values()) >= 0.995, rates


def test_no_sentence_of_the_grammar_is_unknown(records: list[dict[str, Any]]) -> None:
    assert [sentence for record in records for sentence in read_report(record["sentences"]).unknown] == []


def test_normal_studies_and_only_they_are_called_normal(records: list[dict[str, Any]]) -> None:
    wrong = [record["id"] for record in records if read_report(record["sentences"]).calls_normal != record["normal"]]
    assert wrong == []
    assert sum(record["normal"] for record in records) > 200


def test_each_lesion_told_alone_has_its_place_side_and_size(records: list[dict[str, Any]]) -> None:
    for record in records:
        told = {index: fact for index, facts in enumerate(record["facts"]) for fact in facts if fact["finding"] == "lesion" and fact["present"] and fact["kind"]}
        read = {lesion.sentence: lesion for lesion in read_report(record["sentences"]).lesions if not lesion.listed}
        assert read.keys() == told.keys(), record["sentences"]
        for index, fact in told.items():
            lesion = read[index]
            assert lesion.place is not None and lesion.place.location == fact["location"], record["sentences"][index]
            assert lesion.place.side == fact["side"], record["sentences"][index]
            if fact["sizeMm"] is not None:
                assert lesion.size_mm == pytest.approx(fact["sizeMm"], abs=0.5), record["sentences"][index]


def test_shift_direction_and_millimetres_are_read(records: list[dict[str, Any]]) -> None:
    for record in records:
        facts = [fact for facts in record["facts"] for fact in facts if fact["finding"] == "shift" and fact["present"]]
        read = read_report(record["sentences"])
        assert read.shift_to == (facts[0]["side"] if facts else None)
        if facts and read.shift_mm is not None:
            assert read.shift_mm == facts[0]["mm"]


def test_every_answer_is_one_of_the_options(records: list[dict[str, Any]]) -> None:
    for record in records[:300]:
        for question, answer in read_report(record["sentences"]).answers.items():
            assert set(answer.split("; ")) <= set(OPTIONS[question])


@pytest.mark.parametrize("text", ["", "suggesssuitaryuitarygions diseasgions and� and�", "lesion lesion lesion", "x" * 5000, "2 2 2 cm cm", "left right left right", "\n\n .. .", "The the the in in in of of of."])
def test_garbage_says_nothing(text: str) -> None:
    read = read_report(text)
    assert read.answers == NORMAL
    assert not read.calls_normal
    assert bool(read.unknown) == bool(text.strip(". \n"))


def test_the_papers_rewritten_report_is_read() -> None:
    # Figure 15, shortened; its structured answers are beside it in the paper.
    read = read_report(
        "The peripherally enhancing centrally cystic/necrotic metastasis is located within the inferior right frontal lobe, bulging into the frontal horn of the right lateral ventricle. "
        "Mass effect results in right-to-left midline shift. The Ommaya catheter is in place with its tip within the necrotic core of the right inferior frontal lobe mass. "
        "There is nodular dural based enhancing tumor along the anteroinferior margin of the right frontal burr hole, measuring 1.8 x 1.3 cm on the axial images. "
        "A small enhancing lesion is adjacent to the right frontal Ommaya catheter, measuring 4 to 5 mm. Background white matter changes are present."
    )
    assert {question: read.answers[question] for question in ("surgery", "enhancing", "side", "shift", "hydrocephalus", "whiteMatter", "pituitaryNormal")} == {
        "surgery": "Yes", "enhancing": "Yes", "side": "Right", "shift": "Yes", "hydrocephalus": "No", "whiteMatter": "Yes", "pituitaryNormal": "Yes",
    }  # fmt: skip
    assert "Right frontal lobe" in read.answers["locations"]
    assert read.answers["size"] == "1 to 2cm"


def test_a_side_holds_for_all_places_named_after_it() -> None:
    assert [place.location for place in places("the left frontal and parietal lobes, the right thalamus and the brainstem")] == ["Left frontal lobe", "Left parietal lobe", "Right thalamus or basal ganglia", "brainstem"]
    assert [place.location for place in places("both frontal lobes")] == ["Left frontal lobe", "Right frontal lobe"]
    assert places("a frontal lesion")[0].location is None


@pytest.mark.parametrize(
    "text",
    [
        "Again seen is the ring enhancing lesion.",
        "The mass has increased in size.",
        "Compared to December 21, 2011, the lesion is stable.",
        "No new enhancing lesion.",
        "Unchanged postoperative cavity.",
        "The lesion, previously 1.1 x 0.8 cm, measures 1.8 x 1.3 cm.",
        "Interval resection of the mass.",
        "No significant change from prior study.",
        "Follow-up in three months.",
        "Examination of 03/14/2019.",
        "MRI dated 2014-05-01.",
        "The edema has mildly improved.",
        "It now measures 7.5 x 4.8 cm.",
        "Since the last examination there is progression.",
        "Seen 3 months ago.",
    ],
)
def test_words_of_another_time_are_found(text: str) -> None:
    assert prior_mentions(text)


@pytest.mark.parametrize(
    "text",
    [
        "The lesions are more numerous on the left side.",
        "Consistent with chronic small vessel ischemic disease.",
        "There is a 1.9 cm enhancing lesion in the left frontal lobe.",
        "No acute intracranial hemorrhage or extra-axial collection is seen.",
        "Postsurgical changes of a left frontal craniotomy are noted.",
        "May represent a meningioma, 12 mm.",
        "",
    ],
)
def test_words_about_one_study_are_no_mention_of_priors(text: str) -> None:
    assert prior_mentions(text) == []


def test_no_phantom_report_mentions_priors(records: list[dict[str, Any]]) -> None:
    assert [found for record in records if (found := prior_mentions(" ".join(record["sentences"])))] == []
