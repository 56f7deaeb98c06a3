//! What the tests of all modules share: the folder of real data, and small worlds.

use crate::Scene;
use catalogue::Catalogue;
use environment::{Environment, ExitRule, ItemFeatures};
use mdp::{Histories, Interaction, ItemIdx, RewardSource, UserIdx};
use shared_data::shared_data;
use std::io::Read;
use std::sync::Arc;

/// A gzipped CSV of the data folder as rows of texts, header left out.
pub(crate) fn shared_csv(path: &str) -> Option<Vec<csv::StringRecord>> {
    let file = std::fs::File::open(shared_data(path)?).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    Some(csv::Reader::from_reader(text.as_bytes()).records().map(Result::unwrap).collect())
}

/// A catalogue of the data folder: columns of id, title and `|`-separated categories.
pub(crate) fn shared_catalogue(path: &str) -> Option<Catalogue> {
    let rows = shared_csv(path)?;
    let split = |text: &str| text.split('|').filter(|t| !t.is_empty()).map(str::to_owned).collect();
    let rows = rows.iter().map(|r| (r[0].to_owned(), r[1].to_owned(), split(&r[2]))).collect();
    Some(Catalogue::new(rows).0)
}

/// Rewards from a table.
pub(crate) struct Table(pub(crate) Vec<Vec<f32>>);

impl RewardSource for Table {
    fn n_users(&self) -> usize {
        self.0.len()
    }
    fn n_items(&self) -> usize {
        self.0[0].len()
    }
    fn reward(&self, user: UserIdx, item: ItemIdx) -> f32 {
        self.0[user.index()][item.index()]
    }
}

/// A small world, owned.
pub(crate) struct World {
    pub(crate) catalogue: Catalogue,
    pub(crate) user_ids: Vec<String>,
    pub(crate) histories: Histories,
    pub(crate) environment: Environment,
}

impl World {
    /// The scene in it.
    pub(crate) fn scene(&self) -> Scene<'_> {
        Scene {
            catalogue: &self.catalogue,
            user_ids: &self.user_ids,
            histories: &self.histories,
            environment: &self.environment,
        }
    }
}

/// A world under the category window. Items are (title, categories), with their rows as ids.
pub(crate) fn world(items: &[(&str, &[&str])], users: &[(&str, &[u32])], rewards: Vec<Vec<f32>>) -> World {
    let labels = |labels: &[&str]| labels.iter().map(|l| (*l).to_owned()).collect();
    let rows =
        items.iter().enumerate().map(|(i, (t, l))| (i.to_string(), (*t).to_owned(), labels(l))).collect();
    let catalogue = Catalogue::new(rows).0;
    let rated = |items: &[u32]| {
        items.iter().map(|&i| Interaction { item: ItemIdx(i), rating: 4.0, time: 0 }).collect()
    };
    let features = ItemFeatures::of(&catalogue, None);
    let rule = ExitRule::category_window();
    let environment = Environment::new(Arc::new(Table(rewards)), features, rule, 5).unwrap();
    World {
        catalogue,
        user_ids: users.iter().map(|(id, _)| (*id).to_owned()).collect(),
        histories: users.iter().map(|(_, items)| rated(items)).collect(),
        environment,
    }
}

/// Four films of four kinds and one that nobody likes; user `7` knows the first.
pub(crate) fn small_world() -> World {
    let items: [(&str, &[&str]); 6] = [
        ("Alpha (1999)", &["A"]),
        ("Beta, The (2000)", &["B"]),
        ("Gamma (2001)", &["C"]),
        ("Delta (2002)", &["D"]),
        ("Omega (2003)", &["E"]),
        ("Zeta (2004)", &["F"]),
    ];
    let rewards = vec![vec![5.0, 4.0, 3.0, 2.0, 1.0, 4.0], vec![4.0, 4.0, 4.0, 4.0, 1.0, 4.0]];
    world(&items, &[("7", &[0]), ("8", &[])], rewards)
}
