"""Pictures with matplotlib, if it is installed: DET curves, score distributions, a comparison's minutiae.

Every function draws on ``ax``, or on new axes, and returns them.

>>> import numpy as np, vantay
>>> vantay.plot.det                                             # doctest: +ELLIPSIS
<function det at ...>
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, Optional, Union

import numpy as np

from ._templates import Minutiae, View, explain_minutiae, read_minutiae

if TYPE_CHECKING:
    from .evaluate import ErrorRates

__all__ = ["det", "minutiae", "scores"]

#: How long a minutia's direction is drawn, in pixels at 500 dpi.
STROKE = 14


def det(rates: "Union[ErrorRates, Mapping[str, ErrorRates]]", *, ax: Optional[Any] = None) -> Any:
    """Plots FNMR against FMR, both logarithmic, of one system or of several by name. Needs matplotlib.

    :param ax: The axes to draw on; new ones if not given.
    :returns: The axes.
    """
    ax = _axes(ax)
    systems = rates if isinstance(rates, Mapping) else {"": rates}
    for name, system in systems.items():
        _, fmr, fnmr = system.points()
        shown = (fmr > 0) & (fnmr > 0)
        label = f"{name} (EER {system.eer:.3%})" if name else f"EER {system.eer:.3%}"
        ax.step(fmr[shown], fnmr[shown], where="post", label=label)
    # Down to half an error, so that a system without any has axes too.
    impostor, genuine = (max(getattr(system, side) for system in systems.values()) for side in ("impostor", "genuine"))
    ax.set(xlim=(0.5 / impostor, 1), ylim=(0.5 / genuine, 1), xscale="log", yscale="log")
    ax.set(xlabel="False match rate", ylabel="False non-match rate")
    ax.grid(True, which="both", alpha=0.3)
    ax.legend()
    return ax


def scores(genuine: Any, impostor: Any, *, bins: int = 100, ax: Optional[Any] = None) -> Any:
    """Plots the distributions of genuine and impostor scores. Needs matplotlib; returns the axes."""
    ax = _axes(ax)
    sets = {"genuine": np.ravel(genuine), "impostor": np.ravel(impostor)}
    edges = np.histogram_bin_edges(np.concatenate(list(sets.values())), bins=bins)
    for name, values in sets.items():
        ax.hist(values, bins=edges, density=True, alpha=0.6, label=f"{name} ({len(values)})")
    ax.set(xlabel="Comparison score", ylabel="Density")
    ax.legend()
    return ax


def minutiae(a: bytes, b: bytes, *, ax: Optional[Any] = None) -> Any:
    """Plots why two template records got their score: the first turned and moved onto the second. Needs matplotlib.

    Minutiae are dots with a stroke in their direction, pairs are joined by a line and numbered, the area that both prints cover is
    shaded. What is drawn says much about a finger: keep such pictures as close as templates.

    :raises TemplateError: (a ``ValueError``) if a record cannot be read; its ``number`` is 0 for ``a``, 1 for ``b``.
    """
    explained = explain_minutiae(a, b)
    first, second = _first(read_minutiae(a)), _first(read_minutiae(b))
    ax = _axes(ax)
    if len(explained.common_area):
        ax.fill(*explained.common_area.T, color="tab:green", alpha=0.12, label="common area")
    placed = explained.place(np.stack([first.minutiae["x"], first.minutiae["y"]], axis=1))
    own = np.stack([second.minutiae["x"], second.minutiae["y"]], axis=1).astype(float)
    sides = (
        ("first", placed, first.minutiae["angle"] + explained.rotation, "tab:red"),
        ("second", own, second.minutiae["angle"], "tab:blue"),
    )
    for name, at, angles, colour in sides:
        turned = np.deg2rad(angles.astype(float))
        ax.plot(*at.T, "o", color=colour, markersize=4, fillstyle="none", label=f"{name} ({len(at)} minutiae)")
        # Angles go counter-clockwise while y goes down.
        ends = at + STROKE * np.stack([np.cos(turned), -np.sin(turned)], axis=1)
        ax.plot(*np.stack([at, ends], axis=2).transpose(1, 2, 0), color=colour, linewidth=1)
    for number, (i, j) in enumerate(explained.pairs):
        ax.plot(*np.stack([placed[i], own[j]]).T, color="black", linewidth=0.8)
        ax.annotate(str(number + 1), own[j], fontsize=7, xytext=(3, 3), textcoords="offset points")
    ax.set(aspect="equal", title=f"score {explained.score:.1f}, {len(explained.pairs)} pairs", xticks=[], yticks=[])
    ax.invert_yaxis()
    ax.legend(fontsize=7)
    return ax


def _first(record: Minutiae) -> View:
    return record.views[0]


def _axes(ax: Optional[Any]) -> Any:
    if ax is not None:
        return ax
    import matplotlib.pyplot

    return matplotlib.pyplot.subplots()[1]
