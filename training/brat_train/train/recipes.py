"""Named recipes: every number of a training run, frozen. A checkpoint keeps the recipe it was made with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from brat_train.data.augment import CHEAP, NONE, Augmentation
from brat_train.models.config import BratConfig, WriterConfig, demo, densenet121, small, thin, tiny
from brat_train.models.feature_tokens import WriterSource
from brat_train.objectives.alignment import Matching


@dataclass(frozen=True)
class Objective:
    """What pre-training minimises; the defaults are brat as in the paper (equation 9)."""

    matching: Matching = "pva"
    repulsion: Literal["dpp", "pairwise", "none"] = "dpp"
    repulsion_weight: float = 1.0
    dpp_epsilon: float = 1e-4
    #: Parts of pre-training after which the repulsion sets in and is whole; 0 in the paper. New queries, pushed apart before
    #: they know where to look, each settle on a few cells of empty background and stay there.
    repulsion_start: float = 0.0
    repulsion_whole: float = 0.0
    generation_weight: float = 1.0
    #: Reports are generated at every n-th step, since that costs a CPU a third of a step; 1 in the paper.
    generation_every: int = 1
    #: Additions of the demonstration, 0 in the paper: telling false sentences apart, finding lesions, answering questions.
    falsehood_weight: float = 0.0
    lesion_weight: float = 0.0
    findings_weight: float = 0.0
    #: Where lesions' places are known: the n-th view looks at the lesions of the n-th location, if there are any.
    look_weight: float = 0.0


@dataclass(frozen=True)
class Stage:
    """Length and pace of one stage."""

    steps: int
    batch: int
    rate: float
    #: Rate of the vision backbone, where it differs.
    vision_rate: float | None = None
    warmup: float = 0.05
    weight_decay: float = 0.05
    clip: float = 1.0


@dataclass(frozen=True)
class Recipe:
    """A whole run."""

    name: str
    seed: int
    #: Which networks: the demonstration's (for a GPU, or thin for one core), the paper's, ones that a CPU trains in minutes, or
    #: ones small enough for a test.
    scale: Literal["demo", "thin", "official", "small", "tiny"]
    precision: Literal["float32", "bfloat16"]
    augmentation: Augmentation
    in_plane_reduction: int
    text_vocabulary: int
    writer_vocabulary: int
    max_tokens: int
    max_sentences: int
    report_tokens: int
    dev_cases: int
    objective: Objective
    pretrain: Stage
    writer: Stage
    heads: Stage
    #: How many varied copies of each image the later stages see.
    copies: int
    writer_dropout: float = 0.1
    #: Blocks the cases are dealt into; processes share them evenly, and batches do not depend on how many there are.
    lanes: int = 1
    #: What the bridge maps into the report writer: multi-view embeddings, or the backbone's feature maps (paper, Table 4).
    writer_from: WriterSource = "views"
    #: Trains the backbone first, by what is known of each image's cells (train/learn_backbone.py). Pre-training then leaves it as
    #: it is and reads its feature maps from memory, a small part of the cost of reading images. None in the paper.
    backbone: Stage | None = None

    def model(self, text_vocabulary: int) -> BratConfig:
        """The model of this recipe, once the tokenizer is known."""
        if self.scale == "demo":
            return demo(text_vocabulary, self.in_plane_reduction)
        if self.scale == "thin":
            return thin(text_vocabulary)
        config = {"official": densenet121, "small": small, "tiny": tiny}[self.scale]()
        return replace(config, qformer=replace(config.qformer, vocabulary=text_vocabulary))

    def writer_model(self, vocabulary: int) -> WriterConfig:
        """The report writer of this recipe, once its tokenizer is known."""
        if self.scale in ("small", "tiny"):
            return WriterConfig(vocabulary=vocabulary, width=32, layers=1, heads=2, intermediate=48, bridge_hidden=32)
        if self.scale == "thin":
            return WriterConfig(vocabulary=vocabulary, width=192, layers=4, heads=6, intermediate=512, bridge_hidden=256)
        return WriterConfig(vocabulary=vocabulary)


_DEMO_OBJECTIVE = Objective(repulsion_weight=0.003, repulsion_start=0.4, repulsion_whole=0.8, generation_weight=1.0, falsehood_weight=0.5, lesion_weight=1.0, findings_weight=4.0)


def demo_gpu() -> Recipe:
    """The demonstration pack on one H200: about 20 minutes."""
    return Recipe(
        name="demo_gpu",
        seed=1,
        scale="demo",
        precision="bfloat16",
        augmentation=Augmentation(),
        in_plane_reduction=1,
        text_vocabulary=2000,
        writer_vocabulary=1536,
        max_tokens=64,
        max_sentences=20,
        report_tokens=240,
        dev_cases=300,
        objective=_DEMO_OBJECTIVE,
        pretrain=Stage(steps=4000, batch=64, rate=1e-3, vision_rate=2e-3),
        writer=Stage(steps=5000, batch=128, rate=1e-3),
        heads=Stage(steps=1500, batch=256, rate=1e-3),
        copies=6,
    )


def demo_cpu() -> Recipe:
    """The demonstration pack on one core without bfloat16, half the in-plane size: about an hour and a half."""
    return replace(
        demo_gpu(),
        name="demo_cpu",
        scale="thin",
        precision="float32",
        augmentation=CHEAP,
        in_plane_reduction=2,
        dev_cases=120,
        objective=replace(_DEMO_OBJECTIVE, generation_every=16, look_weight=2.0),
        backbone=Stage(steps=850, batch=16, rate=2e-3),
        pretrain=Stage(steps=420, batch=32, rate=1.5e-3),
        writer=Stage(steps=360, batch=24, rate=1.5e-3),
        heads=Stage(steps=300, batch=128, rate=1e-3),
        copies=1,
    )


def brat_densenet121() -> Recipe:
    """Table 6: batch 32, 5e-4 for the vision model, 5e-5 for the Q-Former, bfloat16, no augmentation, all weights new.

    The paper starts the Q-Former from BiomedBERT, which is not to be had here.
    """
    return replace(
        demo_gpu(),
        name="brat_densenet121",
        scale="official",
        augmentation=NONE,
        text_vocabulary=30522,
        max_tokens=256,
        report_tokens=256,
        objective=Objective(),
        pretrain=Stage(steps=60000, batch=32, rate=5e-5, vision_rate=5e-4),
        copies=1,
        lanes=32,
    )


def smoke() -> Recipe:
    """A few steps of tiny networks on volumes of 32 x 64 x 64, with everything on, for tests."""
    return replace(
        demo_gpu(),
        name="smoke",
        scale="tiny",
        precision="float32",
        text_vocabulary=600,
        writer_vocabulary=512,
        report_tokens=40,
        dev_cases=3,
        pretrain=Stage(steps=6, batch=3, rate=5e-4),
        writer=Stage(steps=4, batch=3, rate=5e-4),
        heads=Stage(steps=4, batch=3, rate=5e-4),
        copies=2,
    )


def table2_cpu() -> Recipe:
    """The small Table 2 (compare/): the paper's losses without additions, on volumes of 32 x 64 x 64, in minutes a run.

    Repulsion is weighted and sets in as in the demonstration: the DPP loss sums over 32 views.
    """
    return replace(
        demo_gpu(),
        name="table2_cpu",
        scale="small",
        precision="float32",
        augmentation=CHEAP,
        in_plane_reduction=4,
        text_vocabulary=1200,
        report_tokens=120,
        dev_cases=300,
        objective=Objective(repulsion_weight=0.003, repulsion_start=0.4, repulsion_whole=0.8),
        pretrain=Stage(steps=600, batch=24, rate=3e-3, vision_rate=3e-3),
        copies=1,
    )


#: Stages in the order in which they run.
STAGES = ("backbone", "pretrain", "writer", "heads")

#: Methods the paper compares brat with (Table 2), as changes of an objective.
METHODS: dict[str, dict[str, Any]] = {
    "brat": {},
    # CLIP compares and does not write.
    "clip": {"matching": "clip", "repulsion": "none", "generation_weight": 0.0},
    "qformer": {"matching": "qformer", "repulsion": "none"},
    "colbert": {"matching": "colbert"},
    "brat-without-qd": {"repulsion": "none"},
    "brat-with-pr": {"repulsion": "pairwise", "repulsion_weight": 1.0},
    "qformer-with-qd": {"matching": "qformer"},
}

RECIPES: dict[str, Callable[[], Recipe]] = {make.__name__: make for make in (demo_gpu, demo_cpu, brat_densenet121, table2_cpu, smoke)}


def recipe(name: str, method: str = "brat", steps_scale: float = 1.0, writer_from: WriterSource = "views") -> Recipe:
    """A recipe by name, with another method's objective or source of the writer if asked, and every stage's length scaled.

    Raises ValueError for an unknown name.
    """
    if name not in RECIPES:
        raise ValueError(f"there is no recipe {name!r}; there are {', '.join(sorted(RECIPES))}")
    if method not in METHODS:
        raise ValueError(f"there is no method {method!r}; there are {', '.join(METHODS)}")
    base = RECIPES[name]()
    plans = {stage: plan for stage in STAGES if (plan := getattr(base, stage)) is not None}
    scaled = {stage: replace(plan, steps=max(1, round(plan.steps * steps_scale))) for stage, plan in plans.items()}
    return replace(base, name=base.name if method == "brat" else f"{base.name}-{method}", objective=replace(base.objective, **METHODS[method]), writer_from=writer_from, **scaled)


def to_json(used: Recipe) -> dict[str, Any]:
    """Plain data for a checkpoint."""
    return asdict(used)


def recipe_from_json(data: dict[str, Any]) -> Recipe:
    """Inverse of :func:`to_json`, for the recipe a run was made with."""
    given = dict(data)
    look = dict(given["augmentation"])
    look["shift"] = tuple(look["shift"])
    given["augmentation"] = Augmentation(**look)
    given["objective"] = Objective(**given["objective"])
    for stage in STAGES:
        given[stage] = None if given.get(stage) is None else Stage(**given[stage])
    return Recipe(**given)
