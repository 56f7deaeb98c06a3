"""Times the ten best items of a catalogue for one hidden state or a batch in PyTorch, on one process and its threads, to
compare with `crates/kernels/examples/recommend.rs`: the same sizes, single precision, twenty items shown before.

Usage: python bench/reference/inference.py [--items N] [--batch N] [--threads N] [--answers N]      (needs: pip install
torch; a C++ compiler for the compiled one; cargo build --release -p kernels --example recommend)
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import time

import torch

WIDTH, BEST = 64, 10
PROGRAM = pathlib.Path(__file__).parents[2] / "target/release/examples/recommend"


def answer(state, rows, bias, shown):
    scores = torch.addmm(bias, state, rows.T)
    scores[:, shown] = float("-inf")
    return torch.topk(scores, BEST).indices


def main():
    parser = argparse.ArgumentParser()
    for name, default in [("items", 13864), ("batch", 1), ("threads", 1), ("answers", 600)]:
        parser.add_argument(f"--{name}", type=int, default=default)
    sizes = parser.parse_args()
    torch.set_num_threads(sizes.threads)
    torch.manual_seed(0)
    rows, bias = torch.randn(sizes.items, WIDTH), torch.randn(sizes.items)
    states = torch.randn(100, sizes.batch, WIDTH)
    shown = torch.arange(20) * 31 % sizes.items
    lines = []
    with torch.inference_mode():
        for name, call in [("eager", answer), ("compiled", torch.compile(answer))]:
            for index in range(20):
                call(states[index], rows, bias, shown)
            times = []
            for index in range(sizes.answers):
                started = time.perf_counter()
                call(states[index % 100], rows, bias, shown)
                times.append((time.perf_counter() - started) * 1e6)
            lines.append({"name": f"{sizes.batch} x top {BEST} of {sizes.items} items, PyTorch {name}, {sizes.threads} threads",
                          "value": round(statistics.median(times), 1), "least": round(min(times), 1), "unit": "us"})
    best = min(line["value"] for line in lines)
    arguments = [str(PROGRAM), *map(str, [sizes.items, sizes.batch, sizes.threads, sizes.answers])]
    for line in subprocess.run(arguments, check=True, capture_output=True, text=True).stdout.splitlines():
        line = json.loads(line)
        lines.append({**line, "ratio": round(best / line["value"], 2)})
    for line in lines:
        print(json.dumps(line))


main()
