//! From sessions to a row.

use crate::row::IntervalMethod;
use crate::{
    EvalRow, EvaluationError, ExitStatistics, Exposure, JudgeValidity, RankedUser, RankingIntervals,
    Rollouts, Scoring, UserTable, crossed,
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
    /// The same of cold items alone, where the protocol has some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cold_rankings: Vec<Vec<RankedUser>>,
}

/// Scores and summarises the sessions of one policy. `rankings` holds one list per training seed, all on the
/// same users, or nothing where there is no held-out data.
///
/// # Errors
/// If there are no sessions, or training seeds saw different users.
pub fn evaluate(
    setting: &Setting,
    rollouts: &[Rollouts],
    rankings: &[Vec<RankedUser>],
) -> Result<Evaluation, EvaluationError> {
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
    let (returns, lengths) = (table.column(|mean| mean.r_traj), table.column(|mean| mean.len));
    let ranking = ranking_intervals(rankings)?;
    let row = EvalRow {
        policy: setting.policy.clone(),
        world: setting.world.clone(),
        scoring: setting.scoring,
        exit_rule: setting.exit_rule.clone(),
        privileged: setting.privileged,
        users: table.users.len(),
        eval_seeds: rollouts.iter().map(|rollout| rollout.eval_seed).collect::<BTreeSet<_>>().len(),
        training_seeds: table.seeds.iter().filter_map(|seed| seed.training_seed).collect(),
        r_traj: crossed::interval(&returns, &[]),
        r_each: crossed::ratio(&returns, &lengths),
        len: crossed::interval(&lengths, &[]),
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
        interval: IntervalMethod::of(table.seeds.len()),
        cold: None,
        protocol: setting.protocol.clone(),
        validity: setting.validity,
        other_judges: Vec::new(),
    };
    let rankings = rankings.iter().filter(|users| !users.is_empty()).cloned().collect();
    Ok(Evaluation { row, table, account, rankings, cold_rankings: Vec::new() })
}

/// Ranking metrics with their intervals, from one list per training seed, all on the same users.
///
/// # Errors
/// If training seeds saw different users.
pub fn ranking_intervals(rankings: &[Vec<RankedUser>]) -> Result<Option<RankingIntervals>, EvaluationError> {
    let Some(first) = rankings.first().filter(|users| !users.is_empty()) else { return Ok(None) };
    for other in rankings {
        if !other.iter().map(|u| u.user).eq(first.iter().map(|u| u.user)) {
            return Err(EvaluationError::UsersDiffer { training_seed: None });
        }
    }
    let of = |value: fn(&RankedUser) -> f64| {
        let column = |users: &Vec<RankedUser>| users.iter().map(value).collect();
        crossed::interval(&rankings.iter().map(column).collect::<Vec<_>>(), &[])
    };
    Ok(Some(RankingIntervals { users: first.len(), ndcg: of(|user| user.ndcg), hit: of(|user| user.hit) }))
}
