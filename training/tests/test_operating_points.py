"""Thresholds of heads: against every cut there is, and what becomes of a manifest."""

from __future__ import annotations

import numpy as np
import pytest

from brat_train.export.operating_points import LEAST, operating_point, operating_points, set_operating_points


def test_no_other_cut_does_better() -> None:
    rng = np.random.default_rng(3)
    true = rng.random(200) < 0.3
    scores = np.clip(rng.normal(0.35 + 0.25 * true, 0.2), 0.001, 0.999)
    point = operating_point(scores, true)
    assert point is not None
    assert point.sensitivity == pytest.approx(np.mean(scores[true] >= point.threshold))
    assert point.specificity == pytest.approx(np.mean(scores[~true] < point.threshold))
    for cut in np.linspace(0, 1, 1001):
        assert np.mean(scores[true] >= cut) + np.mean(scores[~true] < cut) <= point.sensitivity + point.specificity + 1e-12


def test_too_few_cases_of_a_kind_give_none() -> None:
    scores = np.linspace(0.1, 0.9, 30)
    assert operating_point(scores, np.arange(30) >= 30 - (LEAST - 1)) is None
    assert operating_point(scores, np.arange(30) >= 30 - LEAST) is not None


def test_answers_are_told_apart_and_old_points_go() -> None:
    answers = [{"shift": "Yes" if k % 2 else "No", "locations": "Cerebellum; brainstem" if k % 3 == 0 else "NA"} for k in range(40)]
    outputs = [("shift", "Yes"), ("locations", "brainstem"), ("sella", "Yes")]
    probability = np.array([[0.8 if k % 2 else 0.1, 0.3 if k % 3 == 0 else 0.2, 0.5] for k in range(40)])
    points = operating_points(answers, outputs, probability)
    manifest = {"findings": {"outputs": [{"question": question, "answer": answer} for question, answer in outputs]}}
    manifest["findings"]["outputs"][2]["operatingPoint"] = {"threshold": 0.9}
    set_operating_points(manifest, points, "40 cases")
    shift, brainstem, sella = manifest["findings"]["outputs"]
    assert shift["operatingPoint"] == {"threshold": 0.45, "sensitivity": 1.0, "specificity": 1.0}
    assert brainstem["operatingPoint"]["threshold"] == 0.25
    assert "operatingPoint" not in sella
    assert manifest["findings"]["measuredOn"] == "40 cases"
