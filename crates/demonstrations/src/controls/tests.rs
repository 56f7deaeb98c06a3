//! The controls keep what they promise and change what they should.

use super::*;
use crate::tests::{World, world};
use crate::{Format, ImportOptions, Source, import};
use std::collections::BTreeSet;

fn played() -> (World, Vec<Demonstration>) {
    let titles: Vec<String> = (0..60).map(|i| format!("Number {i}x")).collect();
    let kinds: Vec<String> = (0..12).map(|k| format!("kind {k}")).collect();
    let labels: Vec<[&str; 1]> = (0..60).map(|i| [kinds[i % 12].as_str()]).collect();
    let items: Vec<(&str, &[&str])> =
        titles.iter().zip(&labels).map(|(t, l)| (t.as_str(), l.as_slice())).collect();
    let rewards = vec![(0..60).map(|i| if i < 30 { 5.0 } else { 1.0 }).collect(); 2];
    let world = world(&items, &[("1", &[59]), ("2", &[])], rewards);
    let rows: Vec<String> =
        (0..25).flat_map(|i| [1, 2].map(|u| format!("{u},{},{}\n", i + 1, titles[i]))).collect();
    let text = format!("user,rank,title\n{}", rows.concat());
    let sources = [Source { name: "l.csv".to_owned(), bytes: text.into_bytes() }];
    let imported = import(Format::Lists, &sources, &world.scene(), &ImportOptions::default()).unwrap();
    (world, imported.demonstrations)
}

fn steps(demonstrations: &[Demonstration]) -> Vec<(u32, f32)> {
    demonstrations.iter().flat_map(|d| &d.steps).map(|s| (s.step.item.0, s.step.reward)).collect()
}

#[test]
fn shuffling_keeps_the_amount_and_loses_the_knowledge() {
    let (world, before) = played();
    let after = shuffle_items(&before, &world.scene(), 1).unwrap();
    let (old, new) = (steps(&before), steps(&after));
    assert_eq!(old.len(), new.len());
    assert!(old.iter().all(|(_, reward)| *reward == 5.0) && new.iter().any(|(_, reward)| *reward == 1.0));
    let distinct = |of: &[(u32, f32)]| of.iter().map(|(item, _)| *item).collect::<BTreeSet<_>>().len();
    assert!(distinct(&new) <= distinct(&old) + 2, "one permutation, apart from what the user knows");
    assert!(after.iter().filter(|d| d.user.0 == 0).flat_map(|d| &d.steps).all(|s| s.step.item.0 != 59));
    assert_eq!(after, shuffle_items(&before, &world.scene(), 1).unwrap());
}

#[test]
fn corruption_marks_what_it_replaced() {
    let (world, before) = played();
    let after = corrupt(&before, &world.scene(), 0.3, 5).unwrap();
    let n_steps: usize = after.iter().map(|(d, _)| d.steps.len()).sum();
    assert_eq!(n_steps, steps(&before).len());
    let n_marked = after.iter().flat_map(|(_, marks)| marks).filter(|m| **m).count();
    assert!((5..=25).contains(&n_marked), "{n_marked} of {n_steps}");
    let is_marked = after.iter().flat_map(|(_, marks)| marks.iter().copied());
    let items = after.iter().flat_map(|(d, _)| &d.steps).map(|s| s.step.item.0);
    for ((now, was), is_marked) in items.zip(steps(&before)).zip(is_marked) {
        assert_eq!(now != was.0, is_marked);
    }
    for (demonstration, marks) in &after {
        assert_eq!(demonstration.steps.len(), marks.len());
        let (last, rest) = demonstration.steps.split_last().unwrap();
        assert!(rest.iter().all(|s| s.step.end.continues()) && !last.step.end.continues());
    }
    let untouched = corrupt(&before, &world.scene(), 0.0, 5).unwrap();
    assert_eq!(steps(&untouched.into_iter().map(|(d, _)| d).collect::<Vec<_>>()), steps(&before));
}
