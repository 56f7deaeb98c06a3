//! The list of demonstrations, and looking for one.

use serde_json::{Value, json};
use serving::{Served, ServedSession};

const PER_PAGE: usize = 24;

/// One page of the demonstrations in which a text occurs; of all of them where it is empty.
pub(crate) fn list(served: &Served, search: &str, page: usize) -> Value {
    let wanted = search.to_lowercase();
    let all = served.demonstrations().iter().enumerate();
    let found: Vec<(usize, &ServedSession)> =
        all.filter(|(_, demo)| wanted.is_empty() || occurs(served, demo, &wanted)).collect();
    let total = found.len();
    let shown: Vec<Value> = found.into_iter().skip(page * PER_PAGE).take(PER_PAGE).map(card).collect();
    let has_more = (page + 1) * PER_PAGE < total;
    json!({ "shown": shown, "total": total, "all": served.demonstrations().len(), "page": page, "has_more": has_more })
}

/// Whether a text, in small letters, is in a demonstration's name, titles or thoughts.
fn occurs(served: &Served, demo: &ServedSession, wanted: &str) -> bool {
    let is_in = |text: &str| text.to_lowercase().contains(wanted);
    let in_step = |step: &serving::ServedStep| {
        served.item(step.item).is_some_and(|item| is_in(&item.title))
            || step.thought.as_deref().is_some_and(is_in)
            || step.plan.as_deref().is_some_and(is_in)
    };
    is_in(&demo.id) || demo.history.iter().any(|title| is_in(title)) || demo.steps.iter().any(in_step)
}

fn card((number, demo): (usize, &ServedSession)) -> Value {
    let reward: f32 = demo.steps.iter().map(|step| step.reward).sum();
    let left = demo.steps.last().is_some_and(|step| step.left);
    let thought = demo.steps.iter().find_map(|step| step.thought.clone());
    let (id, steps) = (&demo.id, demo.steps.len());
    json!({ "number": number, "id": id, "steps": steps, "reward": reward, "left": left, "thought": thought })
}
