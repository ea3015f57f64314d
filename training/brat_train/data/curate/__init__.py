"""The paper's curation (8.1): DICOM to NIfTI, T1 post-contrast only, 99th percentile, 0 to 800, 16 bit; then training shards."""
