//! What is known about one session, apart from the catalogue: a few thousand numbers, whatever the number of items.

use crate::causes::N_SATURATION;
use crate::items::ItemTable;
use crate::state::{N_STATE, StateFeature};
use crate::taste::Belief;
use crate::{CONTENT_SHRINKAGE, LONGEST_HISTORY, RECENT, WINDOWS};
use mdp::{Interaction, ItemIdx};
use std::collections::VecDeque;
use std::sync::Arc;

/// The belief about a user, what was liked, what was shown and what came of it.
#[derive(Clone, Debug)]
pub struct SessionState {
    learns_in_session: bool,
    belief: Belief,
    profile: Vec<(f32, f32)>,
    /// The direction of what the log likes in texts, and its length.
    log_text: (Vec<f32>, f32),
    liked_text: Vec<f32>,
    mean_rating: f32,
    n_history: usize,
    shown: Vec<ItemIdx>,
    rewards: Vec<f32>,
    /// Text similarities of all items to the latest ones, only where nearness in text can make users leave.
    similarities: VecDeque<Arc<[f32]>>,
}

impl SessionState {
    /// Starts a session with what the log says. With `learns_in_session` the rewards of the session move the
    /// belief about the user as the logged ratings did.
    pub fn new(items: &ItemTable, history: &[Interaction], learns_in_session: bool) -> Self {
        let mut belief = Belief::prior(&items.taste);
        let mut liked = vec![0.0; items.text_width];
        let mut profile = vec![(0.0, 0.0); items.n_categories];
        let recent = &history[history.len().saturating_sub(LONGEST_HISTORY)..];
        let mean = recent.iter().map(|x| x.rating).sum::<f32>() / recent.len().max(1) as f32;
        for x in recent {
            belief.observe(&items.taste, x.item, x.rating);
            kernels::add_scaled(&mut liked, x.rating - mean, items.text(x.item));
            for &c in items.categories(x.item) {
                profile[c as usize].0 += x.rating - mean;
                profile[c as usize].1 += 1.0;
            }
        }
        let length = kernels::dot(&liked, &liked).sqrt().max(1e-6);
        Self {
            learns_in_session,
            belief,
            profile,
            log_text: (liked.clone(), length),
            liked_text: liked,
            mean_rating: if recent.is_empty() { items.taste.mean } else { mean },
            n_history: history.len(),
            shown: Vec::new(),
            rewards: Vec::new(),
            similarities: VecDeque::new(),
        }
    }

    /// Takes in what came of a recommendation. Where the belief moved: its direction, the gain and the variance, as
    /// [`Belief::observe`] has them.
    pub fn observe(&mut self, items: &ItemTable, item: ItemIdx, reward: f32) -> Option<(Vec<f32>, f32, f32)> {
        let moved = self.learns_in_session.then(|| {
            self.compare(items, item, reward - self.mean_rating);
            self.belief.observe(&items.taste, item, reward)
        });
        if items.uses_text_nearness {
            let mut row = vec![0.0; items.n_items()];
            items.similarities_to(item, &mut row);
            if self.similarities.len() == RECENT {
                self.similarities.pop_front();
            }
            self.similarities.push_back(row.into());
        }
        self.shown.push(item);
        self.rewards.push(reward);
        moved
    }

    /// Moves what is liked in categories and texts by a rating that is so much above the user's mean. The text match
    /// of all items keeps to the log: one pass over every text a step would cost more than everything else.
    fn compare(&mut self, items: &ItemTable, item: ItemIdx, above: f32) {
        for &c in items.categories(item) {
            self.profile[c as usize].0 += above;
            self.profile[c as usize].1 += 1.0;
        }
        kernels::add_scaled(&mut self.liked_text, above, items.text(item));
    }

    /// The belief about the user.
    pub fn belief(&self) -> &Belief {
        &self.belief
    }

    /// What was shown, oldest first.
    pub fn shown(&self) -> &[ItemIdx] {
        &self.shown
    }

    /// Text similarities of all items to the items shown last, `[items]` each, oldest first; none where nearness in text
    /// cannot make users leave.
    pub fn similarities(&self) -> impl Iterator<Item = &[f32]> {
        self.similarities.iter().map(|row| &**row)
    }

    /// What the log likes in texts, `[text width]`, and its length: a text match is the product over the length.
    pub fn log_text(&self) -> (&[f32], f32) {
        (&self.log_text.0, self.log_text.1)
    }

    /// How much the text of an item is like what the log and the session like.
    pub fn liked_text_match(&self, items: &ItemTable, item: ItemIdx) -> f32 {
        let length = kernels::dot(&self.liked_text, &self.liked_text).sqrt().max(1e-6);
        kernels::dot(&self.liked_text, items.text(item)) / length
    }

    /// How much the text of an item is like what the log likes.
    pub fn text_match(&self, items: &ItemTable, item: ItemIdx) -> f32 {
        let (liked, length) = &self.log_text;
        kernels::dot(items.text(item), liked) / length
    }

    /// How often the categories of each group were shown lately, `[groups]`.
    pub fn saturation(&self, items: &ItemTable) -> Vec<[f32; N_SATURATION]> {
        let mut counts = vec![[0.0f32; WINDOWS.len()]; items.n_categories];
        for (age, &item) in self.shown.iter().rev().take(WINDOWS[WINDOWS.len() - 1]).enumerate() {
            for &c in items.categories(item) {
                for (count, &window) in counts[c as usize].iter_mut().zip(&WINDOWS) {
                    *count += f32::from(u8::from(age < window));
                }
            }
        }
        let saturation = |categories: &Vec<u16>| {
            let mut out = [0.0f32; N_SATURATION];
            for &c in categories {
                for (most, &count) in out.iter_mut().zip(&counts[c as usize]) {
                    *most = most.max(count);
                }
            }
            out[N_SATURATION - 1] = categories.len() as f32 / 3.0;
            out
        };
        items.groups.iter().map(saturation).collect()
    }

    /// How much the categories of each group were liked, `[groups]`.
    pub fn content_match(&self, items: &ItemTable) -> Vec<f32> {
        let by_group = |group: &Vec<u16>| {
            let liking =
                |&c: &u16| self.profile[c as usize].0 / (self.profile[c as usize].1 + CONTENT_SHRINKAGE);
            group.iter().map(liking).sum::<f32>() / (group.len() as f32).max(1.0)
        };
        items.groups.iter().map(by_group).collect()
    }

    /// The features of the state, given the share of available items that are safe and the best of those.
    pub fn state(&self, safe_share: f32, best: f32) -> [f32; N_STATE] {
        let n_shown = self.shown.len() as f32;
        let mean_reward = self.rewards.iter().sum::<f32>() / n_shown.max(1.0);
        let scaled = |reward: f32| (reward - 3.0) / 2.0;
        StateFeature::ALL.map(|feature| match feature {
            StateFeature::HistoryLength => (self.n_history as f32).ln_1p() / 5.0,
            StateFeature::RatingLevel => self.belief.mean[0],
            StateFeature::NShown => n_shown / 100.0,
            StateFeature::Beginning => (n_shown / 5.0).min(1.0),
            StateFeature::LastReward => self.rewards.last().map_or(0.0, |&reward| scaled(reward)),
            StateFeature::MeanReward if self.rewards.is_empty() => 0.0,
            StateFeature::MeanReward => scaled(mean_reward),
            StateFeature::SafeShare => safe_share,
            StateFeature::BestSafe => best,
        })
    }
}
