"""Readers of data sets: each lists cases (patient, study, image files, report or labels, masks) and decodes no image.

What a data set holds beside usable cases is counted and named in a :class:`~.source.Tally`, never fatal. Choosing a
series, converting and preparing it is left to `data/select` and `data/curate`.
"""
