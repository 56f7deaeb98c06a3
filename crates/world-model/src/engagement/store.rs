//! Engagement in a world's directory.

use super::odds::Odds;
use super::{Engagement, Taken};
use artefact::Tensors;
use collaborative::{Choices, ItemItem};
use mdp::ItemIdx;
use serde::{Deserialize, Serialize};

/// The few numbers of it, in `world.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Numbers {
    odds: Odds,
    shift: f64,
    scale: f64,
    n_weights: usize,
    n_choices: usize,
}

impl Engagement {
    pub(crate) fn numbers(&self) -> Numbers {
        Numbers {
            odds: self.odds.clone(),
            shift: self.taken.shift,
            scale: self.taken.scale,
            n_weights: self.items.parts().2.len(),
            n_choices: self.choices.len(),
        }
    }

    /// Adds its tables under names that begin with `name`.
    pub(crate) fn store(&self, name: &str, tensors: &mut Tensors) {
        let (ends, targets, weights) = self.items.parts();
        let mut insert = |part: &str, values: Vec<f32>| {
            tensors.insert(&format!("{name}.{part}"), &[values.len()], values);
        };
        insert("list_sizes", sizes(ends));
        insert("targets", whole(targets));
        insert("weights", weights.to_vec());
        let (mut n_choices, mut chosen) = (Vec::new(), Vec::new());
        for user in 0..self.n_users() {
            let items = self.choices.items_of(user);
            n_choices.push(items.len() as f32);
            chosen.extend(whole(items));
        }
        insert("n_choices", n_choices);
        insert("choices", chosen);
        insert("spreads", self.spreads.clone());
        insert("counts", whole(&self.counts));
    }

    /// Takes its tables back.
    ///
    /// # Errors
    /// Names what does not fit.
    pub(crate) fn take(
        name: &str,
        tensors: &mut Tensors,
        numbers: &Numbers,
        (n_users, n_items): (usize, usize),
    ) -> Result<Self, String> {
        let mut take = |part: &str, len: usize| {
            let name = format!("{name}.{part}");
            tensors.take(&name, &[len]).ok_or_else(|| format!("tensor {name} is absent or misshapen"))
        };
        let ends = ends_of(&take("list_sizes", n_items)?, numbers.n_weights)?;
        let targets = indices(&take("targets", numbers.n_weights)?, n_items)?;
        let items = ItemItem::from_parts(ends, targets, take("weights", numbers.n_weights)?)?;
        if !items.is_sorted() {
            return Err("the items of a list do not ascend".to_owned());
        }
        let ends = ends_of(&take("n_choices", n_users)?, numbers.n_choices)?;
        let chosen = indices(&take("choices", numbers.n_choices)?, n_items)?;
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let rows =
            starts.zip(&ends).map(|(start, &end)| chosen[start..end].iter().map(|item| ItemIdx(*item)));
        let choices = Choices::new(rows, n_items);
        let spreads = take("spreads", n_users)?;
        let counts = indices(&take("counts", n_items)?, LARGEST)?;
        let are_numbers = numbers.odds.is_finite() && numbers.shift.is_finite() && numbers.scale.is_finite();
        if !are_numbers || spreads.iter().any(|spread| !(spread.is_finite() && *spread > 0.0)) {
            return Err("engagement that is not finite".to_owned());
        }
        let taken = Taken { shift: numbers.shift, scale: numbers.scale };
        Ok(Self { items, choices, spreads, counts, odds: numbers.odds.clone(), taken })
    }
}

/// The largest whole number that every smaller one of is an `f32`.
const LARGEST: usize = 1 << 24;

fn whole(values: &[u32]) -> Vec<f32> {
    values.iter().map(|value| *value as f32).collect()
}

fn sizes(ends: &[usize]) -> Vec<f32> {
    let starts = std::iter::once(&0).chain(ends);
    ends.iter().zip(starts).map(|(end, start)| (end - start) as f32).collect()
}

/// Whole numbers below `limit`.
fn indices(values: &[f32], limit: usize) -> Result<Vec<u32>, String> {
    let one = |value: &f32| {
        let fits = *value >= 0.0 && value.fract() == 0.0 && (*value as usize) < limit;
        fits.then_some(*value as u32).ok_or_else(|| format!("{value} where a number below {limit} belongs"))
    };
    values.iter().map(one).collect()
}

/// Where lists of these sizes end; together they hold `total`.
fn ends_of(sizes: &[f32], total: usize) -> Result<Vec<usize>, String> {
    let mut end = 0;
    let ends: Vec<usize> = indices(sizes, LARGEST)?
        .into_iter()
        .map(|size| {
            end += size as usize;
            end
        })
        .collect();
    if end == total { Ok(ends) } else { Err(format!("lists of {end} in a table of {total}")) }
}
