"""Synthetic T1 post-contrast head studies with known truth: volumes, reports, answers, DICOM, training shards.

Training seeds lie below 1,000,000; seeds from 5,000,000 are kept for tests and are refused by the shard writer.
"""

TRAINING_SEED_LIMIT = 1_000_000
TEST_SEED_START = 5_000_000
