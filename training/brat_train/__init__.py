"""Training of brat: aligned multi-view embeddings of brain MRI, and what stands on them.

Everything the desktop app runs is made here: the encoder, the text branch, the bridge, the report writer and the model pack
that carries them. The app itself knows only the pack.
"""

__version__ = "0.1.0"
