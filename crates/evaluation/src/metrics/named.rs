//! Every metric of a table's lists, by name.

use super::{
    Compute, ItemFacts, METRICS, Metric, MetricValue, RankedList, Reads, by_item_popularity, by_user_activity,
};
use crate::{EvaluationError, Slate};
use std::collections::BTreeMap;

/// How many items the lists of tables have.
pub const LIST_LENGTH: usize = 10;

/// Values by the names of their metrics, such as `ndcg@10`.
pub type NamedValues = BTreeMap<String, f64>;

/// The metrics of tables, in the order of the registry.
pub fn table_metrics() -> impl Iterator<Item = Metric> {
    METRICS.iter().map(|entry| Metric { entry, k: LIST_LENGTH })
}

/// Refuses names that no table can show.
///
/// # Errors
/// Names the first one, and those that there are.
pub fn check_table_metrics(names: &[String]) -> Result<(), EvaluationError> {
    let known: Vec<String> = table_metrics().map(|metric| metric.to_string()).collect();
    match names.iter().find(|name| !known.contains(name)) {
        Some(got) => Err(EvaluationError::NotInTables { got: got.clone(), known }),
        None => Ok(()),
    }
}

/// What the lists of one policy, trained once or several times, come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListValues {
    /// Over all users. A metric that compares items is left out where nothing says how far they lie apart.
    pub values: NamedValues,
    /// The same of a part: with only held-out items of the `head`, `torso` or `tail` of the catalogue counting as right, and of
    /// the users who are `least`, `middle` or `most` active. A part without a value is left out.
    pub strata: BTreeMap<String, NamedValues>,
}

impl ListValues {
    /// Computes every metric of the registry.
    ///
    /// # Errors
    /// Does not happen with the registry as it is: what a metric lacks is not asked of it.
    pub fn of(slates: &[Slate], facts: &ItemFacts<'_>) -> Result<Self, EvaluationError> {
        let lists: Vec<RankedList<'_>> = slates.iter().map(Slate::list).collect();
        let mut out = Self::default();
        for metric in table_metrics() {
            let reads = metric.entry().reads;
            if reads == Reads::Distances && facts.distance.is_none() {
                continue;
            }
            insert(&mut out.values, metric.value(&lists, facts)?);
            let mut insert_in = |part: &str, found: MetricValue| {
                insert(out.strata.entry(part.to_owned()).or_default(), found);
            };
            if reads == Reads::HeldOut {
                let found = by_item_popularity(&metric, &lists, facts)?;
                insert_in("head", found.head);
                insert_in("torso", found.torso);
                insert_in("tail", found.tail);
            }
            if matches!(metric.entry().compute, Compute::PerList(_)) {
                let found = by_user_activity(&metric, &lists, facts)?;
                insert_in("least", found.least);
                insert_in("middle", found.middle);
                insert_in("most", found.most);
            }
        }
        out.strata.retain(|_, values| !values.is_empty());
        Ok(out)
    }

    /// The mean over trainings.
    pub fn mean(trainings: &[Self]) -> Self {
        let parts = trainings.iter().flat_map(|one| one.strata.keys());
        let strata = parts.map(|part| {
            let of_part = trainings.iter().filter_map(|one| one.strata.get(part));
            (part.clone(), mean(&of_part.collect::<Vec<_>>()))
        });
        let values = mean(&trainings.iter().map(|one| &one.values).collect::<Vec<_>>());
        Self { values, strata: strata.collect() }
    }
}

fn insert(values: &mut NamedValues, found: MetricValue) {
    values.extend(found.value.map(|value| (found.metric, value)));
}

fn mean(all: &[&NamedValues]) -> NamedValues {
    let names = all.iter().flat_map(|values| values.keys());
    let of = |name: &String| {
        let found: Vec<f64> = all.iter().filter_map(|values| values.get(name).copied()).collect();
        Some((name.clone(), super::value::mean(found.into_iter())?))
    };
    names.filter_map(of).collect()
}
