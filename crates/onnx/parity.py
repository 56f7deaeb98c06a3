"""Whether onnxruntime gives the scores that were written down beside a policy.

    python parity.py DIRECTORY

The directory has `policy.onnx` and `serving.json`, whose self-test says what some items score in some situations: an
artefact of `ilrec export --onnx`, or what the tests of this crate write.
"""

import json
import pathlib
import sys

import numpy
import onnxruntime

# Other libraries add in another order: so far apart at most, absolutely and relatively.
ABSOLUTE, RELATIVE = 1e-4, 1e-5

directory = pathlib.Path(sys.argv[1])
session = onnxruntime.InferenceSession(directory / "policy.onnx", providers=["CPUExecutionProvider"])
cases = json.loads((directory / "serving.json").read_text())["self_test"]
n_scores, largest = 0, 0.0
for number, case in enumerate(cases):
    history, steps = case["history"], case["steps"]
    inputs = {
        "history_items": numpy.array([row["item"] for row in history], dtype=numpy.int64),
        "history_ratings": numpy.array([row["rating"] for row in history], dtype=numpy.float32),
        "shown_items": numpy.array([item for item, _ in steps], dtype=numpy.int64),
        "shown_rewards": numpy.array([reward for _, reward in steps], dtype=numpy.float32),
    }
    (scores,) = session.run(None, inputs)
    taken = set(inputs["history_items"]) | set(inputs["shown_items"])
    if {int(item) for item in numpy.flatnonzero(numpy.isneginf(scores))} != taken:
        sys.exit(f"case {number}: other items than those of history and session score minus infinity")
    for item, expected in case["scores"]:
        difference = abs(float(scores[item]) - expected)
        if not difference <= ABSOLUTE + RELATIVE * abs(expected):
            sys.exit(f"case {number}, item {item}: {scores[item]} by onnxruntime, expected {expected}")
        n_scores, largest = n_scores + 1, max(largest, difference)
print(json.dumps({"cases": len(cases), "scores": n_scores, "largest_difference": largest}))
