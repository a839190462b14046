"""Who is compared, by name."""

from __future__ import annotations

from dataclasses import dataclass

from bench.tables import boosting, networks, ours, tuning
from bench.tables.tuning import Fit


@dataclass(frozen=True)
class Model:
    """A model: its title, the package whose version is shown, how it is fitted.

    `fit` is None for ours, which take the raw table; `peer` says whose interpreter runs it.
    """

    title: str
    package: str
    fit: Fit | None
    peer: bool = True


MODELS: dict[str, Model] = {
    "ours": Model("rosenblatt", "rosenblatt", None, peer=False),
    "ours_given_validation": Model("rosenblatt, given validation", "rosenblatt", None, peer=False),
    "plain": Model("plain network", "rosenblatt", ours.plain, peer=False),
    "hgb": Model("HistGradientBoosting", "scikit-learn", boosting.hist_gradient_boosting),
    "lightgbm": Model("LightGBM", "lightgbm", boosting.lightgbm),
    "lightgbm_tuned": Model("LightGBM tuned", "lightgbm", tuning.lightgbm_tuned),
    "catboost": Model("CatBoost", "catboost", boosting.catboost),
    "catboost_tuned": Model("CatBoost tuned", "catboost", tuning.catboost_tuned),
    "realmlp": Model("RealMLP-TD", "pytabkit", networks.realmlp),
    "tabm": Model("TabM-D", "pytabkit", networks.tabm),
}
OURS = ("ours", "ours_given_validation")
