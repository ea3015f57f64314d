"""Figures of merit: retrieval, words, findings by a language model, masks. Arrays and texts in, numbers out; knows no network of ours."""
