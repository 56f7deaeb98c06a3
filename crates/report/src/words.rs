//! Policies, rules and measures, each in one line, so that a page explains itself.

/// What a policy does; nothing where the name is not one of ours.
pub(crate) fn policy(name: &str) -> Option<&'static str> {
    let known = POLICIES.iter().find(|(known, _)| *known == name.split(" (").next().unwrap_or(name));
    known.map(|(_, words)| *words)
}

const POLICIES: [(&str, &str); 37] = [
    ("uniform", "any item, all with the same probability"),
    ("random", "any item, all with the same probability"),
    ("random-fresh-genre", "a random item of a category that none of the last few items had"),
    ("popularity", "the item that most people rated, of those not shown yet"),
    (
        "greedy",
        "the item that the train world expects this user to rate best, without a thought for when people leave",
    ),
    (
        "demonstrator",
        "the expert's own sessions, played again in the judge world; recorded ones are of other users than the rest of the table",
    ),
    (
        "bc",
        "imitation alone: the same network, taught to choose what demonstrations chose until held-out ones gain nothing",
    ),
    ("actor-critic", "learns from its own sessions alone: no demonstrations, no learned hazard of leaving"),
    ("a2c", "learns from its own sessions alone: no demonstrations, no learned hazard of leaving"),
    (
        "il-rec",
        "imitates the demonstrations as far as they deserve it, improves in the train world, and learns when users leave",
    ),
    (
        "planner",
        "plans with what the learner knows of taste and leaving; its actor is frozen as it was before training",
    ),
    ("untrained", "the network before it has learned anything: every item as probable as any other"),
    (
        "ease",
        "predicts every item from all others by ridge regression on who chose what; knows nothing of ratings or leaving",
    ),
    (
        "item-knn",
        "shows what the same users chose as what this user chose; knows nothing of ratings or leaving",
    ),
    (
        "bpr-mf",
        "ranks by vectors of items, fitted so that what a user took up stands above what the user did not; knows nothing of leaving",
    ),
    (
        "lookahead",
        "weighs what an item is expected to earn against what leaving would lose, both learned from its own sessions; looks at no demonstrations",
    ),
    (
        "released",
        "the method as its published code has it, with a row for every training user; others act with the last row",
    ),
    ("vectorised", "what the published code does, in large rounds"),
    ("paper", "the loop that the paper describes, which the published code does not have"),
    (
        "greedy-diverse",
        "plans with the train world's expected ratings and is told the rule by which users leave",
    ),
    (
        "judge-diverse",
        "plans with the judge world's expected ratings and is told the rule: what perfect knowledge of taste is worth",
    ),
    (
        "train-planner",
        "plans whole sessions with what the train world expects and is told the rule: what could be learned there at best",
    ),
    (
        "judge-planner",
        "plans whole sessions with what the judge world expects and is told the rule: the ceiling, but for luck",
    ),
    (
        "oracle",
        "is told every rating of the judge world before it is given, and the rule: out of everybody's reach",
    ),
    ("served", "the policy of a server, in sessions over HTTP"),
    ("no-demonstrations", "il-rec without demonstrations"),
    (
        "shuffled-demonstrations",
        "il-rec with the demonstrated items exchanged for others: what it still earns, demonstrations did not teach",
    ),
    (
        "permuted-users",
        "il-rec with every demonstration given to another user: what it still earns, their taste did not teach",
    ),
    ("corrupted-demonstrations", "il-rec with a fifth of the demonstrated steps replaced by random items"),
    (
        "popularity-lists",
        "il-rec with demonstrations of what most people took up: what it earns beyond them, popularity did not teach",
    ),
    (
        "trained-in-judge",
        "il-rec trained in the world that judges, on training users: what others lose between the worlds",
    ),
    ("no-weights", "il-rec with every demonstrated step counting the same"),
    ("no-learned-reward", "il-rec without the reward that is learned from demonstrations"),
    ("no-hazard", "il-rec without its model of when users leave"),
    ("no-actor-critic", "il-rec without learning from its own sessions"),
    ("neutral-first-weights", "il-rec from first weights that prefer nothing, instead of the planner's"),
    ("no-session-feedback", "il-rec whose idea of a user does not change with the ratings of a session"),
];

/// When users leave under a rule, by its name in tables; nothing where the name is not one of ours.
pub(crate) fn rule(label: &str) -> Option<&'static str> {
    environment::find_rule(label.split(" (").next().unwrap_or(label)).map(|entry| entry.about)
}

/// How rewards are counted.
pub(crate) fn scoring(name: &str) -> Option<&'static str> {
    let words = [
        ("raw", "every rating counts as it is"),
        ("low0", "the step that was left for its low rating counts nothing"),
        ("billp", "every step at which the user leaves counts nothing"),
    ];
    words.into_iter().find(|(known, _)| name.starts_with(known)).map(|(_, words)| words)
}

/// What the columns mean.
pub(crate) const MEASURES: [(&str, &str); 5] = [
    ("reward per session", "the sum of a user's ratings from the first item to the last one before leaving"),
    ("steps", "how many items a session shows"),
    ("distinct items", "how many different items all sessions together show"),
    (
        "nDCG@10, hit@10",
        "how well a list of ten meets what the same users really liked in the part of the log that nothing was fitted on; the world has no say in it",
    ),
    ("judge world", "simulated users fitted on ratings that neither the train world nor any policy has seen"),
];
