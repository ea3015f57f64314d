"""ONNX graphs of a pack: encoder, text branch, bridge, heads. Float32 arithmetic, weights stored as float16.

Halving the files costs nothing in exactness: weights are rounded to float16 before anything is computed from them
(:func:`round_weights`), and onnxruntime turns them back into float32 when it loads the graph.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from brat_train.models.brat import Brat
from brat_train.models.heads import FindingHeads
from brat_train.models.lesion import LesionDecoder
from brat_train.models.llama import Bridge

OPSET = 17
#: Tensors with fewer numbers stay float32.
_SMALL = 1024


@torch.no_grad()
def round_weights(module: nn.Module) -> None:
    """Rounds the large weights of a module to what float16 can hold, in place."""
    for parameter in module.parameters():
        if parameter.numel() >= _SMALL:
            parameter.copy_(parameter.half().float())


class EncoderGraph(nn.Module):
    """Volume [1, channels, S, A, R] to views, unit projections and attention."""

    def __init__(self, model: Brat) -> None:
        super().__init__()
        self.model = model

    def forward(self, volume: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        out = self.model.encode_volume(volume)
        return out.views, out.projected, out.attention


class TextGraph(nn.Module):
    """Token ids and mask [sentences, tokens], both int64, to unit rows [sentences, width]."""

    def __init__(self, model: Brat) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return self.model.encode_sentences(input_ids, attention_mask > 0)


class FindingsGraph(nn.Module):
    """Views [1, views, hidden] to a probability per finding."""

    def __init__(self, heads: FindingHeads) -> None:
        super().__init__()
        self.heads = heads

    def forward(self, views: Tensor) -> Tensor:
        return self.heads(views).sigmoid()


class LesionGraph(nn.Module):
    """Volume [1, channels, S, A, R] to the probability of enhancing lesion per cell of a coarser grid, [1, S', A', R']."""

    def __init__(self, model: Brat, decoder: LesionDecoder) -> None:
        super().__init__()
        self.vision, self.decoder = model.visual_encoder, decoder

    def forward(self, volume: Tensor) -> Tensor:
        return self.decoder(self.vision.pyramid(volume)).sigmoid()[:, 0]


def write_encoder(model: Brat, path: Path) -> None:
    """Writes encoder.onnx: `volume` to `views`, `projected`, `attention`."""
    vision = model.config.vision
    _export(EncoderGraph(model), (torch.zeros(1, vision.channels, *vision.size),), path, ["volume"], ["views", "projected", "attention"], {})


def write_text(model: Brat, path: Path) -> None:
    """Writes text.onnx: `input_ids` and `attention_mask` to `sentence`, any number of sentences and tokens."""
    ids = torch.ones(3, 7, dtype=torch.int64)
    free = {0: "sentences", 1: "tokens"}
    _export(TextGraph(model), (ids, ids), path, ["input_ids", "attention_mask"], ["sentence"], {"input_ids": free, "attention_mask": free, "sentence": {0: "sentences"}})


def write_bridge(bridge: Bridge, views: int, hidden: int, path: Path) -> None:
    """Writes bridge.onnx: `views` [1, views, hidden] to `embeddings` [1, views, width]."""
    _export(bridge, (torch.zeros(1, views, hidden),), path, ["views"], ["embeddings"], {})


def write_findings(heads: FindingHeads, views: int, hidden: int, path: Path) -> None:
    """Writes findings.onnx: `views` [1, views, hidden] to `probability` [1, findings]."""
    _export(FindingsGraph(heads), (torch.zeros(1, views, hidden),), path, ["views"], ["probability"], {})


def write_lesion(model: Brat, decoder: LesionDecoder, path: Path) -> None:
    """Writes lesion.onnx: `volume` to `probability` [1, S', A', R']."""
    vision = model.config.vision
    _export(LesionGraph(model, decoder), (torch.zeros(1, vision.channels, *vision.size),), path, ["volume"], ["probability"], {})


def _export(module: nn.Module, example: tuple[Tensor, ...], path: Path, inputs: list[str], outputs: list[str], free: dict[str, dict[int, str]]) -> None:
    module.eval()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            example,
            str(path),
            input_names=inputs,
            output_names=outputs,
            dynamic_axes=free,
            opset_version=OPSET,
            dynamo=False,
            # Left to onnxruntime: folding norms into convolutions here would give weights that float16 cannot hold.
            training=torch.onnx.TrainingMode.PRESERVE,
        )
    halve_weights(path)


def halve_weights(path: Path) -> None:
    """Stores the large float32 weights of a graph as float16 followed by a cast."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(str(path))
    graph = model.graph
    casts = []
    for initializer in graph.initializer:
        if initializer.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(initializer)
        half = values.astype(np.float16)
        if values.size < _SMALL or not np.array_equal(half.astype(np.float32), values):
            continue
        name = initializer.name
        initializer.CopyFrom(numpy_helper.from_array(half, f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], name=f"{name}.cast", to=TensorProto.FLOAT))
    for cast in reversed(casts):
        graph.node.insert(0, cast)
    graph.doc_string = ""
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
