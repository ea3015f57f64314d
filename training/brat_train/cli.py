"""The `brat-train` command. Each subcommand imports what it needs when it runs, so that a machine lacking one part has the rest."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from brat_train.errors import TrainingError
from brat_train.train.exit import UNFINISHED

if TYPE_CHECKING:
    import torch

_ROOT = Path(__file__).resolve().parents[2]


def main(argv: list[str] | None = None) -> None:
    """Runs one subcommand. Errors the reader can act on end with one line and code 1; `train` out of time with 75."""
    options = _parser().parse_args(argv)
    try:
        code = options.run(options)
    except (OSError, ValueError, FloatingPointError, TrainingError) as error:
        print(f"brat-train {options.command}: {error}", file=sys.stderr)
        raise SystemExit(1) from error
    raise SystemExit(code or 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="brat-train", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    train = commands.add_parser("train", help="train a recipe, or go on with it")
    train.add_argument("--recipe", default="demo_gpu")
    train.add_argument("--method", default="brat", help="objective: brat, or one it is compared with")
    train.add_argument("--data", type=Path, required=True, help="training set (shard-*.npz and reports.jsonl)")
    train.add_argument("--out", type=Path, required=True, help="folder of the run; an unfinished run there goes on")
    train.add_argument("--max-seconds", type=float, help="stop and save after this time; exit code 75 if work is left")
    train.add_argument("--steps-scale", type=float, default=1.0, help="length of every stage, relative to the recipe's")
    train.add_argument("--from", dest="writer_from", choices=("views", "features"), default="views", help="what the report writer reads through its bridge")
    train.add_argument("--limit", type=int, help="use this many cases at most")
    train.add_argument("--lanes", type=int, help="blocks to deal the cases into, at most one process each; the recipe's if not given")
    train.add_argument("--images-on-disk", action="store_true", help="read images as they are needed, for sets larger than memory")
    train.add_argument("--device", default="auto")
    train.add_argument("--threads", type=int)
    train.add_argument("--no-channels-last", action="store_true", help="keep PyTorch's usual memory order on a GPU")
    train.set_defaults(run=_train)

    pace = commands.add_parser("pace", help="time some steps of pre-training, and print the --steps-scale that fits a time")
    pace.add_argument("--recipe", default="demo_gpu")
    pace.add_argument("--data", type=Path, required=True)
    pace.add_argument("--seconds", type=float, required=True, help="time that pre-training may take")
    pace.add_argument("--device", default="auto")
    pace.add_argument("--no-channels-last", action="store_true")
    pace.set_defaults(run=_pace)

    export = commands.add_parser("export", help="write the pack of a finished run")
    export.add_argument("--checkpoint", type=Path, required=True, help="folder of the run")
    export.add_argument("--data", type=Path, required=True, help="training set; its first case becomes the golden one")
    export.add_argument("--out", type=Path, required=True, help="folder of the pack")
    export.add_argument("--version", default="0.1.0")
    export.set_defaults(run=_export)

    from brat_train.compare import command as comparison  # light

    compare = commands.add_parser("compare", help="train the methods of the paper's Table 2 alike, and write the table")
    comparison.add_arguments(compare)
    compare.set_defaults(run=comparison.run)

    weights = commands.add_parser("export-weights", help="write a run's weights in the published layout, its bridge and its heads")
    weights.add_argument("--checkpoint", type=Path, required=True, help="folder of the run")
    weights.add_argument("--out", type=Path, required=True, help="folder of the files")
    weights.add_argument("--format", dest="formats", action="append", choices=("bin", "safetensors"), help="of brat itself; both if not given")
    weights.set_defaults(run=_export_weights)

    made_for = commands.add_parser("fit-made-for", help="put into a pack what its training inputs are like, so that the app tells inputs of another kind")
    made_for.add_argument("--pack", type=Path, required=True, help="folder of the pack; its manifest and hashes are changed")
    made_for.add_argument("--data", type=Path, required=True, help="training set of the pack (shard-*.npz)")
    made_for.set_defaults(run=_fit_made_for)

    from brat_train.phantom import studies  # light: numpy and pydicom are imported when it runs

    phantom = commands.add_parser("phantom", help="write synthetic studies, their reports and what is true of them")
    studies.add_arguments(phantom)
    phantom.set_defaults(run=studies.run)

    from brat_train.downstream import commands as downstream  # light as well

    classify = commands.add_parser("classify", help="train a classifier on a pre-trained backbone")
    downstream.add_classify(classify)
    classify.set_defaults(run=downstream.run_classify)
    segment = commands.add_parser("segment", help="train a segmentation network on a pre-trained backbone")
    downstream.add_segment(segment)
    segment.set_defaults(run=downstream.run_segment)

    from brat_train.data.curate import command as curation
    from brat_train.data.select import command as selection
    from brat_train.reports import command as reports

    for name, text, add, run in (
        ("prepare", "make a training set of your own images and reports, or of a public data set", curation.add_arguments, curation.run),
        ("series", "list what each DICOM series is taken to be, and which would be trained on", selection.add_arguments, selection.run),
        ("process-reports", "rewrite reports and have them answered by a local language model", reports.add_process_arguments, reports.run_process),
        ("score-reports", "hold a language model's answers to a person's", reports.add_score_arguments, reports.run_score),
    ):
        command = commands.add_parser(name, help=text)
        add(command)
        command.set_defaults(run=run)

    from brat_train.figures import command as pictures
    from brat_train.metrics import command as metrics

    figures = commands.add_parser("figures", help="draw how far apart the views lie, and where they look (Figures 3 and 4)")
    pictures.add_arguments(figures)
    figures.set_defaults(run=pictures.run)

    drafts = commands.add_parser("score-drafts", help="figures of written reports against their references: BLEU, ROUGE-L, METEOR, CIDEr, GREEN")
    metrics.add_arguments(drafts)
    drafts.set_defaults(run=metrics.run)

    from brat_train.evaluate import command as evaluate_drafts
    from brat_train.export import operating_points, record_figures

    evaluated = commands.add_parser("evaluate-drafts", help="findings of drafts against reference reports, and against what is true")
    evaluate_drafts.add_arguments(evaluated)
    evaluated.set_defaults(run=evaluate_drafts.run)

    card = commands.add_parser("card", help="put the figures of eval:demo into a pack's manifest and README.md")
    record_figures.add_arguments(card)
    card.set_defaults(run=record_figures.run)

    thresholds = commands.add_parser("set-thresholds", help="measure on development cases from which probability on each answer of a pack's heads counts")
    operating_points.add_arguments(thresholds)
    thresholds.set_defaults(run=operating_points.run)

    untrained = commands.add_parser("export-untrained", help="write a pack with random weights")
    untrained.add_argument("--out", type=Path, required=True, help="folder of the pack")
    untrained.set_defaults(run=_export_untrained)
    return parser


def _train(options: argparse.Namespace) -> int:
    from dataclasses import replace

    import torch

    from brat_train.distributed.group import join, own_device
    from brat_train.train.recipes import recipe
    from brat_train.train.run import train

    if options.threads:
        torch.set_num_threads(options.threads)
    chosen = recipe(options.recipe, options.method, options.steps_scale, options.writer_from)
    if options.lanes:
        chosen = replace(chosen, lanes=options.lanes)
    device = own_device(_device(options))
    with join(device) as group:
        finished = train(chosen, options.data, options.out, device, options.max_seconds, options.limit, not options.no_channels_last, group, options.images_on_disk)
    return 0 if finished else UNFINISHED


def _pace(options: argparse.Namespace) -> None:
    from brat_train.train.recipes import recipe
    from brat_train.train.run import pace

    chosen = recipe(options.recipe)
    seconds, peak = pace(chosen, options.data, _device(options), not options.no_channels_last)
    print(f"{seconds:.3f} s a step of {chosen.pretrain.batch}, peak {peak / 2**30:.1f} GiB on the GPU", file=sys.stderr)
    print(f"{options.seconds / seconds / chosen.pretrain.steps:.3f}")


def _device(options: argparse.Namespace) -> torch.device:
    import torch

    name = ("cuda" if torch.cuda.is_available() else "cpu") if options.device == "auto" else options.device
    return torch.device(name)


def _export(options: argparse.Namespace) -> None:
    from brat_train.export.pack import write_pack
    from brat_train.export.trained import trained_contents

    print(write_pack(trained_contents(options.checkpoint, options.data, options.version), options.out, _ROOT / "LICENSE"))


def _export_weights(options: argparse.Namespace) -> None:
    from brat_train.export.weights import write_weights

    for path in write_weights(options.checkpoint, options.out, tuple(options.formats or ("bin", "safetensors"))):
        print(path)


def _fit_made_for(options: argparse.Namespace) -> None:
    from brat_train.outside.made_for import add_to_pack

    print(add_to_pack(options.pack, options.data))


def _export_untrained(options: argparse.Namespace) -> None:
    from brat_train.export.pack import write_pack
    from brat_train.export.untrained import untrained_contents

    print(write_pack(untrained_contents(), options.out, _ROOT / "LICENSE"))


if __name__ == "__main__":
    main()
