//! Slates and items as clients read them.

use crate::Arm;
use mdp::ItemIdx;
use serde::Serialize;
use serving::{Contribution, Precedent, Reason, Recommendation, Selection, Served};
use std::collections::BTreeSet;

/// The answer to a request for recommendations.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Slate {
    /// The hash of the artefact that chose.
    pub(crate) policy: String,
    /// The arm of the experiment, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) arm: Option<Arm>,
    pub(crate) request: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session: Option<String>,
    /// How many items are known that the user rated, where a user was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) known: Option<usize>,
    /// What of the history is in no catalogue that answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) unknown: Vec<String>,
    /// Whether items were drawn.
    pub(crate) exploration: bool,
    /// With it the same request has the same answer. A text, since scripts round large numbers.
    pub(crate) seed: String,
    pub(crate) items: Vec<SlateItem>,
}

/// One item of a slate.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SlateItem {
    #[serde(flatten)]
    pub(crate) item: ItemAnswer,
    pub(crate) score: f32,
    pub(crate) propensity: f32,
    pub(crate) reason: ReasonAnswer,
}

/// An item.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ItemAnswer {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) categories: Vec<String>,
}

/// Why an item was chosen.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ReasonAnswer {
    /// In one sentence.
    text: String,
    /// `user` where a history or an answer is known, `everybody` where it rests on what people like in general.
    rests_on: &'static str,
    expected_rating: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    leave_probability: Option<f32>,
    contributions: Vec<ContributionAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    demonstration: Option<DemonstrationAnswer>,
}

#[derive(Clone, Debug, Serialize)]
struct ContributionAnswer {
    feature: &'static str,
    logits: f32,
}

/// A demonstrated step that speaks for an item.
#[derive(Clone, Debug, Serialize)]
struct DemonstrationAnswer {
    /// What it says for this item, in one sentence that speaks of the demonstration's user as of another one; absent
    /// where it says nothing of this item or was said of an item before.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    number: usize,
    id: String,
    step: usize,
    same_item: bool,
    /// How many of the steps before it are like what this user was shown last.
    similar_steps: usize,
    title: String,
    reward: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    thought: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    critic_value: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    advantage: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    learned_value: Option<f32>,
}

/// An item by its row.
pub(crate) fn item(served: &Served, row: ItemIdx) -> ItemAnswer {
    let (id, title) = served.item(row).map(|item| (item.id.clone(), item.title.clone())).unwrap_or_default();
    let categories = served.categories_of(row).into_iter().map(str::to_owned).collect();
    ItemAnswer { id, title, categories }
}

/// A slate's items.
pub(crate) fn items(served: &Served, slate: &[Recommendation]) -> Vec<SlateItem> {
    let mut told = BTreeSet::new();
    let one = |chosen: &Recommendation| SlateItem {
        item: item(served, chosen.item),
        score: chosen.score,
        propensity: chosen.propensity,
        reason: told_once(reason(served, &chosen.reason), &mut told),
    };
    slate.iter().map(one).collect()
}

/// A reason whose demonstration speaks only if no item before was told of the same step.
fn told_once(mut reason: ReasonAnswer, told: &mut BTreeSet<(usize, usize)>) -> ReasonAnswer {
    if let Some(demo) = &mut reason.demonstration
        && !told.insert((demo.number, demo.step))
    {
        demo.text = None;
    }
    reason
}

/// Whether a slate is drawn.
pub(crate) fn explores(selection: Selection) -> bool {
    selection == Selection::Sample
}

fn reason(served: &Served, reason: &Reason) -> ReasonAnswer {
    let contributions = reason.contributions.iter().filter(|one| one.logits > 0.0);
    ReasonAnswer {
        text: sentence(&reason.contributions, reason.is_user_known),
        rests_on: if reason.is_user_known { "user" } else { "everybody" },
        expected_rating: reason.expected_rating,
        leave_probability: reason.leaves,
        contributions: contributions
            .map(|one| ContributionAnswer { feature: one.feature, logits: one.logits })
            .collect(),
        demonstration: demonstration(served, reason),
    }
}

fn demonstration(served: &Served, reason: &Reason) -> Option<DemonstrationAnswer> {
    let precedent = reason.precedent.as_ref()?;
    let session = served.demonstrations().get(precedent.demonstration)?;
    let step = session.steps.get(precedent.step)?;
    let title = item(served, step.item).title;
    Some(DemonstrationAnswer {
        text: what_it_says(precedent, &title),
        number: precedent.demonstration,
        id: session.id.clone(),
        step: precedent.step + 1,
        same_item: precedent.is_same_item,
        similar_steps: precedent.n_alike,
        title,
        reward: step.reward,
        thought: step.thought.clone(),
        plan: step.plan.clone(),
        critic_value: step.critic_value,
        advantage: step.advantage,
        weight: step.weight,
        learned_value: step.learned_value,
    })
}

/// What a demonstration says for an item. A step that showed another item in another situation says nothing.
fn what_it_says(precedent: &Precedent, title: &str) -> Option<String> {
    let situation = if precedent.n_alike > 0 { " in a similar situation" } else { "" };
    match (precedent.is_same_item, precedent.n_alike) {
        (true, _) => Some(format!("in a demonstration for another user, it was chosen{situation}")),
        (false, 0) => None,
        (false, _) => Some(format!(
            "in a demonstration for another user, {title}, of the same categories, was chosen{situation}"
        )),
    }
}

/// What counted for an item, in words. Where nothing is known of the user, nothing is said of what was liked or shown
/// before.
fn sentence(contributions: &[Contribution], is_user_known: bool) -> String {
    let words: Vec<&str> = contributions
        .iter()
        .filter(|one| one.logits > 0.05)
        .filter_map(|one| words(one.feature, is_user_known))
        .collect();
    match words.as_slice() {
        [] => "nothing stands out: it is a typical item".to_owned(),
        [one] => (*one).to_owned(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// A feature in words; `None` where it speaks of a user of whom nothing is known.
fn words(feature: &str, is_user_known: bool) -> Option<&'static str> {
    Some(match feature {
        "predicted_reward" if is_user_known => "it is expected to be liked",
        "predicted_reward" => "it is expected to be liked by most",
        "uncertainty" => "little is known about how it will be liked",
        "log_stay" => "users are expected to stay for it",
        "item_offset" => "it is rated well in general",
        "popularity" => "it is well known",
        "breadth" => "it has many categories",
        "crowding" => "its categories have many items",
        "content_match" | "distance" | "saturation" | "text_match" if !is_user_known => return None,
        "content_match" => "its categories are those that were liked",
        "distance" => "it is unlike what was just shown",
        "saturation" => "it goes on with what was just shown",
        "text_match" => "its title is like those that were liked",
        _ => "the policy prefers it",
    })
}

#[cfg(test)]
mod tests;
