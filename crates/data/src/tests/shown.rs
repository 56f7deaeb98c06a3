//! What prompts showed, read from files and held against a log.

use super::*;
use crate::{Shown, ShownSource};
use mdp::{ItemIdx, UserIdx};

fn source(text: &str, files: &Files) -> ShownSource {
    let source: ShownSource = text.parse().unwrap();
    source.below(files.0.path())
}

#[test]
fn the_pairs_of_a_log_are_found_by_their_ids() {
    let log = b"user_id,item_id,rating\n7,30,4\n7,31,2\n8,30,5\n";
    let (dataset, _) = import_text(Format::Csv, "log.csv", log).unwrap();
    let split =
        b"user_id,artist_id,split\n8,30,train\n7,31,test\n7,30,train\n7,99,train\n9,30,train\n8,30,train\n";
    let files = Files::new(&[("split.csv.gz", &gzipped(split)), ("other.csv", b"user,item\n1,2\n")]);
    let shown = Shown::read(&[source("split.csv.gz:split=train", &files)], &dataset).unwrap();
    let has = |user, item| shown.has(UserIdx(user), ItemIdx(item));
    assert_eq!([has(0, 0), has(0, 1), has(1, 0), has(1, 1)], [true, false, true, false]);
    assert_eq!((shown.by_user().count(), shown.items(2).len(), shown.fits(2, 2)), (2, 1, true));
    let all = Shown::read(&[source("split.csv.gz", &files)], &dataset).unwrap();
    assert!(all.has(UserIdx(0), ItemIdx(1)), "without a selection, all rows");
    let read = |text: &str| serde_json::from_str::<Shown>(text).unwrap().fits(2, 9);
    assert_eq!(
        ["[[1,2],[]]", "[[2,1],[]]", "[[1,1],[]]", "[[9],[]]", "[[1]]"].map(read),
        [true, false, false, false, false]
    );
    let strange = Shown::read(&[source("other.csv", &files)], &dataset).unwrap_err().to_string();
    assert!(strange.contains("no row has a user and an item of the log"), "{strange}");
}
