//! Trees of choices.

use super::*;

fn tree(paths: &[&[u32]]) -> ChoiceTree {
    ChoiceTree::new(paths.iter().map(|path| path.to_vec()))
}

fn tokens(next: Vec<(u32, usize)>) -> Vec<u32> {
    next.into_iter().map(|(token, _)| token).collect()
}

#[test]
fn counts_close_what_is_excluded() {
    let tree = tree(&[&[1, 2], &[1, 3], &[4], &[1, 2]]);
    assert_eq!(tokens(tree.next(ROOT, &Excluded::new())), [1, 4]);
    let all_of_one = tree.exclude(&[0, 1, 3, 3, 99]);
    assert_eq!(tokens(tree.next(ROOT, &all_of_one)), [4]);
    let one_copy = tree.exclude(&[0]);
    let node = tree.next(ROOT, &one_copy)[0].1;
    assert_eq!(tokens(tree.next(node, &one_copy)), [2, 3]);
    let end = tree.next(node, &one_copy)[0].1;
    assert_eq!(
        (tree.complete(end, &[]), tree.complete(end, &[0]), tree.complete(end, &[0, 3])),
        (Some(0), Some(3), None)
    );
    assert!(!tree.is_open(ROOT, &tree.exclude(&[0, 1, 2, 3])));
    assert_eq!(tree.longest(), 2);
}

#[test]
fn an_empty_choice_is_complete_at_once() {
    let tree = tree(&[&[], &[5]]);
    assert_eq!((tree.complete(ROOT, &[]), tokens(tree.next(ROOT, &Excluded::new()))), (Some(0), vec![5]));
}
