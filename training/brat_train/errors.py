"""Faults of training that a person can act on: a code as the app's errors have, a sentence, and what to do.

Each is also the built-in error it is a kind of, so that callers who know only that catch it.
"""

from __future__ import annotations

from typing import Literal

Code = Literal[
    "train/bad-checkpoint",
    "train/disk-full",
    "train/loss-not-finite",
    "train/other-recipe",
    "train/process-failed",
    "train/uneven-share",
]


class TrainingError(Exception):
    """A fault with a code; `advice` says what to do about it."""

    def __init__(self, code: Code, message: str, advice: str) -> None:
        super().__init__(message)
        self.code, self.advice = code, advice

    def __str__(self) -> str:
        return f"{self.args[0]} [{self.code}] {self.advice}"


class BadCheckpointError(TrainingError, ValueError):
    """A checkpoint that cannot be read."""


class DiskFullError(TrainingError, OSError):
    """No room for a file; what stood there before is whole."""


class LossNotFiniteError(TrainingError, FloatingPointError):
    """A loss that is not a number, or infinite; no weight was changed by it."""


class OtherRecipeError(TrainingError, ValueError):
    """A folder that holds a run of another recipe."""


class ProcessFailedError(TrainingError, RuntimeError):
    """Another process of the run failed; its own message says why."""


class UnevenShareError(TrainingError, ValueError):
    """A recipe whose cases cannot be dealt to this many processes."""
