"""How true a pack's drafts are: reads findings from report text, and compares what the app wrote with what is known.

Figures that need no reading (ranks, Dice, intervals, words) are in brat_train.metrics; no model is run here.
"""
