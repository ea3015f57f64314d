"""What is said of a phantom is true of its picture: determinism, sides, answers, reports."""

import re

import numpy as np
import pytest

from brat_train.phantom.contrast import paint_patient
from brat_train.phantom.head import LOBES, ORIGIN_MM, load_head
from brat_train.phantom.phantom import acquisition_of, centres_lps, post_contrast, training_phantom
from brat_train.phantom.report import write_report
from brat_train.phantom.scene import draw_scene, stream
from brat_train.phantom.shards import scene_record, write_shards
from brat_train.phantom.truth import MULTIPLE, OPTIONS, answers, count_class, size_class

SEEDS = range(400)
SCENES = [draw_scene(seed) for seed in SEEDS]
REPORTS = [write_report(scene, stream(scene.seed, "report")) for scene in SCENES]


def test_the_same_seed_gives_the_same_phantom_and_another_seed_another():
    first, again, other = training_phantom(11), training_phantom(11), training_phantom(12)
    assert np.array_equal(first.volume, again.volume) and np.array_equal(first.mask, again.mask)
    assert scene_record(first.scene) == scene_record(again.scene)
    assert not np.array_equal(first.volume, other.volume)


def test_a_left_lesion_lies_on_the_patients_left():
    """Left is +x in LPS; measured from the head's own midline, which a turned or moved head carries along."""
    checked = 0
    for scene in SCENES:
        lateral = [(lesion, at) for lesion, at in zip(scene.findings.lesions, centres_lps(scene)) if lesion.side != "midline"]
        for lesion, at in lateral:
            mirrored_mni = np.array(lesion.centre_mni) * (-1, 1, 1)
            across = at - scene.pose.to_patient(mirrored_mni[None])[0]
            assert (across[0] > 0) == (lesion.side == "left"), (scene.seed, lesion)
            checked += 1
    assert checked > 300


@pytest.mark.parametrize("seed", [scene.seed for scene in SCENES if len(scene.findings.lesions) == 1 and scene.findings.lesions[0].side != "midline" and scene.findings.lesions[0].size_mm > 15][:6])
def test_the_drawn_mask_lies_where_the_truth_says(seed):
    scene = draw_scene(seed)
    grid = acquisition_of(scene).coarsened()
    lesion = scene.findings.lesions[0]
    values, coverage = post_contrast(scene, grid)
    voxels = np.argwhere(coverage > 0.5)
    middle_lps = grid.lps(voxels.astype(float)).mean(0)
    assert np.linalg.norm(middle_lps - centres_lps(scene)[0]) < 0.3 * lesion.size_mm + 3
    head_mm = scene.pose.to_head(grid.lps(voxels.astype(float)))
    if lesion.place in LOBES:
        at = np.clip(np.round(head_mm - ORIGIN_MM).astype(int), 0, np.array(load_head().lobe.shape) - 1)
        share = (load_head().lobe[tuple(at.T)] == LOBES.index(lesion.place) + 1).mean()
        assert share > 0.5
    # the SAR mask: patient right is at high index of the last axis
    phantom = training_phantom(seed)
    right_index = np.argwhere(phantom.mask)[:, 2].mean() * 4 + 1.5
    assert abs(right_index - phantom.centres_sar[0][2]) < 12


def test_every_finding_lies_inside_the_field_of_view():
    for scene in SCENES:
        grid = acquisition_of(scene)
        for lesion, voxel in zip(scene.findings.lesions, grid.voxels(centres_lps(scene))):
            margin = lesion.size_mm / 2 / np.array(grid.spacing_mm)
            assert (voxel >= margin).all() and (voxel <= np.array(grid.shape) - 1 - margin).all(), (scene.seed, lesion)


def test_heads_after_surgery_have_finite_values_and_a_dark_cavity():
    operated = [scene for scene in SCENES if scene.findings.cavity and not scene.findings.lesions][:12]
    for scene in operated:
        painted, _ = paint_patient(scene, stream(scene.seed, "contrast"))
        assert np.isfinite(painted).all(), scene.seed
        at = np.round(np.array(scene.findings.cavity.centre_mni) - ORIGIN_MM).astype(int)
        assert painted[tuple(at)] < 0.75


def test_sizes_in_the_picture_are_the_sizes_told():
    errors = []
    for scene in SCENES:
        big = [lesion for lesion in scene.findings.lesions if lesion.kind in ("solid", "ring") and lesion.size_mm > 16 and lesion.place in ("frontal", "parietal")]
        if not big or len(scene.findings.lesions) > 1 or acquisition_of(scene).spacing_mm[0] > 4:
            continue
        grid = acquisition_of(scene).coarsened()
        points = grid.lps(np.argwhere(post_contrast(scene, grid)[1] > 0.4).astype(float))
        directions = np.random.default_rng(0).normal(size=(200, 3))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        span = np.ptp(points @ directions.T, axis=0).max()
        errors.append(span / big[0].size_mm - 1)
        if len(errors) == 4:
            break
    assert np.abs(errors).max() < 0.25 and abs(np.mean(errors)) < 0.15


def test_answers_use_the_fixed_options_only():
    for scene in SCENES:
        for question, answer in answers(scene.findings).items():
            parts = answer.split("; ")
            assert all(part in OPTIONS[question] for part in parts), (question, answer)
            assert len(parts) == 1 or question in MULTIPLE


def test_answers_follow_from_the_lesions():
    for scene in SCENES:
        given, lesions = answers(scene.findings), scene.findings.lesions
        assert given["count"] == count_class(len(lesions))
        assert given["enhancing"] == ("Yes" if lesions else "No")
        assert given["size"] == (size_class(max(lesion.size_mm for lesion in lesions)) if lesions else "NA")
        assert set(given["locations"].split("; ")) == ({lesion.location for lesion in lesions} or {"NA"})
        assert (given["surgery"] == "Yes") == (given["surgeryKind"] != "NA") == (scene.findings.cavity is not None)
        assert (given["compression"] != "Nowhere") == bool(scene.findings.compression)


def test_every_sentence_states_facts_that_hold():
    for scene, report in zip(SCENES, REPORTS):
        findings = scene.findings
        told = answers(findings)
        for sentence in report:
            assert sentence.facts, sentence.text
            for fact in sentence.facts:
                kind, present = fact["finding"], fact["present"]
                if kind == "lesion" and present:
                    match = [one for one in findings.lesions if one.location == fact["location"] and one.side == fact["side"]]
                    assert match
                    assert fact["sizeMm"] is None or any(one.size_mm == fact["sizeMm"] for one in match)
                elif kind == "lesion":
                    assert told["enhancing"] == "No"
                elif kind in ("shift", "hydrocephalus", "whiteMatter", "sella", "surgery"):
                    assert (told[kind] == "Yes") == present
                elif kind == "compression":
                    assert fact["what"] in findings.compression
                elif kind == "count":
                    assert fact["count"] == sum(one.kind not in ("dural", "sellar") for one in findings.lesions)
                elif kind == "moreLesions":
                    sides = [one.side for one in findings.lesions if one.kind not in ("dural", "sellar")]
                    assert sides.count(fact["side"]) > len(sides) - sides.count("midline") - sides.count(fact["side"])


def test_words_for_sides_lobes_and_sizes_agree_with_the_facts():
    for report in REPORTS:
        for sentence in report:
            words = set(re.findall(r"[a-z]+", sentence.text.lower()))
            lesions = [fact for fact in sentence.facts if fact["finding"] == "lesion" and fact["present"]]
            if len(lesions) == 1 and len(sentence.facts) == 1 and lesions[0]["kind"]:
                side = lesions[0]["side"]
                if side in ("left", "right"):
                    assert side in words and ({"left": "right", "right": "left"}[side]) not in words, sentence.text
                for lobe in ("frontal", "parietal", "temporal", "occipital"):
                    assert (lobe in words) == (lobe in lesions[0]["location"]), sentence.text
                if found := re.search(r"(\d+(?:\.\d)?)(?: x (\d+(?:\.\d)?))? (cm|mm)", sentence.text):
                    millimetres = float(found[1]) * (10 if found[3] == "cm" else 1)
                    assert lesions[0]["sizeMm"] is None or millimetres == pytest.approx(lesions[0]["sizeMm"]), sentence.text


def test_every_abnormal_finding_is_told():
    for scene, report in zip(SCENES, REPORTS):
        facts = [fact for sentence in report for fact in sentence.facts if fact["present"]]
        names = {fact["finding"] for fact in facts}
        findings = scene.findings
        assert {one.location for one in findings.lesions} <= {fact.get("location") for fact in facts if fact["finding"] == "lesion"}
        assert ("surgery" in names) == (findings.cavity is not None)
        for name, value in (("shift", findings.shift_mm), ("hydrocephalus", findings.hydrocephalus), ("whiteMatter", findings.white_matter)):
            assert (name in names) == bool(value), (scene.seed, name)


def test_reports_have_3_to_11_sentences_and_never_speak_of_priors_or_dates():
    forbidden = re.compile(r"\b(prior|previous\w*|compar\w+|interval|stable|unchanged|new|increas\w+|decreas\w+|again|since|redemonstrat\w+|progress\w+|19\d\d|20\d\d|t2|flair|diffusion|perfusion)\b", re.I)
    for report in REPORTS:
        assert 3 <= len(report) <= 11
        text = " ".join(sentence.text for sentence in report)
        assert not forbidden.search(text), text
        assert not re.search(r"[\[\]{}|¤]|\s\s|\s[.,]|\.\.|\bnone\b", text), text
        assert not re.search(r"\b[Aa] (?:enhanc|avid|irregular|extra|8 |11 |18 )|\bno [^.]*\bis (?:seen|present)[^.]* is ", text), text


def test_wording_varies():
    sentences = {sentence.text for report in REPORTS for sentence in report}
    assert len(sentences) > 900


def test_about_one_in_five_is_normal_and_every_answer_occurs():
    normal = np.mean([scene.findings.normal for scene in SCENES])
    assert 0.12 < normal < 0.3
    seen = {question: set() for question in OPTIONS}
    for scene in SCENES:
        for question, answer in answers(scene.findings).items():
            seen[question] |= set(answer.split("; "))
    missing = {(q, o) for q in OPTIONS for o in OPTIONS[q] if o not in seen[q]}
    assert missing == {("locations", "cervical spinal cord")}  # the field of view ends above it


def test_shards_are_complete_and_test_seeds_are_refused(tmp_path):
    reports = write_shards(30, 3, tmp_path, processes=1, per_shard=2)
    lines = reports.read_text().splitlines()
    assert len(lines) == 3
    with np.load(tmp_path / "shard-0000.npz") as shard:
        assert shard["volumes"].shape == (2, 32, 256, 256) and shard["volumes"].dtype == np.uint8
        assert shard["masks"].shape == (2, 32, 64, 64)
    for seed in (5_000_000, 999_999):
        with pytest.raises(ValueError, match="training seeds"):
            write_shards(seed, 2, tmp_path / "refused", processes=1)
