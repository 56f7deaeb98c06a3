//! EASE on the log of training users: the linear model that item recommendation is measured by.

use crate::evidence::{Evidence, N_DRAWS};
use crate::item_item::{self, Fit, HeldOut};
use crate::registry::{Code, Entry, Kind, Settings};
use collaborative::EaseConfig;
use learning::{Inputs, LearningError, Run};
use serde::{Deserialize, Serialize};

/// The entry of the registry.
pub(crate) const ENTRY: Entry = Entry {
    name: "ease",
    kind: Kind::Control,
    about: "EASE: every item predicted from all others by ridge regression on who chose what; knows nothing of ratings or leaving",
    source: "Steck 2019, arXiv 1905.03375",
    faithful: true,
    needs: item_item::NEEDS,
    preset: include_str!("ease/preset.toml"),
    fixed: "",
    small: include_str!("ease/small.toml"),
    readme: include_str!("ease/README.md"),
    code: &Code {
        network: item_item::NETWORK,
        settings: |name, value| {
            let config: Config = crate::registry::read(name, value)?;
            let lists = [("l2", &config.l2[..], 1e-3, 1e9), ("demonstrated", &config.demonstrated, 0.0, 1e4)];
            item_item::check(name, &lists)?;
            let sizes = [config.n_neighbours, config.n_fitted].map(|size| size as f64);
            item_item::check(
                name,
                &[("n_neighbours", &sizes[..1], 1.0, 1e9), ("n_fitted", &sizes[1..], 1.0, 20_000.0)],
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
    l2: Vec<f64>,
    n_neighbours: usize,
    n_fitted: usize,
    taken_up_from: f32,
    demonstrated: Vec<f64>,
    switches: Switches,
}

/// What can be added.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Switches {
    demonstrations: bool,
}

impl Settings for Config {
    fn value(&self) -> serde_json::Value {
        item_item::value(self)
    }

    fn start<'a>(&self, inputs: &'a Inputs<'a>, seed: u64) -> Result<Run<'a>, LearningError> {
        let config = |l2| EaseConfig { l2, n_neighbours: self.n_neighbours, n_fitted: self.n_fitted };
        if self.switches.demonstrations {
            inputs.check()?;
            let held_out = HeldOut::drawn(inputs, N_DRAWS, seed);
            let evidence = Evidence::of(inputs, true);
            let known = evidence.search(&self.demonstrated, &self.l2, &config(self.l2[0]), &held_out)?;
            return item_item::run_of_evidence(ENTRY.name, inputs, known.items, self.taken_up_from, seed);
        }
        let fit = |&l2: &f64| -> Fit {
            let config = config(l2);
            Box::new(move |choices| collaborative::ease(choices, &config))
        };
        item_item::run(ENTRY.name, inputs, self.l2.iter().map(fit).collect(), self.taken_up_from, seed)
    }
}
