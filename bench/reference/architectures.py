"""Makes a tiny model file with random weights for every architecture, asks llama.cpp about it, and writes what the file
is made of beside the answers: `crates/llm-gguf/src/tests/architectures.json`. The weights are not in there: the test
draws the same bytes from the same generator.

Usage: python bench/reference/architectures.py OUT.json [FOLDER]      (needs: pip install gguf numpy llama-cpp-python)
"""

import json
import sys
import tempfile
from pathlib import Path

sys.path.pop(0)  # a neighbour has the name of the package
import gguf
import numpy as np
from jinja2.sandbox import ImmutableSandboxedEnvironment
from llama_cpp import Llama

WIDTH, INNER, CONTEXT = 256, 512, 256
# Of the log-probabilities every fifth is kept.
STRIDE = 5
# Per storage type: ggml's number, elements and bytes of a block, and the halves (float16) at fixed places of it; all
# other bytes are random. The halves keep the weights around zero and about as large as trained ones.
TYPES = {
    "Q4_1": (3, 32, 20, [(0, 0.013), (2, -0.0975)]),
    "Q5_0": (6, 32, 22, [(0, 0.0065)]),
    "Q8_0": (8, 32, 34, [(0, 0.0008)]),
    "Q4_K": (12, 256, 144, [(0, 0.00023), (2, 0.00176)]),
    "Q5_K": (13, 256, 176, [(0, 0.00011), (2, 0.00171)]),
    "Q6_K": (14, 256, 210, [(208, 0.000044)]),
}
PROMPTS = [
    "the man and the other man on the long train, then another one",
    "Once more: 12 films (8½ among them) and  a naïve café.\n\nName one!",
    "x",
]
CHAT = [("system", "Be brief."), ("user", " the man "), ("assistant", "on"), ("user", "and then?")]
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TURNS = """{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- if messages[0]['content'] is string -%}
        {%- set opening = messages[0]['content'] + '\n\n' -%}
    {%- else -%}
        {%- set opening = messages[0]['content'][0]['text'] + '\n\n' -%}
    {%- endif -%}
    {%- set turns = messages[1:] -%}
{%- else -%}
    {%- set opening = "" -%}
    {%- set turns = messages -%}
{%- endif -%}
{%- for turn in turns -%}
    {%- if (turn['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception("turns must alternate") }}
    {%- endif -%}
    {%- set speaker = "model" if turn['role'] == 'assistant' else turn['role'] -%}
    {{ '<start_of_turn>' + speaker + '\n' + (opening if loop.first else "") }}
    {%- if turn['content'] is string -%}
        {{ turn['content'] | trim }}
    {%- elif turn['content'] is iterable -%}
        {%- for part in turn['content'] -%}{{ part['text'] | trim }}{%- endfor -%}
    {%- endif -%}
    {{ '<end_of_turn>\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<start_of_turn>model\n' }}{%- endif -%}
"""


class Bytes:
    """The high bytes of a linear congruential generator."""

    def __init__(self, seed):
        self.state = seed

    def take(self, n):
        out = bytearray(n)
        for i in range(n):
            self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
            out[i] = self.state >> 56
        return np.frombuffer(bytes(out), dtype=np.uint8)


def data_of(kind, shape, random):
    """Values or blocks of a tensor; `shape` has the fastest dimension first."""
    n = int(np.prod(shape))
    match kind:
        case "norm":
            return (0.75 + random.take(n).astype(np.float32) / 512), None
        case "bias":
            return (random.take(n).astype(np.float32) - 128) / 512, None
        case "F16":
            return ((random.take(n).astype(np.float32) - 128) / 1024).astype(np.float16), None
    code, elements, size, halves = TYPES[kind]
    blocks = random.take(n // elements * size).copy().reshape(-1, size)
    for at, half in halves:
        blocks[:, at : at + 2] = np.frombuffer(np.float16(half).tobytes(), dtype=np.uint8)
    return blocks.reshape(-1), gguf.GGMLQuantizationType(code)


def byte_vocabulary(pre):
    """Bytes, some merges, and the tokens of ChatML."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = iter(range(0x100, 0x200))
    names = [chr(byte if byte in printable else next(others)) for byte in range(256)]
    merges = ["t h", "th e", "a n", "o n", "Ġ the", "an d", "Ġ m", "Ġm an", "Ã ¯"]
    tokens = names + [merge.replace(" ", "") for merge in merges]
    named = ["<|im_start|>", "<|im_end|>", "<|endoftext|>"]
    return [
        ["tokenizer.ggml.model", "text", "gpt2"],
        ["tokenizer.ggml.pre", "text", pre],
        ["tokenizer.ggml.tokens", "texts", tokens + named],
        ["tokenizer.ggml.token_type", "integers", [1] * len(tokens) + [3] * len(named)],
        ["tokenizer.ggml.merges", "texts", merges],
        ["tokenizer.ggml.eos_token_id", "number", len(tokens) + 1],
        ["tokenizer.ggml.bos_token_id", "number", len(tokens) + 2],
        ["tokenizer.chat_template", "text", CHATML],
    ]


def letter_vocabulary(starts_with_space):
    """Letters and pieces with scores, bytes for the rest, and the tokens of turns."""
    named = ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"]
    runs = ["\n\n", "\n\n\n"]
    pieces = ["\u2581t", "he", "\u2581the", "an", "\u2581m", "\u2581man", "on", "\u2581on", "in", "th", "and", "\u2581and",
              "\u2581a", "er", "other", "ot", "ther", "ain", "tr", "\u2581\u2581", "fé", "a\u2581n"]
    letters = list("\u2581etaonihsrdlmcufypwgbvkxqjzTON,.:!()12é")
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    tokens = named + runs + bytes_ + pieces + letters
    kinds = [3, 3, 3, 2, 3, 3] + [4] * len(runs) + [6] * 256 + [1] * (len(pieces) + len(letters))
    n_scored = len(pieces) + len(letters)
    scores = [0.0] * (len(tokens) - n_scored) + [-float(i // 2) for i in range(n_scored)]
    return [
        ["tokenizer.ggml.model", "text", "llama"],
        ["tokenizer.ggml.tokens", "texts", tokens],
        ["tokenizer.ggml.scores", "floats", scores],
        ["tokenizer.ggml.token_type", "integers", kinds],
        ["tokenizer.ggml.eos_token_id", "number", 1],
        ["tokenizer.ggml.bos_token_id", "number", 2],
        ["tokenizer.ggml.unknown_token_id", "number", 3],
        ["tokenizer.ggml.add_space_prefix", "flag", starts_with_space],
        ["tokenizer.ggml.add_bos_token", "flag", True],
        ["tokenizer.chat_template", "text", TURNS],
    ]


def model(architecture, vocabulary, kinds, seed, heads=(4, 2, 64), layers=3, tied=False, more=()):
    """What one file is made of. `kinds`: storage of embedding, attention, attention output, inner, down."""
    n_heads, n_kv_heads, head_width = heads
    n_tokens = next(len(value) for key, _, value in vocabulary if key.endswith(".tokens"))
    sizes = {"block_count": layers, "context_length": CONTEXT, "embedding_length": WIDTH,
             "feed_forward_length": INNER, "attention.head_count": n_heads, "attention.head_count_kv": n_kv_heads,
             "attention.key_length": head_width, "attention.value_length": head_width}
    metadata = [[f"{architecture}.{key}", "number", value] for key, value in sizes.items()]
    metadata += [[f"{architecture}.attention.layer_norm_rms_epsilon", "float", 1e-6]]
    metadata += [[f"{architecture}.{key}", kind, value] for key, kind, value in more]
    embedding, attention, attention_output, inner, down = kinds
    queries, keys = n_heads * head_width, n_kv_heads * head_width
    tensors = [["token_embd.weight", [WIDTH, n_tokens], embedding], ["output_norm.weight", [WIDTH], "norm"]]
    tensors += [] if tied else [["output.weight", [WIDTH, n_tokens], "Q6_K"]]
    for n in range(layers):
        layer = [
            ["attn_norm.weight", [WIDTH], "norm"],
            ["attn_q.weight", [WIDTH, queries], attention],
            ["attn_k.weight", [WIDTH, keys], attention],
            ["attn_v.weight", [WIDTH, keys], "Q6_K"],
            ["attn_output.weight", [queries, WIDTH], attention_output],
            ["ffn_norm.weight", [WIDTH], "norm"],
            ["ffn_gate.weight", [WIDTH, INNER], inner],
            ["ffn_up.weight", [WIDTH, INNER], inner],
            ["ffn_down.weight", [INNER, WIDTH], down],
        ]
        if architecture == "qwen2":
            layer += [[f"attn_{x}.bias", [width], "bias"] for x, width in (("q", queries), ("k", keys), ("v", keys))]
        if architecture in ("qwen3", "gemma3"):
            layer += [[f"attn_{x}_norm.weight", [head_width], "norm"] for x in "qk"]
        if architecture == "gemma3":
            layer += [[f"post_{x}.weight", [WIDTH], "norm"] for x in ("attention_norm", "ffw_norm")]
        tensors += [[f"blk.{n}.{name}", shape, kind] for name, shape, kind in layer]
    metadata = [["general.architecture", "text", architecture], *metadata, *vocabulary]
    return {"metadata": metadata, "tensors": tensors, "seed": seed}


def models():
    k_quants, classic = ("Q4_K", "Q4_K", "Q4_K", "Q4_K", "Q6_K"), ("Q8_0", "Q5_0", "Q4_1", "Q5_0", "F16")
    window = [("attention.sliding_window", "number", 8), ("rope.freq_base", "float", 1e6)]
    scaled = [("rope.scaling.type", "text", "linear"), ("rope.scaling.factor", "float", 8.0)]
    return {
        "llama": model("llama", byte_vocabulary("llama-bpe"), k_quants, 1, more=[("rope.dimension_count", "number", 64)]),
        "llama-letters": model("llama", letter_vocabulary(True), classic, 2,
                               more=[("rope.dimension_count", "number", 64)]),
        "qwen2": model("qwen2", byte_vocabulary("qwen2"), ("Q8_0", *k_quants[1:]), 3, tied=True,
                       more=[("rope.freq_base", "float", 1e6)]),
        "qwen3": model("qwen3", byte_vocabulary("qwen2"), ("Q6_K", "Q5_K", "Q8_0", "Q4_K", "Q6_K"), 4, (4, 1, 128),
                       more=[("rope.freq_base", "float", 1e6)]),
        "gemma3": model("gemma3", letter_vocabulary(False), ("Q8_0", *k_quants[1:]), 5, (4, 1, 128), 7, True, window),
        "gemma3-scaled": model("gemma3", letter_vocabulary(False), classic, 6, (2, 2, 64), 7, True, window + scaled),
    }


def write(path, contents):
    writer = gguf.GGUFWriter(path, contents["metadata"][0][2])
    add = {
        "text": writer.add_string, "number": writer.add_uint32, "float": writer.add_float32, "flag": writer.add_bool,
        "texts": writer.add_array, "integers": writer.add_array, "floats": writer.add_array,
    }
    for key, kind, value in contents["metadata"][1:]:
        add[kind](key, value)
    random = Bytes(contents["seed"])
    for name, shape, kind in contents["tensors"]:
        data, dtype = data_of(kind, shape, random)
        rows = list(reversed(shape[1:]))
        writer.add_tensor(name, data.reshape([*rows, -1]) if rows else data, raw_dtype=dtype)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def log_softmax(logits):
    logits = logits.astype(np.float64) - logits.max()
    return logits - np.log(np.exp(logits).sum())


def answer(model, prompt):
    tokens = model.tokenize(prompt.encode(), add_bos=not prompt.startswith("<bos>"), special=True)
    model.reset()
    model.eval(tokens)
    log_probs = log_softmax(model.scores[model.n_tokens - 1])
    first, greedy, margins = log_probs, [], []
    for _ in range(20):
        best, second = np.argsort(-log_probs)[:2]
        greedy.append(int(best))
        margins.append(round(float(log_probs[best] - log_probs[second]), 3))
        model.eval([int(best)])
        log_probs = log_softmax(model.scores[model.n_tokens - 1])
    some = lambda log_probs: [round(float(x), 3) for x in log_probs[::STRIDE]]
    return {"prompt": prompt, "tokens": tokens, "log_probs": some(first), "greedy": greedy, "margins": margins,
            "last_log_probs": some(log_probs)}


def chat(contents):
    """What Python's Jinja makes of a chat."""
    values = {key: value for key, _, value in contents["metadata"]}
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    turns = [{"role": role, "content": content} for role, content in CHAT]
    bos = values["tokenizer.ggml.tokens"][values["tokenizer.ggml.bos_token_id"]]
    template = environment.from_string(values["tokenizer.chat_template"])
    return template.render(messages=turns, add_generation_prompt=True, bos_token=bos)


def main():
    folder = Path(sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp())
    golden = {"types": TYPES, "stride": STRIDE, "chat": CHAT, "models": models()}
    for name, contents in golden["models"].items():
        path = folder / f"{name}.gguf"
        write(path, contents)
        model = Llama(str(path), n_ctx=CONTEXT, n_threads=1, n_threads_batch=1, verbose=False, logits_all=True)
        contents["rendered"] = chat(contents)
        contents["answers"] = [answer(model, prompt) for prompt in [*PROMPTS, contents["rendered"]]]
        print(name, [(max(a["log_probs"]), min(a["margins"])) for a in contents["answers"]])
    with open(sys.argv[1], "w", encoding="ascii") as file:
        json.dump(golden, file, separators=(",", ":"))


main()
