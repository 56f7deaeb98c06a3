//! Candidates for the scoring actor, and the nearest titles that can be shown.

use crate::SlateSettings;
use catalogue::TextVectors;
use demonstrations::Scene;
use mdp::{Interaction, ItemIdx, ItemSet, UserIdx};
use std::collections::HashMap;

/// How many of the latest items speak for a user.
const N_LATEST: usize = 5;
/// How many people with the same item are asked what else they have.
const N_NEIGHBOURS: usize = 200;

/// What candidates are retrieved by, counted once.
#[derive(Debug)]
pub(crate) struct Slates {
    counts: Vec<u32>,
    by_popularity: Vec<ItemIdx>,
    users_of: Vec<Vec<UserIdx>>,
}

impl Slates {
    /// Counts the histories of a scene.
    pub(crate) fn of(scene: &Scene<'_>) -> Self {
        let n_items = scene.catalogue.len();
        let mut users_of = vec![Vec::new(); n_items];
        let mut counts = vec![0u32; n_items];
        for (user, history) in scene.histories.iter().enumerate() {
            for seen in history {
                counts[seen.item.index()] += 1;
                let users = &mut users_of[seen.item.index()];
                if users.len() < N_NEIGHBOURS {
                    users.push(UserIdx(user as u32));
                }
            }
        }
        let mut by_popularity: Vec<ItemIdx> = (0..n_items as u32).map(ItemIdx).collect();
        by_popularity.sort_by_key(|item| (std::cmp::Reverse(counts[item.index()]), *item));
        Self { counts, by_popularity, users_of }
    }

    /// Candidates that can be shown: the sources take turns until the slate is full.
    pub(crate) fn slate(
        &self,
        scene: &Scene<'_>,
        vectors: &TextVectors,
        settings: &SlateSettings,
        latest: &[ItemIdx],
        unavailable: &ItemSet,
    ) -> Vec<ItemIdx> {
        let latest = &latest[latest.len().saturating_sub(N_LATEST)..];
        let mut sources: Vec<std::vec::IntoIter<ItemIdx>> = Vec::new();
        if settings.by_text {
            sources.push(by_text(vectors, latest, scene.catalogue.len()).into_iter());
        }
        if settings.by_behaviour {
            sources.push(self.by_behaviour(scene, latest).into_iter());
        }
        if settings.by_popularity {
            sources.push(self.by_popularity.clone().into_iter());
        }
        let mut taken = ItemSet::empty(scene.catalogue.len());
        let mut slate = Vec::with_capacity(settings.size);
        let can_be_shown = |item: ItemIdx| {
            !unavailable.contains(item) && !scene.catalogue.item(item).title.trim().is_empty()
        };
        while slate.len() < settings.size && !sources.is_empty() {
            sources.retain_mut(|source| {
                let next = source.find(|&item| can_be_shown(item) && !taken.contains(item));
                if let Some(item) = next.filter(|_| slate.len() < settings.size) {
                    taken.insert(item);
                    slate.push(item);
                }
                next.is_some()
            });
        }
        slate
    }

    /// Items of people who have the user's latest ones, most shared first, popular ones held back.
    fn by_behaviour(&self, scene: &Scene<'_>, latest: &[ItemIdx]) -> Vec<ItemIdx> {
        let mut shared: HashMap<ItemIdx, u32> = HashMap::new();
        for item in latest {
            for &user in &self.users_of[item.index()] {
                let history: &[Interaction] = scene.history(user);
                history.iter().for_each(|seen| *shared.entry(seen.item).or_default() += 1);
            }
        }
        let weight =
            |item: ItemIdx, n: u32| f64::from(n) / f64::from(self.counts[item.index()].max(1)).sqrt();
        let mut ranked: Vec<(ItemIdx, f64)> =
            shared.into_iter().map(|(item, n)| (item, weight(item, n))).collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        ranked.into_iter().map(|(item, _)| item).collect()
    }
}

/// Items by how near their titles are to the mean of some.
fn by_text(vectors: &TextVectors, latest: &[ItemIdx], n_items: usize) -> Vec<ItemIdx> {
    if latest.is_empty() {
        return Vec::new();
    }
    let mut mean = vec![0.0; vectors.width()];
    for &item in latest {
        mean.iter_mut().zip(vectors.row(item)).for_each(|(sum, x)| *sum += x);
    }
    ranked(vectors, &mean, n_items).into_iter().map(|(item, _)| item).collect()
}

/// All items by similarity to a vector, most similar first.
fn ranked(vectors: &TextVectors, query: &[f32], n_items: usize) -> Vec<(ItemIdx, f32)> {
    let similarity = |item: ItemIdx| vectors.row(item).iter().zip(query).map(|(a, b)| a * b).sum::<f32>();
    let mut items: Vec<(ItemIdx, f32)> =
        (0..n_items as u32).map(|i| (ItemIdx(i), similarity(ItemIdx(i)))).collect();
    items.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    items
}

/// The items whose titles are nearest to a text, of those that can be shown, with their distances.
pub(crate) fn nearest_titles(
    vectors: &TextVectors,
    text: &str,
    count: usize,
    unavailable: &ItemSet,
) -> Vec<(ItemIdx, f32)> {
    let query = vectors.embed_text(text);
    let all = ranked(vectors, &query, unavailable.n_items());
    let open = all.into_iter().filter(|(item, _)| !unavailable.contains(*item));
    open.take(count).map(|(item, similarity)| (item, 1.0 - similarity)).collect()
}
