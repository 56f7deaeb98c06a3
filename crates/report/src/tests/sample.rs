//! A made-up run with every section filled.

use crate::{
    Configuration, CurvePoint, DemonstratedStep, DemonstrationView, Explained, Fact, FactTable,
    GroundingSummary, LearningCurve, ReportData, Results, WorldCheckRow, WorldCheckSummary,
};
use evaluation::{
    Evaluation, RankedUser, Rollouts, Scoring, Setting, evaluate, is_privileged, paired_difference,
};
use mdp::{ExitReason, ItemIdx, Step, StepEnd, Trajectory, UserIdx};
use rand::RngExt as _;

const HORIZON: usize = 100;

/// Sessions that last a geometric time with this hazard and earn about four a step.
fn sessions(hazard: f64, reward: f32, seed: u64) -> Vec<Trajectory> {
    let one = |user: u32| {
        let mut rng = mdp::rng_for(seed, &[u64::from(user)]);
        let mut steps = Vec::new();
        let end = loop {
            let (item, draw) = (ItemIdx(rng.random_range(0..3000)), rng.random::<f64>());
            let end = match draw / hazard {
                share if share < 0.25 => StepEnd::Terminated(ExitReason::LowReward),
                share if share < 1.0 => StepEnd::Terminated(ExitReason::Category),
                _ if steps.len() + 1 == HORIZON => StepEnd::Truncated,
                _ => StepEnd::Continues,
            };
            let low = end == StepEnd::Terminated(ExitReason::LowReward);
            let reward = if low { 1.0 } else { (reward + rng.random_range(-1..=1) as f32).clamp(2.0, 5.0) };
            steps.push(Step { item, reward, log_prob_behavior: 0.0, end });
            if !end.continues() {
                break end;
            }
        };
        debug_assert!(!end.continues());
        Trajectory { user: UserIdx(user), steps }
    };
    (0..90).map(one).collect()
}

fn evaluation(policy: &str, hazard: f64, reward: f32, training_seeds: &[u64], exit_rule: &str) -> Evaluation {
    let setting = Setting {
        policy: policy.to_owned(),
        privileged: is_privileged(policy),
        world: "judge".to_owned(),
        exit_rule: exit_rule.to_owned(),
        scoring: Scoring::Raw,
        n_items: 3000,
        protocol: "warm".to_owned(),
        validity: None,
    };
    let seeds: Vec<Option<u64>> = if training_seeds.is_empty() {
        vec![None]
    } else {
        training_seeds.iter().map(|&s| Some(s)).collect()
    };
    let rollouts: Vec<Rollouts> = seeds
        .iter()
        .flat_map(|&training_seed| (0..2).map(move |eval_seed| (training_seed, eval_seed)))
        .map(|(training_seed, eval_seed)| {
            let hazard = hazard * (1.0 + 0.2 * training_seed.unwrap_or(0) as f64);
            let seed = eval_seed + 10 * training_seed.unwrap_or(0);
            Rollouts { training_seed, eval_seed, trajectories: sessions(hazard, reward, seed) }
        })
        .collect();
    let ranked: Vec<RankedUser> = (0..90)
        .map(|user| RankedUser {
            user: UserIdx(user),
            ndcg: f64::from(user % 7) * 0.02,
            hit: f64::from(user % 3 / 2),
        })
        .collect();
    let rankings = if policy == "demos" { Vec::new() } else { vec![ranked; seeds.len()] };
    let mut evaluation = evaluate(&setting, &rollouts, &rankings).expect("good sessions");
    if !rankings.is_empty() {
        evaluation.row.metrics = [("averagepopularity@10".to_owned(), 10.0 * hazard)].into();
    }
    evaluation
}

fn results(exit_rule: &str) -> Results {
    let evaluations: Vec<Evaluation> = [
        ("random", 0.22, 3.4, &[][..]),
        ("popularity", 0.28, 3.7, &[]),
        ("greedy", 0.2, 4.2, &[]),
        ("bc", 0.12, 3.6, &[0, 1, 2]),
        ("a2c-no-demos", 0.2, 3.8, &[0, 1, 2]),
        ("demos", 0.09, 3.8, &[]),
        ("il-rec", 0.025, 4.1, &[0, 1, 2]),
        ("train-planner", 0.012, 4.2, &[]),
        ("oracle", 0.0001, 5.0, &[]),
    ]
    .map(|(policy, hazard, reward, seeds)| evaluation(policy, hazard, reward, seeds, exit_rule))
    .into();
    let ours = &evaluations[6];
    let differences = evaluations
        .iter()
        .filter(|other| other.row.policy != "il-rec" && other.row.policy != "demos")
        .map(|other| {
            let named = (other.row.policy.as_str(), &other.table);
            paired_difference(("il-rec", &ours.table), named).expect("same users")
        })
        .collect();
    Results {
        title: format!("Test users in the judge world, exit rule {exit_rule}"),
        evaluations,
        differences,
    }
}

fn facts(title: &str, facts: &[(&str, &str)]) -> FactTable {
    let fact = |&(name, value): &(&str, &str)| Fact { name: name.to_owned(), value: value.to_owned() };
    FactTable { title: title.to_owned(), facts: facts.iter().map(fact).collect() }
}

fn demonstration() -> DemonstrationView {
    let step = |title: &str, categories: &[&str], reward: f32, thought: &str, end: &str| DemonstratedStep {
        title: title.to_owned(),
        categories: categories.iter().map(|&c| c.to_owned()).collect(),
        thought: thought.to_owned(),
        reward,
        weight: Some(1.0 + reward / 10.0),
        end: end.to_owned(),
    };
    DemonstrationView {
        title: "User 42, expert".to_owned(),
        history: ["The Long Harbour", "Seven Winters", "A Quiet Engine"].map(str::to_owned).to_vec(),
        steps: vec![
            step(
                "Glass Orchard",
                &["Drama", "Mystery"],
                5.0,
                "Liked slow dramas; start with a sure one.",
                "",
            ),
            step("Night Ferry", &["Thriller"], 4.0, "Something faster, so that it does not tire.", ""),
            step("Paper Lanterns", &["Romance", "Drama"], 1.0, "", "low reward"),
        ],
    }
}

/// The whole run.
pub(crate) fn sample() -> ReportData {
    let curve = |seed: u64| LearningCurve {
        name: format!("seed {seed}"),
        points: (0..=30)
            .map(|k| CurvePoint {
                n_env_steps: k * 30_000,
                r_traj: 20.0
                    + 110.0 * (1.0 - (-(k as f64) / (9.0 + seed as f64 * 3.0)).exp())
                    + (k * (seed + 3) % 5) as f64,
            })
            .collect(),
    };
    let ablation = [
        ("il-rec", 0.025),
        ("without hazard", 0.1),
        ("without demonstrations", 0.06),
        ("shuffled demonstrations", 0.07),
    ];
    ReportData {
        title: "IL-Rec on the sample domain".to_owned(),
        reading: "IL-Rec lies above every unprivileged control for users it has never seen.\n\nIt stays below the planner that is told the exit rule.".to_owned(),
        about: "Films that never were, and people with tastes.".to_owned(),
        subject: "il-rec".to_owned(),
        results: vec![results("category-window"), results("ilrec")],
        ablation: ablation.map(|(name, hazard)| evaluation(name, hazard, 4.1, &[0, 1, 2], "category-window").row).into(),
        learning: (0..3).map(curve).collect(),
        grounding: vec![GroundingSummary { source: "builtin expert (no language model)".to_owned(), episodes: 160, steps: 2210, exact: 2012, normalised: 140, fuzzy: 41, embedding: 17, rejected: 23 }],
        demonstrations: vec![demonstration(), DemonstrationView { title: "User 7, expert".to_owned(), ..demonstration() }],
        facts: vec![
            facts("Data", &[("users", "600"), ("items", "3000"), ("interactions", "58,112"), ("density", "3.2 %"), ("hash", "9f86d081884c7d65")]),
            facts("World", &[("train world", "DeepFM, 5 members"), ("held-out RMSE", "0.81"), ("judge", "matrix factorisation"), ("horizon", "100")]),
        ],
        world_check: Some(WorldCheckSummary {
            rows: [("random", 18.0, 4.9), ("popularity", 13.2, 3.1), ("greedy", 18.4, 4.0), ("oracle", 497.0, 99.8)]
                .map(|(policy, r_traj, len)| WorldCheckRow { policy: policy.to_owned(), r_traj, len })
                .to_vec(),
            explained: Explained { user: 0.21, item: 0.33, pair: 0.46 },
            verdict: "Worth training in: popularity earns 3 % of what the oracle does.".to_owned(),
            is_sound: true,
        }),
        configurations: vec![Configuration { name: "run.toml".to_owned(), text: "[training]\npreset = \"robust\"\nseeds = [0, 1, 2]\n".to_owned(), hash: "5e884898da280471".to_owned() }],
    }
}
