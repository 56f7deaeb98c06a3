//! The tree of contexts.

use super::*;

fn extend(cache: &mut Cache, tokens: &[u32]) -> (Vec<u32>, usize) {
    let mut path = Vec::new();
    cache.begin();
    let n_found = cache.extend(&mut path, tokens);
    (path, n_found)
}

#[test]
fn beginnings_are_shared() {
    let mut cache = Cache::new(1, 1, 16, 1000);
    let (first, n_found) = extend(&mut cache, &[1, 2, 3]);
    assert_eq!(n_found, 0);
    let (second, n_found) = extend(&mut cache, &[1, 2, 4, 3]);
    assert_eq!((n_found, &first[..2]), (2, &second[..2]));
    assert_eq!(cache.len(), 5);
    assert_eq!(extend(&mut cache, &[2]).1, 0, "a token elsewhere is another node");
}

#[test]
fn the_longest_unused_goes_first_and_nothing_in_use() {
    let mut cache = Cache::new(1, 1, 16, STEP);
    let tokens: Vec<u32> = (0..200).collect();
    extend(&mut cache, &tokens);
    let other: Vec<u32> = (1000..1200).collect();
    extend(&mut cache, &other);
    assert_eq!(extend(&mut cache, &other).1, 200);
    assert!(cache.len() <= STEP + 200);
    let long: Vec<u32> = (5000..5000 + 3 * STEP as u32).collect();
    let (path, _) = extend(&mut cache, &long);
    assert_eq!(extend(&mut cache, &long).0, path, "a context longer than the capacity stays whole");
}

#[test]
fn forgotten_nodes_are_used_again() {
    let mut cache = Cache::new(1, 1, 16, 1000);
    let (path, _) = extend(&mut cache, &[1, 2, 3, 4]);
    cache.forget(&path[2..]);
    assert_eq!(cache.len(), 2);
    let (again, n_found) = extend(&mut cache, &[1, 2, 9, 4]);
    assert_eq!((n_found, &again[..2]), (2, &path[..2]));
    cache.clear();
    assert_eq!((cache.len(), extend(&mut cache, &[1]).1), (0, 0));
}

#[test]
fn what_others_hang_below_is_not_forgotten() {
    let mut cache = Cache::new(1, 1, 16, 1000);
    let (long, _) = extend(&mut cache, &[1, 2, 10, 11, 12]);
    let (mut path, _) = extend(&mut cache, &[1, 2]);
    cache.extend(&mut path, &[10]);
    cache.forget(&path[2..]);
    extend(&mut cache, &[7]);
    assert_eq!(extend(&mut cache, &[7, 11, 12]).1, 1, "these tokens never followed this one");
    assert_eq!(extend(&mut cache, &[1, 2, 10, 11, 12]), (long, 5));
}
