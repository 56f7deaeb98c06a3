//! Engagement fitted to a part of the log.

use super::beside::{BesideEase, asked};
use super::odds::{Cell, Odds, UNIFORM};
use super::report::{EngagementReport, auc, reliability};
use super::{Engagement, EngagementFamily, Taken};
use crate::WorldError;
use collaborative::{Choices, EaseConfig, ItemItem, ItemKnnConfig, ease, item_knn};
use mdp::{Histories, Interaction, ItemIdx, Rng, UserIdx, rng_for};
use rand::RngExt as _;
use rand::seq::SliceRandom as _;
use rayon::prelude::*;

const STREAM: u64 = 0x656e_6761;
/// Settings that nobody tunes, so that worlds and panels are alike everywhere.
pub(crate) const EASE: EaseConfig = EaseConfig { l2: 200.0, n_neighbours: 400, n_fitted: 8000 };
pub(crate) const KNN: ItemKnnConfig = ItemKnnConfig { n_neighbours: 400, shrinkage: 10.0 };
/// The share of a user's choices that the item-item model does not know.
const HELD_OUT: f64 = 0.2;
const MOST_PAIRS: usize = 200_000;
/// How often a cell is drawn before a user is taken to have chosen nearly everything.
const N_TRIES: usize = 100;
const N_RANDOM: usize = 10_000;

/// A held-out choice, and a cell that the same user did not choose.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) user: UserIdx,
    pub(super) items: [ItemIdx; 2],
    pub(super) cells: [Cell; 2],
}

/// What a side's engagement is fitted to.
pub(crate) struct Given<'a> {
    /// What each user chose, for the users that are fitted on; nothing for the others. `[users]`
    pub(crate) fitted: &'a [&'a [Interaction]],
    /// What each user chose in this part, whether fitted on or not: what the rows are made from, and no sampled cell. `[users]`
    pub(crate) rows: &'a Histories,
    /// Size of the catalogue.
    pub(crate) n_items: usize,
    /// Validation users, ascending: on whom it is compared with EASE; nobody where it is not.
    pub(crate) asked: &'a [UserIdx],
    /// How likely choices are taken up.
    pub(crate) base_rate: f64,
    /// The world's seed.
    pub(crate) seed: u64,
}

impl Engagement {
    /// Fits an item-item model to four fifths of everybody's choices, drawn at random, and the odds to half of the rest; the
    /// other half checks them.
    ///
    /// # Errors
    /// When nobody has two choices, or nothing is left that somebody did not choose.
    pub(crate) fn fit(
        given: &Given<'_>,
        family: EngagementFamily,
    ) -> Result<(Self, EngagementReport), WorldError> {
        let mut rng = rng_for(given.seed, &[STREAM, family as u64]);
        let (fitted, mut held_out) = parted(given.fitted, &mut rng);
        let (asked, others) = asked(&held_out, given.asked);
        held_out.shuffle(&mut rng);
        held_out.truncate(MOST_PAIRS);
        let known = Choices::new(fitted.iter().map(|items| items.iter().copied()), given.n_items);
        let cannot = |error| WorldError::TooLittleData { what: format!("engagement: {error}") };
        let items = match family {
            EngagementFamily::Ease => ease(&known, &EASE).map_err(cannot)?,
            EngagementFamily::ItemKnn => item_knn(&known, &KNN).map_err(cannot)?,
            EngagementFamily::Popularity => ItemItem::empty(given.n_items),
        };
        let counts = known.counts();
        let mut model = Self {
            items,
            counts,
            odds: Odds::default(),
            spreads: Vec::new(),
            taken: Taken { shift: 0.0, scale: 1.0 },
            choices: known,
        };
        model.spreads = model.spreads();
        let pairs = model.pairs(&held_out, given, &mut rng);
        if pairs.len() < 2 {
            let what = "engagement needs users with two choices or more, and items that they did not choose";
            return Err(WorldError::TooLittleData { what: what.to_owned() });
        }
        let (fits, checks) = pairs.split_at(pairs.len() / 2);
        let mean_count = f64::from(model.counts.iter().sum::<u32>()) / given.n_items as f64;
        model.odds = Odds::fit(&fits.iter().flat_map(|pair| pair.cells).collect::<Vec<_>>(), mean_count);
        let logits = |pairs: &[Pair]| -> Vec<f64> {
            pairs.iter().map(|pair| model.odds.logit(pair.cells[0].score, pair.cells[0].count)).collect()
        };
        let (fitted, checked) = (logits(fits), logits(checks));
        model.taken = Taken::of(&fitted, given.base_rate);
        let choices_taken =
            checked.iter().map(|z| model.taken.probability(*z)).sum::<f64>() / checked.len() as f64;
        let reliability = reliability(checks, &model.odds);
        let gaps = reliability.iter().map(|bin| (bin.predicted - bin.observed).abs());
        let mut report = EngagementReport {
            family,
            n_fitted: fits.len(),
            n_checked: checks.len(),
            auc: auc(checks, |cell| model.odds.sampled_logit(cell.score, cell.count)),
            score_auc: auc(checks, |cell| cell.score),
            largest_gap: gaps.fold(0.0, f64::max),
            reliability,
            choices_taken,
            random_taken: 0.0,
            beside_ease: None,
        };
        if !asked.is_empty() {
            let beside = BesideEase::of(&model, checks, (&asked, &others)).map_err(cannot)?;
            report.beside_ease = Some(beside);
        }
        model.choices =
            Choices::new(given.rows.iter().map(|rows| rows.iter().map(|x| x.item)), given.n_items);
        model.spreads = model.spreads();
        report.random_taken = model.random_taken(&mut rng);
        Ok((model, report))
    }

    /// Root mean squares of all users' scores; 1 for users without any.
    fn spreads(&self) -> Vec<f32> {
        let n_items = self.choices.n_items();
        let of = |user: usize| {
            let mut scores = vec![0.0; n_items];
            self.add_scores(UserIdx(user as u32), &mut scores);
            let square = scores.iter().map(|x| x * x).sum::<f32>() / n_items as f32;
            if square > 0.0 { square.sqrt() } else { 1.0 }
        };
        (0..self.choices.n_users()).into_par_iter().map(of).collect()
    }

    /// Held-out choices, each beside a cell that the same user did not choose in this part; without those of users who chose nearly
    /// everything.
    fn pairs(&self, held_out: &[(UserIdx, ItemIdx)], given: &Given<'_>, rng: &mut Rng) -> Vec<Pair> {
        let drawn_from: Vec<u32> =
            (0..self.n_users()).flat_map(|user| self.choices.items_of(user)).copied().collect();
        let others: Vec<Option<ItemIdx>> = held_out
            .iter()
            .map(|&(user, _)| {
                let is_new = |item: &ItemIdx| given.rows[user.index()].iter().all(|x| x.item != *item);
                (0..N_TRIES).map(|_| sampled(&drawn_from, given.n_items, rng)).find(is_new)
            })
            .collect();
        let cell = |user: UserIdx, item: ItemIdx, is_chosen| Cell {
            score: self.relative(user, self.score(user, item)),
            count: self.counts[item.index()],
            is_chosen,
        };
        let pairs = held_out.par_iter().zip(others).filter_map(|(&(user, item), other)| {
            let cells = |other| [cell(user, item, true), cell(user, other, false)];
            other.map(|other| Pair { user, items: [item, other], cells: cells(other) })
        });
        pairs.collect()
    }

    fn random_taken(&self, rng: &mut Rng) -> f64 {
        let (n_users, n_items) = (self.n_users() as u32, self.n_items() as u32);
        let mut one = || {
            let (user, item) = (rng.random_range(0..n_users), rng.random_range(0..n_items));
            f64::from(self.probability(UserIdx(user), ItemIdx(item)))
        };
        (0..N_RANDOM).map(|_| one()).sum::<f64>() / N_RANDOM as f64
    }
}

/// The items of every user that the model is fitted to, and the others with their users. Of two choices one is held out.
fn parted(users: &[&[Interaction]], rng: &mut Rng) -> (Vec<Vec<ItemIdx>>, Vec<(UserIdx, ItemIdx)>) {
    let mut held_out = Vec::new();
    let mut fitted = Vec::with_capacity(users.len());
    for (user, history) in users.iter().enumerate() {
        let mut items: Vec<ItemIdx> = history.iter().map(|x| x.item).collect();
        items.sort_unstable();
        items.dedup();
        items.shuffle(rng);
        let n_held_out = ((HELD_OUT * items.len() as f64) as usize).max(usize::from(items.len() > 1));
        let rest = items.split_off(items.len() - n_held_out);
        held_out.extend(rest.into_iter().map(|item| (UserIdx(user as u32), item)));
        fitted.push(items);
    }
    (fitted, held_out)
}

/// An item drawn as often as it was chosen, but for a share of uniform draws, so that every item comes up.
fn sampled(chosen: &[u32], n_items: usize, rng: &mut Rng) -> ItemIdx {
    match chosen.is_empty() || rng.random::<f64>() < UNIFORM {
        true => ItemIdx(rng.random_range(0..n_items as u32)),
        false => ItemIdx(chosen[rng.random_range(0..chosen.len())]),
    }
}
