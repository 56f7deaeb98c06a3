"""Environment steps in NumPy: the reference of `cargo run --release -p environment --example steps`.

A matrix world of Steam's size (12,000 users, 6,012 items, distances of all pairs), 4,096 sessions stepped together under the
exit rule `ilrec`: leave below reward 2, or when the distance to any of the last 4 items is below the threshold, horizon 100;
ended sessions start over with another user. One thread.

    OMP_NUM_THREADS=1 python bench/reference/environment_steps.py [ROUNDS]
"""

import sys
import time

import numpy as np

N_USERS, N_ITEMS, N_SESSIONS, HORIZON = 12_000, 6_012, 4_096, 100
THRESHOLD, WINDOW = 2.0, 4


def main() -> None:
    n_rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    rng = np.random.default_rng(0)
    low = rng.random((N_USERS, N_ITEMS), dtype=np.float32) < 1 / 30
    rewards = np.where(low, 1, rng.integers(2, 6, (N_USERS, N_ITEMS))).astype(np.float32)
    distances = (100 * rng.random((N_ITEMS, N_ITEMS), dtype=np.float32)).astype(np.float32)
    items = rng.integers(0, N_ITEMS, (61, N_SESSIONS))
    users = np.arange(N_SESSIONS) * 7 % N_USERS
    recent = np.zeros((N_SESSIONS, WINDOW), dtype=np.int64)
    shown = np.zeros(N_SESSIONS, dtype=np.int64)
    ages = np.arange(WINDOW)
    n_exits, total = 0, 0.0
    start = time.perf_counter()
    for round_number in range(n_rounds):
        item = items[round_number % len(items)]
        reward = rewards[users, item]
        near = distances[item[:, None], recent] < THRESHOLD
        near &= ages < shown[:, None]
        shown += 1
        ended = (reward < 2) | near.any(axis=1) | (shown >= HORIZON)
        recent[:, 1:] = recent[:, :-1]
        recent[:, 0] = item
        total += float(reward.sum())
        n_exits += int(ended.sum())
        shown[ended] = 0
        users[ended] = (users[ended] + 13) % N_USERS
    seconds = time.perf_counter() - start
    n_steps = n_rounds * N_SESSIONS
    print(f"{n_steps / seconds / 1e6:.2f} million steps a second")
    print(f"{100 * n_exits / n_steps:.1f} % of the steps end a session, mean reward {total / n_steps:.2f}")


if __name__ == "__main__":
    main()
