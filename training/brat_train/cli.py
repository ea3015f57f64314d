"""The `brat-train` command. Each subcommand imports what it needs when it runs, so that a machine lacking one part has the rest."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


def main(argv: list[str] | None = None) -> None:
    """Runs one subcommand; errors the reader can act on end with one line and code 1."""
    arguments = sys.argv[1:] if argv is None else argv
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        options.run(options)
    except (FileNotFoundError, ValueError, FloatingPointError) as error:
        print(f"brat-train {options.command}: {error}", file=sys.stderr)
        raise SystemExit(1) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="brat-train", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    untrained = commands.add_parser("export-untrained", help="write a pack with random weights")
    untrained.add_argument("--out", type=Path, required=True, help="folder of the pack")
    untrained.set_defaults(run=_export_untrained)
    return parser


def _export_untrained(options: argparse.Namespace) -> None:
    from brat_train.export.pack import write_pack
    from brat_train.export.untrained import untrained_contents

    print(write_pack(untrained_contents(), options.out, _ROOT / "LICENSE"))


if __name__ == "__main__":
    main()
