"""Steps of a fit: each is told of once, and may run again where it was sent to."""

import pickle

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB

from skdistill import DistilledClassifier
from skdistill._ground.compat import Progress


def test_a_step_may_run_again_on_a_worker_and_nowhere_else():
    estimator = DistilledClassifier(GaussianNB())
    if not hasattr(estimator, "_init_callback_context"):
        pytest.skip("scikit-learn has no callbacks")
    whole = Progress.root(estimator, 1, np.ones((2, 1)), np.ones(2))
    with whole as root, root.step("cross-fit", n_steps=1) as progress:
        sent = pickle.loads(pickle.dumps(progress))
        for _ in range(2):
            with sent.step("fold 0", 0):
                pass
        with progress.step("fold 0", 0):
            pass
        with pytest.raises(ValueError, match="already has a child"), progress.step("fold 0", 0):
            pass
