"""Statistics: arrays in, frozen results out. They know no store, no dataset and no screen.

Persons are rows, targets or items are columns; rank 1 is best; ``coverage=0.95``, never 95; a
``seed`` has no default.
"""
