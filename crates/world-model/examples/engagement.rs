//! Whether a judge that asks "would this user take it up at all" ranks policies as people do.
//!
//! ```text
//! cargo run --release -p world-model --example engagement -- DATA [SEED]
//! ```
//!
//! Every user's log is cut into thirds, by time where it has any: the first is what policies are fitted on and given as history, the second
//! what judges are fitted on, the third what nobody is fitted on. Fixed policies are ranked by the mean judged reward of their
//! first ten items, and by the nDCG@10 of these items on the third part; the rank correlation of the two says how far the
//! judge agrees with people. Beside it stands how often the judge prefers a choice of the third part to a random item that as
//! many others chose: what it knows beyond popularity. What it gave is in `docs/experiments/engagement.md`.

#![expect(clippy::print_stdout, reason = "an experiment tells what it found")]

use collaborative::{Choices, EaseConfig, ItemItem, ItemKnnConfig, ease, item_knn};
use data::Dataset;
use evaluation::ndcg_at;
use mdp::{Interaction, ItemIdx, ItemSet, Rng, rng_for};
use rand::RngExt as _;
use rand::seq::SliceRandom as _;
use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;

const K: usize = 10;
/// Users with fewer interactions are left out.
const FEWEST: usize = 9;
const MOST_TEST_USERS: usize = 300;
const N_RESAMPLES: usize = 400;
/// What an item earns that is not taken up.
const SKIPPED: f64 = 1.5;
/// The probabilities with which held-out choices are taken up, to try.
const BASE_RATES: [f64; 4] = [0.02, 0.1, 0.5, 0.85];
const EASE: EaseConfig = EaseConfig { l2: 200.0, n_neighbours: 400, n_fitted: 8000 };
const KNN: ItemKnnConfig = ItemKnnConfig { n_neighbours: 400, shrinkage: 10.0 };

/// Features of the odds: one, score, popularity, their squares and their product.
const N: usize = 6;

/// Share of the cells that nobody took up which are drawn uniformly.
const UNIFORM: f64 = 0.1;

type Part = Vec<Vec<Interaction>>;

struct Thirds {
    world: Part,
    judge: Part,
    kept: Part,
    n_items: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("usage: engagement DATA [SEED]")?;
    let seed = arguments.next().map_or(Ok(0), |seed| seed.parse())?;
    let (dataset, _) = Dataset::open(Path::new(&path))?;
    let thirds = thirds(&dataset, seed);
    let n_test = (thirds.world.len() * 3 / 10).min(MOST_TEST_USERS);
    let test: Vec<usize> = (thirds.world.len() - n_test..thirds.world.len()).collect();
    println!("{path}: {} users, {} items, {n_test} test users", thirds.world.len(), thirds.n_items);
    let panel = panel(&thirds, &test, seed)?;
    let agreed = people(&thirds, &test, &panel);
    for family in [Family::Ease, Family::Knn, Family::Popularity] {
        let judge = Judge::fit(&thirds, family, seed)?;
        for rate in BASE_RATES {
            let shift = judge.shift(rate);
            let judged = |t: usize, item: ItemIdx| judge.reward(test[t], item, shift);
            report(&format!("{family:?}, base rate {rate}"), &panel, &agreed, &values(&panel, judged), seed);
        }
        let beyond = beyond_popularity(&thirds, &test, seed, |user, item| judge.logit(user, item));
        let (auc, gap) = (judge.auc, judge.gap);
        println!(
            "    held-out AUC {auc:.3}, largest gap of reliability {gap:.3}, AUC beyond popularity {beyond:.3}"
        );
    }
    let ratings = Ratings::fit(&thirds.judge, thirds.n_items);
    let beyond = beyond_popularity(&thirds, &test, seed, |user, item| ratings.of(user, item));
    println!("    AUC beyond popularity {beyond:.3}");
    let judged = |t: usize, item: ItemIdx| ratings.of(test[t], item);
    report("ratings alone, as if all were taken up", &panel, &agreed, &values(&panel, judged), seed);
    Ok(())
}

fn thirds(dataset: &Dataset, seed: u64) -> Thirds {
    let mut users: Part = dataset.histories().map(|(_, history)| history.to_vec()).collect();
    users.retain(|history| history.len() >= FEWEST);
    let rng = &mut rng_for(seed, &[1]);
    users.shuffle(rng);
    if !dataset.has_clock() {
        // The order of rows is no order in time, and often one of item ids.
        users.iter_mut().for_each(|history| history.shuffle(rng));
    }
    let part = |from: usize, to: usize| -> Part {
        users
            .iter()
            .map(|history| history[history.len() * from / 3..history.len() * to / 3].to_vec())
            .collect()
    };
    Thirds { world: part(0, 1), judge: part(1, 2), kept: part(2, 3), n_items: dataset.n_items() }
}

fn choices(part: &[Vec<Interaction>], n_items: usize) -> Choices {
    Choices::new(part.iter().map(|history| history.iter().map(|x| x.item)), n_items)
}

fn scores(model: &ItemItem, history: &[Interaction]) -> Vec<f32> {
    let mut out = vec![0.0; model.n_items()];
    history.iter().for_each(|x| model.add(x.item, 1.0, &mut out));
    out
}

/// Ratings by offsets of users and items, shrunk by ten ratings.
struct Ratings {
    mean: f64,
    users: Vec<f64>,
    items: Vec<f64>,
}

impl Ratings {
    fn fit(part: &[Vec<Interaction>], n_items: usize) -> Self {
        let n = part.iter().map(Vec::len).sum::<usize>().max(1) as f64;
        let mean = part.iter().flatten().map(|x| f64::from(x.rating)).sum::<f64>() / n;
        let mut out = Self { mean, users: vec![0.0; part.len()], items: vec![0.0; n_items] };
        for _ in 0..5 {
            let mut sums = vec![(0.0, 10.0); n_items];
            for (history, user) in part.iter().zip(&out.users) {
                for x in history {
                    let (sum, n) = &mut sums[x.item.index()];
                    (*sum, *n) = (*sum + f64::from(x.rating) - mean - user, *n + 1.0);
                }
            }
            out.items = sums.iter().map(|(sum, n)| sum / n).collect();
            for (history, user) in part.iter().zip(&mut out.users) {
                let above = |x: &Interaction| f64::from(x.rating) - mean - out.items[x.item.index()];
                *user = history.iter().map(above).sum::<f64>() / (history.len() as f64 + 10.0);
            }
        }
        out
    }

    fn of(&self, user: usize, item: ItemIdx) -> f64 {
        (self.mean + self.users[user] + self.items[item.index()]).clamp(1.0, 5.0)
    }
}

/// A fixed policy's first items for every test user; more than ten, since what the judge knows of the user is passed over where
/// people decide.
struct Ranked {
    name: &'static str,
    is_personal: bool,
    lists: Vec<Vec<ItemIdx>>,
}

fn panel(thirds: &Thirds, test: &[usize], seed: u64) -> Result<Vec<Ranked>, Box<dyn Error>> {
    let Thirds { world, n_items, .. } = thirds;
    let known = choices(world, *n_items);
    let (by_ease, by_knn) = (ease(&known, &EASE)?, item_knn(&known, &KNN)?);
    let ratings = Ratings::fit(world, *n_items);
    let counts: Vec<f64> = known.counts().iter().map(|count| f64::from(*count)).collect();
    let last_fifth = |history: &Vec<Interaction>| history[history.len() * 4 / 5..].to_vec();
    let recent = choices(&world.iter().map(last_fifth).collect::<Part>(), *n_items).counts();
    let mut out: Vec<Ranked> = Vec::new();
    for &user in test {
        let rng = &mut rng_for(seed, &[2, user as u64]);
        let history = &world[user];
        let (e, k) = (scores(&by_ease, history), scores(&by_knn, history));
        let last = scores(&by_ease, &history[history.len().saturating_sub(5)..]);
        let spread = (e.iter().map(|x| x * x).sum::<f32>() / e.len() as f32).sqrt();
        let rated = |i: usize| ratings.of(user, ItemIdx(i as u32));
        let mut add = |name: &'static str, is_personal: bool, score: &mut dyn FnMut(usize) -> f64| {
            let list = top(*n_items, history, score);
            match out.iter_mut().find(|ranked| ranked.name == name) {
                Some(ranked) => ranked.lists.push(list),
                None => out.push(Ranked { name, is_personal, lists: vec![list] }),
            }
        };
        add("uniform", false, &mut |_| rng.random());
        add("popularity", false, &mut |i| counts[i]);
        add("recent popularity", false, &mut |i| f64::from(recent[i]) + 1e-3 * counts[i]);
        add("reversed popularity", false, &mut |i| -counts[i] + 0.5 * rng.random::<f64>());
        add("mean rating", false, &mut |i| ratings.items[i]);
        let is_niche = |i: usize| (1.0..=3.0).contains(&counts[i]);
        add("niche by rating", false, &mut |i| {
            if is_niche(i) { 5.0 + ratings.items[i] } else { rng.random() }
        });
        add("ease", true, &mut |i| f64::from(e[i]));
        add("item-knn", true, &mut |i| f64::from(k[i]));
        add("ease of the last five", true, &mut |i| f64::from(last[i]) + 1e-6 * counts[i]);
        add("ease x rating", true, &mut |i| f64::from(e[i]) * rated(i));
        add("item-knn x rating^2", true, &mut |i| f64::from(k[i]) * rated(i).powi(2));
        add("ease with noise", true, &mut |i| f64::from(e[i] + 2.0 * spread * nn::normal(rng)));
        add("ease with more noise", true, &mut |i| f64::from(e[i] + 6.0 * spread * nn::normal(rng)));
        add("ease against popularity", true, &mut |i| f64::from(e[i]) / (1.0 + counts[i]).sqrt());
    }
    Ok(out)
}

/// The items of the highest scores that are not in the history, the first of equals.
fn top(n_items: usize, history: &[Interaction], score: &mut dyn FnMut(usize) -> f64) -> Vec<ItemIdx> {
    let seen: BTreeSet<usize> = history.iter().map(|x| x.item.index()).collect();
    let mut all: Vec<(f64, usize)> =
        (0..n_items).map(|i| (score(i), i)).filter(|(_, i)| !seen.contains(i)).collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    all.iter().take(6 * K).map(|(_, i)| ItemIdx(*i as u32)).collect()
}

/// nDCG@10 on what nobody was fitted on, `[policies][test users]`.
fn people(thirds: &Thirds, test: &[usize], panel: &[Ranked]) -> Vec<Vec<f64>> {
    let one = |list: &Vec<ItemIdx>, &user: &usize| {
        let known: BTreeSet<ItemIdx> = thirds.judge[user].iter().map(|x| x.item).collect();
        let mut relevant = ItemSet::empty(thirds.n_items);
        for x in &thirds.kept[user] {
            relevant.insert(x.item);
        }
        let list: Vec<ItemIdx> = list.iter().copied().filter(|item| !known.contains(item)).collect();
        ndcg_at(K, &list, &relevant)
    };
    panel
        .iter()
        .map(|ranked| ranked.lists.iter().zip(test).map(|(list, user)| one(list, user)).collect())
        .collect()
}

/// Mean judged reward of the first ten items, `[policies][test users]`.
fn values(panel: &[Ranked], judged: impl Fn(usize, ItemIdx) -> f64) -> Vec<Vec<f64>> {
    let one = |(t, list): (usize, &Vec<ItemIdx>)| {
        let first = &list[..K.min(list.len())];
        first.iter().map(|item| judged(t, *item)).sum::<f64>() / first.len().max(1) as f64
    };
    panel.iter().map(|ranked| ranked.lists.iter().enumerate().map(one).collect()).collect()
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Family {
    Ease,
    Knn,
    /// Knows no user: what agrees no better than this says nothing about taste.
    Popularity,
}

/// Engagement as odds: a logistic regression on a score and on popularity, up to their squares, times the rating given engagement.
struct Judge {
    scores: Vec<Vec<f32>>,
    /// Root mean square of every user's scores.
    spreads: Vec<f64>,
    popularity: Vec<f64>,
    /// Logarithm of how often an item is drawn as one that was not taken up, times the number of items.
    log_rates: Vec<f64>,
    weights: [f64; N],
    /// Logits of held-out choices.
    held_out: Vec<f64>,
    ratings: Ratings,
    auc: f64,
    gap: f64,
}

impl Judge {
    fn fit(thirds: &Thirds, family: Family, seed: u64) -> Result<Self, Box<dyn Error>> {
        let Thirds { world, judge, n_items, .. } = thirds;
        let rng = &mut rng_for(seed, &[3]);
        let (mut fitted, mut held_out) = (judge.clone(), Vec::new());
        for (user, history) in fitted.iter_mut().enumerate() {
            history.shuffle(rng);
            let rest = history.split_off(history.len() - history.len() / 5);
            held_out.extend(rest.into_iter().map(|x| (user, x.item)));
        }
        let known = choices(&fitted, *n_items);
        let popularity: Vec<f64> = known.counts().iter().map(|count| f64::from(*count).ln_1p()).collect();
        let of_users: Vec<Vec<f32>> = match family {
            Family::Ease => by_user(&ease(&known, &EASE)?, &fitted),
            Family::Knn => by_user(&item_knn(&known, &KNN)?, &fitted),
            Family::Popularity => fitted.iter().map(|_| vec![0.0; *n_items]).collect(),
        };
        let mut out = Self {
            spreads: of_users.iter().map(|row| spread(row)).collect(),
            scores: of_users,
            log_rates: log_rates(&known.counts()),
            popularity,
            weights: [0.0; N],
            held_out: Vec::new(),
            ratings: Ratings::fit(judge, *n_items),
            auc: 0.0,
            gap: 0.0,
        };
        let chosen: Vec<ItemIdx> = fitted.iter().flatten().map(|x| x.item).collect();
        let pairs: Vec<[([f64; N], bool); 2]> = held_out
            .iter()
            .map(|&(user, item)| {
                let other = unobserved(user, &[world, judge], || drawn(&chosen, *n_items, rng));
                [(out.features(user, item), true), (out.features(user, other), false)]
            })
            .collect();
        // Half of the pairs fit the odds, the other half check them.
        let (fits, checks) = pairs.split_at(pairs.len() / 2);
        out.weights = logistic(&fits.concat());
        (out.auc, out.gap) = out.check(checks);
        out.held_out = held_out[..fits.len()].iter().map(|&(user, item)| out.logit(user, item)).collect();
        Ok(out)
    }

    fn features(&self, user: usize, item: ItemIdx) -> [f64; N] {
        let scaled = f64::from(self.scores[user][item.index()]) / self.spreads[user];
        let (s, p) = (scaled.asinh(), self.popularity[item.index()]);
        [1.0, s, p, s * s, p * p, s * p]
    }

    /// Odds against the sampled cells, times how often an item is sampled.
    fn logit(&self, user: usize, item: ItemIdx) -> f64 {
        dot(&self.features(user, item), &self.weights) + self.log_rates[item.index()]
    }

    /// What has to be added to every logit so that held-out choices are taken up with this mean probability.
    fn shift(&self, base_rate: f64) -> f64 {
        let (mut low, mut high) = (-30.0, 30.0);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            let mean =
                self.held_out.iter().map(|z| sigmoid(z + middle)).sum::<f64>() / self.held_out.len() as f64;
            if mean < base_rate { low = middle } else { high = middle }
        }
        low
    }

    fn reward(&self, user: usize, item: ItemIdx, shift: f64) -> f64 {
        let taken = sigmoid(self.logit(user, item) + shift);
        taken * self.ratings.of(user, item) + (1.0 - taken) * SKIPPED
    }

    /// AUC over pairs, and the largest difference between predicted and observed rates in ten equal groups.
    fn check(&self, pairs: &[[([f64; N], bool); 2]]) -> (f64, f64) {
        let logit = |x: &[f64; N]| dot(x, &self.weights);
        let wins = pairs.iter().map(|[(a, _), (b, _)]| match logit(a).total_cmp(&logit(b)) {
            std::cmp::Ordering::Greater => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Less => 0.0,
        });
        let auc = wins.sum::<f64>() / pairs.len() as f64;
        let mut all: Vec<(f64, f64)> = pairs
            .iter()
            .flatten()
            .map(|(x, taken)| (sigmoid(logit(x)), f64::from(u8::from(*taken))))
            .collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let gap =
            |group: &[(f64, f64)]| group.iter().map(|(p, y)| p - y).sum::<f64>().abs() / group.len() as f64;
        (auc, all.chunks(all.len().div_ceil(10).max(1)).map(gap).fold(0.0, f64::max))
    }
}

/// How often a choice of the third part scores above a random item that the user does not have and that stands within ten
/// places of it in the order of popularity; half where they are level.
fn beyond_popularity(
    thirds: &Thirds,
    test: &[usize],
    seed: u64,
    score: impl Fn(usize, ItemIdx) -> f64,
) -> f64 {
    let counts = choices(&thirds.judge, thirds.n_items).counts();
    let rng = &mut rng_for(seed, &[5]);
    let mut order: Vec<usize> = (0..thirds.n_items).collect();
    order.shuffle(rng);
    order.sort_by_key(|item| counts[*item]);
    let mut places = vec![0; order.len()];
    order.iter().enumerate().for_each(|(place, item)| places[*item] = place);
    let (mut wins, mut n) = (0.0, 0.0);
    for &user in test {
        let own = |item: ItemIdx| {
            [&thirds.world, &thirds.judge, &thirds.kept]
                .iter()
                .any(|part| part[user].iter().any(|x| x.item == item))
        };
        for x in &thirds.kept[user] {
            let place = places[x.item.index()];
            let near = rng.random_range(place.saturating_sub(10)..(place + 11).min(order.len()));
            let other = ItemIdx(order[near] as u32);
            if own(other) {
                continue;
            }
            n += 1.0;
            wins += match score(user, x.item).total_cmp(&score(user, other)) {
                std::cmp::Ordering::Greater => 1.0,
                std::cmp::Ordering::Equal => 0.5,
                std::cmp::Ordering::Less => 0.0,
            };
        }
    }
    wins / n
}

fn log_rates(counts: &[u32]) -> Vec<f64> {
    let (total, n) = (f64::from(counts.iter().sum::<u32>().max(1)), counts.len() as f64);
    counts.iter().map(|count| (UNIFORM + (1.0 - UNIFORM) * n * f64::from(*count) / total).ln()).collect()
}

/// The root mean square; of nothing but zeros, a number that divides.
fn spread(row: &[f32]) -> f64 {
    let square = row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / row.len() as f64;
    square.sqrt().max(1e-9)
}

fn by_user(model: &ItemItem, part: &[Vec<Interaction>]) -> Vec<Vec<f32>> {
    part.iter().map(|history| scores(model, history)).collect()
}

/// An item drawn as often as it was chosen, but for a share of uniform draws, so that every item comes up.
fn drawn(chosen: &[ItemIdx], n_items: usize, rng: &mut Rng) -> ItemIdx {
    match rng.random::<f64>() < UNIFORM {
        true => ItemIdx(rng.random_range(0..n_items as u32)),
        false => chosen[rng.random_range(0..chosen.len())],
    }
}

/// A drawn item that the user has in none of the parts.
fn unobserved(user: usize, parts: &[&Part], mut draw: impl FnMut() -> ItemIdx) -> ItemIdx {
    loop {
        let item = draw();
        if parts.iter().all(|part| part[user].iter().all(|x| x.item != item)) {
            return item;
        }
    }
}

fn dot(a: &[f64; N], b: &[f64; N]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// Newton's method with a ridge of a thousandth.
fn logistic(rows: &[([f64; N], bool)]) -> [f64; N] {
    let mut weights = [0.0; N];
    for _ in 0..25 {
        let mut gradient: [f64; N] = weights.map(|w: f64| -1e-3 * w);
        let mut hessian = [0.0; N * N];
        hessian.iter_mut().step_by(N + 1).for_each(|x| *x = 1e-3);
        for (x, taken) in rows {
            let p = sigmoid(dot(x, &weights));
            for a in 0..N {
                gradient[a] += (f64::from(u8::from(*taken)) - p) * x[a];
                (0..N).for_each(|b| hessian[N * a + b] += p * (1.0 - p) * x[a] * x[b]);
            }
        }
        if kernels::invert_positive_definite(&mut hessian, N) {
            (0..N).for_each(|a| weights[a] += (0..N).map(|b| hessian[N * a + b] * gradient[b]).sum::<f64>());
        }
    }
    weights
}

/// Prints the rank correlation of the two orders with its interval over test users.
fn report(what: &str, panel: &[Ranked], people: &[Vec<f64>], judged: &[Vec<f64>], seed: u64) {
    let n = people[0].len();
    let personal: Vec<usize> = (0..panel.len()).filter(|p| panel[*p].is_personal).collect();
    let everyone: Vec<usize> = (0..panel.len()).collect();
    let rng = &mut rng_for(seed, &[4]);
    let draws: Vec<Vec<usize>> =
        (0..N_RESAMPLES).map(|_| (0..n).map(|_| rng.random_range(0..n)).collect()).collect();
    let mean =
        |values: &[f64], users: &[usize]| users.iter().map(|t| values[*t]).sum::<f64>() / users.len() as f64;
    let agreement = |policies: &[usize], users: &[usize]| {
        let of = |table: &[Vec<f64>]| policies.iter().map(|p| mean(&table[*p], users)).collect::<Vec<f64>>();
        spearman(&of(judged), &of(people))
    };
    let all: Vec<usize> = (0..n).collect();
    let told = |policies: &[usize]| {
        let mut drawn: Vec<f64> = draws.iter().map(|users| agreement(policies, users)).collect();
        drawn.sort_by(f64::total_cmp);
        let (low, high) = (drawn[N_RESAMPLES / 40], drawn[N_RESAMPLES - 1 - N_RESAMPLES / 40]);
        format!("{:.2} [{low:.2}, {high:.2}]", agreement(policies, &all))
    };
    println!("{what}: {}, personal alone {}", told(&everyone), told(&personal));
    let mut order = everyone.clone();
    order.sort_by(|a, b| mean(&people[*b], &all).total_cmp(&mean(&people[*a], &all)));
    for p in order {
        println!(
            "    {:24} nDCG@10 {:.3}  judged {:.3}",
            panel[p].name,
            mean(&people[p], &all),
            mean(&judged[p], &all)
        );
    }
}

fn spearman(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (ranks(a), ranks(b));
    let mean = (a.len() as f64 - 1.0) / 2.0;
    let product = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| (x - mean) * (y - mean)).sum::<f64>();
    product(&a, &b) / (product(&a, &a) * product(&b, &b)).sqrt().max(1e-12)
}

/// Ranks from 0, the mean of theirs for equals.
fn ranks(values: &[f64]) -> Vec<f64> {
    let below = |x: f64| values.iter().filter(|y| **y < x).count() as f64;
    let equal = |x: f64| values.iter().filter(|y| **y == x).count() as f64;
    values.iter().map(|&x| below(x) + (equal(x) - 1.0) / 2.0).collect()
}
