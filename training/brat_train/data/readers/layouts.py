"""The reader that a layout's name stands for, with the options of the command."""

from __future__ import annotations

import argparse
from pathlib import Path

from brat_train.data.readers.adni import read_adni
from brat_train.data.readers.bimcv_r import read_bimcv_r
from brat_train.data.readers.brats import read_brats
from brat_train.data.readers.folder import Columns, read_folder
from brat_train.data.readers.phantoms import read_phantoms
from brat_train.data.readers.source import Found


def read_layout(options: argparse.Namespace) -> Found:
    """Raises ValueError if the layout needs a table and none was named, FileNotFoundError if something is not there."""
    images: Path = options.images
    if not images.is_dir():
        raise FileNotFoundError(f"there is no folder {images}")
    match options.layout:
        case "folder":
            columns = Columns(options.study_column, options.patient_column, options.report_column, options.split_column, tuple(options.label_column))
            return read_folder(images, _table(options), columns, options.processes)
        case "bimcv-r":
            return read_bimcv_r(images, _table(options), options.language)
        case "adni":
            return read_adni(images, _table(options), options.processes)
        case "brats-2021":
            return read_brats(images, "2021")
        case "brats-2023-mets":
            return read_brats(images, "2023-mets")
        case "phantoms":
            return read_phantoms(images, options.processes)
    raise ValueError(f"there is no layout {options.layout}")


def _table(options: argparse.Namespace) -> Path:
    if options.table is None:
        raise ValueError(f"{options.layout} needs --table")
    return options.table
