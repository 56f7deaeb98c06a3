"""Takes the training steps of `crates/world-model/examples/deepfm_steps.rs` (a DeepFM with a mean and a variance, default
settings, a log of MovieLens 1M's size) in PyTorch, from the same parameters and on the same batches, checks that the losses
agree, and compares rows a second: blocks of steps alternate, the medians are over the blocks.

Usage: python bench/reference/deepfm.py [--rounds N]       (needs: pip install torch numpy; a C++ compiler for `compiled`;
       cargo build --release -p world-model --example deepfm_steps)

`ours, all rows` is dense Adam as PyTorch has it, and the one whose losses are compared. `ours` moves the rows of the batch
alone, as the default settings do; it is another algorithm. `eager` is Adam as it comes, `fused` is Adam(fused=True),
`compiled` adds torch.compile around loss and gradients. L2 is weight decay. One thread each.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

TUNED = {"MALLOC_TRIM_THRESHOLD_": "4294967296", "MALLOC_MMAP_THRESHOLD_": "4294967296",
         "MALLOC_TOP_PAD_": "268435456"}
if any(os.environ.get(k) != v for k, v in TUNED.items()):
    os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **TUNED})

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

DIM, HIDDEN, RATE, L2, L2_ROWS = 8, 128, 3e-3, 1e-4, 0.05
PROGRAM = pathlib.Path(__file__).parents[2] / "target/release/examples/deepfm_steps"


def below(stream, index, end):
    """The shared generator: a whole number below `end` for each index of a stream."""
    x = (index.astype(np.uint64) + np.uint64(stream << 40) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    x ^= x >> np.uint64(32)
    x *= np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(29)
    x *= np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(32)
    return ((x >> np.uint64(20)) % np.uint64(end)).astype(np.int64)


class Network(nn.Module):
    def __init__(self, folder):
        super().__init__()
        self.sizes = json.loads((folder / "sizes").read_text())
        load = lambda name, kind=np.float32: torch.from_numpy(np.fromfile(folder / name, kind).copy())
        table = lambda name: nn.Parameter(load(name).reshape(-1, DIM + 1))
        self.users, self.items, self.categories = table("users"), table("items"), table("categories")
        self.register_buffer("of_item", load("of_item", np.int32).long().reshape(-1, 3))
        trunk, place = load("trunk"), 0
        self.layers = nn.ModuleList()
        for n_in in (2 * DIM, HIDDEN):
            layer = nn.Linear(n_in, HIDDEN)
            with torch.no_grad():
                layer.weight.copy_(trunk[place:place + n_in * HIDDEN].reshape(n_in, HIDDEN).T)
                layer.bias.copy_(trunk[place + n_in * HIDDEN:place + (n_in + 1) * HIDDEN])
            place += (n_in + 1) * HIDDEN
            self.layers.append(layer)
        heads = load("heads")
        self.heads = nn.Parameter(heads[:-1].reshape(2, HIDDEN).clone())
        self.bias = nn.Parameter(heads[-1:].clone())

    def forward(self, users, items):
        user, item = F.embedding(users, self.users), F.embedding(items, self.items)
        item = item + F.embedding(self.of_item[items], self.categories).mean(1)
        hidden = torch.cat([user[:, :DIM], item[:, :DIM]], 1)
        for layer in self.layers:
            hidden = torch.relu(layer(hidden))
        out = F.linear(hidden, self.heads)
        wide = user[:, DIM] + item[:, DIM] + (user[:, :DIM] * item[:, :DIM]).sum(1)
        upper = 0.5 - F.softplus(0.5 - out[:, 1])
        return self.bias + wide + out[:, 0], -10.0 + F.softplus(upper + 10.0)


def loss_of(network, users, items, values):
    mean, log_variance = network(users, items)
    return ((mean - values).square() * torch.exp(-log_variance) + log_variance).sum()


class Configuration:
    def __init__(self, name, folder):
        self.name, self.step, self.rates, self.losses = name, 0, [], []
        self.network = Network(folder)
        rows = [self.network.users, self.network.items, self.network.categories]
        dense = [*self.network.layers.parameters(), self.network.heads]
        groups = [{"params": rows, "weight_decay": 2 * (L2 + L2_ROWS)}, {"params": dense, "weight_decay": 2 * L2},
                  {"params": [self.network.bias]}]
        self.adam = torch.optim.Adam(groups, lr=RATE, **({} if name == "eager" else {"fused": True}))
        self.loss = torch.compile(loss_of) if name == "compiled" else loss_of

    def run(self, n):
        sizes = self.network.sizes
        index = np.arange(self.step * sizes["batch"], (self.step + n) * sizes["batch"])
        columns = [below(1, index, sizes["users"]), below(2, index, sizes["items"]),
                   (1 + below(3, index, 5)).astype(np.float32)]
        batches = list(zip(*(torch.from_numpy(c).reshape(n, -1) for c in columns)))
        losses = []
        started = time.perf_counter()
        for batch in batches:
            self.adam.zero_grad(set_to_none=True)
            loss = self.loss(self.network, *batch)
            loss.backward()
            self.adam.step()
            losses.append(loss.detach())
        self.rates.append(len(index) / (time.perf_counter() - started))
        self.losses += [loss.item() for loss in losses]
        self.step += n


class Ours:
    def __init__(self, name, rows, folder):
        self.name, self.rates, self.losses = name, [], []
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen([str(PROGRAM), str(folder), rows], **pipes)

    def run(self, n):
        self.process.stdin.write(f"{n}\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        self.rates.append(256 * n / answer["seconds"])
        self.losses += answer["losses"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        ours = [Ours("ours, all rows", "all", folder), Ours("ours", "touched", folder)]
        for contestant in ours:
            contestant.run(20)
        contestants = ours + [Configuration(name, folder) for name in ("eager", "fused", "compiled")]
    for contestant in contestants[2:]:
        contestant.run(20)
        worst = max(abs(a / b - 1) for a, b in zip(contestant.losses, ours[0].losses))
        print(f"{contestant.name}: losses of 20 steps differ by at most {worst:.2g} of their size", file=sys.stderr)
        assert worst < 1e-4, (contestant.losses, ours[0].losses)
    for contestant in contestants:
        contestant.run(300)
        contestant.rates.clear()
    for _ in range(rounds):
        for contestant in contestants:
            contestant.run(200)
    best = max(statistics.median(contestant.rates) for contestant in contestants[2:])
    for contestant in contestants:
        rate = statistics.median(contestant.rates)
        print(json.dumps({"name": f"DeepFM training, {contestant.name}, batch 256, 1 thread", "value": round(rate),
                          "unit": "rows/s", "most": round(max(contestant.rates)), "of PyTorch's best": round(rate / best, 2)}))


main()
