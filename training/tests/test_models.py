"""Names and shapes of the published checkpoints, masks that hold, and maps that are maps."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
import torch

from brat_train.models.brat import Brat, load_official
from brat_train.models.config import BratConfig, QFormerConfig, VisionConfig, WriterConfig, tiny
from brat_train.models.heads import FINDINGS, FindingHeads
from brat_train.models.lesion import LesionDecoder, lesion_loss
from brat_train.models.llama import Writer
from brat_train.train.pretrain import encode_by_length


@pytest.fixture(scope="module")
def model() -> Brat:
    torch.manual_seed(0)
    return Brat(tiny()).eval()


def official(layers: int = 3) -> BratConfig:
    """The published sizes with fewer layers, which are all alike."""
    return BratConfig(vision=VisionConfig(backbone="densenet121"), qformer=QFormerConfig(layers=layers))


def test_parameters_have_the_names_and_shapes_of_the_published_checkpoints() -> None:
    shape = {name: tuple(value.shape) for name, value in Brat(official()).state_dict().items()}
    expected = {
        "query_tokens": (1, 32, 768),
        "temp": (),
        "ln_vision.weight": (1024,),
        "vision_proj.weight": (256, 768),
        "text_proj.bias": (256,),
        "itm_head.weight": (2, 768),
        "visual_encoder.features.conv0.weight": (64, 1, 7, 7, 7),
        "visual_encoder.features.denseblock1.denselayer1.layers.conv1.weight": (128, 64, 1, 1, 1),
        "visual_encoder.features.norm5.running_mean": (1024,),
        "Qformer.bert.embeddings.word_embeddings.weight": (30522, 768),
        "Qformer.bert.embeddings.position_embeddings.weight": (512, 768),
        "Qformer.bert.embeddings.LayerNorm.weight": (768,),
        "Qformer.bert.encoder.layer.1.attention.self.query.weight": (768, 768),
        "Qformer.bert.encoder.layer.1.attention.output.LayerNorm.bias": (768,),
        "Qformer.bert.encoder.layer.2.crossattention.self.key.weight": (768, 1024),
        "Qformer.bert.encoder.layer.2.crossattention.output.dense.weight": (768, 768),
        "Qformer.bert.encoder.layer.0.intermediate.dense.weight": (3072, 768),
        "Qformer.bert.encoder.layer.0.output_query.dense.weight": (768, 3072),
        "Qformer.bert.encoder.layer.0.intermediate_query.dense.bias": (3072,),
        "Qformer.cls.predictions.bias": (30522,),
        "Qformer.cls.predictions.transform.LayerNorm.weight": (768,),
        "Qformer.cls.predictions.decoder.weight": (30522, 768),
    }
    assert {name: shape.get(name) for name in expected} == expected
    assert not any(name.startswith("Qformer.bert.encoder.layer.1.crossattention") for name in shape)


def test_a_published_checkpoint_loads_though_it_carries_a_classifier(model: Brat) -> None:
    state = {f"module.{name}": value for name, value in model.state_dict().items() if not name.endswith("position_ids")}
    state["module.visual_encoder.class_layers.out.weight"] = torch.zeros(2, 4)
    fresh = Brat(tiny())
    load_official(fresh, state)
    for name, value in model.state_dict().items():
        assert torch.equal(fresh.state_dict()[name], value), name


@pytest.mark.parametrize(("change", "says"), [("drop", "1 missing.*query_tokens"), ("add", "1 unknown.*strange"), ("shape", "temp has shape")])
def test_a_checkpoint_that_does_not_fit_is_refused_by_name(model: Brat, change: str, says: str) -> None:
    state = dict(model.state_dict())
    if change == "drop":
        del state["query_tokens"]
    elif change == "add":
        state["strange"] = torch.zeros(1)
    else:
        state["temp"] = torch.zeros(2)
    with pytest.raises(ValueError, match=says):
        load_official(Brat(tiny()), state)


def test_attention_is_a_distribution_over_the_grid_and_projections_are_unit(model: Brat) -> None:
    with torch.no_grad():
        out = model.encode_volume(torch.rand(2, 1, 32, 64, 64))
    assert model.grid == (8, 4, 4)
    assert out.attention.shape == (2, 8, 128)
    torch.testing.assert_close(out.attention.sum(-1), torch.ones(2, 8))
    torch.testing.assert_close(out.projected.norm(dim=-1), torch.ones(2, 8))


def test_grid_cells_follow_the_axes_of_the_volume(model: Brat) -> None:
    """What is changed at one end of an axis changes the features of cells at that end, right fastest."""
    net = model.visual_encoder
    base = torch.full((1, 1, 32, 64, 64), 0.3)
    for axis in range(3):
        for end in (0, 1):
            span = [slice(None)] * 3
            size = (32, 64, 64)[axis] // 4
            span[axis] = slice(0, size) if end == 0 else slice(-size, None)
            volume = base.clone()
            volume[(0, 0, *span)] = 1
            with torch.no_grad():
                change = (net(volume) - net(base)).norm(dim=-1)[0].reshape(net.grid)
            halves = [half.sum() for half in change.chunk(2, dim=axis)]
            assert float(halves[end]) > 1.5 * float(halves[1 - end])


def test_sentences_read_by_length_are_those_read_together(model: Brat) -> None:
    token_ST = torch.randint(4, 300, (9, 12))
    length_S = torch.tensor([12, 3, 7, 3, 1, 12, 5, 4, 9])
    real_ST = torch.arange(12) < length_S[:, None]
    together = model.encode_sentences(token_ST, real_ST)
    torch.testing.assert_close(encode_by_length(model, token_ST, real_ST, groups=4), together, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(encode_by_length(model, token_ST[:2], real_ST[:2], groups=4), together[:2], rtol=1e-4, atol=1e-5)


def test_a_word_of_a_caption_is_not_seen_before_its_turn(model: Brat) -> None:
    with torch.no_grad():
        feature = model.image_features(torch.rand(1, 1, 32, 64, 64))
        token = torch.randint(5, 100, (1, 9))
        other = token.clone()
        other[0, 6:] = 7
        real = torch.ones(1, 9, dtype=torch.bool)
        first, second = model.caption(feature, token, real), model.caption(feature, other, real)
    torch.testing.assert_close(first[:, :6], second[:, :6])
    assert not torch.allclose(first[:, 6:], second[:, 6:])


def test_a_caption_depends_on_the_image(model: Brat) -> None:
    token, real = torch.randint(5, 100, (1, 4)), torch.ones(1, 4, dtype=torch.bool)
    with torch.no_grad():
        scores = [model.caption(model.image_features(torch.rand(1, 1, 32, 64, 64)), token, real) for _ in range(2)]
    assert not torch.allclose(scores[0], scores[1])


def test_queries_do_not_see_the_words_of_a_caption(model: Brat) -> None:
    with torch.no_grad():
        feature = model.image_features(torch.rand(1, 1, 32, 64, 64))
        query = model.query_tokens
        alone = model.Qformer.look(query, feature).hidden
        words = 3
        allowed = torch.zeros(1, 1, 8 + words, 8 + words).index_fill(3, torch.arange(8, 8 + words), torch.finfo(torch.float32).min / 2)
        together = model.Qformer.bert(torch.randint(5, 100, (1, words)), query, allowed, feature).hidden[:, :8]
    torch.testing.assert_close(alone, together, atol=1e-5, rtol=1e-4)


def test_reduced_volumes_give_the_views_of_whole_ones() -> None:
    config = tiny()
    net = Brat(replace(config, vision=replace(config.vision, in_plane_reduction=2, strides=((2, 4, 4), (1, 1, 1), (2, 2, 2))))).eval()
    volume = torch.rand(1, 1, 32, 64, 64)
    with torch.no_grad():
        whole, reduced = net.encode_volume(volume), net.encode_volume(torch.nn.functional.avg_pool3d(volume, (1, 2, 2)))
    assert net.grid == (8, 4, 4)
    torch.testing.assert_close(whole.projected, reduced.projected)


def test_lesion_scores_fill_their_grid_and_the_loss_falls_when_they_are_right(model: Brat) -> None:
    decoder = LesionDecoder(model.visual_encoder.pyramid_widths, model.visual_encoder.pyramid_grids[0])
    score = decoder(model.visual_encoder.pyramid(torch.rand(2, 1, 32, 64, 64)))
    assert score.shape == (2, 1, 32, 64, 64)
    mask = torch.zeros_like(score)
    mask[:, :, 10:14, 20:30, 20:30] = 1
    assert float(lesion_loss((mask * 2 - 1) * 8, mask)) < 0.1
    assert float(lesion_loss(score.detach(), mask)) > 0.9


def test_each_score_of_a_cell_lands_on_its_own_part_of_it() -> None:
    decoder = LesionDecoder((4,), (2, 3, 3), grid=(4, 12, 6))
    fine = torch.rand(2, 1, 4, 12, 6)
    # The reference: parts of a cell gathered one by one.
    coarse = torch.zeros(2, 2 * 4 * 2, 2, 3, 3)
    for s, a, r in itertools.product(range(2), range(4), range(2)):
        coarse[:, (s * 4 + a) * 2 + r] = fine[:, 0, s::2, a::4, r::2]
    torch.testing.assert_close(decoder._spread(coarse), fine)
    with pytest.raises(ValueError, match="no multiple"):
        LesionDecoder((4,), (3, 3, 3), grid=(4, 12, 6))


def test_the_writer_gives_a_reserved_token_the_views_embedding() -> None:
    writer = Writer(WriterConfig(vocabulary=20, width=8, layers=1, heads=2, intermediate=12))
    bridged = torch.randn(1, 2, 8)
    embedded = writer.embed(torch.tensor([[5, 3, 4, 6]]), torch.tensor([3, 4]), bridged)
    torch.testing.assert_close(embedded[:, 1:3], bridged)
    torch.testing.assert_close(embedded[:, 0], writer.token_embd.weight[5][None])


def test_heads_have_a_score_for_every_finding() -> None:
    assert FindingHeads(32)(torch.randn(3, 8, 32)).shape == (3, len(FINDINGS))
