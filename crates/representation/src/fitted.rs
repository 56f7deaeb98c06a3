//! Item tables that were fitted before: once for a log and a seed, however many runs learn from them.

use crate::taste::{fit_taste, with_unseen};
use crate::{ItemTable, TasteConfig};
use catalogue::Catalogue;
use mdp::{Interaction, rng_for};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Item tables, found again for as long as somebody (a run, a policy) has them.
#[derive(Debug, Default)]
pub struct ItemTables(Mutex<Vec<(Key, Weak<ItemTable>)>>);

/// What a table follows from.
#[derive(Clone, Debug, PartialEq)]
struct Key {
    catalogue: String,
    log: u64,
    config: TasteConfig,
    seed: u64,
}

/// Random streams of the fit.
const TASTE: u64 = 1;
const UNSEEN: u64 = 9;

impl ItemTables {
    /// The items with a taste model fitted to `logged`, the histories of training users.
    pub fn fitted(
        &self,
        catalogue: &Catalogue,
        logged: &[&[Interaction]],
        config: &TasteConfig,
        seed: u64,
    ) -> Arc<ItemTable> {
        let key = Key { catalogue: catalogue.hash(), log: fingerprint(logged), config: config.clone(), seed };
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(table) =
            known().iter().find(|(own, _)| *own == key).and_then(|(_, table)| table.upgrade())
        {
            return table;
        }
        // Outside the lock, which a fit on several threads could come back to.
        let table = Arc::new(fit(catalogue, logged, config, seed));
        let mut all = known();
        all.retain(|(own, table)| *own != key && table.strong_count() > 0);
        all.push((key, Arc::downgrade(&table)));
        table
    }
}

fn fit(catalogue: &Catalogue, logged: &[&[Interaction]], config: &TasteConfig, seed: u64) -> ItemTable {
    let categories: Vec<Vec<u16>> = catalogue.items().iter().map(|item| item.categories.clone()).collect();
    let filled = with_unseen(logged, catalogue.len(), &mut rng_for(seed, &[UNSEEN]));
    let filled: Vec<&[Interaction]> = filled.iter().map(|history| &**history).collect();
    let taste = fit_taste(&filled, &categories, config, &mut rng_for(seed, &[TASTE]));
    ItemTable::new(catalogue, taste)
}

/// Tells logs apart within one process.
fn fingerprint(logged: &[&[Interaction]]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for history in logged {
        history.len().hash(&mut hasher);
        for x in *history {
            (x.item.0, x.rating.to_bits(), x.time).hash(&mut hasher);
        }
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mdp::ItemIdx;

    #[test]
    fn a_table_is_fitted_once_for_a_log_a_configuration_and_a_seed() {
        let item = |i: usize| (format!("i{i}"), format!("Item {i}"), vec!["a".to_owned()]);
        let (catalogue, _) = Catalogue::new((0..6).map(item).collect());
        let history = |user: u32| -> Vec<Interaction> {
            let one = |k: u32| Interaction {
                item: ItemIdx((user + k) % 6),
                rating: (1 + k) as f32,
                time: i64::from(k),
            };
            (0..4).map(one).collect()
        };
        let (a, b) = (history(0), history(1));
        let config =
            TasteConfig { n_factors: 2, n_categories: 1, n_sweeps: 2, offset_shrinkage: 5.0, ridge: 4.0 };
        let tables = ItemTables::default();
        let first = tables.fitted(&catalogue, &[&a, &b], &config, 0);
        assert!(Arc::ptr_eq(&first, &tables.fitted(&catalogue, &[&a, &b], &config, 0)));
        let other_config = TasteConfig { n_factors: 1, ..config.clone() };
        for other in [
            tables.fitted(&catalogue, &[&a, &b], &config, 1),
            tables.fitted(&catalogue, &[&b, &a], &config, 0),
            tables.fitted(&catalogue, &[&a, &b], &other_config, 0),
        ] {
            assert!(!Arc::ptr_eq(&first, &other));
        }
        let last = tables.fitted(&catalogue, &[&a], &config, 0);
        assert!(!Arc::ptr_eq(&first, &last));
        assert_eq!(tables.0.lock().unwrap().len(), 2, "what nobody has any more is forgotten");
    }
}
