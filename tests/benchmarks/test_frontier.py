"""The picture of the README: its table and its sentence, from rows made by hand."""

import numpy as np

from benchmarks import frontier


def made(direct, distilled):
    leaves = (4, 8, 16)
    found = {
        "student": np.repeat([f"{n} (min_samples_leaf=5)" for n in leaves], 2).astype(object),
        "side": np.array(["direct", "distilled"] * 3, dtype=object),
        "loss": np.column_stack([direct, distilled]).ravel(),
    }
    return frontier.table_of(found, 0.2, leaves)


def test_each_size_has_both_sides_and_the_teacher():
    table = made([0.5, 0.4, 0.45], [0.45, 0.39, 0.3])
    assert table.to_numpy().tolist() == [
        [4, 0.5, 0.45, 0.2],
        [8, 0.4, 0.39, 0.2],
        [16, 0.45, 0.3, 0.2],
    ]


def test_the_sentence_says_what_the_table_does():
    said = frontier.sentence(made([0.5, 0.4, 0.45], [0.45, 0.39, 0.3]))
    assert said == (
        "The best tree trained directly has 8 leaves and a log-loss of 0.400; distilled, that size "
        "has 0.390, and the best (16 leaves) 0.300."
    )
