"""Readers list what a data set holds, in its published layout, and name what cannot be used."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from data_files import head, write_dicom_series, write_nifti

from brat_train.data.readers.adni import read_adni
from brat_train.data.readers.bimcv_r import read_bimcv_r
from brat_train.data.readers.brats import read_brats
from brat_train.data.readers.folder import Columns, read_folder
from brat_train.data.readers.tables import read_table


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four DICOM studies, one with everything wrong around it."""
    root = tmp_path_factory.mktemp("hospital")
    images = root / "images"
    write_dicom_series(images / "a" / "post", "1.2.1", "AX T1 POST GAD", 2, "P1", "ACC1")
    write_dicom_series(images / "a" / "pre", "1.2.1", "AX T1", 1, "P1", "ACC1")
    write_dicom_series(images / "b", "1.2.2", "T1 TRA KM", 1, "P2", "ACC2")
    write_dicom_series(images / "c", "1.2.3", "AX FLAIR", 1, "P3", "ACC3", ScanningSequence=["SE", "IR"], RepetitionTime=9000, EchoTime=120, InversionTime=2500)
    write_dicom_series(images / "d", "1.2.4", "AX T1 POST", 1, "P4", "ACC4")
    shutil.copy(images / "b" / "01-003.dcm", images / "b" / "again.dcm")
    (images / "b" / "broken.dcm").write_bytes((images / "b" / "01-004.dcm").read_bytes()[:300])
    (images / "b" / "notes").write_text("not an image")
    return root


def write_table(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_studies_are_found_by_uid_or_accession_and_what_does_not_fit_is_named(hospital: Path, tmp_path: Path) -> None:
    table = write_table(tmp_path / "reports.csv", 'study,report\nACC1,"A mass, 2 cm."\n1.2.2,No lesion.\nACC3,\nACC9,Nothing here.\nACC1,"A mass, 2 cm."\n')
    found = read_folder(hospital / "images", table)
    assert [(case.id, case.patient, case.report) for case in found.cases] == [("1.2.2", "P2", "No lesion."), ("ACC1", "P1", "A mass, 2 cm.")]
    assert len(found.cases[1].series) == 2
    assert len(found.cases[0].series[0].files) == 14
    assert found.tally.counts == {"unreadable-file": 2, "duplicate-image": 1, "duplicate-report": 1, "empty-report": 1, "image-without-report": 1, "report-without-image": 1}
    assert found.tally.names["report-without-image"] == ["ACC9"]
    assert found.tally.names["image-without-report"] == ["1.2.4"]


def test_a_study_with_two_different_reports_is_left_out_rather_than_given_the_wrong_one(hospital: Path, tmp_path: Path) -> None:
    table = write_table(tmp_path / "reports.csv", "study;report\nACC1;A mass.\nACC1;No mass.\nACC2;No lesion.\n")
    found = read_folder(hospital / "images", table)
    assert [case.id for case in found.cases] == ["ACC2"]
    assert found.tally.counts["conflicting-reports"] == 1


def test_columns_are_taken_by_option_and_a_wrong_name_is_answered_with_those_there_are(hospital: Path, tmp_path: Path) -> None:
    table = write_table(tmp_path / "reports.csv", "Befundnummer,Befund,Patient,Gruppe,split,enhancing,locations\nACC1,Raumforderung.,X,gross,val,yes,Right frontal lobe;left frontal lobe\nACC2,Nichts.,Y,klein,train,perhaps,NA\n")
    found = read_folder(hospital / "images", table, Columns(study="befundnummer", report="Befund", labels=("Gruppe",)))
    first, second = found.cases
    assert (first.patient, first.labels, first.split, first.answers) == ("X", {"Gruppe": "gross"}, "dev", {"enhancing": "Yes", "locations": "Left frontal lobe; Right frontal lobe"})
    assert second.answers == {"locations": "NA"}
    assert found.tally.counts["unknown-answer"] == 1
    with pytest.raises(ValueError, match="no column 'Text'.*Befundnummer, Befund"):
        read_folder(hospital / "images", table, Columns(study="Befundnummer", report="Text"))
    with pytest.raises(ValueError, match="which column is the study column"):
        read_folder(hospital / "images", table)


def test_parquet_says_the_same_as_csv(tmp_path: Path) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.table({"study": ["A", "B"], "n": [1, None], "report": ["Ein Befund, groß.", None]}), tmp_path / "t.parquet")
    (tmp_path / "t.csv").write_bytes('study;n;report\nA;1;"Ein Befund, groß."\nB;;\n'.encode("cp1252"))
    assert read_table(tmp_path / "t.parquet") == read_table(tmp_path / "t.csv")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(ValueError, match="bad.parquet is not a readable Parquet file"):
        read_table(tmp_path / "bad.parquet")


def test_nifti_studies_are_files_or_folders_of_sequences(tmp_path: Path) -> None:
    images = tmp_path / "images"
    write_nifti(images / "case-1001.nii.gz")
    write_nifti(images / "case-1002.nii.gz", coded=True)
    for name in ("t1", "t1_post", "flair"):
        write_nifti(images / "STUDY7" / f"{name}.nii.gz")
    (images / "case-1003.nii.gz").write_bytes(b"\x1f\x8b broken")
    found = read_folder(images, write_table(tmp_path / "r.csv", "file,text\ncase-1001,A.\ncase-1002.nii.gz,B.\ncase-1003,C.\nSTUDY7,D.\n"))
    assert [(case.id, len(case.series), case.chosen) for case in found.cases] == [("STUDY7", 3, False), ("case-1001", 1, True), ("case-1002.nii.gz", 1, True)]
    assert found.tally.counts == {"unreadable-image": 1, "report-without-image": 1, "no-patient-id": 3}


def test_bimcv_r_gives_each_volume_its_sessions_report_and_drops_localizers(tmp_path: Path) -> None:
    folder = "sub-S1/ses-E1/mod-rx/"
    write_nifti(tmp_path / "ct" / folder / "sub-S1_ses-E1_run-1_bp-chest_ct.nii.gz")
    write_nifti(tmp_path / "ct" / folder / "sub-S1_ses-E1_run-2_bp-chest_ct.nii.gz", np.zeros((40, 40, 3), np.int16))
    write_nifti(tmp_path / "ct" / "sub-S2_ses-E2_run-1_bp-chest_ct.nii.gz")
    rows = "".join(f"sub-S{p},ses-E{p},informe {p},Report {p}.,/raid/x/{folder}sub-S{p}_ses-E{p}_run-{r}_bp-chest_ct.nii.gz\n" for p, r in ((1, 1), (1, 2), (3, 1)))
    table = write_table(tmp_path / "bimcv.csv", "PatientID,ReportID,Report,Report_en,ct_path\n" + rows)
    found = read_bimcv_r(tmp_path / "ct", table)
    assert [(case.id, case.patient, case.report) for case in found.cases] == [("sub-S1_ses-E1_run-1_bp-chest_ct", "sub-S1", "Report 1.")]
    assert found.tally.counts == {"not-an-image": 1, "report-without-image": 1, "image-without-report": 1}
    assert read_bimcv_r(tmp_path / "ct", table, "es").cases[0].report == "informe 1"


def test_adni_images_get_the_diagnosis_of_their_row(tmp_path: Path) -> None:
    root = tmp_path / "ADNI"
    write_nifti(root / "002_S_0295" / "MP-RAGE" / "2006-04-18_08_20_30.0" / "I13722" / "ADNI_002_S_0295_MR_MP-RAGE__br_raw_20060418193713091_1_S13408_I13722.nii")
    write_dicom_series(root / "011_S_0002" / "MP-RAGE" / "2005-08-26_09_35_25.0" / "I9001", "1.9.1", "MP-RAGE", patient="011_S_0002")
    write_nifti(root / "011_S_0002" / "MP-RAGE" / "2006-01-01_09_35_25.0" / "I9002" / "scan_S1_I9002.nii")
    header = '"Image Data ID","Subject","Group","Sex","Age","Visit","Modality","Description","Type","Acq Date","Format","Downloaded"\n'
    rows = '"I13722","002_S_0295","CN","M","84","1","MRI","MP-RAGE","Original","4/18/2006","NiFTI",""\n"9001","011_S_0002","EMCI","F","70","1","MRI","MP-RAGE","Original","8/26/2005","DCM",""\n"I9002","011_S_0002","Patient","F","70","1","MRI","MP-RAGE","Original","1/1/2006","NiFTI",""\n"I777","011_S_0003","AD","F","70","1","MRI","MP-RAGE","Original","1/1/2006","NiFTI",""\n'
    found = read_adni(root, write_table(tmp_path / "collection.csv", header + rows))
    assert [(case.id, case.patient, case.labels["diagnosis"], case.series[0].kind) for case in found.cases] == [
        ("002_S_0295_I13722", "002_S_0295", "Normal", "nifti"),
        ("011_S_0002_I9001", "011_S_0002", "MCI", "dicom"),
    ]
    assert found.tally.counts == {"unknown-label": 1, "report-without-image": 1}


def write_brats(root: Path, name: str, join: str, image: str, labels: tuple[int, int, int]) -> Path:
    necrotic, oedema, enhancing = labels
    values = np.ascontiguousarray(head()[:, ::-1].transpose(2, 1, 0))
    label = np.zeros(values.shape, np.uint8)
    label[8:28, 8:28, 2:12], label[12:24, 12:24, 4:10], label[15:21, 15:21, 5:9] = oedema, enhancing, necrotic
    write_nifti(root / name / f"{name}{join}{image}.nii.gz", values)
    write_nifti(root / name / f"{name}{join}seg.nii.gz", label)
    return root


def test_the_two_brats_editions_have_labels_of_their_own_and_patients_of_several_time_points(tmp_path: Path) -> None:
    first = write_brats(tmp_path / "2021", "BraTS2021_00001", "_", "t1ce", (1, 2, 4))
    write_nifti(first / "BraTS2021_00002" / "BraTS2021_00002_t1ce.nii.gz")
    (first / "BraTS2021_00003").mkdir()
    found = read_brats(first, "2021")
    regions = found.cases[0].regions
    assert regions is not None
    assert (regions.whole, regions.core, regions.enhancing) == ({1, 2, 4}, {1, 4}, {4})
    assert found.tally.counts == {"no-mask": 1, "no-t1-post-contrast": 1}
    assert len(read_brats(first, "2021", need_masks=False).cases) == 2

    second = tmp_path / "2023"
    for name in ("BraTS-MET-00002-000", "BraTS-MET-00002-001"):
        write_brats(second, name, "-", "t1c", (1, 2, 3))
    found = read_brats(second, "2023-mets")
    assert {case.patient for case in found.cases} == {"BraTS-MET-00002"}
    assert found.cases[0].regions is not None
    assert found.cases[0].regions.core == {1, 3}
    with pytest.raises(ValueError, match="holds no folder named as in BraTS 2021"):
        read_brats(second, "2021")
