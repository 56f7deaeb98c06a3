//! ItemKNN: items that the same users chose are alike.

use crate::{Choices, CollaborativeError, ItemItem};

/// Settings of the fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ItemKnnConfig {
    /// Items that speak for an item, at most: the most alike.
    pub n_neighbours: usize,
    /// Added to the denominator, in choices: items that few chose together are alike with less certainty.
    pub shrinkage: f32,
}

/// Weights `w_ij = c_ij / (sqrt(c_i c_j) + shrinkage)`, where `c_ij` users chose both: the cosine of the columns, shrunk.
///
/// # Source
/// Deshpande & Karypis 2004, "Item-based top-N recommendation algorithms"; the shrunk denominator is that of RecBole's
/// ItemKNN (`shrink`).
///
/// # Errors
/// When there are no choices.
pub fn item_knn(choices: &Choices, config: &ItemKnnConfig) -> Result<ItemItem, CollaborativeError> {
    if choices.is_empty() {
        return Err(CollaborativeError::NoChoices);
    }
    let counts: Vec<f32> = choices.counts().iter().map(|count| *count as f32).collect();
    let column = |item: usize, out: &mut Vec<f32>| {
        for &user in choices.users_of(item) {
            choices.items_of(user as usize).iter().for_each(|other| out[*other as usize] += 1.0);
        }
        out[item] = 0.0;
        for (together, count) in out.iter_mut().zip(&counts).filter(|(together, _)| **together > 0.0) {
            *together /= (counts[item] * count).sqrt() + config.shrinkage;
        }
    };
    Ok(ItemItem::of_columns(choices.n_items(), config.n_neighbours, column))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mdp::ItemIdx;

    #[test]
    fn known_values() {
        let users: [&[u32]; 3] = [&[0, 1], &[0, 1, 2], &[2]];
        let choices = Choices::new(users.map(|items| items.iter().copied().map(ItemIdx)), 4);
        let scores = |shrinkage, n_neighbours| {
            let model = item_knn(&choices, &ItemKnnConfig { n_neighbours, shrinkage }).unwrap();
            let mut out = [0.0; 4];
            model.add(ItemIdx(0), 1.0, &mut out);
            out
        };
        assert_eq!(scores(0.0, 9), [0.0, 1.0, 0.5, 0.0]);
        assert_eq!(scores(2.0, 9), [0.0, 0.5, 0.25, 0.0]);
        // For item 2, items 0 and 1 are equally alike; the first of equals speaks.
        assert_eq!(scores(0.0, 1), [0.0, 1.0, 0.5, 0.0]);
        assert_eq!(
            item_knn(&Choices::new([[]], 3), &ItemKnnConfig { n_neighbours: 1, shrinkage: 0.0 }),
            Err(CollaborativeError::NoChoices)
        );
    }
}
