"""What the command's exit code says beside right and wrong."""

#: Time ran out before the work did: run the same command again.
UNFINISHED = 75
