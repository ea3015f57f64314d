"""Training chooses the series that the app chooses: by words, by headers, and on whole studies."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from brat_train.data.readers.dicom_files import read_dicom_tree
from brat_train.data.readers.source import Tally
from brat_train.data.select.choose import choose, judge
from brat_train.data.select.header import SeriesHeader, SliceStack
from brat_train.data.select.stack import Slice, stack_of
from brat_train.data.select.words import find, normalise, phrases

ROOT = Path(__file__).resolve().parents[2]
NODE = ROOT / "node_modules" / ".bin" / "node"
needs_node = pytest.mark.skipif(not NODE.exists(), reason="needs the app's packages (npm ci)")
AXIAL = SliceStack(256, 256, 26, 5.5, "axial", (0, 0, 0), (0, 0, 137.5))
MR = SeriesHeader(modality="MR", stack=AXIAL)


@needs_node
def test_descriptions_are_read_word_for_word_as_in_the_app() -> None:
    """Every description of the app's own table of tests, and twists of them."""
    source = (ROOT / "src/engine/select/rankSeries.test.ts").read_text(encoding="utf-8")
    quoted = {part for line in source.splitlines() for part in line.split("'")[1::2] if part.strip()}
    texts = sorted(quoted | {text.swapcase() for text in quoted} | {f"{text}_{text}" for text in quoted} | {"T1 -C", "T1-GD", "ÄX T1 nach KM", "T1W+C", "w/o T1", "T1造影後", "T1POSTSAG", "AX_T1-c_", "İ T1 kontrastlı"})
    program = (
        "import { normaliseDescription, findPhrase, contrastPhrases, nativePhrases, t1Phrases } from './src/engine/select/phrases.ts';"
        "const texts = JSON.parse(await new Promise((done) => { let all = ''; process.stdin.on('data', (part) => { all += part; }).on('end', () => done(all)); }));"
        "console.log(JSON.stringify(texts.map((text) => { const n = normaliseDescription(text); return [n, findPhrase(n, contrastPhrases), findPhrase(n, nativePhrases), findPhrase(n, t1Phrases)]; })));"
    )
    done = subprocess.run([NODE, "--input-type=module", "-e", program], input=json.dumps(texts), capture_output=True, text=True, cwd=ROOT, check=True)
    theirs = json.loads(done.stdout)
    ours = [[n := normalise(text), *(find(n, phrases(name)) for name in ("contrastPhrases", "nativePhrases", "t1Phrases"))] for text in texts]
    assert len(texts) > 300
    assert [(text, mine) for text, mine, app in zip(texts, ours, theirs, strict=True) if mine != app] == []


@pytest.mark.parametrize(
    ("header", "role"),
    [
        (replace(MR, description="Axial T1 post SENSE"), "t1c"),
        (replace(MR, description="T1 AX", contrast_agent="11 ml Omniscan"), "t1c"),
        (replace(MR, description="T1 AX", contrast_agent="NONE"), "t1"),
        (replace(MR, description="AX T1 PRE", contrast_agent="GADAVIST"), "t1"),
        (replace(MR, description="AX FLAIR gad"), "flair"),
        (replace(MR, description="T1 POST SUB"), "other"),
        (replace(MR, description="AX T1 POST GAD", modality="CT"), "other"),
        (replace(MR, description="AX T1 POST GAD", image_types=frozenset({"PROJECTION IMAGE"})), "other"),
        (replace(MR, protocol="T1 TRA GD"), "t1c"),
        (replace(MR, scanning_sequence="SE", repetition_ms=4500, echo_ms=100), "t2"),
        (replace(MR, scanning_sequence="GR\\IR", repetition_ms=2300, echo_ms=3, inversion_ms=900, flip_deg=9), "t1"),
        (replace(MR, description="t1_post", modality="", is_nifti=True), "t1c"),
    ],
)
def test_a_header_has_the_role_that_the_app_gives_it(header: SeriesHeader, role: str) -> None:
    assert judge([header], ["1"])[0].role == role


def test_the_whole_axial_brain_comes_first_and_a_series_without_contrast_is_never_taken() -> None:
    headers = [
        replace(MR, description="COR T1 POST", stack=replace(AXIAL, plane="coronal")),
        replace(MR, description="AX T1 POST SELLA", stack=replace(AXIAL, slices=15, step_mm=2.0)),
        replace(MR, description="AX T1 POST"),
        replace(MR, description="AX T1 POST MPR", image_types=frozenset({"MPR"})),
    ]
    assert [one.rank for one in judge(headers, list("abcd"))] == [3, 4, 1, 2]
    assert choose(headers, list("abcd")) == 2
    assert choose([replace(MR, description="AX T1"), replace(MR, description="AX T1 POST", stack=None)], ["a", "b"]) is None
    twice = [replace(MR, description="AX T1 POST", series_number=number) for number in (9, 12)]
    assert choose(twice, ["a", "b"]) == 1


def _slices(offsets: list[float], sideways: float = 0.0) -> list[Slice]:
    return [Slice((sideways * n, 0, z), (1, 0, 0), (0, 1, 0), 10, 12, (1.0, 1.0)) for n, z in enumerate(offsets)]


@pytest.mark.parametrize(
    ("slices", "expected"),
    [
        (_slices([0, 5, 10, 15]), (4, 5.0)),
        (_slices([15, 0, 10, 5]), (4, 5.0)),
        (_slices([0, 5, 10, 15] * 3), (4, 5.0)),
        (_slices([0, 5.03, 10, 15]), (4, 5.0)),
        (_slices([0, 5, 15, 20]), "missing or uneven"),
        (_slices([0, 5, 10, 15, 15]), "lie where another slice lies"),
        (_slices([0, 5, 10, 15], sideways=0.6), "shifted sideways"),
        (_slices([3]), "one slice is not a volume"),
        ([], "no image says where it lies"),
    ],
)
def test_slices_make_a_volume_or_a_reason(slices: list[Slice], expected: tuple[int, float] | str) -> None:
    made = stack_of(slices)
    if isinstance(expected, str):
        assert isinstance(made, str)
        assert expected in made
    else:
        assert isinstance(made, SliceStack)
        assert (made.slices, round(made.step_mm, 3), made.plane, made.first_lps[2], made.last_lps[2]) == (*expected, "axial", 0, 15)


def _app_choices(path: Path) -> dict[str, tuple[str | None, dict[str, tuple[str, int | None]]]]:
    done = subprocess.run([NODE, "src/cli/main.ts", "series", str(path), "--json"], cwd=ROOT, capture_output=True, text=True, check=True)
    studies = json.loads(done.stdout)["studies"]
    # The app offers a T1 series where there is none after contrast, with a warning; training takes none.
    return {
        study["study"]: (
            study["chosen"]["series"] if study["chosen"] and not study["chosenProblem"] else None,
            {series["series"]: (series["role"], series["rank"]) for series in study["series"]},
        )
        for study in studies
    }


def _held_to_the_app(path: Path) -> int:
    """Compares every series; returns how many there were."""
    app = _app_choices(path)
    count = 0
    for study in read_dicom_tree(path, Tally()):
        headers, uids = [one.header for one in study.series], [one.uid for one in study.series]
        chosen, roles = app[study.uid]
        at = choose(headers, uids)
        assert (None if at is None else uids[at]) == chosen, study.uid
        for uid, judged in zip(uids, judge(headers, uids), strict=True):
            assert (judged.role, judged.rank) == roles[uid], f"{uid}: {judged.reason}"
            count += 1
    return count


@needs_node
def test_the_demonstration_studies_are_chosen_from_as_in_the_app(tmp_path: Path) -> None:
    archives = sorted((ROOT / "resources/demo/studies").glob("*.zip"))
    if not archives:
        pytest.skip("the demonstration studies are not there")
    for archive in archives:
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(tmp_path / archive.stem)
    assert _held_to_the_app(tmp_path) >= 3 * len(archives)


@needs_node
@pytest.mark.parametrize("name", ["philips-mprage-study", "ge-mprage-oblique-jpeg-lossless/dicom", "siemens-t1-fl2d-sag-hfp-jpeg-ls/dicom", "four-slice-series", "bad-geometry", "philips-t1w-tse-enhanced-phantom", "canon-dwi-enhanced-oblique-deflated", "ge-epi-4d-classic/dicom"])
def test_real_studies_are_chosen_from_as_in_the_app(name: str) -> None:
    path = Path(os.environ.get("BRAT_TEST_DATA", ROOT.parent / "shared" / "data")) / name
    if not path.exists():
        pytest.skip("no real data: set BRAT_TEST_DATA")
    assert _held_to_the_app(path) > 0
