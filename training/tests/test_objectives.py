"""Fast losses equal the plain ones in value and gradient."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from brat_train.objectives import plain
from brat_train.objectives.alignment import clip, colbert, pairwise_view_alignment, qformer
from brat_train.objectives.contrastive import against_false_sentences, contrastive_both_ways
from brat_train.objectives.diversity import dpp_loss, pairwise_repulsion
from brat_train.objectives.generation import next_token_loss


def batch(images: int, views: int, slots: int, width: int = 8, seed: int = 0):
    torch.manual_seed(seed)
    view = torch.randn(images, views, width, dtype=torch.float64, requires_grad=True)
    sentence = torch.randn(images, slots, width, dtype=torch.float64, requires_grad=True)
    count = torch.randint(1, slots + 1, (images,))
    count[0] = slots
    return view, sentence, torch.arange(slots) < count[:, None]


@pytest.mark.parametrize(("images", "views", "slots"), [(1, 1, 1), (3, 32, 20), (5, 4, 9), (2, 7, 7), (4, 32, 1)])
def test_batched_alignment_equals_algorithm_1_pair_by_pair(images: int, views: int, slots: int) -> None:
    view, sentence, real = batch(images, views, slots)
    weight = torch.randn(images, images, dtype=torch.float64)
    fast = pairwise_view_alignment(F.normalize(view, dim=-1), F.normalize(sentence, dim=-1), real)
    (fast * weight).sum().backward()
    fast_gradient = view.grad.clone(), sentence.grad.clone()
    view.grad = sentence.grad = None
    unit_view, unit_sentence = F.normalize(view, dim=-1), F.normalize(sentence, dim=-1)
    slow = torch.stack([torch.stack([plain.pairwise_view_alignment(unit_view[i], unit_sentence[r], real[r]) for r in range(images)]) for i in range(images)])
    (slow * weight).sum().backward()
    torch.testing.assert_close(fast, slow)
    torch.testing.assert_close(fast_gradient[0], view.grad)
    torch.testing.assert_close(fast_gradient[1], sentence.grad)


@pytest.mark.parametrize("score", [pairwise_view_alignment, colbert, qformer, clip])
def test_what_stands_in_a_padded_slot_changes_nothing(score) -> None:
    view, sentence, real = batch(4, 6, 5, seed=3)
    # All cosines negative, so that a padding of zero would win.
    unit_view = F.normalize(view.detach().abs(), dim=-1)
    unit_sentence = F.normalize(-sentence.detach().abs(), dim=-1)
    filled = torch.where(real[:, :, None], unit_sentence, F.normalize(torch.ones_like(unit_sentence), dim=-1))
    expected = score(unit_view, unit_sentence.masked_fill(~real[:, :, None], 0), real)
    torch.testing.assert_close(score(unit_view, filled, real), expected)


def test_a_report_without_a_sentence_is_refused() -> None:
    view, sentence, real = batch(2, 3, 4)
    real[1] = False
    with pytest.raises(ValueError, match=r"\[1\]"):
        pairwise_view_alignment(view, sentence, real)


def test_alignment_needs_distinct_views_where_colbert_does_not() -> None:
    same = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    sentences = torch.tensor([[[1.0, 0.0], [1.0, 0.0]]])
    real = torch.ones(1, 2, dtype=torch.bool)
    assert float(pairwise_view_alignment(same, sentences, real)) == pytest.approx(0.5)
    assert float(colbert(same, sentences, real)) == pytest.approx(1.0)


def test_contrastive_loss_equals_equations_7_and_8() -> None:
    torch.manual_seed(1)
    similarity = torch.rand(6, 6) * 2 - 1
    assert float(contrastive_both_ways(similarity, torch.tensor(0.07))) == pytest.approx(plain.contrastive(similarity, 0.07), rel=1e-4)


@pytest.mark.parametrize(("views", "positions"), [(1, 5), (4, 3), (32, 2048)])
def test_dpp_loss_equals_the_eigenvalues_of_the_kernel(views: int, positions: int) -> None:
    torch.manual_seed(2)
    attention = (torch.randn(2, views, positions, dtype=torch.float64) * 2).softmax(-1)
    expected = sum(plain.dpp(one, 1e-4) for one in attention) / 2
    assert float(dpp_loss(attention, 1e-4)) == pytest.approx(expected, rel=1e-6)
    assert float(dpp_loss(attention.float(), 1e-4)) == pytest.approx(expected, rel=2e-3)


def test_dpp_loss_falls_when_maps_differ_and_when_they_spread() -> None:
    rows = torch.eye(4)[None].repeat_interleave(8, dim=2) / 8
    same = rows[:, :1].expand(-1, 4, -1)
    points = torch.eye(4, 32)[None]
    assert float(dpp_loss(rows)) < float(dpp_loss(same))
    assert float(dpp_loss(rows)) < float(dpp_loss(points))


def test_dpp_loss_stays_finite_for_collapsed_maps_and_so_does_its_gradient() -> None:
    attention = torch.zeros(1, 32, 2048)
    attention[:, :, 7] = 1
    attention.requires_grad_()
    loss = dpp_loss(attention)
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(attention.grad).all()


def test_pairwise_repulsion_is_the_mean_cosine_off_the_diagonal() -> None:
    views = F.normalize(torch.randn(2, 5, 6), dim=-1)
    expected = sum(float(views[b, i] @ views[b, j]) for b in range(2) for i in range(5) for j in range(5) if i != j) / 40
    assert float(pairwise_repulsion(views)) == pytest.approx(expected, abs=1e-6)


def test_a_false_sentence_costs_more_the_more_it_resembles_a_view() -> None:
    views = torch.eye(3)[None]
    true, owner, heat = torch.eye(3)[:1], torch.tensor([0]), torch.tensor(0.1)
    near = against_false_sentences(views, true, F.normalize(torch.tensor([[0.0, 1.0, 0.1]]), dim=-1), owner, heat)
    far = against_false_sentences(views, true, F.normalize(torch.tensor([[-1.0, -1.0, -1.0]]), dim=-1), owner, heat)
    assert float(near) > float(far)


def test_next_token_loss_counts_marked_tokens_only() -> None:
    torch.manual_seed(4)
    logit, token = torch.randn(2, 5, 7), torch.randint(0, 7, (2, 5))
    counted = torch.tensor([[True, True, False, True, False], [True, False, False, False, True]])
    logp = logit.log_softmax(-1)
    expected = -(logp[0, 0, token[0, 1]] + logp[0, 2, token[0, 3]] + logp[1, 3, token[1, 4]]) / 3
    assert float(next_token_loss(logit, token, counted)) == pytest.approx(float(expected), rel=1e-5)
