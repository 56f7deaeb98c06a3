//! Exact retrieval and its thresholds.

use super::*;

/// A unit vector at an angle in degrees.
fn at(degrees: f32) -> Vec<f32> {
    let angle = degrees.to_radians();
    vec![angle.cos(), angle.sin()]
}

#[test]
fn nearest_by_cosine_whatever_the_length() {
    let mut table = Table::default();
    table.push(&at(0.0), "east");
    table.push(&[0.0, 9.0], "north");
    table.push(&at(45.0), "north-east");
    let found: Vec<&str> = table.nearest(&[3.0, 0.3], 2).iter().map(|(row, _)| *table.value(*row)).collect();
    assert_eq!(found, ["east", "north-east"]);
    let (_, distance) = table.nearest(&at(60.0), 1)[0];
    assert!((distance - (1.0 - 15f32.to_radians().cos())).abs() < 1e-6, "{distance}");
    assert!(Table::<u8>::default().nearest(&at(0.0), 3).is_empty());
    assert!(table.nearest(&[1.0, 0.0, 0.0], 3).is_empty(), "a vector of another width has no neighbours");
}

#[test]
fn thresholds_are_distances() {
    let mut table = Table::default();
    table.push(&at(0.0), 7);
    // 1 - cos(8 degrees) = 0.0097, 1 - cos(9 degrees) = 0.0123; 25 and 26 degrees stand on both sides of 0.1.
    assert_eq!(table.below(&at(8.0), 0.01), Some(&7));
    assert_eq!(table.below(&at(9.0), 0.01), None);
    assert_eq!(table.below(&at(25.0), 0.1), Some(&7));
    assert_eq!(table.below(&at(26.0), 0.1), None);
}

#[test]
fn the_same_key_is_one_state() {
    let catalogue = catalogue::Catalogue::new(vec![("1".into(), "Heat".into(), vec![])]).0;
    let vectors = TextVectors::embed(&catalogue, 64);
    let embedder = Embedder::Builtin(&vectors);
    let mut memories = Memories::default();
    let mark = |item, went_well| Memo::Mark { key: "Heat".into(), item: ItemIdx(item), went_well };
    let worth = |value| Memo::Worth { key: "Heat".into(), value };
    memories
        .absorb(&[mark(3, true), mark(3, false), mark(4, true), worth(1.0), worth(2.5)], embedder)
        .unwrap();
    assert_eq!((memories.marks.len(), memories.worths.len()), (1, 1));
    let marks: Vec<(u32, bool)> =
        memories.marks.value(0).iter().map(|(item, sign)| (item.0, *sign)).collect();
    assert_eq!(marks, [(3, false), (4, true)]);
    assert_eq!(*memories.worths.value(0), 2.5);
}
