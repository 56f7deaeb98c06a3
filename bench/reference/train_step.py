"""Takes the training step of `crates/policy/examples/train_step.rs` in PyTorch, from the same parameters and on the same
batches, checks that the losses agree, and compares the times: blocks of steps of every configuration and of the Rust
program alternate, the medians are over all steps after the warm-up.

Usage: python bench/reference/train_step.py [--items N] [--window N] [--batch N] [--users N] [--threads N] [--rounds N]
       [--configurations eager,fused,compiled]            (needs: pip install torch numpy; a C++ compiler for `compiled`;
       cargo build --release -p policy --example train_step)

`eager` is Adam as it comes (foreach), `fused` is Adam(fused=True), `compiled` is that with torch.compile around loss and
gradients. The allocator of the process is tuned for all of them: memory is kept instead of being given back.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

TUNED = {"MALLOC_TRIM_THRESHOLD_": "4294967296", "MALLOC_MMAP_THRESHOLD_": "4294967296",
         "MALLOC_TOP_PAD_": "268435456"}
if "--allocator-as-installed" not in sys.argv and any(os.environ.get(k) != v for k, v in TUNED.items()):
    os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **TUNED})

import numpy as np
import torch
from torch import nn

WIDTH, LAYERS, LIMIT = 64, 2, 15.0
PROGRAM = pathlib.Path(__file__).parents[2] / "target/release/examples/train_step"


def bits(stream, index):
    """The shared generator: 64 random bits for each index of a stream."""
    x = (index.astype(np.uint64) + np.uint64(stream << 40) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    x ^= x >> np.uint64(32)
    x *= np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(29)
    x *= np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(32))


def numbers(stream, index):
    return ((bits(stream, index) >> np.uint64(40)).astype(np.float32) / np.float32(1 << 23)) - np.float32(1)


def below(stream, index, end):
    return ((bits(stream, index) >> np.uint64(20)) % np.uint64(end)).astype(np.int64)


class Network(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.users = nn.Embedding(sizes.users, WIDTH)
        self.items = nn.Embedding(sizes.items, WIDTH)
        self.reward = nn.Linear(1, WIDTH)
        self.positions = nn.Parameter(torch.empty(sizes.window, WIDTH))
        layer = nn.TransformerEncoderLayer(WIDTH, 1, WIDTH, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, LAYERS, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, sizes.items)

    def forward(self, users, items, rewards):
        tokens = self.items(items) + self.reward(rewards.unsqueeze(-1) / 5.0) + self.positions
        seen = self.encoder(torch.tanh(tokens))[:, -1]
        state = torch.relu(self.norm(self.users(users) + seen))
        return LIMIT * torch.tanh(self.head(state) / LIMIT)

    @torch.no_grad()
    def fill(self, sizes):
        place = 0

        def take(n):
            nonlocal place
            place += n
            return torch.from_numpy(0.125 * numbers(3, np.arange(place - n, place)))

        def table(stream, shape, scale):
            values = scale * numbers(stream, np.arange(int(np.prod(shape))))
            return torch.from_numpy(values).reshape(shape)

        def linear(weight, bias, n_out):
            weight.copy_(take(WIDTH * n_out).reshape(WIDTH, n_out).T)
            bias.copy_(take(n_out))

        def norm(module):
            module.weight.copy_(1.0 + take(WIDTH))
            module.bias.copy_(take(WIDTH))

        self.users.weight.copy_(table(1, (sizes.users, WIDTH), 1.0))
        self.items.weight.copy_(table(2, (sizes.items, WIDTH), 1.0))
        self.head.weight.copy_(table(4, (sizes.items, WIDTH), 0.125))
        self.head.bias.copy_(table(5, (sizes.items,), 0.125))
        self.reward.weight.copy_(take(WIDTH).reshape(WIDTH, 1))
        self.reward.bias.copy_(take(WIDTH))
        self.positions.copy_(take(sizes.window * WIDTH).reshape(sizes.window, WIDTH))
        for layer in self.encoder.layers:
            linear(layer.self_attn.in_proj_weight, layer.self_attn.in_proj_bias, 3 * WIDTH)
            linear(layer.self_attn.out_proj.weight, layer.self_attn.out_proj.bias, WIDTH)
            norm(layer.norm1)
            linear(layer.linear1.weight, layer.linear1.bias, WIDTH)
            linear(layer.linear2.weight, layer.linear2.bias, WIDTH)
            norm(layer.norm2)
        norm(self.norm)


def batch(sizes, step):
    row = np.arange(step * sizes.batch, (step + 1) * sizes.batch)
    cell = np.arange(step * sizes.batch * sizes.window, (step + 1) * sizes.batch * sizes.window)
    shape = (sizes.batch, sizes.window)
    demonstrated = row % 4 == 0
    weight = np.where(demonstrated, np.float32(1) + np.float32(0.5) * numbers(15, row), 0).astype(np.float32)
    arrays = [below(10, row, sizes.users), below(11, cell, sizes.items).reshape(shape),
              (1 + below(12, cell, 5)).astype(np.float32).reshape(shape), below(13, row, sizes.items), numbers(14, row),
              weight / max(int(demonstrated.sum()), 1)]
    return [torch.from_numpy(array) for array in arrays]


def loss_of(network, users, items, rewards, actions, advantages, demo_scales):
    log_probs = torch.log_softmax(network(users, items, rewards), dim=-1)
    chosen = log_probs.gather(1, actions.unsqueeze(1)).squeeze(1)
    entropy = -(log_probs.exp() * log_probs).sum(-1).mean()
    return -(chosen * advantages).mean() - 0.01 * entropy + 0.5 * -(demo_scales * chosen).sum()


class Configuration:
    def __init__(self, name, sizes):
        self.sizes, self.name, self.step, self.times, self.losses = sizes, name, 0, [], []
        self.network = Network(sizes)
        self.network.fill(sizes)
        fused = {} if name == "eager" else {"fused": True}
        self.adam = torch.optim.Adam(self.network.parameters(), lr=1e-3, **fused)
        self.loss = torch.compile(loss_of) if name == "compiled" else loss_of

    def run(self, n):
        for _ in range(n):
            inputs = batch(self.sizes, self.step)
            started = time.perf_counter()
            self.adam.zero_grad(set_to_none=True)
            loss = self.loss(self.network, *inputs)
            loss.backward()
            self.adam.step()
            self.losses.append(loss.item())
            self.times.append((time.perf_counter() - started) * 1e3)
            self.step += 1


class Ours:
    def __init__(self, sizes):
        self.name, self.times, self.losses = "ours", [], []
        arguments = [sizes.items, sizes.window, sizes.batch, sizes.users, sizes.threads, "serve"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen([str(PROGRAM), *map(str, arguments)], **pipes)

    def run(self, n):
        self.process.stdin.write(f"{n}\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        self.times += answer["times"]
        self.losses += answer["losses"]

    def close(self):
        """Ends the program and says how much memory it needed, in MiB (Linux)."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        self.process.stdin.close()
        self.process.wait()
        return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def main():
    parser = argparse.ArgumentParser()
    for name, default in [("items", 13864), ("window", 4), ("batch", 256), ("users", 10000), ("threads", 2),
                          ("rounds", 12)]:
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--configurations", default="eager,fused,compiled")
    parser.add_argument("--allocator-as-installed", action="store_true")
    sizes = parser.parse_args()
    torch.set_num_threads(sizes.threads)
    ours = Ours(sizes)
    contestants = [ours, *(Configuration(name, sizes) for name in sizes.configurations.split(","))]
    n_warm, block = 20, 5
    for contestant in contestants:
        contestant.run(n_warm)
        worst = max(abs(a - b) for a, b in zip(contestant.losses[:20], ours.losses[:20]))
        print(f"{contestant.name}: losses of 20 steps differ by at most {worst:.2g}", file=sys.stderr)
        assert worst < 1e-4, (contestant.losses[:20], ours.losses[:20])
    for _ in range(sizes.rounds):
        for contestant in contestants:
            contestant.run(block)
    memory = ours.close()
    reference = statistics.median(ours.times[n_warm:])
    for contestant in contestants:
        times = contestant.times[n_warm:]
        median = statistics.median(times)
        name = (f"training step, {contestant.name}, {sizes.items} items, window {sizes.window}, batch {sizes.batch}, "
                f"{sizes.threads} threads")
        print(json.dumps({"name": name, "value": round(median, 3), "unit": "ms", "least": round(min(times), 3),
                          "ratio": round(median / reference, 2), "ratio_of_least":
                          round(min(times) / min(ours.times[n_warm:]), 2)}))
    print(json.dumps({"name": "memory of ours at its peak", "value": round(memory), "unit": "MiB"}))


main()
