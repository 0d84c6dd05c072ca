"""Error rates of comparison scores whose truth is known (ISO/IEC 19795-1).

>>> import numpy as np, vantay
>>> dice = np.random.default_rng(1)
>>> rates = vantay.evaluate.error_rates(dice.normal(5, 1, 2000), dice.normal(0, 1, 20_000))
>>> round(rates.eer, 2)
0.01
>>> rates.eer.low < rates.eer < rates.eer.high
True
>>> rates.fnmr_at(1e-3) > rates.fnmr_at(1e-1)
True
"""

from __future__ import annotations

from typing import Any, Mapping, Optional, Tuple, Union

import numpy as np

from . import _native, plot

__all__ = ["ErrorRates", "Rate", "error_rates", "plot_det", "plot_scores"]

Array = np.ndarray[Any, np.dtype[Any]]


class Rate(float):
    """An error rate: a number that knows its interval and the threshold it stands at."""

    #: The ends of the interval at the asked confidence; NaN if none was asked.
    low: float
    high: float
    #: The score from which comparisons match here.
    threshold: float

    def __new__(cls, value: float, low: float, high: float, threshold: float) -> "Rate":
        rate = super().__new__(cls, value)
        rate.low, rate.high, rate.threshold = low, high, threshold
        return rate

    @property
    def interval(self) -> Tuple[float, float]:
        """Both ends."""
        return (self.low, self.high)

    def __repr__(self) -> str:
        return f"{float(self):.6g} [{self.low:.3g}, {self.high:.3g}]"

    def __reduce__(self) -> Any:
        return (Rate, (float(self), self.low, self.high, self.threshold))


class ErrorRates:
    """Error rates of genuine and impostor scores at every threshold."""

    def __init__(self, native: _native.ErrorRates) -> None:
        """Use :func:`error_rates`."""
        self._native = native

    @property
    def genuine(self) -> int:
        """How many genuine comparisons there are."""
        return self._native.genuine

    @property
    def impostor(self) -> int:
        """How many impostor comparisons there are."""
        return self._native.impostor

    @property
    def eer(self) -> Rate:
        """The equal error rate, with an interval by drawing pairs again."""
        return Rate(*self._native.eer())

    def fnmr_at(self, fmr: float) -> Rate:
        """The false non-match rate at the smallest threshold whose false match rate does not exceed ``fmr``.

        The interval is Clopper and Pearson's. An ``fmr`` of 0, or below one impostor pair, is where none matches.
        """
        return Rate(*self._native.fnmr_at(fmr))

    def fmr_at_threshold(self, threshold: float) -> Rate:
        """The false match rate where scores at or above ``threshold`` match."""
        return Rate(*self._native.at_threshold(threshold)[0])

    def fnmr_at_threshold(self, threshold: float) -> Rate:
        """The false non-match rate where scores at or above ``threshold`` match."""
        return Rate(*self._native.at_threshold(threshold)[1])

    def points(self) -> Tuple[Array, Array, Array]:
        """Thresholds, FMR and FNMR of all operating points, three (n,) float64, lowest threshold first."""
        return self._native.points()

    def _repr_html_(self) -> str:
        rows = [("EER", self.eer)] + [(f"FNMR at FMR {fmr:g}", self.fnmr_at(fmr)) for fmr in (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)]
        cells = "".join(
            f"<tr><td>{name}</td><td>{rate:.4%}</td><td>{rate.low:.4%} to {rate.high:.4%}</td><td>{rate.threshold:.4g}</td></tr>"
            for name, rate in rows
        )
        head = "<tr><th></th><th>rate</th><th>interval</th><th>threshold</th></tr>"
        counts = f"{self.genuine} genuine and {self.impostor} impostor comparisons"
        return f"<p>{counts}</p><table><thead>{head}</thead><tbody>{cells}</tbody></table>"

    def __repr__(self) -> str:
        return f"<ErrorRates of {self.genuine} genuine and {self.impostor} impostor comparisons: EER {self.eer!r}>"


def error_rates(
    genuine: Any,
    impostor: Any,
    *,
    confidence: float = 0.95,
    replicates: int = 1000,
    seed: int = 0x5EED,
) -> ErrorRates:
    """Error rates of comparison scores; higher is more alike.

    Pairs count as independent of each other. Where subjects took part in several pairs, intervals are too short.

    :param genuine: (n,) scores of comparisons of one subject with itself. NaN is left out.
    :param impostor: (n,) scores of comparisons of two subjects.
    :param confidence: The share of intervals that should hold the true rate.
    :param replicates: How often pairs are drawn for the EER's interval; 0 for none. Equal seeds give equal intervals.
    :raises EvaluationError: (a ``ValueError``) without a genuine or without an impostor score.
    """
    scores = [np.require(np.ravel(s), np.float64, ["C", "A"]) for s in (genuine, impostor)]
    return ErrorRates(_native.error_rates(scores[0], scores[1], confidence, replicates, seed))


def plot_det(rates: Union[ErrorRates, Mapping[str, ErrorRates]], *, ax: Optional[Any] = None) -> Any:
    """:func:`vantay.plot.det`: FNMR against FMR, of one system or of several by name. Needs matplotlib; returns the axes."""
    return plot.det(rates, ax=ax)


def plot_scores(genuine: Any, impostor: Any, *, bins: int = 100, ax: Optional[Any] = None) -> Any:
    """:func:`vantay.plot.scores`: distributions of genuine and impostor scores. Needs matplotlib; returns the axes."""
    return plot.scores(genuine, impostor, bins=bins, ax=ax)
