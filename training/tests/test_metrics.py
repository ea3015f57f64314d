"""Figures are what their definitions say: each held to a slow version, another library or a case worked out by hand."""

from __future__ import annotations

import math
import shutil

import numpy as np
import pytest
import torch
from monai.metrics import compute_dice
from sklearn.metrics import roc_auc_score

from brat_train.metrics.bootstrap import bootstrap, bootstrap_mean
from brat_train.metrics.retrieval import POSITIVE_FINDINGS, finding_labels, precision_by_findings, ranks, recall_by_findings, retrieval_figures, retrieval_intervals
from brat_train.metrics.segmentation import GLIOMA, METASTASES, dice, lesion_wise_dice
from brat_train.metrics.text import text_figures, words
from brat_train.train.evaluate import auroc

# ---- words ---------------------------------------------------------------------------------------------------------


def test_words_are_split_without_losing_measurements() -> None:
    assert words("A 1.5 x 2 cm ring-enhancing lesion; no mid-line shift (T1).") == "a 1.5 x 2 cm ring-enhancing lesion no mid-line shift t1"


def test_bleu_is_the_geometric_mean_of_clipped_precisions_with_the_brevity_penalty() -> None:
    figures = text_figures(["no lesion lesion lesion"], ["no lesion in the brain"], with_meteor=False)
    # Words: "no" and one of three "lesion" count, 2 of 4. Pairs: "no lesion", 1 of 3. Four words against five.
    short = math.exp(1 - 5 / 4)
    assert figures.bleu1 == pytest.approx(2 / 4 * short, abs=1e-6)
    assert figures.bleu2 == pytest.approx(math.sqrt(2 / 4 * 1 / 3) * short, abs=1e-6)
    assert figures.bleu3 == pytest.approx(0, abs=1e-3)


def test_rouge_l_is_the_f_measure_of_the_longest_common_subsequence() -> None:
    figures = text_figures(["the lesion is left"], ["a lesion lies left of it"], with_meteor=False)
    precision, recall, beta = 2 / 4, 2 / 6, 1.2
    assert figures.rouge_l == pytest.approx((1 + beta**2) * precision * recall / (recall + beta**2 * precision), abs=1e-9)


def _cider(drafts: list[str], reports: list[str]) -> float:
    """CIDEr-D of one reference each, as its paper defines it (Vedantam et al. 2015, section 4), said plainly."""

    def grams(text: str, n: int) -> dict[tuple[str, ...], int]:
        tokens = text.split()
        found: dict[tuple[str, ...], int] = {}
        for at in range(len(tokens) - n + 1):
            gram = tuple(tokens[at : at + n])
            found[gram] = found.get(gram, 0) + 1
        return found

    total = 0.0
    for draft, report in zip(drafts, reports, strict=True):
        for n in range(1, 5):
            holding = [grams(other, n) for other in reports]

            def weighed(counts: dict[tuple[str, ...], int], holding: list[dict[tuple[str, ...], int]] = holding) -> dict[tuple[str, ...], float]:
                return {gram: count * (math.log(len(reports)) - math.log(max(1, sum(gram in other for other in holding)))) for gram, count in counts.items()}

            mine, true = weighed(grams(draft, n)), weighed(grams(report, n))
            length = math.sqrt(sum(v * v for v in mine.values())) * math.sqrt(sum(v * v for v in true.values()))
            shared = sum(min(value, true[gram]) * true[gram] for gram, value in mine.items() if gram in true)
            # The package counts pairs of words for the length of a text.
            apart = (len(draft.split()) - 1) - (len(report.split()) - 1)
            total += (shared / length if length else shared) * math.exp(-(apart**2) / (2 * 6**2)) / 4
    return 10 * total / len(drafts)


def test_cider_agrees_with_its_definition() -> None:
    reports = ["a ring enhancing lesion in the left frontal lobe", "no midline shift and no hydrocephalus is seen", "status post right parietal craniotomy with a cavity", "no enhancing lesion is seen in the brain"]
    drafts = ["a solid enhancing lesion in the left temporal lobe", "no midline shift", "status post right frontal craniotomy with a cavity", "no enhancing lesion is seen"]
    assert text_figures(drafts, reports, with_meteor=False).cider == pytest.approx(_cider(drafts, reports), rel=1e-6)


def test_a_draft_that_says_nothing_counts_as_one() -> None:
    both = text_figures(["no midline shift", ""], ["no midline shift", "a lesion"], with_meteor=False)
    assert both.rouge_l == pytest.approx(0.5)
    assert both.left_out == ("METEOR: not asked for",)


def test_lists_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(ValueError, match="1 drafts cannot be compared with 2 reports"):
        text_figures(["a"], ["a", "b"])
    with pytest.raises(ValueError, match=r"reports \[1\] have no word"):
        text_figures(["a", "b"], ["a", "..."])


@pytest.mark.skipif(shutil.which("java") is None, reason="METEOR runs in Java, which is not here")
def test_meteor_is_its_formula_for_the_same_words_in_another_order() -> None:
    figures = text_figures(["There is no lesion in the brain."], ["In the brain, there is no lesion."])
    # METEOR 1.5 (Denkowski and Lavie, 2014): all 7 words match in 2 chunks, gamma 0.6, beta 0.2.
    assert figures.meteor == pytest.approx(1 - 0.6 * (2 / 7) ** 0.2)


def test_without_java_meteor_is_left_out_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    figures = text_figures(["a lesion"], ["a lesion"])
    assert figures.meteor is None
    assert "there is no Java" in figures.left_out[0]


# ---- retrieval -----------------------------------------------------------------------------------------------------


def _slowly(score: np.ndarray, label: np.ndarray) -> dict[str, float]:
    """Table 2's figures by sorting and counting, query by query."""
    rank, precision, recall = [], [], []
    for query in range(len(score)):
        order = sorted(range(len(score)), key=lambda candidate: -score[query, candidate])
        rank.append(order.index(query) + 1)
        positive = {f for f in range(label.shape[1]) if label[query, f]}
        firsts = [{f for f in range(label.shape[1]) if label[candidate, f]} for candidate in order[:5]]
        precision.append(sum(bool(first & positive) for first in firsts) / 5)
        recall.append(any(first == positive for first in firsts))
    of = {f"r{k}": sum(r <= k for r in rank) / len(rank) for k in (1, 5, 10)}
    return {**of, "medianRank": float(np.median(rank)), "meanRank": sum(rank) / len(rank), "p5f": sum(precision) / len(rank), "r5f": sum(recall) / len(rank)}


@pytest.mark.parametrize("seed", range(3))
def test_retrieval_figures_agree_with_counting_query_by_query(seed: int) -> None:
    rng = np.random.default_rng(seed)
    score = rng.normal(size=(40, 40)) + 1.5 * np.eye(40)
    label = rng.random((40, 4)) < 0.4
    assert retrieval_figures(score, label) == pytest.approx(_slowly(score, label))
    both = retrieval_intervals(score, label, resamples=200)
    assert {name: each.value for name, each in both.text_to_image.items()} == pytest.approx(_slowly(score.T, label))
    assert all(each.low <= each.value <= each.high for each in both.image_to_text.values())


def test_equal_scores_count_against_the_right_candidate() -> None:
    score = np.zeros((12, 12))
    assert ranks(score).tolist() == [12] * 12
    label = np.eye(12, dtype=bool)
    assert recall_by_findings(score, label).sum() == 0
    assert precision_by_findings(score, label).sum() == 0


def test_a_case_without_a_positive_finding_shares_none_but_can_be_matched_exactly() -> None:
    label = np.array([[False, False], [False, False], [True, False]])
    score = np.eye(3)
    assert precision_by_findings(score, label, 2).tolist()[:2] == [0, 0]
    assert recall_by_findings(score, label, 1).tolist() == [1, 1, 1]


def test_scores_that_are_not_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="1 scores are not numbers"):
        ranks(np.array([[1.0, np.nan], [0.0, 1.0]]))


def test_findings_come_from_the_answers_to_the_yes_or_no_questions() -> None:
    label = finding_labels([{"surgery": "Yes", "pituitaryNormal": "No"}, {"enhancing": "No", "pituitaryNormal": "Yes"}, {}])
    named = [{question for (question, _), positive in zip(POSITIVE_FINDINGS, row, strict=True) if positive} for row in label]
    assert named == [{"surgery", "pituitaryNormal"}, set(), set()]


# ---- intervals -----------------------------------------------------------------------------------------------------


def test_the_interval_of_a_mean_is_as_wide_as_its_standard_error_says() -> None:
    values = np.random.default_rng(0).normal(5, 2, 400)
    found = bootstrap_mean(values, resamples=2000)
    half = 1.96 * values.std() / math.sqrt(400)
    assert found.value == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - half, abs=0.03)
    assert found.high == pytest.approx(values.mean() + half, abs=0.03)


def test_resamples_that_do_not_define_a_figure_are_left_out() -> None:
    truth, score = np.array([1, 0, 0, 0]), np.array([0.9, 0.1, 0.2, 0.95])
    found = bootstrap(lambda index: auroc(score[index][truth[index] == 1], score[index][truth[index] == 0]), 4, 200)
    assert found.value == pytest.approx(roc_auc_score(truth, score))
    assert math.isfinite(found.low)
    with pytest.raises(ValueError, match="no case"):
        bootstrap_mean(np.array([]))


# ---- masks ---------------------------------------------------------------------------------------------------------


def _block(shape: tuple[int, int, int], *corners: tuple[slice, slice, slice]) -> np.ndarray:
    mask = np.zeros(shape, bool)
    for corner in corners:
        mask[corner] = True
    return mask


def test_dice_agrees_with_monai() -> None:
    rng = np.random.default_rng(1)
    one, two = rng.random((2, 6, 7, 8)) < 0.3
    expected = compute_dice(torch.from_numpy(one)[None, None].float(), torch.from_numpy(two)[None, None].float())
    assert dice(one, two) == pytest.approx(float(expected))
    assert dice(np.zeros_like(one), np.zeros_like(one)) == 1
    with pytest.raises(ValueError, match="shapes"):
        dice(one, two[1:])


def test_a_missed_lesion_and_a_made_up_one_count_0() -> None:
    shape = (20, 20, 20)
    here, missed, false = (slice(1, 5), slice(1, 5), slice(1, 5)), (slice(12, 15), slice(12, 15), slice(1, 4)), (slice(12, 15), slice(1, 4), slice(12, 15))
    shifted = (slice(2, 6), slice(1, 5), slice(1, 5))
    found = lesion_wise_dice(_block(shape, shifted, false), _block(shape, here, missed), METASTASES)
    assert (found.found, found.missed, found.false) == (1, 1, 1)
    assert found.dice == pytest.approx((2 * 48 / 128 + 0 + 0) / 3)


def test_true_lesions_that_dilation_joins_are_one() -> None:
    shape = (20, 20, 20)
    near, beside = (slice(2, 6), slice(2, 6), slice(2, 6)), (slice(2, 6), slice(2, 6), slice(8, 12))
    true = _block(shape, near, beside)
    assert lesion_wise_dice(_block(shape, near), true, METASTASES).missed == 0
    assert lesion_wise_dice(_block(shape, near), true, METASTASES).dice == pytest.approx(2 * 64 / (64 + 128))
    apart = _block(shape, near, (slice(2, 6), slice(2, 6), slice(10, 14)))
    assert lesion_wise_dice(_block(shape, near), apart, METASTASES).missed == 1
    assert lesion_wise_dice(_block(shape, near), apart, GLIOMA).missed == 0


def test_a_component_that_touches_two_lesions_counts_whole_against_each() -> None:
    shape = (8, 8, 40)
    one, two = (slice(2, 6), slice(2, 6), slice(2, 8)), (slice(2, 6), slice(2, 6), slice(20, 26))
    bridge = _block(shape, (slice(2, 6), slice(2, 6), slice(2, 26)))
    found = lesion_wise_dice(bridge, _block(shape, one, two), METASTASES)
    assert (found.found, found.false) == (2, 0)
    assert found.dice == pytest.approx(2 * 96 / (384 + 96))


def test_lesions_too_small_to_count_are_left_out_and_hitting_them_is_no_fault() -> None:
    shape = (12, 12, 12)
    speck = (slice(5, 6), slice(5, 6), slice(5, 7))
    assert lesion_wise_dice(_block(shape, speck), _block(shape, speck), METASTASES).dice == 1
    assert lesion_wise_dice(np.zeros(shape, bool), _block(shape, speck), METASTASES).dice == 1
    assert lesion_wise_dice(np.zeros(shape, bool), _block(shape, speck), METASTASES, voxel_mm3=2.0).dice == 0
    assert lesion_wise_dice(_block(shape, speck), np.zeros(shape, bool), METASTASES).dice == 0
