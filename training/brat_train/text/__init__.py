"""Tokenizers of the text branch and of the report writer, and edits of sentences."""
