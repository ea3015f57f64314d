"""PyTorch's side of `brat bench encode --against pytorch`: the published model at full size, timed on request.

Writes what graph_reference.py writes, prints one line of JSON about itself, then encodes the volume once for each line on
standard input and prints the milliseconds it took. One process does both, so that PyTorch's runs can be put between
the other side's and both meet the same machine.

    python -m parity.encode_speed out --threads 2
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from brat_train.models.config import BratConfig, QFormerConfig, VisionConfig
from parity.graph_reference import image, make_model, randomise, write_answers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--backbone", default="densenet121")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    config = BratConfig(vision=VisionConfig(backbone=given.backbone), qformer=QFormerConfig(vocabulary=30523))
    model = make_model(config, narrow=False, shallow=False).eval().requires_grad_(False)
    volume = image(config.vision)
    randomise(model, volume)
    write_answers(model, volume, given.out)
    with FlopCounterMode(display=False) as counter:
        model.encode_volume(volume)
    print(json.dumps({"operations": counter.get_total_flops(), "torch": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
    for _ in sys.stdin:
        with torch.inference_mode():
            started = time.perf_counter()
            model.encode_volume(volume)
            print(json.dumps({"ms": (time.perf_counter() - started) * 1000}), flush=True)


if __name__ == "__main__":
    main()
