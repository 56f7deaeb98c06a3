//! What is taken for the same title, and what is not.

use super::*;
use crate::tests::{shared_catalogue, shared_csv};
use crate::{GroundingStatus, TitleIndex};
use catalogue::Catalogue;
use mdp::ItemIdx;

fn index(titles: &[&str]) -> TitleIndex {
    let rows = titles.iter().enumerate().map(|(i, t)| (i.to_string(), (*t).to_owned(), Vec::new())).collect();
    TitleIndex::build(&Catalogue::new(rows).0, GroundingConfig::default())
}

#[test]
fn debug_lists() {
    for (folder, cat) in [("movielens-llm-lists", "movielens-latest-small/movies.csv.gz"), ("lastfm-2k","lastfm-2k/artists.csv.gz")] {
    let catalogue = shared_catalogue(cat).unwrap();
    let t = std::time::Instant::now();
    let index = TitleIndex::build(&catalogue, GroundingConfig::default());
    eprintln!("build {:?}", t.elapsed());
    for llm in ["chatgpt-3.5-turbo", "text-davinci-003"] {
        let rows = shared_csv(&format!("{folder}/llm_lists_{llm}.csv.gz")).unwrap();
        let mut memo = std::collections::BTreeMap::new();
        for r in &rows { memo.entry(r[3].to_owned()).or_insert(0); }
        let t = std::time::Instant::now();
        let found: std::collections::BTreeMap<String, Grounded> = memo.keys().map(|k| (k.clone(), index.ground(k))).collect();
        eprintln!("ground {} in {:?}", memo.len(), t.elapsed());
        let mut c = std::collections::BTreeMap::<(GroundingStatus, &str), u64>::new();
        let mut ex = std::collections::BTreeMap::<(GroundingStatus, &str), std::collections::BTreeMap<String, u64>>::new();
        for r in &rows {
            let g = found[&r[3]];
            let kind = match (r[4].is_empty(), g.item) {
                (true, None) => "ref none, rejected",
                (true, Some(_)) => "ref none, found",
                (false, None) => "ref, rejected",
                (false, Some(i)) if catalogue.item(i).id == r[4] => "same",
                (false, Some(i)) if catalogue.item(i).title == catalogue.item(catalogue.find(&r[4]).unwrap()).title => "twin",
                _ => "DIFFERENT",
            };
            *c.entry((g.grounding.status, kind)).or_default() += 1;
            *ex.entry((g.grounding.status, kind)).or_default().entry(format!("{} -> {} {:.2}  [{}]", &r[3], g.item.map_or("", |i| &catalogue.item(i).title), g.grounding.distance,  catalogue.find(&r[4]).map_or("", |i| &catalogue.item(i).title))).or_default() += 1;
        }
        eprintln!("{folder} {llm} {c:#?}");
        for (k, v) in ex {
            if k.1 == "same" || k.1 == "ref none, rejected" { continue; }
            let mut v: Vec<_> = v.into_iter().collect(); v.sort_by_key(|x| std::cmp::Reverse(x.1));
            eprintln!("{k:?} {}", v.len());
            for (t, n) in v.iter().take(60) { eprintln!("   {n} {t}"); }
        }
    }
    }
}
