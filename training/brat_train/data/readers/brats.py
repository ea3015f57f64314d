"""BraTS 2021 and BraTS 2023 metastases: skull-stripped, registered 1 mm volumes with segmentations, in folders by case.

2021: `BraTS2021_00000/BraTS2021_00000_t1ce.nii.gz` (also _t1, _t2, _flair) and `_seg`, labels 1 necrotic core, 2 oedema,
4 enhancing (Baid et al., arXiv:2107.02314). 2023-METS: `BraTS-MET-00002-000/BraTS-MET-00002-000-t1c.nii.gz` (-t1n, -t2w,
-t2f) and `-seg`, labels 1 non-enhancing core, 2 surrounding FLAIR hyperintensity, 3 enhancing (Moawad et al.,
arXiv:2306.00838); the last three digits count the time points of one patient. Only the post-contrast T1 is read, as in
the paper (4.2), which trained on T1 alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from brat_train.data.readers.nifti_files import nifti_series
from brat_train.data.readers.source import Found, RegionLabels, SourceCase, Tally

Edition = Literal["2021", "2023-mets"]


@dataclass(frozen=True)
class _Layout:
    folder: re.Pattern[str]
    #: What follows the folder's name in the file of the post-contrast T1, and in the segmentation.
    image: str
    mask: str
    necrotic: int
    oedema: int
    enhancing: int

    def regions(self, file: Path) -> RegionLabels:
        core = frozenset({self.necrotic, self.enhancing})
        return RegionLabels(file, whole=core | {self.oedema}, core=core, enhancing=frozenset({self.enhancing}))


LAYOUTS: dict[Edition, _Layout] = {
    "2021": _Layout(re.compile(r"^(?P<patient>BraTS2021_\d+)$"), "_t1ce", "_seg", necrotic=1, oedema=2, enhancing=4),
    "2023-mets": _Layout(re.compile(r"^(?P<patient>BraTS-MET-\d+)-\d+$"), "-t1c", "-seg", necrotic=1, oedema=2, enhancing=3),
}


def read_brats(root: Path, edition: Edition, need_masks: bool = True) -> Found:
    """One case per folder, with its regions. Validation folders have no segmentation: read them with `need_masks` off."""
    layout, tally = LAYOUTS[edition], Tally()
    cases: dict[str, SourceCase] = {}
    for folder in sorted(path for path in root.rglob("*") if path.is_dir()):
        match = layout.folder.match(folder.name)
        if match is None:
            continue
        if folder.name in cases:
            tally.add("duplicate-image", str(folder.relative_to(root)))
            continue
        image, mask = (_file(folder, part) for part in (layout.image, layout.mask))
        if image is None:
            tally.add("no-t1-post-contrast", folder.name)
        elif mask is None and need_masks:
            tally.add("no-mask", folder.name)
        else:
            try:
                series = nifti_series(image)
            except ValueError as error:
                tally.add("unreadable-image", folder.name, str(error))
                continue
            cases[folder.name] = SourceCase(folder.name, match["patient"], (series,), regions=None if mask is None else layout.regions(mask), chosen=True)
    if not cases and not tally.counts:
        raise ValueError(f"{root} holds no folder named as in BraTS {edition}")
    return Found(tuple(case for _, case in sorted(cases.items())), tally)


def _file(folder: Path, part: str) -> Path | None:
    return next((path for suffix in (".nii.gz", ".nii") if (path := folder / f"{folder.name}{part}{suffix}").is_file()), None)
