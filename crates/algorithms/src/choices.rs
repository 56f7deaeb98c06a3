//! What recommenders share that know who took up what: what their files say, how well they find what was held out, and the best item.

use artefact::Tensors;
use catalogue::Catalogue;
use evaluation::AskedUser;
use learning::LearningError;
use mdp::{Interaction, ItemIdx, ItemSet, Policy, UserIdx};
use ranking::most_probable;
use serde::{Deserialize, Serialize};

/// How much of a list counts where fits are compared.
const K: usize = 10;

/// A user with what is given of the history, and the items that are held out.
pub(crate) type Parted = (UserIdx, Vec<Interaction>, Vec<ItemIdx>);

/// nDCG@10 of every user with held-out items, given the rest.
pub(crate) fn held_out_ndcg(policy: &dyn Policy, users: &[Parted], n_items: usize) -> Vec<(UserIdx, f64)> {
    let asked = users.iter().map(|(user, history, relevant)| AskedUser {
        among: None,
        user: *user,
        history,
        passed_over: &[],
        relevant,
    });
    let ranked = evaluation::rank_users(policy, &asked.collect::<Vec<_>>(), n_items, K, 0);
    ranked.iter().map(|slate| slate.ranked(K)).map(|ranked| (ranked.user, ranked.ndcg)).collect()
}

/// nDCG@10 that a random order of `n_candidates` has on average where `n_relevant` of them count.
pub(crate) fn ndcg_by_chance(n_relevant: usize, n_candidates: usize) -> f64 {
    let gain = |n: usize| (0..n).map(|rank| 1.0 / ((rank + 2) as f64).log2()).sum::<f64>();
    let share = n_relevant as f64 / n_candidates.max(1) as f64;
    if n_relevant == 0 { 0.0 } else { share * gain(K.min(n_candidates)) / gain(K.min(n_relevant)) }
}

/// The highest of `scores: [items]` among what was not shown, the first of equals; where everything was, the highest of all.
pub(crate) fn best(scores: &[f32], shown: &ItemSet) -> ItemIdx {
    let items = (0..).map(ItemIdx).zip(scores).filter(|(item, _)| !shown.contains(*item));
    let best = items.max_by(|a, b| a.1.total_cmp(b.1).then(b.0.cmp(&a.0)));
    best.map_or_else(|| most_probable(scores), |(item, _)| item)
}

/// What stands beside the tensors of a policy.
#[derive(Serialize, Deserialize)]
struct Note {
    catalogue: String,
    taken_up_from: f32,
}

/// Notes the catalogue, and from which reward on an item counts as taken up.
pub(crate) fn set_note(tensors: &mut Tensors, catalogue: &Catalogue, taken_up_from: f32) {
    let note = Note { catalogue: catalogue.hash(), taken_up_from };
    tensors.set_note(serde_json::to_string(&note).expect("plain data"));
}

/// From which reward on an item counts as taken up.
///
/// # Errors
/// When there is no such note, or the catalogue is another one.
pub(crate) fn noted(from: &Tensors, catalogue: &Catalogue) -> Result<f32, LearningError> {
    let mismatch = |why: String| LearningError::Mismatch { what: "policy", why };
    let note: Note = serde_json::from_str(from.note()).map_err(|error| mismatch(error.to_string()))?;
    if note.catalogue != catalogue.hash() {
        return Err(mismatch("made with another catalogue".to_owned()));
    }
    Ok(note.taken_up_from)
}
