"""Instruction sets: the wording that a model is asked in, from the cards or from a file.

- `sets`: a set, its digest, and its file
- `importing`: the nine held-out tasks of the official templates as a set
- `source`: the official file, read without running it
- `parts`: what its templates are made of
"""
