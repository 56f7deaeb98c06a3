"""Random lists and what RecTools and RecBole say of them, for `src/metrics/tests.rs`.

    pip install RecTools==0.19.0 && pip install --no-deps recbole==1.2.1
    python crates/evaluation/tests/reference.py > crates/evaluation/tests/reference.json

RecBole's formulas need numpy alone; what else its module imports is replaced by empty modules.
"""

import importlib.util
import json
import random
import sys
import types
import warnings
from importlib.metadata import distribution, version

import numpy as np
import pandas as pd
from rectools import metrics as rt
from rectools.metrics.distances import PairwiseHammingDistanceCalculator

warnings.filterwarnings("ignore")
N_ITEMS, N_USERS, N_FEATURES, KS, LONGEST = 90, 24, 6, (1, 5, 10), 10
# The last users: one without a list, one with a list of two, one without a held-out item.
NO_LIST, SHORT, NOTHING_HELD_OUT = N_USERS - 3, N_USERS - 2, N_USERS - 1


def lists():
    draw = random.Random(20)
    weights = [1 / (1 + item) for item in range(N_ITEMS - 4)] + [0] * 4  # the last four items are new
    histories, rankings, held_out = [], [], []
    for user in range(N_USERS):
        seen = set(draw.choices(range(N_ITEMS), weights, k=draw.randint(3, 25)))
        fresh = [item for item in range(N_ITEMS) if item not in seen]
        draw.shuffle(fresh)
        length = {NO_LIST: 0, SHORT: 2}.get(user, LONGEST)
        later = set() if user == NOTHING_HELD_OUT else set(draw.sample(fresh, draw.randint(1, 12)))
        liked = sorted(later, key=lambda item: draw.random())
        ranking = sorted(fresh, key=lambda item: draw.random() - (0.4 if item in later else 0))[:length]
        histories.append(sorted(seen)), rankings.append(ranking), held_out.append(sorted(liked))
    features = [[draw.randint(0, 1) for _ in range(N_FEATURES)] for _ in range(N_ITEMS)]
    return histories, rankings, held_out, features


def frame(table, ranked=False):
    rows = [(user, item, rank + 1) for user, items in enumerate(table) for rank, item in enumerate(items)]
    out = pd.DataFrame(rows, columns=["user_id", "item_id", "rank"])
    return out if ranked else out.drop(columns="rank")


def rectools(histories, rankings, held_out, features):
    reco, later, before = frame(rankings, ranked=True), frame(held_out), frame(histories)
    table = pd.DataFrame(features, index=pd.Index(range(N_ITEMS), name="item_id"))
    items = range(N_ITEMS)
    out = {}
    for k in KS:
        of_later = {
            "ndcg": rt.NDCG(k=k, divide_by_achievable=True),
            "ndcg, ideal of k": rt.NDCG(k=k),
            "recall": rt.Recall(k=k),
            "hit": rt.HitRate(k=k),
            "mrr": rt.MRR(k=k),
            "map, over all relevant": rt.MAP(k=k),
            "map, over k": rt.MAP(k=k, divide_by_k=True),
            "precision": rt.Precision(k=k),
        }
        for name, metric in of_later.items():
            out[f"{name}@{k}"] = metric.calc_per_user(reco, later)
        out[f"averagepopularity@{k}"] = rt.AvgRecPopularity(k=k).calc_per_user(reco, before)
        out[f"novelty@{k}"] = rt.MeanInvUserFreq(k=k).calc_per_user(reco, before)
        out[f"serendipity@{k}"] = rt.Serendipity(k=k).calc_per_user(reco, later, before, items)
        distance = PairwiseHammingDistanceCalculator(table)
        out[f"intralistdiversity@{k}"] = rt.IntraListDiversity(k=k, distance_calculator=distance).calc_per_user(reco)
    per_user = {name: {int(user): round(float(x), 9) for user, x in found.items()} for name, found in out.items()}
    over_lists = {f"itemcoverage@{k}": rt.CatalogCoverage(k=k, normalize=True).calc(reco, items) for k in KS}
    return {"rectools": per_user, "rectools_over_lists": over_lists}


def recbole_metrics():
    class Anything(types.ModuleType):
        def __getattr__(self, name):
            return type(name, (), {"RANKING": None, "VALUE": None, "__init__": lambda self, config: None})

    for name in ("torch", "sklearn", "sklearn.metrics", "recbole", "recbole.utils", "recbole.evaluator"):
        sys.modules[name] = Anything(name)
    for name in ("recbole.evaluator.utils", "recbole.evaluator.base_metric"):
        sys.modules[name] = Anything(name)
    path = distribution("recbole").locate_file("recbole/evaluator/metrics.py")
    spec = importlib.util.spec_from_file_location("metrics", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    np.float = float  # the alias that RecBole uses and numpy no longer has
    return module


def recbole(histories, rankings, held_out):
    """Means over the users that RecBole can have: with a full list and something held out."""
    module = recbole_metrics()
    users = range(NO_LIST)
    matrix = np.array([rankings[user] for user in users])
    hits = np.array([[item in held_out[user] for item in rankings[user]] for user in users])
    n_held_out = np.array([len(held_out[user]) for user in users])
    counts = {item: sum(item in history for history in histories) for item in range(N_ITEMS)}
    out = {}
    for k in KS:
        tables = {
            "ndcg": module.NDCG(None).metric_info(hits, n_held_out),
            "recall": module.Recall(None).metric_info(hits, n_held_out),
            "hit": module.Hit(None).metric_info(hits),
            "mrr": module.MRR(None).metric_info(hits),
            "map": module.MAP(None).metric_info(hits, n_held_out),
            "precision": module.Precision(None).metric_info(hits),
        }
        popularity = module.AveragePopularity({"topk": KS})
        tables["averagepopularity"] = popularity.metric_info(popularity.get_pop(matrix, counts))
        for name, table in tables.items():
            out[f"{name}@{k}"] = float(table.mean(axis=0)[k - 1])
        for name, n_items in (("", N_ITEMS), (", with a padding item", N_ITEMS + 1)):
            coverage, gini = module.ItemCoverage({"topk": KS}), module.GiniIndex({"topk": KS})
            out[f"itemcoverage{name}@{k}"] = float(coverage.get_coverage(matrix[:, :k], n_items))
            out[f"giniindex{name}@{k}"] = float(gini.get_gini(matrix[:, :k], n_items))
    return out


def main():
    histories, rankings, held_out, features = lists()
    packages = ("RecTools", "recbole", "numpy", "pandas")
    found = {
        "versions": {name: version(name) for name in packages},
        "n_items": N_ITEMS,
        "n_recbole_users": NO_LIST,
        "histories": histories,
        "rankings": rankings,
        "held_out": held_out,
        "features": features,
        **rectools(histories, rankings, held_out, features),
        "recbole": recbole(histories, rankings, held_out),
    }
    lines = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in found.items()]
    print("{\n" + ",\n".join(lines) + "\n}")


main()
