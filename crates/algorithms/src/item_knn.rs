//! ItemKNN on the log of training users: items that the same users chose are alike.

use crate::item_item::{self, Fit};
use crate::registry::{Code, Entry, Kind, Settings};
use collaborative::ItemKnnConfig;
use learning::{Inputs, LearningError, Run};
use serde::{Deserialize, Serialize};

/// The entry of the registry.
pub(crate) const ENTRY: Entry = Entry {
    name: "item-knn",
    kind: Kind::Control,
    about: "ItemKNN: items are alike that the same users chose; knows nothing of ratings or leaving",
    source: "Deshpande & Karypis 2004",
    faithful: true,
    needs: item_item::NEEDS,
    preset: include_str!("item_knn/preset.toml"),
    fixed: "",
    small: include_str!("item_knn/small.toml"),
    readme: include_str!("item_knn/README.md"),
    code: &Code {
        network: item_item::NETWORK,
        settings: |name, value| {
            let config: Config = crate::registry::read(name, value)?;
            let sizes: Vec<f64> = config.n_neighbours.iter().map(|size| *size as f64).collect();
            item_item::check(
                name,
                &[("n_neighbours", &sizes, 1.0, 1e9), ("shrinkage", &config.shrinkage, 0.0, 1e9)],
            )?;
            Ok(Box::new(config))
        },
        open: item_item::ItemItemPolicy::open,
    },
};

/// Settings as written in a file; see `preset.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    n_neighbours: Vec<usize>,
    shrinkage: Vec<f64>,
    taken_up_from: f32,
}

impl Settings for Config {
    fn value(&self) -> serde_json::Value {
        item_item::value(self)
    }

    fn start<'a>(&self, inputs: &'a Inputs<'a>, seed: u64) -> Result<Run<'a>, LearningError> {
        let pairs =
            self.n_neighbours.iter().flat_map(|&n| self.shrinkage.iter().map(move |&s| (n, s as f32)));
        let fit = |(n_neighbours, shrinkage): (usize, f32)| -> Fit {
            Box::new(move |choices| {
                collaborative::item_knn(choices, &ItemKnnConfig { n_neighbours, shrinkage })
            })
        };
        item_item::run(ENTRY.name, inputs, pairs.map(fit).collect(), self.taken_up_from, seed)
    }
}
