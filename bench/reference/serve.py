"""The policy of an artefact behind FastAPI and uvicorn, ranked by PyTorch: the reference of `endurance`.

    pip install fastapi 'uvicorn[standard]' torch safetensors orjson
    python bench/reference/serve.py ARTEFACT PORT WORKERS

The same mathematics as the service answers with, for a history without a session: the belief by Bayesian updates, all
features as tensors over the catalogue, hazard and actor as networks, the ten of the highest logits. What does not
depend on the request is computed once; one thread of PyTorch per worker, as that is faster here than two.
"""

import json
import sys

import torch
import uvicorn
from fastapi import FastAPI, Request, Response
from safetensors.torch import load_file

try:
    import orjson

    dumps, loads = orjson.dumps, orjson.loads
except ImportError:
    dumps, loads = lambda value: json.dumps(value).encode(), json.loads

FEATURES = [
    "predicted_reward", "uncertainty", "log_stay", "item_offset", "popularity", "breadth", "crowding",
    "content_match", "distance", "saturation", "text_match",
]
FAR, SHRINKAGE, LONGEST = 3.0, 5.0, 500


def network(flat, n_in, n_hidden, n_out):
    """Weights `[in, out]` and biases of a perceptron with one hidden layer."""
    sizes = [n_in * n_hidden, n_hidden, n_hidden * n_out, n_out]
    w0, b0, w1, b1 = torch.split(flat, sizes)
    return w0.view(n_in, n_hidden), b0, w1.view(n_hidden, n_out), b1


def apply(net, x):
    w0, b0, w1, b1 = net
    return torch.addmm(b1, torch.relu(torch.addmm(b0, x, w0)), w1)


class Policy:
    def __init__(self, folder):
        tensors = load_file(f"{folder}/policy.safetensors")
        self.facts = json.load(open(f"{folder}/serving.json"))
        catalogue = json.load(open(f"{folder}/catalogue.json"))
        self.items, self.names = catalogue["items"], catalogue["categories"]
        self.row_of = {item["id"]: row for row, item in enumerate(self.items)}
        n, c = len(self.items), len(self.names)
        membership = torch.zeros(n, c)
        for row, item in enumerate(self.items):
            membership[row, item["categories"]] = 1.0
        self.membership = membership
        self.shares = membership / membership.sum(1, keepdim=True).clamp(min=1.0)
        self.features = tensors["taste.columns"].T.contiguous()
        self.offsets, self.prior = tensors["taste.offsets"], tensors["taste.prior"]
        self.mean, self.noise = self.facts["parameters"]["mean"], self.facts["parameters"]["noise"]
        self.texts = tensors["items.texts"]
        fixed = ["items.offset", "items.popularity", "items.breadth", "items.crowding"]
        self.fixed = torch.stack([tensors[name] for name in fixed], 1)
        self.actor = network(tensors["actor"], 8, 16, 11)
        self.odds = None
        if "hazard.dislike" in tensors:
            saturation = torch.zeros(n, 8)
            saturation[:, 7] = membership.sum(1) / 3.0
            nearness = torch.tensor([[FAR, FAR, 0.0, 0.0]])
            by_content = apply(network(tensors["hazard.saturation"], 8, 16, 1), saturation)
            by_nearness = apply(network(tensors["hazard.nearness"], 4, 16, 1), nearness)
            self.odds = ((1 + by_content.clamp(max=15).exp()) * (1 + by_nearness.clamp(max=15).exp())).squeeze(1)
            self.dislike = network(tensors["hazard.dislike"], 2, 16, 1)

    @torch.inference_mode()
    def slate(self, history, k):
        rows = [row for row, _ in history][-LONGEST:]
        ratings = torch.tensor([rating for _, rating in history][-LONGEST:])
        mean, covariance = torch.zeros(len(self.prior)), torch.diag(self.prior)
        for row, rating in zip(rows, ratings):
            x = self.features[row]
            direction = covariance @ x
            variance = direction @ x + self.noise
            gain = (rating - self.mean - self.offsets[row] - mean @ x) / variance
            mean = mean + gain * direction
            covariance = covariance - torch.outer(direction, direction) / variance
        above = ratings - ratings.mean() if rows else ratings
        liked, seen = above @ self.texts[rows], self.membership[rows]
        profile = above @ seen / (seen.sum(0) + SHRINKAGE)
        predicted = self.features @ mean + self.offsets
        deviation = ((self.features @ covariance) * self.features).sum(1).clamp(min=0).sqrt()
        log_stay = torch.zeros_like(predicted)
        if self.odds is not None:
            z = apply(self.dislike, torch.stack([predicted, deviation], 1)).squeeze(1)
            log_stay = (-((1 + z.clamp(max=15).exp()) * self.odds).log()).clamp(min=-8)
        free = torch.ones(len(self.items), dtype=torch.bool)
        free[rows] = False
        safe = free & (log_stay > -0.1)
        n_safe = int(safe.sum())
        best = max(float(predicted[safe].max()), -2.0) if n_safe else -2.0
        n_log = float(torch.log1p(torch.tensor(float(len(history)))))
        state = torch.tensor([[n_log / 5, float(mean[0]), 0, 0, 0, 0, n_safe / max(int(free.sum()), 1), best]])
        weights = apply(self.actor, state)[0]
        far, fresh = torch.full_like(predicted, FAR), torch.zeros_like(predicted)
        text = (self.texts @ liked) / liked.norm().clamp(min=1e-6)
        columns = torch.stack(
            [predicted, deviation, log_stay, *self.fixed.T, self.shares @ profile, far, fresh, text], 1
        )
        logits = (columns @ weights).masked_fill(~free, float("-inf"))
        top = torch.topk(logits, k)
        typical = columns[free].mean(0)
        parts = (columns[top.indices] - typical) * weights
        order = parts.argsort(1, descending=True)[:, :3]
        answers = []
        for at, (score, row) in enumerate(zip(top.values.tolist(), top.indices.tolist())):
            item = self.items[row]
            reasons = [{"feature": FEATURES[f], "logits": float(parts[at, f])} for f in order[at].tolist()]
            answers.append({
                "id": item["id"], "title": item["title"],
                "categories": [self.names[c] for c in item["categories"]],
                "score": score, "propensity": 1.0,
                "reason": {
                    "expected_rating": float(predicted[row]) + self.mean,
                    "leave_probability": 1 - float(log_stay[row].exp()), "contributions": reasons,
                },
            })
        return answers


def make():
    """One app per worker process."""
    torch.set_num_threads(1)
    policy, app = Policy(sys.argv[1]), FastAPI()

    @app.get("/health/ready")
    async def ready():
        return {"status": "ready"}

    @app.post("/v1/recommend")
    async def recommend(request: Request):
        wanted = loads(await request.body())
        history = [(policy.row_of[row["item"]], float(row["rating"])) for row in wanted["history"]]
        return Response(dumps({"items": policy.slate(history, wanted["k"])}), media_type="application/json")

    return app


if __name__ == "__main__":
    uvicorn.run("serve:make", factory=True, app_dir="bench/reference", host="127.0.0.1", port=int(sys.argv[2]),
                workers=int(sys.argv[3]), log_level="warning", access_log=False)
