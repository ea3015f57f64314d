"""The networks of the paper: vision backbones, the Q-Former, their union, and a small report writer."""
