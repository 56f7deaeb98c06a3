"""Writes what the tokenizers library and a plain numpy forward pass in f64 make of some texts, to compare with: token
ids and the first and last coordinates of each vector, with the cosines of all pairs.

Usage: python bench/reference/minilm.py OUT.json FOLDER      (needs: pip install numpy safetensors tokenizers; FOLDER as
from get-model minilm)
"""

import json
import sys

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

out, folder = sys.argv[1:3]
TEXTS = ["Heat (1995)", "Casino (1995)", "Toy Story (1995)", "Toy Story 2 (1999)", "A Bug's Life (1998)",
         "The Godfather (1972)", "Goodfellas (1990)", "Amélie (Fabuleux destin d'Amélie Poulain, Le) (2001)",
         "WALL·E (2008)", "千と千尋の神隠し", "Ночной дозор (2004)", "", "   \t\n", "a", "!!!???...", "x" * 101,
         "e\u0301 İstanbul ß ﬁne", "\u200bzero\u00ad width\x00", "🎬🍿 a night out", "$9.99 + 5 < 10 = yes | no ~ ^`",
         "don't'd've", "한국어 영화", "क्षि ไทย", "supercalifragilisticexpialidocious",
         "; ".join(f"The film number {i} about the sea ({1950 + i})" for i in range(40)),
         "a funny film with toys that are alive", "a crime drama about the mafia"]

config = json.load(open(f"{folder}/config.json"))
tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
tokenizer.no_padding()
tokenizer.enable_truncation(256)
weights = {name: value.astype(np.float64) for name, value in load_file(f"{folder}/model.safetensors").items()}
width, n_heads = config["hidden_size"], config["num_attention_heads"]
erf = np.vectorize(__import__("math").erf)


def norm(x, name):
    x = x - x.mean(-1, keepdims=True)
    x = x / np.sqrt((x * x).mean(-1, keepdims=True) + config["layer_norm_eps"])
    return x * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def linear(x, name):
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def heads(x):
    return x.reshape(len(x), n_heads, -1).transpose(1, 0, 2)


def embed(ids):
    x = weights["embeddings.word_embeddings.weight"][ids] + weights["embeddings.position_embeddings.weight"][:len(ids)]
    x = norm(x + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for layer in range(config["num_hidden_layers"]):
        at = f"encoder.layer.{layer}"
        q, k, v = (heads(linear(x, f"{at}.attention.self.{part}")) for part in ("query", "key", "value"))
        a = q @ k.transpose(0, 2, 1) / np.sqrt(width // n_heads)
        a = np.exp(a - a.max(-1, keepdims=True))
        a = (a / a.sum(-1, keepdims=True) @ v).transpose(1, 0, 2).reshape(len(x), width)
        x = norm(x + linear(a, f"{at}.attention.output.dense"), f"{at}.attention.output.LayerNorm")
        h = linear(x, f"{at}.intermediate.dense")
        h = 0.5 * h * (1 + erf(h / np.sqrt(2)))
        x = norm(x + linear(h, f"{at}.output.dense"), f"{at}.output.LayerNorm")
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


ids = [tokenizer.encode(text).ids for text in TEXTS]
vectors = np.stack([embed(one) for one in ids])
golden = {"texts": TEXTS, "tokens": ids, "first": vectors[:, :8].round(7).tolist(),
          "last": vectors[:, -8:].round(7).tolist(), "cosines": (vectors @ vectors.T).round(7).tolist()}
json.dump(golden, open(out, "w"), ensure_ascii=True, separators=(",", ":"))
