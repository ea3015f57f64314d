"""Synthetic T1 post-contrast head studies with known truth: volumes, reports, answers, DICOM, training shards.

Seeds tell what a phantom is for, so that nothing tested was ever trained on:
below 1,000,000 training; from 2,000,000 the demonstration archive; from 3,000,000 the demonstration studies;
from 5,000,000 tests. The shard writer refuses test seeds unless told otherwise.
"""

TRAINING_SEED_LIMIT = 1_000_000
ARCHIVE_SEED_START = 2_000_000
STUDY_SEED_START = 3_000_000
TEST_SEED_START = 5_000_000
