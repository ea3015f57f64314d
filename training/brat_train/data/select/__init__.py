"""Choosing the T1 post-contrast series of a study: the app's rules (src/engine/select) on what pydicom reads.

Words come from series_phrases.json, which is written from the app's own lists by `node scripts/seriesPhrases.ts`.
"""
