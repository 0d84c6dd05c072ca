"""Error rates against numpy."""

import pickle

import numpy as np
import pytest

import vantay
from vantay.evaluate import error_rates

DICE = np.random.default_rng(9)
GENUINE, IMPOSTOR = DICE.normal(3, 1, 1000).round(2), DICE.normal(0, 1, 5000).round(2)


def fnmr_at(fmr):
    """The smallest threshold among the scores (or beyond) that keeps the FMR, by trying all."""
    for threshold in np.append(np.unique(np.concatenate([GENUINE, IMPOSTOR])), np.inf):
        if np.mean(IMPOSTOR >= threshold) <= fmr:
            return np.mean(GENUINE < threshold)


@pytest.mark.parametrize("fmr", [0.5, 0.1, 1e-2, 1e-3, 0.0])
def test_fnmr_is_what_counting_says(fmr):
    rates = error_rates(GENUINE, IMPOSTOR, replicates=0)
    assert rates.fnmr_at(fmr) == pytest.approx(fnmr_at(fmr), abs=1e-12)
    rate = rates.fnmr_at(fmr)
    assert rate.low <= rate <= rate.high
    assert rates.fmr_at_threshold(rate.threshold) <= fmr


def test_the_eer_lies_where_both_rates_meet():
    rates = error_rates(GENUINE, IMPOSTOR, replicates=200)
    thresholds, fmr, fnmr = rates.points()
    at = np.argmin(np.abs(fmr - fnmr))
    assert rates.eer == pytest.approx((fmr[at] + fnmr[at]) / 2, abs=2e-3)
    assert rates.eer.low < rates.eer < rates.eer.high
    assert (np.diff(thresholds) > 0).all() and (np.diff(fmr) <= 0).all() and (np.diff(fnmr) >= 0).all()
    assert (rates.genuine, rates.impostor) == (1000, 5000)
    assert pickle.loads(pickle.dumps(rates.eer)).interval == rates.eer.interval


def test_equal_seeds_give_equal_intervals():
    one, two = (error_rates(GENUINE, IMPOSTOR, replicates=100, seed=4).eer for _ in range(2))
    assert one.interval == two.interval


def test_one_kind_of_scores_is_not_enough():
    with pytest.raises(vantay.EvaluationError):
        error_rates([], IMPOSTOR)
    with pytest.raises(ValueError):
        error_rates(GENUINE, IMPOSTOR, confidence=1.5)


def test_det_curves_are_drawn_where_matplotlib_is():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    rates = error_rates(GENUINE, IMPOSTOR, replicates=0)
    axes = vantay.evaluate.plot_det({"a": rates, "b": rates})
    assert len(axes.get_lines()) == 2
    assert vantay.evaluate.plot_scores(GENUINE, IMPOSTOR).get_xlabel()
