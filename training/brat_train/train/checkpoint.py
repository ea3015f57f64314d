"""Checkpoints that survive a kill: written beside the old one and moved over it in one step."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch


def save_atomic(state: dict[str, Any], path: Path) -> None:
    """Writes a checkpoint. A full disk or a kill leaves the old one whole."""
    part = path.with_name(f"{path.name}.part")
    try:
        torch.save(state, part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def load_if_there(path: Path, device: torch.device) -> dict[str, Any] | None:
    """The checkpoint, or None if there is none. Raises ValueError naming a file that cannot be read."""
    if not path.is_file():
        return None
    try:
        return torch.load(path, map_location=device, weights_only=True)
    except Exception as error:
        raise ValueError(f"{path} is not a readable checkpoint ({error}); move it away to start anew") from error
