//! From sessions to a row.

use crate::bootstrap::drawn_mean;
use crate::row::IntervalMethod;
use crate::{
    BootstrapPlan, EvalRow, EvaluationError, ExitStatistics, Exposure, JudgeValidity, RankedUser,
    RankingIntervals, Rollouts, Scoring, UserTable,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is being evaluated, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The policy's name.
    pub policy: String,
    /// Whether it knows what no deployed policy knows.
    pub privileged: bool,
    /// The world that answered.
    pub world: String,
    /// The exit rule's name.
    pub exit_rule: String,
    /// How rewards are counted.
    pub scoring: Scoring,
    /// Size of the catalogue.
    pub n_items: usize,
    /// How intervals are drawn.
    pub bootstrap: BootstrapPlan,
    /// What of the log could be learned from.
    pub protocol: String,
    /// How far the world agrees with people, where that was measured.
    pub validity: Option<JudgeValidity>,
}

/// Everything an evaluation found out; `row` is what tables show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The row of the table.
    pub row: EvalRow,
    /// The means behind it, for paired differences.
    pub table: UserTable,
    /// How sessions ended.
    pub account: ExitStatistics,
    /// What each user's first items were worth, one list per training seed; empty without held-out data, and in results of older
    /// versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rankings: Vec<Vec<RankedUser>>,
}

/// Scores and summarises the sessions of one policy. `rankings` holds one list per training seed, all on the
/// same users, or nothing where there is no held-out data.
///
/// # Errors
/// If there are no sessions, training seeds saw different users, or the bootstrap plan gives no interval.
pub fn evaluate(
    setting: &Setting,
    rollouts: &[Rollouts],
    rankings: &[Vec<RankedUser>],
) -> Result<Evaluation, EvaluationError> {
    setting.bootstrap.check()?;
    let scored: Vec<Rollouts> = rollouts
        .iter()
        .map(|rollout| Rollouts {
            trajectories: rollout.trajectories.iter().map(|session| setting.scoring.apply(session)).collect(),
            ..*rollout
        })
        .collect();
    let table = UserTable::of(&scored)?;
    let account = ExitStatistics::of(scored.iter().flat_map(|rollout| &rollout.trajectories));
    let sessions: Vec<&[mdp::Trajectory]> = scored.iter().map(|rollout| &rollout.trajectories[..]).collect();
    let exposure = Exposure::of(&sessions, setting.n_items);
    let plan = &setting.bootstrap;
    let [r_traj, len, r_each] = plan.intervals(table.users.len(), &[table.seeds.len()], |resample| {
        let mean = |of: fn(&crate::UserMean) -> f64| {
            drawn_mean(&resample.users, &resample.seeds[0], |seed, user| of(&table.seeds[seed].means[user]))
        };
        let (r_traj, len) = (mean(|m| m.r_traj), mean(|m| m.len));
        [r_traj, len, r_traj / len]
    });
    let ranking = ranking_intervals(plan, rankings)?;
    let row = EvalRow {
        policy: setting.policy.clone(),
        world: setting.world.clone(),
        scoring: setting.scoring,
        exit_rule: setting.exit_rule.clone(),
        privileged: setting.privileged,
        users: table.users.len(),
        eval_seeds: rollouts.iter().map(|rollout| rollout.eval_seed).collect::<BTreeSet<_>>().len(),
        training_seeds: table.seeds.iter().filter_map(|seed| seed.training_seed).collect(),
        r_traj,
        r_each,
        len,
        exits: account.counts,
        distinct_items: exposure.distinct_items,
        coverage: exposure.coverage,
        repeat_rate: exposure.repeat_rate,
        gini: exposure.gini,
        ndcg_at_10: ranking.map(|r| r.ndcg.mean),
        hit_at_10: ranking.map(|r| r.hit.mean),
        ranking,
        metrics: BTreeMap::new(),
        strata: BTreeMap::new(),
        interval: IntervalMethod::of(plan, table.seeds.len()),
        cold: None,
        protocol: setting.protocol.clone(),
        validity: setting.validity,
        other_judges: Vec::new(),
    };
    let rankings = rankings.iter().filter(|users| !users.is_empty()).cloned().collect();
    Ok(Evaluation { row, table, account, rankings })
}

/// Ranking metrics with their intervals, from one list per training seed, all on the same users.
///
/// # Errors
/// If training seeds saw different users.
pub fn ranking_intervals(
    plan: &BootstrapPlan,
    rankings: &[Vec<RankedUser>],
) -> Result<Option<RankingIntervals>, EvaluationError> {
    let Some(first) = rankings.first().filter(|users| !users.is_empty()) else { return Ok(None) };
    for other in rankings {
        if !other.iter().map(|u| u.user).eq(first.iter().map(|u| u.user)) {
            return Err(EvaluationError::UsersDiffer { training_seed: None });
        }
    }
    let [ndcg, hit] = plan.intervals(first.len(), &[rankings.len()], |resample| {
        let mean = |of: fn(&RankedUser) -> f64| {
            drawn_mean(&resample.users, &resample.seeds[0], |seed, user| of(&rankings[seed][user]))
        };
        [mean(|u| u.ndcg), mean(|u| u.hit)]
    });
    Ok(Some(RankingIntervals { users: first.len(), ndcg, hit }))
}
