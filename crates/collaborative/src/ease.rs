//! EASE: every item predicted from all others by ridge regression with a closed form.

use crate::{Choices, CollaborativeError, ItemItem};
use kernels::invert_positive_definite;
use rayon::prelude::*;

/// Settings of the fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EaseConfig {
    /// The ridge penalty, in choices.
    pub l2: f64,
    /// Items that speak for an item, at most: those of the largest absolute weight.
    pub n_neighbours: usize,
    /// Items that are fitted at most, the most chosen ones; the others get no weights.
    pub n_fitted: usize,
}

/// Weights `B = I - P diag(P)^-1` with `P = (X'X + l2 I)^-1` and a diagonal of zero, for `X: [users, items]` that is binary but
/// for the square root of how much a user counts, by which each row is multiplied.
///
/// Whichever of the two sides is smaller is inverted: with fewer users than items `P = (I - X' (XX' + l2 I)^-1 X) / l2`
/// (Woodbury), the same numbers to rounding. Where we differ: the fit is cut to [`EaseConfig::n_neighbours`] weights an item,
/// so that a model of a large catalogue can be kept.
///
/// # Source
/// Steck 2019, "Embarrassingly shallow autoencoders for sparse data", eq. 8.
///
/// # Errors
/// When there are no choices, or the penalty is too small.
pub fn ease(choices: &Choices, config: &EaseConfig) -> Result<ItemItem, CollaborativeError> {
    let fitted = most_chosen(choices, config.n_fitted);
    if fitted.is_empty() {
        return Err(CollaborativeError::NoChoices);
    }
    let singular = CollaborativeError::Singular { l2: config.l2 };
    let side = if choices.n_users() < fitted.len() {
        Side::of_users(choices, &fitted, config.l2)
    } else {
        Side::of_items(choices, &fitted, config.l2)
    };
    let side = side.ok_or(singular)?;
    let place_of = places(&fitted, choices.n_items());
    let column = |item: usize, out: &mut Vec<f32>| {
        let Some(place) = place_of[item] else { return };
        let row = side.precision(place as usize, choices, &fitted);
        let own = row[place as usize];
        for (&other, &p) in fitted.iter().zip(&row) {
            out[other as usize] = (-p / own) as f32;
        }
        out[item] = 0.0;
    };
    Ok(ItemItem::of_columns(choices.n_items(), config.n_neighbours, column))
}

/// The items that were chosen, at most `n` of them: the most chosen, the first of equals, in order of rows.
fn most_chosen(choices: &Choices, n: usize) -> Vec<u32> {
    let counts = choices.counts();
    let mut items: Vec<u32> = (0..counts.len() as u32).filter(|item| counts[*item as usize] > 0).collect();
    items.sort_by_key(|item| std::cmp::Reverse(counts[*item as usize]));
    items.truncate(n);
    items.sort_unstable();
    items
}

fn places(fitted: &[u32], n_items: usize) -> Vec<Option<u32>> {
    let mut out = vec![None; n_items];
    (0..).zip(fitted).for_each(|(place, item)| out[*item as usize] = Some(place));
    out
}

/// The inverse that was worked out.
enum Side {
    /// `P`, `[fitted, fitted]`.
    Items(Vec<f64>),
    /// `(XX' + l2 I)^-1`, `[users, users]`, and the penalty.
    Users(Vec<f64>, f64),
}

impl Side {
    fn of_items(choices: &Choices, fitted: &[u32], l2: f64) -> Option<Self> {
        let n = fitted.len();
        let place_of = places(fitted, choices.n_items());
        let mut gram = vec![0.0; n * n];
        gram.par_chunks_exact_mut(n).zip(fitted).for_each(|(row, &item)| {
            for &user in choices.users_of(item as usize) {
                let others = choices.items_of(user as usize).iter();
                let weight = choices.weight(user as usize);
                others
                    .filter_map(|other| place_of[*other as usize])
                    .for_each(|at| row[at as usize] += weight);
            }
        });
        gram.iter_mut().step_by(n + 1).for_each(|x| *x += l2);
        invert_positive_definite(&mut gram, n).then_some(Self::Items(gram))
    }

    fn of_users(choices: &Choices, fitted: &[u32], l2: f64) -> Option<Self> {
        let n = choices.n_users();
        let place_of = places(fitted, choices.n_items());
        let mut gram = vec![0.0; n * n];
        let roots: Vec<f64> = (0..n).map(|user| choices.weight(user).sqrt()).collect();
        gram.par_chunks_exact_mut(n).enumerate().for_each(|(user, row)| {
            for &item in choices.items_of(user).iter().filter(|item| place_of[**item as usize].is_some()) {
                choices.users_of(item as usize).iter().for_each(|other| row[*other as usize] += 1.0);
            }
            row.iter_mut().zip(&roots).for_each(|(cell, root)| *cell *= roots[user] * root);
        });
        gram.iter_mut().step_by(n + 1).for_each(|x| *x += l2);
        invert_positive_definite(&mut gram, n).then_some(Self::Users(gram, l2))
    }

    /// A row of `P`, `[fitted]`.
    fn precision(&self, place: usize, choices: &Choices, fitted: &[u32]) -> Vec<f64> {
        match self {
            Self::Items(p) => p[place * fitted.len()..][..fitted.len()].to_vec(),
            Self::Users(k, l2) => {
                let n = choices.n_users();
                let root = |user: usize| choices.weight(user).sqrt();
                let mut sums = vec![0.0; n];
                for &user in choices.users_of(fitted[place] as usize) {
                    let weight = root(user as usize);
                    sums.iter_mut().zip(&k[user as usize * n..][..n]).for_each(|(sum, x)| *sum += weight * x);
                }
                sums.iter_mut().enumerate().for_each(|(user, sum)| *sum *= root(user));
                let cell = |(at, item): (usize, &u32)| {
                    let users = choices.users_of(*item as usize).iter();
                    let product: f64 = users.map(|user| sums[*user as usize]).sum();
                    (f64::from(u8::from(at == place)) - product) / l2
                };
                fitted.iter().enumerate().map(cell).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mdp::{ItemIdx, rng_for};
    use rand::RngExt as _;

    fn random(n_users: usize, n_items: u32) -> Choices {
        let rng = &mut rng_for(4, &[u64::from(n_items)]);
        let mut user = |_| (0..8).map(|_| ItemIdx(rng.random_range(0..n_items))).collect::<Vec<_>>();
        Choices::new((0..n_users).map(&mut user).collect::<Vec<_>>(), n_items as usize + 2)
    }

    fn dense(model: &ItemItem) -> Vec<f32> {
        let n = model.n_items();
        let mut out = vec![0.0; n * n];
        out.chunks_exact_mut(n).zip(0..).for_each(|(row, item)| model.add(ItemIdx(item), 1.0, row));
        out
    }

    const ALL: EaseConfig = EaseConfig { l2: 3.0, n_neighbours: usize::MAX, n_fitted: usize::MAX };

    #[test]
    fn it_is_the_ridge_regression_of_every_item_on_the_others() {
        let choices = random(40, 12);
        let (n, weights) = (choices.n_items(), dense(&ease(&choices, &ALL).unwrap()));
        // At the minimum the gradient of |X - XB|^2 + l2 |B|^2 is zero but on the diagonal, which is held at zero.
        let x =
            |user: usize, item: usize| f64::from(u8::from(choices.items_of(user).contains(&(item as u32))));
        let left = |user: usize, j: usize| {
            x(user, j) - (0..n).map(|k| x(user, k) * f64::from(weights[k * n + j])).sum::<f64>()
        };
        for i in 0..n {
            for j in (0..n).filter(|j| *j != i) {
                let fit: f64 = (0..choices.n_users()).map(|user| x(user, i) * left(user, j)).sum();
                let gradient = fit - ALL.l2 * f64::from(weights[i * n + j]);
                assert!(gradient.abs() < 1e-4, "{i} {j} {gradient}");
            }
            assert!(weights[i * n + i].abs() < f32::EPSILON);
        }
    }

    #[test]
    fn a_user_who_counts_twice_is_two_users() {
        let choices = random(30, 12);
        let items = |user: usize| choices.items_of(user).iter().copied().map(ItemIdx);
        let twice = Choices::new((0..30).chain(0..7).map(items), choices.n_items());
        let weighted = (0..30).map(|user| (if user < 7 { 2.0 } else { 1.0 }, items(user)));
        let weighted = Choices::weighted(weighted, choices.n_items());
        let [twice, weighted] = [twice, weighted].map(|choices| dense(&ease(&choices, &ALL).unwrap()));
        assert!(twice.iter().zip(&weighted).all(|(a, b)| (a - b).abs() < 1e-6));
    }

    #[test]
    fn both_sides_give_the_same() {
        let choices = random(30, 60);
        let weight = |user: usize| 0.5 + user as f64 / 30.0;
        let row = |user| (weight(user), choices.items_of(user).iter().copied().map(ItemIdx));
        let choices = Choices::weighted((0..30).map(row), choices.n_items());
        for n_fitted in [usize::MAX, 40] {
            let fitted = most_chosen(&choices, n_fitted);
            let users = Side::of_users(&choices, &fitted, 2.0).unwrap();
            let items = Side::of_items(&choices, &fitted, 2.0).unwrap();
            for place in 0..fitted.len() {
                let of = |side: &Side| side.precision(place, &choices, &fitted);
                let (a, b) = (of(&users), of(&items));
                assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-9), "{place}");
            }
        }
    }

    #[test]
    fn the_strongest_neighbours_are_kept_and_unknown_items_have_none() {
        let choices = random(40, 12);
        let all = dense(&ease(&choices, &ALL).unwrap());
        let few = dense(&ease(&choices, &EaseConfig { n_neighbours: 3, ..ALL }).unwrap());
        let n = choices.n_items();
        for j in 0..n {
            let column = |weights: &[f32]| weights.iter().skip(j).step_by(n).copied().collect::<Vec<_>>();
            let (mut all, few) = (column(&all), column(&few));
            let kept: Vec<f32> = few.iter().copied().filter(|x| *x != 0.0).collect();
            all.sort_by(|a, b| b.abs().total_cmp(&a.abs()));
            assert!(kept.len() == if j < 12 { 3 } else { 0 });
            assert!(kept.iter().all(|x| x.abs() >= all[2].abs()));
        }
        let fewer = ease(&choices, &EaseConfig { n_fitted: 5, ..ALL }).unwrap();
        assert_eq!(dense(&fewer).chunks_exact(n).filter(|row| row.iter().any(|x| *x != 0.0)).count(), 5);
        assert_eq!(ease(&Choices::new([[]], 3), &ALL), Err(CollaborativeError::NoChoices));
    }
}
