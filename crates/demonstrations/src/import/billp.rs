//! BiLLP's logged agents: the original JSON layout, and one JSON object per user and line.

use super::recorded::{Recorded, RecordedStep, RecordedTraces, STOP_REWARD};
use super::scan::{Line, scan};
use super::source::Source;
use crate::DemonstrationError;
use serde::Deserialize;
use serde_json::Value;

/// Reads trajectories of BiLLP's agents. A file is taken for the line format when its first line is an object
/// with `steps`, and for the original layout (one object, keyed by record) otherwise.
///
/// # Errors
/// When a file is not UTF-8 or, in the original layout, not a JSON object of records with a trajectory and a
/// whole-numbered user. In the line format a line that cannot be read is counted with its number.
///
/// # Source
/// Section D of the method: the published code's reader of logged trajectories.
pub fn read_billp(sources: &[Source]) -> Result<RecordedTraces, DemonstrationError> {
    let mut traces = RecordedTraces::default();
    for source in sources {
        let text = source.text()?;
        if text.trim().is_empty() {
            traces.problem(&source.name, 0, "empty file");
        } else if is_line_format(text) {
            read_lines(source, text, &mut traces);
        } else {
            read_original(source, text, &mut traces)?;
        }
        traces.files.push(source.name.clone());
    }
    Ok(traces)
}

fn is_line_format(text: &str) -> bool {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    serde_json::from_str::<Value>(first).is_ok_and(|value| value.get("steps").is_some_and(Value::is_array))
}

fn read_original(source: &Source, text: &str, traces: &mut RecordedTraces) -> Result<(), DemonstrationError> {
    let malformed = |what: String| DemonstrationError::malformed(&source.name, what);
    let value: Value = serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?;
    let Value::Object(records) = value else {
        return Err(malformed("must contain a JSON object".to_owned()));
    };
    for (key, record) in &records {
        let lines =
            trajectory_lines(record).ok_or_else(|| malformed(format!("record `{key}` has no trajectory")))?;
        let user_id = user_of(key, record)
            .ok_or_else(|| malformed(format!("record `{key}` has a user that is not a whole number")))?;
        let steps = read_trajectory(&lines, traces);
        traces.records.push(Recorded { id: format!("{}:{key}", source.name), user_id, steps });
    }
    Ok(())
}

fn trajectory_lines(record: &Value) -> Option<Vec<&str>> {
    if let Some(lines) = record.get("traj_by_line") {
        return lines.as_array()?.iter().map(Value::as_str).collect();
    }
    Some(record.get("traj")?.as_str()?.lines().collect())
}

fn user_of(key: &str, record: &Value) -> Option<String> {
    let number = match record.get("userid") {
        None | Some(Value::Null) => key.trim().parse::<i64>().ok()?,
        Some(Value::Number(number)) => number.as_i64()?,
        Some(Value::String(text)) => text.trim().parse().ok()?,
        Some(_) => return None,
    };
    Some(number.to_string())
}

/// Pairs recommendations with rewards, line by line.
fn read_trajectory(lines: &[&str], traces: &mut RecordedTraces) -> Vec<RecordedStep> {
    let mut steps = Vec::new();
    let mut pending: Option<RecordedStep> = None;
    let mut thought = None;
    let mut n_actions = 0;
    for line in lines {
        match scan(line) {
            Line::Action { requested, replacement } => {
                traces.skipped_missing_reward += u64::from(pending.is_some());
                traces.actions_seen += 1;
                let mut step = RecordedStep {
                    title: requested.to_owned(),
                    requested_title: requested.to_owned(),
                    thought: thought.take(),
                    source_step: n_actions,
                    ..RecordedStep::default()
                };
                n_actions += 1;
                if let Some(title) = replacement {
                    replace(&mut step, title, traces);
                }
                pending = Some(step);
            }
            Line::Replacement(title) => {
                if let Some(step) = &mut pending {
                    replace(step, title, traces);
                }
            }
            Line::Reward(reward) => {
                traces.rewards_seen += 1;
                if let Some(mut step) = pending.take() {
                    step.observed_reward = Some(reward);
                    steps.push(step);
                }
            }
            Line::Thought(text) => thought = Some(text.to_owned()),
            Line::Other => {}
        }
    }
    traces.skipped_missing_reward += u64::from(pending.is_some());
    steps
}

fn replace(step: &mut RecordedStep, title: &str, traces: &mut RecordedTraces) {
    step.title = title.to_owned();
    step.is_replaced = true;
    traces.action_replacements += 1;
}

/// One line of the line format; only what is used.
#[derive(Deserialize)]
struct UserLine {
    #[serde(default)]
    run: Option<String>,
    user_id: Value,
    #[serde(default)]
    end: Option<String>,
    steps: Vec<StepOfLine>,
}

#[derive(Deserialize)]
struct StepOfLine {
    #[serde(default)]
    t: Option<u32>,
    #[serde(default)]
    thought: Option<String>,
    #[serde(default)]
    llm_title: Option<String>,
    #[serde(default)]
    item_title: Option<String>,
    #[serde(default)]
    item_id: Option<Value>,
    #[serde(default)]
    grounded: bool,
    #[serde(default)]
    reward: Option<f32>,
    #[serde(default)]
    critic_value: Option<f32>,
}

fn read_lines(source: &Source, text: &str, traces: &mut RecordedTraces) {
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let number = at as u64 + 1;
        let user = match serde_json::from_str::<UserLine>(line) {
            Ok(user) => user,
            Err(error) => {
                traces.problem(&source.name, number, error.to_string());
                continue;
            }
        };
        let Some(user_id) = plain_id(&user.user_id) else {
            traces.problem(&source.name, number, "user_id is neither a number nor a text");
            continue;
        };
        let origin = user.run.clone().unwrap_or_else(|| source.name.clone());
        let id = format!("{origin}:{user_id}");
        let steps = steps_of_line(user, traces);
        traces.records.push(Recorded { id, user_id, steps });
    }
}

fn steps_of_line(user: UserLine, traces: &mut RecordedTraces) -> Vec<RecordedStep> {
    let n_steps = user.steps.len();
    let has_stopped = user.end.as_deref() == Some("user_stop");
    let mut steps = Vec::with_capacity(n_steps);
    for (at, step) in user.steps.into_iter().enumerate() {
        traces.actions_seen += 1;
        // The log of a stopped session says nothing of its last reward but -1000, which the format leaves out.
        let stops = has_stopped && at + 1 == n_steps && step.reward.is_none();
        let observed_reward = if stops { Some(STOP_REWARD) } else { step.reward };
        let requested = step.llm_title.or_else(|| step.item_title.clone());
        let (Some(_), Some(requested)) = (observed_reward, requested) else {
            traces.skipped_missing_reward += 1;
            continue;
        };
        traces.rewards_seen += 1;
        traces.action_replacements += u64::from(step.grounded);
        steps.push(RecordedStep {
            title: step.item_title.unwrap_or_else(|| requested.clone()),
            requested_title: requested,
            is_replaced: step.grounded,
            item_id: step.item_id.as_ref().and_then(plain_id),
            thought: step.thought,
            observed_reward,
            critic_value: step.critic_value,
            source_step: step.t.map_or(u32::try_from(at).unwrap_or(u32::MAX), |t| t.saturating_sub(1)),
        });
    }
    steps
}

fn plain_id(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        _ => None,
    }
}
