"""Checkpoints that survive a kill: written beside the old one and moved over it in one step."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import torch

from brat_train.errors import BadCheckpointError, DiskFullError

#: What the system says when a file finds no room: the disk, the user's share of it, or a limit on file sizes.
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def save_atomic(state: Any, path: Path) -> None:
    """Writes a checkpoint. A full disk, a kill or a power cut leaves the old one whole.

    Raises DiskFullError if there is no room.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except (OSError, RuntimeError) as error:
        # PyTorch's writer may put an error of its own over the system's.
        if not _no_room(error):
            raise
        kept = "the one from before is whole" if path.exists() else "nothing was saved yet"
        raise DiskFullError("train/disk-full", f"no room to write {path}; {kept}", "Make room, then run the same command again.") from error
    finally:
        part.unlink(missing_ok=True)


def load_if_there(path: Path, device: torch.device) -> Any:
    """What was saved, or None if there is none. Raises BadCheckpointError naming a file that cannot be read."""
    if not path.is_file():
        return None
    try:
        return torch.load(path, map_location=device, weights_only=True)
    except Exception as error:
        raise BadCheckpointError("train/bad-checkpoint", f"{path} is not a readable checkpoint ({error})", "Move it away to start this stage anew.") from error


def _no_room(error: BaseException | None) -> bool:
    """Whether the system ran out of room, here or in what this error was raised over."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            return True
        error = error.__cause__ or error.__context__
    return False
