"""What is measured: tokens per second of llama.cpp on the same file, with the same threads, the same prompt sizes and
the same numbers as `cargo run --release -p llm-gguf --example speed` prints.

Usage: python bench/reference/llama_cpp.py MODEL.gguf [REPETITIONS] [THREADS]      (needs: pip install llama-cpp-python)
"""

import json
import sys
import time

# This file has the name of the package it measures.
sys.path.pop(0)
from llama_cpp import Llama

PROMPT, GENERATED = 512, 64


def prompt_of(model, repetition):
    """About 512 tokens that no other repetition begins with."""
    text, i = f"Run {repetition}.", 0
    while len(model.tokenize(text.encode(), add_bos=False)) < PROMPT:
        i += 1
        text += f" Film {i} was about the sea, and user {i * 7 % 31} rated it {i % 5}."
    return model.tokenize(text.encode(), add_bos=False)[:PROMPT]


def measure(model, repetition):
    tokens = prompt_of(model, repetition)
    model.reset()
    start = time.perf_counter()
    model.eval(tokens)
    prompt_seconds = time.perf_counter() - start
    start = time.perf_counter()
    for _ in range(GENERATED):
        token = model.sample(temp=0.0, top_k=1, repeat_penalty=1.0)
        model.eval([token])
    return {
        "engine": "llama.cpp",
        "prompt_tokens": len(tokens),
        "prompt_per_second": len(tokens) / prompt_seconds,
        "generation_per_second": GENERATED / (time.perf_counter() - start),
    }


def main():
    path = sys.argv[1]
    repetitions, threads = (int(sys.argv[i]) if len(sys.argv) > i else default for i, default in ((2, 3), (3, 2)))
    model = Llama(path, n_ctx=2048, n_batch=512, n_threads=threads, n_threads_batch=threads, verbose=False)
    for repetition in range(repetitions):
        print(json.dumps(measure(model, repetition)), flush=True)


main()
