//! The same random lists by RecTools and RecBole (`tests/reference.py`), lists by hand, and strata.

use super::*;
use crate::{EvaluationError, RankedUser, Slate, hit_at, ndcg_at};
use mdp::{Interaction, ItemIdx, ItemSet, UserIdx};
use serde::Deserialize;
use std::collections::BTreeMap;

const KS: [usize; 3] = [1, 5, 10];
/// Metrics of RecTools under our names and by our formulas.
const AS_RECTOOLS: [&str; 8] =
    ["ndcg", "recall", "hit", "mrr", "precision", "averagepopularity", "novelty", "intralistdiversity"];
/// The metrics of RecBole, all by our formulas.
const AS_RECBOLE: [&str; 9] =
    ["ndcg", "recall", "hit", "mrr", "map", "precision", "averagepopularity", "itemcoverage", "giniindex"];

/// What the two libraries said, `tests/reference.json`.
#[derive(Deserialize)]
struct Reference {
    n_items: usize,
    n_recbole_users: usize,
    histories: Vec<Vec<u32>>,
    rankings: Vec<Vec<u32>>,
    held_out: Vec<Vec<u32>>,
    features: Vec<Vec<u8>>,
    rectools: BTreeMap<String, BTreeMap<u32, f64>>,
    rectools_over_lists: BTreeMap<String, f64>,
    recbole: BTreeMap<String, f64>,
}

/// Lists with their sets, for tests to borrow from.
struct Case {
    rankings: Vec<Vec<ItemIdx>>,
    held_out: Vec<ItemSet>,
    histories: Vec<Vec<Interaction>>,
    n_items: usize,
}

impl Case {
    fn new(n_items: usize, histories: &[Vec<u32>], rankings: &[Vec<u32>], held_out: &[Vec<u32>]) -> Self {
        let seen = |&item: &u32| Interaction { item: ItemIdx(item), rating: 5.0, time: 0 };
        Self {
            rankings: rankings.iter().map(|items| items.iter().copied().map(ItemIdx).collect()).collect(),
            held_out: held_out.iter().map(|items| set(n_items, items)).collect(),
            histories: histories.iter().map(|items| items.iter().map(seen).collect()).collect(),
            n_items,
        }
    }

    fn lists(&self) -> Vec<RankedList<'_>> {
        let list = |user: usize| RankedList {
            user: UserIdx(user as u32),
            ranking: &self.rankings[user],
            held_out: &self.held_out[user],
            activity: self.histories[user].len(),
        };
        (0..self.rankings.len()).map(list).collect()
    }

    fn facts(&self) -> ItemFacts<'static> {
        ItemFacts::of_log(self.n_items, self.histories.iter().map(Vec::as_slice))
    }
}

fn set(n_items: usize, items: &[u32]) -> ItemSet {
    let mut out = ItemSet::empty(n_items);
    for &item in items {
        out.insert(ItemIdx(item));
    }
    out
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../tests/reference.json")).expect("made by the script beside it")
}

fn case(reference: &Reference) -> Case {
    Case::new(reference.n_items, &reference.histories, &reference.rankings, &reference.held_out)
}

/// The values of a metric by user.
fn by_user(name: &str, k: usize, lists: &[RankedList<'_>], facts: &ItemFacts<'_>) -> BTreeMap<u32, f64> {
    let found = find_metric(&format!("{name}@{k}")).unwrap().value(lists, facts).unwrap();
    found.users.iter().map(|user| (user.user.0, user.value)).collect()
}

fn near(got: f64, want: f64, what: &str) {
    assert!((got - want).abs() < 1e-6, "{what}: got {got}, want {want}");
}

/// Every value of every user, and no value where RecTools has none.
#[test]
fn every_value_of_rectools_is_reproduced() {
    let reference = reference();
    let case = case(&reference);
    let differing = |a: ItemIdx, b: ItemIdx| {
        let (a, b) = (&reference.features[a.index()], &reference.features[b.index()]);
        a.iter().zip(b).filter(|(a, b)| a != b).count() as f64
    };
    let (lists, facts) = (case.lists(), case.facts().with_distance(&differing));
    for k in KS {
        for name in AS_RECTOOLS {
            let (got, what) = (by_user(name, k, &lists, &facts), format!("{name}@{k}"));
            let want = &reference.rectools[&what];
            assert!(got.keys().eq(want.keys()), "{what}: other users");
            got.iter().for_each(|(user, &value)| near(value, want[user], &format!("{what} of {user}")));
        }
        let what = format!("itemcoverage@{k}");
        let want = reference.rectools_over_lists[&what];
        near(find_metric(&what).unwrap().value(&lists, &facts).unwrap().value.unwrap(), want, &what);
    }
}

/// RecBole has no user without a full list or without held-out items.
#[test]
fn every_value_of_recbole_is_reproduced() {
    let reference = reference();
    let case = case(&reference);
    let (lists, facts) = (case.lists(), case.facts());
    for k in KS {
        for name in AS_RECBOLE {
            let what = format!("{name}@{k}");
            let found =
                find_metric(&what).unwrap().value(&lists[..reference.n_recbole_users], &facts).unwrap();
            near(found.value.unwrap(), reference.recbole[&what], &what);
        }
    }
}

/// Where we differ from one of the two, by exactly what the docs say.
#[test]
fn differences_to_both_libraries_are_those_that_are_told() {
    let reference = reference();
    let case = case(&reference);
    let (lists, facts) = (case.lists(), case.facts());
    let theirs = |name: &str, k: usize| &reference.rectools[&format!("{name}@{k}")];
    for k in KS {
        let n_right = |user: &u32| case.held_out[*user as usize].len();
        let discounts = |n: usize| (0..n).map(|rank| 1.0 / ((rank + 2) as f64).log2()).sum::<f64>();
        for (user, value) in by_user("map", k, &lists, &facts) {
            let best = k.min(n_right(&user)) as f64;
            near(
                value * best / n_right(&user) as f64,
                theirs("map, over all relevant", k)[&user],
                "map over R",
            );
            near(value * best / k as f64, theirs("map, over k", k)[&user], "map over k");
        }
        for (user, value) in by_user("ndcg", k, &lists, &facts) {
            let ideal = discounts(k.min(n_right(&user))) / discounts(k);
            near(value * ideal, theirs("ndcg, ideal of k", k)[&user], "ndcg with an ideal of k");
        }
        // A user without held-out items is zero there and has no value here.
        let ours = by_user("serendipity", k, &lists, &facts);
        for (user, &value) in theirs("serendipity", k) {
            near(ours.get(user).copied().unwrap_or(0.0), value, "serendipity");
            assert_eq!(ours.contains_key(user), n_right(user) > 0);
        }
        // RecBole counts the item that pads sequences: n + 1 items, of which one is never shown.
        let full = &lists[..reference.n_recbole_users];
        let padded = ItemFacts::of_log(reference.n_items + 1, case.histories.iter().map(Vec::as_slice));
        for name in ["itemcoverage", "giniindex"] {
            let (metric, what) = (format!("{name}@{k}"), format!("{name}, with a padding item@{k}"));
            let found = find_metric(&metric).unwrap().value(full, &padded).unwrap();
            near(found.value.unwrap(), reference.recbole[&what], &what);
        }
    }
}

/// One piece of code for one number: what rows of results hold is what the registry says, to the bit.
#[test]
fn rows_and_registry_agree_to_the_bit() {
    let reference = reference();
    let case = case(&reference);
    let (lists, facts) = (case.lists(), case.facts());
    for list in lists.iter().filter(|list| !list.held_out.is_empty()) {
        let ranked = RankedUser {
            user: list.user,
            ndcg: ndcg_at(10, list.ranking, list.held_out),
            hit: hit_at(10, list.ranking, list.held_out),
        };
        assert_eq!(by_user("ndcg", 10, &lists, &facts)[&list.user.0].to_bits(), ranked.ndcg.to_bits());
        assert_eq!(by_user("hit", 10, &lists, &facts)[&list.user.0].to_bits(), ranked.hit.to_bits());
    }
}

/// Items 0 to 4 with 3, 2, 1, 1 and 0 users; right are 1 and 4, in places 2 and 3.
#[test]
fn one_list_by_hand() {
    let histories = [vec![0, 1, 2], vec![0, 1, 1], vec![0, 3]];
    let case = Case::new(5, &histories, &[vec![2, 1, 4], vec![], vec![]], &[vec![1, 4], vec![], vec![]]);
    let apart = |a: ItemIdx, b: ItemIdx| f64::from(a.0.abs_diff(b.0));
    let (lists, facts) = (case.lists(), case.facts().with_distance(&apart));
    let bits = 3f64.log2();
    let novelty = (bits + bits - 1.0 + bits) / 3.0;
    // Item 1 has place 2 by popularity and by rank: nothing. Item 4 nobody has: p of rank 3.
    let serendipity = (5.0 + 1.0 - 3.0) / 5.0 / 3.0;
    let table = [
        ("recall@2", 0.5),
        ("hit@1", 0.0),
        ("mrr@3", 0.5),
        ("map@3", (0.5 + 2.0 / 3.0) / 2.0),
        ("map@1", 0.0),
        ("precision@4", 0.5),
        ("itemcoverage@10", 0.6),
        ("giniindex@3", 0.4),
        ("averagepopularity@3", 1.0),
        ("novelty@3", novelty),
        ("serendipity@3", serendipity),
        ("intralistdiversity@3", (1.0 + 2.0 + 3.0) / 3.0),
        ("intralistdiversity@1", 0.0),
    ];
    for (name, want) in table {
        near(find_metric(name).unwrap().value(&lists, &facts).unwrap().value.unwrap(), want, name);
    }
}

/// The most popular item is right in the second place, where popularity alone would have it first: nothing, not less.
/// Somebody without a history is no user of the log.
#[test]
fn popular_items_take_no_serendipity_away_and_newcomers_no_novelty() {
    let (histories, none) = ([vec![0], vec![0], vec![1], vec![]], vec![]);
    let rankings = [none.clone(), none.clone(), vec![2, 0], none.clone()];
    let case = Case::new(3, &histories, &rankings, &[none.clone(), none.clone(), vec![0], none]);
    let value = |name: &str| by_user(name, 2, &case.lists(), &case.facts())[&2];
    assert_eq!(value("serendipity"), 0.0);
    near(value("novelty"), f64::midpoint(3f64.log2(), (3.0f64 / 2.0).log2()), "novelty");
}

#[test]
fn metrics_by_name_and_nothing_else() {
    for entry in METRICS {
        let metric = find_metric(&format!("{}@7", entry.name)).unwrap();
        assert_eq!((metric.to_string(), metric.k()), (format!("{}@7", entry.name), 7));
        assert!(!entry.about.is_empty() && !entry.formula.is_empty() && !entry.source.is_empty());
        let n_namesakes = METRICS.iter().filter(|other| other.name == entry.name).count();
        assert_eq!(n_namesakes, 1, "{}", entry.name);
        let page = include_str!("../../../../docs/statistics.md");
        assert!(page.contains(&format!("| `{}` |", entry.name)), "{} has no formula in the docs", entry.name);
    }
    for name in ["ndcg", "ndcg@", "ndcg@0", "ndcg@x", "NDCG@10", "@10", "", "auc@10"] {
        let told = find_metric(name).unwrap_err().to_string();
        assert!(told.contains("ndcg, recall, hit") && told.contains("intralistdiversity"), "{name}: {told}");
    }
}

/// Twelve interactions: item 0 has six of them (more than a third: the head alone), items 1 and 2 two each, 3 and 4 one.
#[test]
fn popularity_strata_hold_thirds_of_the_interactions() {
    let histories: Vec<Vec<u32>> =
        vec![vec![0, 1, 3], vec![0, 1, 4], vec![0, 2], vec![0, 2], vec![0], vec![0]];
    let rankings = vec![vec![5, 2, 0], vec![1], vec![], vec![], vec![], vec![]];
    let held_out = vec![vec![0, 2, 3, 5], vec![1], vec![], vec![], vec![], vec![]];
    let case = Case::new(6, &histories, &rankings, &held_out);
    let (lists, facts) = (case.lists(), case.facts());
    let recall = find_metric("recall@2").unwrap();
    let found = by_item_popularity(&recall, &lists, &facts).unwrap();
    // Items before 1 have six of twelve interactions, those before 2 have eight.
    assert_eq!(
        (found.head.value, found.torso.value, found.tail.value),
        (Some(0.0), Some(1.0), Some(2.0 / 3.0))
    );
    let users = |value: &MetricValue| value.users.iter().map(|user| user.user.0).collect::<Vec<_>>();
    assert_eq!((users(&found.head), users(&found.torso), users(&found.tail)), (vec![0], vec![1], vec![0]));
    let coverage = find_metric("itemcoverage@2").unwrap();
    assert!(by_item_popularity(&coverage, &lists, &facts).is_err());
}

#[test]
fn activity_strata_hold_thirds_of_the_users() {
    let histories: Vec<Vec<u32>> = [4, 1, 3, 0, 2].map(|n| (0..n).collect()).to_vec();
    let rankings: Vec<Vec<u32>> = (0..5).map(|user| vec![user]).collect();
    let case = Case::new(6, &histories, &rankings, &vec![vec![1, 2]; 5]);
    let hit = find_metric("hit@1").unwrap();
    let found = by_user_activity(&hit, &case.lists(), &case.facts()).unwrap();
    let users = |value: &MetricValue| value.users.iter().map(|user| user.user.0).collect::<Vec<_>>();
    assert_eq!(
        (users(&found.least), users(&found.middle), users(&found.most)),
        (vec![3, 1], vec![4, 2], vec![0])
    );
    assert_eq!((found.least.value, found.middle.value, found.most.value), (Some(0.5), Some(0.5), Some(0.0)));
    let none = by_user_activity(&hit, &[], &case.facts()).unwrap();
    assert_eq!((none.least.value, none.most.users.len()), (None, 0));
}

#[test]
fn distances_that_are_missing_are_asked_for() {
    let case = Case::new(3, &[vec![0]], &[vec![1, 2]], &[vec![1]]);
    let diversity = find_metric("intralistdiversity@2").unwrap();
    let told = diversity.value(&case.lists(), &case.facts()).unwrap_err().to_string();
    assert_eq!(told, "`intralistdiversity@2` needs distances between items");
}

/// Two trainings on three users: what tables say is the mean of what each training came to, in every part.
#[test]
fn tables_have_every_metric_and_its_parts_by_name() {
    let histories = [vec![0], vec![0, 1], vec![0, 1, 2]];
    let of = |rankings: [Vec<u32>; 3]| {
        let case = Case::new(6, &histories, &rankings, &[vec![1, 5], vec![2], vec![4]]);
        let slate = |list: RankedList<'_>| Slate {
            user: list.user,
            ranking: list.ranking.to_vec(),
            held_out: list.held_out.clone(),
            activity: list.activity,
        };
        let slates: Vec<Slate> = case.lists().into_iter().map(slate).collect();
        let alone = ListValues::of(&slates, &case.facts()).unwrap();
        let distance = |a: ItemIdx, b: ItemIdx| f64::from(a != b);
        let with = ListValues::of(&slates, &case.facts().with_distance(&distance)).unwrap();
        (alone, with)
    };
    let (alone, one) = of([vec![1, 2], vec![2, 3], vec![3, 4]]);
    let (_, other) = of([vec![5, 2], vec![3, 4], vec![5, 4]]);
    let names: Vec<String> = table_metrics().map(|metric| metric.to_string()).collect();
    let mut named: Vec<&String> = one.values.keys().collect();
    named.sort_by_key(|name| names.iter().position(|other| other == *name));
    assert_eq!(named, names.iter().collect::<Vec<_>>());
    assert!(!alone.values.contains_key("intralistdiversity@10"), "nothing says how far items lie apart");
    let both = ListValues::mean(&[one.clone(), other]);
    assert_eq!((one.values["hit@10"], both.values["hit@10"]), (1.0, f64::midpoint(1.0, 2.0 / 3.0)));
    assert_eq!((one.values["mrr@10"], one.strata["most"]["mrr@10"]), (2.5 / 3.0, 0.5));
    // Of the held-out items 1 is the torso, 2 the tail, 4 and 5 have no users: of the tail, too.
    assert_eq!((one.strata["torso"]["recall@10"], one.strata["tail"]["recall@10"]), (1.0, 2.0 / 3.0));
    assert!(!one.strata.contains_key("head") && !one.strata["tail"].contains_key("novelty@10"));
    assert_eq!(one.strata["least"]["averagepopularity@10"], 1.5);
    assert!(!one.strata["least"].contains_key("giniindex@10"), "all lists together have one");
}

#[test]
fn what_no_table_can_show_is_refused_with_what_it_can() {
    assert_eq!(check_table_metrics(&["itemcoverage@10".to_owned()]), Ok(()));
    for name in ["coverage@10", "ndcg@20", "ndcg"] {
        let refused = check_table_metrics(&["ndcg@10".to_owned(), name.to_owned()]).unwrap_err();
        let EvaluationError::NotInTables { got, known } = refused else { panic!("{refused}") };
        assert_eq!((got.as_str(), known.len()), (name, METRICS.len()));
    }
}
