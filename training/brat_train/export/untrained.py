"""A pack with random weights and the interfaces of the trained one, for tests and until the trained one is there."""

from __future__ import annotations

import numpy as np
import torch

from brat_train.export.card import UNTRAINED
from brat_train.export.pack import Calibration, PackContents
from brat_train.models.brat import Brat
from brat_train.models.config import WriterConfig, demo
from brat_train.models.heads import FindingHeads
from brat_train.models.lesion import LesionDecoder
from brat_train.models.llama import Bridge, Writer
from brat_train.text.byte_bpe import train_byte_bpe, write_report
from brat_train.text.samples import FIXED, sample_sentences
from brat_train.text.subwords import train_subwords

TEXT_VOCABULARY = 1200
WRITER_VOCABULARY = 1024


def untrained_contents(seed: int = 20260101) -> PackContents:
    """Random models of the demonstration's sizes; the same seed gives the same pack."""
    torch.manual_seed(seed)
    sentences = sample_sentences()
    text_tokenizer = train_subwords(sentences, TEXT_VOCABULARY)
    writer_tokenizer = train_byte_bpe([write_report([sentence]) for sentence in sentences], WRITER_VOCABULARY)
    model = Brat(demo(text_tokenizer.get_vocab_size()))
    writer = Writer(WriterConfig(vocabulary=writer_tokenizer.get_vocab_size()))
    return PackContents(
        pack_id="demo",
        version="0.0.1",
        card=UNTRAINED,
        calibration=Calibration(0.0, "not measured: the weights are random"),
        model=model,
        text_tokenizer=text_tokenizer,
        bridge=Bridge(model.config.qformer.hidden, writer.config),
        writer=writer,
        writer_tokenizer=writer_tokenizer,
        heads=FindingHeads(model.config.qformer.hidden),
        lesion=LesionDecoder(model.visual_encoder.pyramid_widths, model.visual_encoder.pyramid_grids[0], inner=model.config.vision.lesion_inner),
        golden_volume=drawn_head(model.config.vision.size),
        golden_sentences=[FIXED[0], FIXED[4], "There is a ring enhancing lesion in the left frontal lobe measuring 2.3 cm."],
    )


def drawn_head(size: tuple[int, int, int]) -> np.ndarray:
    """An ellipsoid with a bright spot on its left, uint8 [1, S, A, R]: something a brain could be taken for by size."""
    axes = [np.linspace(-1, 1, n, dtype=np.float32) for n in size]
    s, a, r = np.meshgrid(*axes, indexing="ij")
    radius = np.sqrt((s / 0.9) ** 2 + (a / 0.8) ** 2 + (r / 0.65) ** 2)
    head = np.where(radius < 1, 90 + 40 * np.cos(9 * radius), 0)
    spot = (s - 0.2) ** 2 + (a - 0.3) ** 2 + (r + 0.3) ** 2 < 0.01
    return np.where(spot, 230, head).astype(np.uint8)[None]
