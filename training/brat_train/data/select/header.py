"""What headers say of one series, as plain values. Numbers are None when absent or unreadable."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SliceStack:
    """The largest set of parallel slices of a series that makes a volume."""

    columns: int
    rows: int
    slices: int
    #: Distance between neighbouring slices, mm.
    step_mm: float
    #: axial, coronal, sagittal or oblique
    plane: str
    #: LPS mm of the first transmitted pixel of the first and of the last slice along the normal.
    first_lps: tuple[float, float, float]
    last_lps: tuple[float, float, float]


@dataclass(frozen=True)
class SeriesHeader:
    """Attributes of a series that tell what it is."""

    description: str = ""
    protocol: str = ""
    sequence_name: str = ""
    scanning_sequence: str = ""
    acquisition_type: str = ""
    body_part: str = ""
    contrast_agent: str = ""
    modality: str = ""
    sop_class: str = ""
    #: ImageType values of all images, upper case; the first two (original or derived, primary or secondary) apart.
    image_types: frozenset[str] = frozenset()
    leading_image_types: frozenset[str] = frozenset()
    repetition_ms: float | None = None
    echo_ms: float | None = None
    inversion_ms: float | None = None
    flip_deg: float | None = None
    series_number: int | None = None
    has_pixels: bool = True
    is_nifti: bool = False
    stack: SliceStack | None = None
    #: Why no volume can be made of it, or ''.
    refusal: str = ""
