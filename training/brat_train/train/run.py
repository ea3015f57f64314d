"""A whole run: tokenizers, the backbone by itself where a recipe says so, pre-training, report writer, heads, figures. Each stage resumes by itself.

A run folder holds `run.json` (the recipe), the tokenizers, a checkpoint and a log per stage, and `figures.json` at the end.
Where processes share a run, the first one alone reads and writes it, but for each one's own views.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from tokenizers import Tokenizer

from brat_train.data.augment import NONE
from brat_train.data.text_bank import TextBank
from brat_train.data.training_set import TrainingSet, load_training_set
from brat_train.distributed.batch_norm import gather_batch_norm
from brat_train.distributed.group import ALONE, Group
from brat_train.distributed.reading import load_share
from brat_train.errors import OtherRecipeError
from brat_train.models.brat import Brat
from brat_train.models.feature_tokens import MOST_TOKENS, WriterSource, bridge_sizes
from brat_train.models.heads import FINDINGS, FindingHeads, targets
from brat_train.models.lesion import LesionDecoder
from brat_train.models.llama import Bridge, Writer
from brat_train.text.byte_bpe import train_byte_bpe, write_report
from brat_train.text.subwords import load_tokenizer, save_subwords, train_subwords
from brat_train.train.batches import require_even_share
from brat_train.train.evaluate import encode_reports, head_aurocs, retrieval, sentence_support
from brat_train.train.learn_backbone import LearnBackbone
from brat_train.train.learn_findings import LearnFindings
from brat_train.train.loop import Clock, run_stage
from brat_train.train.pretrain import Pretrain
from brat_train.train.recipes import Recipe, Stage, recipe_from_json, to_json
from brat_train.train.task import Task
from brat_train.train.view_bank import ViewSource, bridge_inputs_of, inputs_of_maps, view_bank, views_of
from brat_train.train.write_reports import WriteReports, write


@dataclass
class Models:
    """Everything a run trains."""

    brat: Brat
    lesion: LesionDecoder | None
    bridge: Bridge
    writer: Writer
    heads: FindingHeads
    text_tokenizer: Tokenizer
    writer_tokenizer: Tokenizer

    def to(self, device: torch.device, channels_last: bool = False) -> Models:
        """Moves every module, convolution weights in channels-last order, which a GPU's and a CPU's matrix units want."""
        for module in (self.brat, self.lesion, self.bridge, self.writer, self.heads):
            if module is not None:
                module.to(device)
        if device.type == "cuda":
            torch.backends.cuda.matmul.allow_tf32 = True
            torch.backends.cudnn.benchmark = True
        if channels_last:
            self.brat.visual_encoder.to(memory_format=torch.channels_last_3d)
            if self.lesion is not None:
                self.lesion.to(memory_format=torch.channels_last_3d)
        return self


def train(
    recipe: Recipe,
    data: Path,
    folder: Path,
    device: torch.device,
    max_seconds: float | None = None,
    limit: int | None = None,
    channels_last: bool = True,
    group: Group = ALONE,
    images_on_disk: bool = False,
) -> bool:
    """Runs what is left of a recipe within `max_seconds`. Returns whether all stages are finished.

    `images_on_disk` reads images as batches ask for them, for sets larger than memory.
    Raises OtherRecipeError if the folder holds a run of another recipe, UnevenShareError if the group cannot share it.
    """
    clock = Clock(max_seconds)
    require_even_share(recipe.lanes, [recipe.pretrain.batch, recipe.writer.batch, recipe.heads.batch], group)
    group.from_first(lambda: claim(folder, recipe))
    training, dev = load_share(data, device, recipe.in_plane_reduction, limit, recipe.dev_cases, recipe.lanes, group, images_on_disk)
    if group.first:
        _say(clock, f"{len(training)} cases to train on, {0 if dev is None else len(dev)} for development")
    text_tokenizer, writer_tokenizer = shared_tokenizers(folder, training, recipe, group)
    models = make_models(recipe, text_tokenizer, writer_tokenizer).to(device, channels_last)
    for module in (models.brat, models.lesion):
        if module is not None:
            gather_batch_norm(module, group, device)

    def run(stage: Task, plan: Stage) -> bool:
        return run_stage(stage, plan, len(training), recipe.seed, folder, device, recipe.precision, clock, group, recipe.lanes)

    text = TextBank(training.cases, text_tokenizer, recipe.max_tokens, recipe.max_sentences, recipe.report_tokens)
    if group.first:
        _say(clock, f"{len(text.ids)} different sentences")
    maps = None
    if recipe.backbone is not None:
        if models.lesion is None:
            raise ValueError(f"{recipe.name} trains the backbone first, which needs a lesion weight and a backbone that keeps its maps")
        if not run(LearnBackbone(models.brat, models.lesion, training, recipe, device, group), recipe.backbone):
            return False
        for module in (models.brat.visual_encoder, models.brat.ln_vision, models.lesion):
            module.requires_grad_(False)

    def bank_of(source: ViewSource) -> torch.Tensor:
        kept = folder / (f"{source}.pt" if group.size == 1 else f"{source}-{group.rank}-of-{group.size}.pt")
        return view_bank(models.brat, training, recipe.augmentation, recipe.copies, recipe.seed, device, recipe.precision, kept, source)

    if recipe.backbone is not None:
        maps = bank_of("maps")
        if group.first:
            _say(clock, f"feature maps of {maps.shape[0]} x {maps.shape[1]} images")
    if not run(Pretrain(models.brat, models.lesion, models.heads, training, text, recipe, device, group, maps), recipe.pretrain):
        return False
    models.brat.requires_grad_(False)
    bank = bank_of("views") if maps is None else inputs_of_maps(models.brat, maps, recipe.precision, "views")
    if recipe.writer_from == "views":
        seen = bank
    else:
        seen = bank_of(recipe.writer_from) if maps is None else inputs_of_maps(models.brat, maps, recipe.precision, recipe.writer_from)
    del maps
    if group.first:
        _say(clock, f"views of {bank.shape[0]} x {bank.shape[1]} images")
    if not run(WriteReports(models.bridge, models.writer, seen, training.cases, writer_tokenizer, recipe, device, group, training.first), recipe.writer):
        return False
    if not run(LearnFindings(models.heads, bank, training.cases, recipe, device, group, training.first), recipe.heads):
        return False
    if dev is not None:
        figures = measure(models, dev, recipe, device)
        (folder / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")
        _say(clock, json.dumps({name: value for name, value in figures.items() if name != "drafts"}))
    return True


def pace(recipe: Recipe, data: Path, device: torch.device, channels_last: bool = True, steps: int = 30) -> tuple[float, int]:
    """Seconds a step of pre-training takes here, and the largest GPU memory in bytes. Writes nothing that is kept."""
    cases = load_training_set(data, device, recipe.in_plane_reduction, limit=4 * recipe.pretrain.batch)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        models = make_models(recipe, *_tokenizers(folder, cases, recipe)).to(device, channels_last)
        text = TextBank(cases.cases, models.text_tokenizer, recipe.max_tokens, recipe.max_sentences, recipe.report_tokens)
        task = Pretrain(models.brat, models.lesion, models.heads, cases, text, recipe, device)
        took = []
        for last in (steps // 3, steps):  # the first steps choose kernels
            began = time.monotonic()
            run_stage(task, replace(recipe.pretrain, steps=last), len(cases), recipe.seed, folder, device, recipe.precision, Clock(None))
            (folder / "pretrain.pt").unlink()
            took.append((time.monotonic() - began) / last)
    return took[-1], torch.cuda.max_memory_allocated() if device.type == "cuda" else 0


def make_models(recipe: Recipe, text_tokenizer: Tokenizer, writer_tokenizer: Tokenizer) -> Models:
    """Fresh models of a recipe."""
    torch.manual_seed(recipe.seed)
    brat = Brat(recipe.model(text_tokenizer.get_vocab_size()))
    hidden = brat.config.qformer.hidden
    grids = getattr(brat.visual_encoder, "pyramid_grids", None)
    writer = Writer(recipe.writer_model(writer_tokenizer.get_vocab_size()), recipe.writer_dropout)
    lesion = LesionDecoder(brat.visual_encoder.pyramid_widths, grids[0], inner=brat.config.vision.lesion_inner) if grids and recipe.objective.lesion_weight else None
    return Models(brat, lesion, Bridge(bridge_sizes(brat, recipe.writer_from)[1], writer.config), writer, FindingHeads(hidden), text_tokenizer, writer_tokenizer)


def load_models(recipe: Recipe, folder: Path) -> Models:
    """The models of a finished run, on the CPU, for export. Raises ValueError naming the stage that is missing."""
    models = make_models(recipe, load_tokenizer(folder / "tokenizer.json"), load_tokenizer(folder / "writer-tokenizer.json"))
    parts = {"pretrain": {"brat": models.brat, "lesion": models.lesion}, "writer": {"bridge": models.bridge, "writer": models.writer}, "heads": {"heads": models.heads}}
    for stage, modules in parts.items():
        path = folder / f"{stage}.pt"
        if not path.is_file():
            raise ValueError(f"{folder} has no {path.name}: train that stage first")
        state = torch.load(path, map_location="cpu", weights_only=True)["modules"]
        for name, module in modules.items():
            if module is not None:
                module.load_state_dict({key.removeprefix(f"{name}."): value for key, value in state.items() if key.startswith(f"{name}.")})
                module.eval()
    return models


@torch.no_grad()
def measure(models: Models, dev: TrainingSet, recipe: Recipe, device: torch.device, drafts: int = 8) -> dict[str, object]:
    """Figures on the development cases, and a few drafts to look at."""
    views, projected = views_of(models.brat, dev, NONE, 0, device, recipe.precision)
    sentence_RSE, real_RS = encode_reports(models.brat, models.text_tokenizer, dev.cases, recipe.max_tokens, recipe.max_sentences)
    found = [number for number, case in enumerate(dev.cases) if case.answers.get("enhancing") == "Yes" or case.answers.get("surgery") == "Yes"]
    ranks = {}
    if found:
        index = torch.tensor(found, device=device)
        ranks = retrieval(projected[index], sentence_RSE[index], real_RS[index], recipe.objective.matching).__dict__
    support = sentence_support(models.brat, models.text_tokenizer, projected, dev.cases, recipe.max_tokens)
    score = models.heads(views.float()).sigmoid().float().cpu().numpy()
    target = torch.tensor([targets(case) for case in dev.cases]).numpy()
    first = TrainingSet(dev.cases[:drafts], dev.volumes[:drafts], None)
    shown = bridge_inputs_of(models.brat, first, NONE, 0, device, recipe.precision, recipe.writer_from)
    texts = write(models.bridge, models.writer, models.writer_tokenizer, shown, recipe.report_tokens)
    return {
        "count": len(dev),
        "retrievalCount": len(found),
        **ranks,
        "support": support.__dict__,
        "headAuc": {f"{question}: {answer}": value for (question, answer), value in zip(FINDINGS, head_aurocs(score, target), strict=True)},
        "drafts": [{"id": case.id, "draft": text, "report": " ".join(case.wordings[0])} for case, text in zip(dev.cases, texts, strict=False)],
    }


def _tokenizers(folder: Path, training: TrainingSet, recipe: Recipe) -> tuple[Tokenizer, Tokenizer]:
    """Learned from the training reports once, then read again."""
    text_file, writer_file = folder / "tokenizer.json", folder / "writer-tokenizer.json"
    if not (text_file.is_file() and writer_file.is_file()):
        reports = [report for case in training.cases for report in case.wordings]
        save_subwords(train_subwords((sentence for report in reports for sentence in report), recipe.text_vocabulary), folder, recipe.max_tokens)
        # A reserved token for each of the most that a bridge may fill in; 32 as ever where that is the views.
        slots = 32 if recipe.writer_from == "views" else MOST_TOKENS
        writer_file.write_text(train_byte_bpe((write_report(report) for report in reports), recipe.writer_vocabulary, slots).to_str())
    return load_tokenizer(text_file), load_tokenizer(writer_file)


def shared_tokenizers(folder: Path, training: TrainingSet, recipe: Recipe, group: Group) -> tuple[Tokenizer, Tokenizer]:
    """The tokenizers of a run, which the first process learns or reads, at every process."""
    if group.size == 1:
        return _tokenizers(folder, training, recipe)
    texts = group.from_first(lambda: [tokenizer.to_str() for tokenizer in _tokenizers(folder, training, recipe)])
    return Tokenizer.from_str(texts[0]), Tokenizer.from_str(texts[1])


def claim(folder: Path, recipe: Recipe) -> None:
    """Marks a folder as a recipe's, so that a resumed run is the run it was. Raises OtherRecipeError if it is another's."""
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / "run.json"
    if mark.is_file():
        if recipe_from_json(json.loads(mark.read_text())) != recipe:
            raise OtherRecipeError("train/other-recipe", f"{folder} holds a run of another recipe ({mark.name}).", "Choose another folder.")
        return
    mark.write_text(json.dumps(to_json(recipe), indent=1) + "\n")


def _say(clock: Clock, text: str) -> None:
    print(f"[{clock.spent():.0f} s] {text}", file=sys.stderr, flush=True)
