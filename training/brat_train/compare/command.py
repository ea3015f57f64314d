"""`brat-train compare`: every method with every seed, then the table."""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

from brat_train.train.exit import UNFINISHED

#: In the order of the paper's Table 2, the method that others are held against first.
METHODS = "brat,clip,qformer,colbert,brat-without-qd,brat-with-pr,qformer-with-qd"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `compare`."""
    parser.add_argument("--recipe", default="table2_cpu")
    parser.add_argument("--methods", default=METHODS, help="the first is the one that others are held against")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--budget-steps", type=int, help="steps of every run; the recipe's if not given")
    parser.add_argument("--data", type=Path, required=True, help="training set; its last cases are held out")
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs; finished ones there are not trained again")
    parser.add_argument("--page", type=Path, help="where to write the table (Markdown, and JSON beside it); OUT/table2-small.md if not given")
    parser.add_argument("--limit", type=int, help="use this many cases at most, held-out ones included")
    parser.add_argument("--max-seconds", type=float, help="stop and save after this time; exit code 75 if work is left")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int)


def run(options: argparse.Namespace) -> int:
    """Trains what is left and writes the page. Returns UNFINISHED if time ran out."""
    import torch

    from brat_train.compare.document import Setting, write_document
    from brat_train.compare.runs import budgeted, prepare
    from brat_train.compare.runs import run as run_one
    from brat_train.compare.table import make_table
    from brat_train.data.training_set import load_training_set
    from brat_train.models.brat import Brat
    from brat_train.train.loop import Clock

    if options.threads:
        torch.set_num_threads(options.threads)
    device = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if options.device == "auto" else options.device)
    methods, seeds = options.methods.split(","), [int(seed) for seed in options.seeds.split(",")]
    clock = Clock(options.max_seconds)
    made = {(method, seed): budgeted(options.recipe, method, seed, options.budget_steps) for seed in seeds for method in methods}
    one = made[methods[0], seeds[0]]
    bench = prepare(load_training_set(options.data, device, one.in_plane_reduction, options.limit), one, options.out, device)
    results = []
    for (method, _), wanted in made.items():
        result = run_one(bench, wanted, method, clock)
        if result is None:
            return UNFINISHED
        results.append(result)
    setting = Setting(
        command=_command(options, one.pretrain.steps),
        recipe=options.recipe,
        steps=one.pretrain.steps,
        batch=one.pretrain.batch,
        training_cases=len(bench.training),
        held_out_cases=len(bench.held_out),
        listing=hashlib.sha256((options.data / "reports.jsonl").read_bytes()).hexdigest(),
        parameters=sum(value.numel() for value in Brat(one.model(bench.tokenizer.get_vocab_size())).parameters()),
    )
    for path in write_document(make_table(results, methods), results, setting, options.page or options.out / "table2-small.md"):
        print(path)
    return 0


def _command(options: argparse.Namespace, steps: int) -> str:
    """The command as anyone may type it: folders of this machine are left out."""
    limit = f" --limit {options.limit}" if options.limit else ""
    return f"brat-train compare --recipe {options.recipe} --methods {options.methods} --seeds {options.seeds} --budget-steps {steps}{limit} --data DIR --out DIR"
