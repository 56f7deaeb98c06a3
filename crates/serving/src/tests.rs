//! What is served is what was judged; what is damaged or not understood is refused.

mod damage;

use crate::*;
use algorithms::RankerPolicy;
use artefact::{ArtefactError, Tensors};
use catalogue::Catalogue;
use mdp::{Interaction, ItemIdx, ItemSet, Policy as _, SessionContext, UserIdx, rng_for};
use rand::RngExt as _;
use std::path::{Path, PathBuf};

const N_ITEMS: usize = 40;
const WIDTH: usize = 6;

fn catalogue() -> Catalogue {
    catalogue_of(N_ITEMS)
}

fn catalogue_of(n_items: usize) -> Catalogue {
    let row = |i: usize| {
        let categories = vec![format!("Category {}", i % 5), format!("Category {}", i % 3)];
        (format!("id{i}"), format!("The Film, Part {i}"), categories)
    };
    Catalogue::new((0..n_items).map(row).collect()).0
}

/// A policy of random parameters, drawn often enough that every feature counts.
fn policy(catalogue: &Catalogue, selection: Selection, seed: u64) -> RankerPolicy {
    let mut rng = rng_for(seed, &[]);
    let (mut tensors, n_items) = (Tensors::default(), catalogue.len());
    let mut fill = |name: &str, shape: &[usize], low: f32, high: f32| {
        let n = shape.iter().product();
        let data: Vec<f32> = (0..n).map(|_| low + (high - low) * rng.random::<f32>()).collect();
        tensors.insert(name, shape, data);
    };
    fill("taste.offsets", &[n_items], -1.0, 1.0);
    fill("taste.columns", &[WIDTH, n_items], -1.0, 1.0);
    fill("taste.prior", &[WIDTH], 0.1, 1.0);
    fill("taste.counts", &[n_items], 0.0, 50.0);
    fill("actor", &[9 * 16 + 17 * 11], -0.5, 0.5);
    fill("hazard.saturation", &[9 * 16 + 17], -0.5, 0.5);
    fill("hazard.nearness", &[5 * 16 + 17], -0.5, 0.5);
    fill("hazard.dislike", &[3 * 16 + 17], -0.5, 0.5);
    let parameters = serde_json::json!({
        "catalogue": catalogue.hash(), "selection": selection, "learns_in_session": true,
        "mean": 3.5, "noise": 0.7,
    });
    tensors.set_note(parameters.to_string());
    RankerPolicy::from_tensors(tensors, catalogue).unwrap()
}

fn demonstrations() -> Vec<ServedSession> {
    let step = |item| ServedStep {
        item: ItemIdx(item),
        reward: 4.0,
        left: false,
        thought: Some(format!("item {item} fits")),
        plan: None,
        critic_value: Some(1.5),
        advantage: None,
        weight: Some(0.25),
        learned_value: None,
    };
    vec![ServedSession {
        id: "episode:0".into(),
        history: vec!["The Film, Part 1".into()],
        steps: (0..N_ITEMS as u32).map(step).collect(),
        lesson: None,
    }]
}

fn exported(policy: &RankerPolicy, catalogue: &Catalogue, out: &Path) -> Result<(), ServingError> {
    exported_in(Precision::Single, policy, catalogue, out)
}

fn exported_in(
    table: Precision,
    policy: &RankerPolicy,
    catalogue: &Catalogue,
    out: &Path,
) -> Result<(), ServingError> {
    let about = About { name: "il-rec".into(), policy: "0123".into(), ..About::default() };
    let inputs = [("dataset".to_owned(), "4567".to_owned())].into();
    let (demonstrations, probes, beside) = (demonstrations(), [history(3), history(12)], Default::default());
    let (judged, ranker) = (policy.ranker(), &rounded(policy.ranker(), table));
    let (probes, seed) = (&probes, 7);
    let what =
        Export { ranker, judged, table, probes, catalogue, demonstrations, about, inputs, seed, beside };
    export(what, out)?;
    Ok(())
}

fn history(n: usize) -> Vec<Interaction> {
    let one = |at: usize| Interaction {
        item: ItemIdx((at * 7 % N_ITEMS) as u32),
        rating: (1 + at % 5) as f32,
        time: at as i64,
    };
    (0..n).map(one).collect()
}

/// Written once by `exported` with the parameters of seed 11; a new version of the layout gets a new one beside it.
fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/v1")
}

/// The same in bytes.
fn golden_in_bytes() -> PathBuf {
    golden().with_file_name("v2")
}

/// The session of the trained policy and that of the artefact, step by step.
fn check_same_sessions(selection: Selection, n_history: usize) {
    let catalogue = catalogue();
    let policy = policy(&catalogue, selection, 3);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("artefact");
    exported(&policy, &catalogue, &out).unwrap();
    let served = Served::open(&out).unwrap();
    let history = history(n_history);
    let mut ours = served.start(&history).unwrap();
    let mut theirs = policy.start(SessionContext { user: UserIdx(0), history: &history });
    let mut shown = ItemSet::empty(N_ITEMS);
    for row in &history {
        shown.insert(row.item);
    }
    for step in 0..10u64 {
        let choice = theirs.choose(&shown, &mut rng_for(step, &[0x736c_6174]));
        let slate = served.recommend(&ours, &Request { k: 1, seed: step, ..Request::default() }).unwrap();
        let [one] = slate.as_slice() else { panic!("one item") };
        assert_eq!(one.item, choice.item, "step {step}");
        assert!((one.propensity - choice.log_prob_behavior.exp()).abs() < 1e-5, "step {step}");
        let reward = (1 + step % 5) as f32;
        theirs.observe(choice.item, reward);
        ours.observe(choice.item, reward).unwrap();
        shown.insert(choice.item);
    }
}

#[test]
fn what_is_served_is_the_trained_policy() {
    for selection in [Selection::Sample, Selection::Greedy] {
        for n_history in [0, 1, 12] {
            check_same_sessions(selection, n_history);
        }
    }
}

#[test]
fn scores_are_those_of_the_forward_pass_in_training() {
    let catalogue = catalogue();
    let policy = policy(&catalogue, Selection::Sample, 5);
    let folder = tempfile::tempdir().unwrap();
    exported(&policy, &catalogue, &folder.path().join("a")).unwrap();
    let served = Served::open(&folder.path().join("a")).unwrap();
    for n in [0, 12] {
        let scores = served.scores(&served.start(&history(n)).unwrap()).unwrap();
        let ranker = policy.ranker();
        let tracker = ranking::Tracker::new(&*ranker.items, &history(n), true);
        let mut shown = ItemSet::empty(N_ITEMS);
        for row in history(n) {
            shown.insert(row.item);
        }
        let (mut view, mut direct) = (ranking::View::default(), Vec::new());
        tracker.view(ranker.hazard.as_ref(), &shown, &mut view);
        ranker.actor.logits(&view, &shown, &mut direct);
        for (a, b) in scores.iter().zip(&direct) {
            assert!(a == b || (a - b).abs() <= 1e-5, "{a} against {b}");
        }
    }
}

#[test]
fn the_golden_of_version_1_loads_and_ranks_as_it_did() {
    let served = Served::open(&golden()).unwrap();
    assert_eq!(served.about().name, "il-rec");
    let session = served.start(&history(3)).unwrap();
    let request = Request { k: 4, selection: Some(Selection::Greedy), ..Request::default() };
    let slate = served.recommend(&session, &request).unwrap();
    let items: Vec<u32> = slate.iter().map(|one| one.item.0).collect();
    assert_eq!(items, GOLDEN_SLATE);
}

const GOLDEN_SLATE: [u32; 4] = [38, 28, 9, 34];

#[test]
fn the_golden_of_version_2_loads_and_ranks_nearly_as_the_first_one() {
    let served = Served::open(&golden_in_bytes()).unwrap();
    let table = served.about().table.clone().unwrap();
    assert_eq!(table.precision, Precision::Byte);
    let first = Served::open(&golden()).unwrap();
    assert!(first.about().table.is_none());
    assert_eq!(served.about().parameter_hash, first.about().parameter_hash);
    let scores = |served: &Served| served.scores(&served.start(&history(3)).unwrap()).unwrap();
    let difference = scores(&served).into_iter().zip(scores(&first)).map(|(a, b)| (a - b).abs());
    let largest = difference.filter(|x| x.is_finite()).fold(0.0, f32::max);
    assert!(largest > 0.0 && largest <= table.largest_difference, "{largest}");
}

/// Fewer bits are smaller, and what was measured at the export is what comes out.
fn check_table(table: Precision, (smaller_than, recall): (f64, f64)) {
    let catalogue = catalogue();
    let policy = policy(&catalogue, Selection::Greedy, 11);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("artefact");
    exported_in(table, &policy, &catalogue, &out).unwrap();
    let served = Served::open(&out).unwrap();
    let facts = served.about().table.clone().unwrap();
    assert_eq!(facts.precision, table);
    assert_eq!(facts.bytes as u64, out.join("policy.safetensors").metadata().unwrap().len());
    assert!(facts.bytes as f64 <= smaller_than * facts.bytes_f32 as f64, "{facts:?}");
    assert!(facts.recall_at_10 >= recall && facts.situations == 3, "{facts:?}");
    let mut wanted = Vec::new();
    policy.ranker().actor.logits(&view(policy.ranker()), &ItemSet::empty(N_ITEMS), &mut wanted);
    let got = served.scores(&served.start(&[]).unwrap()).unwrap();
    let largest = got.iter().zip(&wanted).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    // Serving adds the same terms up in another order.
    assert!(largest <= facts.largest_difference + 1e-5, "{largest}, {facts:?}");
    assert_eq!(facts.largest_difference == 0.0, table == Precision::Single, "{facts:?}");
}

/// What the actor sees of somebody unknown.
fn view(ranker: &ranking::Ranker) -> ranking::View {
    let mut view = ranking::View::default();
    let tracker = ranking::Tracker::new(&*ranker.items, &[], ranker.learns_in_session);
    tracker.view(ranker.hazard.as_ref(), &ItemSet::empty(N_ITEMS), &mut view);
    view
}

#[test]
fn tables_in_fewer_bits_are_smaller_and_nearly_as_good() {
    check_table(Precision::Single, (1.0, 1.0));
    check_table(Precision::Half, (0.6, 0.9));
    check_table(Precision::Byte, (0.4, 0.8));
}

#[test]
fn a_slate_keeps_to_what_was_asked() {
    let served = Served::open(&golden()).unwrap();
    let session = served.start(&[]).unwrap();
    let request = Request {
        k: 100,
        exclude: vec![ItemIdx(0), ItemIdx(5)],
        categories: vec!["category 0".into()],
        selection: Some(Selection::Sample),
        seed: 9,
    };
    let slate = served.recommend(&session, &request).unwrap();
    let mut rows: Vec<u32> = slate.iter().map(|one| one.item.0).collect();
    assert_eq!(slate, served.recommend(&session, &request).unwrap(), "same seed, same slate");
    assert!(slate.iter().all(|one| one.propensity > 0.0 && one.propensity <= 1.0));
    assert_eq!(slate.last().map(|one| one.propensity), Some(1.0), "the last one left is certain");
    assert!(slate.iter().all(|one| one.reason.precedent.is_some() && !one.reason.contributions.is_empty()));
    rows.sort_unstable();
    let expected: Vec<u32> = (1..N_ITEMS as u32).filter(|i| (i % 5 == 0 || i % 3 == 0) && *i != 5).collect();
    assert_eq!(rows, expected);
}

/// Exports a catalogue of so many items, opens it, and asks until nothing is left.
fn check_small(n_items: usize, selection: Selection) {
    let catalogue = catalogue_of(n_items);
    let policy = policy(&catalogue, selection, n_items as u64);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("artefact");
    let (judged, ranker) = (policy.ranker(), policy.ranker());
    let everything: Vec<Interaction> =
        (0..n_items as u32).map(|row| Interaction { item: ItemIdx(row), rating: 4.0, time: 0 }).collect();
    let (table, probes, catalogue, seed) = (Precision::Single, &[everything.clone()][..], &catalogue, 0);
    let (demonstrations, about, inputs, beside) = Default::default();
    let what =
        Export { ranker, judged, table, probes, catalogue, demonstrations, about, inputs, seed, beside };
    export(what, &out).unwrap();
    let served = Served::open(&out).unwrap();
    assert!(served.cases().iter().all(|case| case.n_scores() > 0), "{n_items}: a case compares nothing");
    let mut session = served.start(&[]).unwrap();
    for left in (1..=n_items).rev() {
        let slate = served.recommend(&session, &Request { k: 100, ..Request::default() }).unwrap();
        assert_eq!(slate.len(), left, "{n_items}");
        session.observe(slate[0].item, 3.0).unwrap();
    }
    let after = served.recommend(&session, &Request { k: 100, ..Request::default() }).unwrap();
    let known = served.start(&everything).unwrap();
    assert_eq!(
        (after, served.recommend(&known, &Request { k: 1, ..Request::default() }).unwrap()),
        (vec![], vec![])
    );
    assert!(served.scores(&known).unwrap().iter().all(|score| *score == f32::NEG_INFINITY));
}

#[test]
fn catalogues_of_any_small_size_are_exported_and_served() {
    for n_items in 1..=20 {
        check_small(n_items, if n_items % 2 == 0 { Selection::Sample } else { Selection::Greedy });
    }
}

#[test]
fn items_are_found_by_id_and_by_title() {
    let served = Served::open(&golden()).unwrap();
    assert_eq!(served.find("id7"), Some(ItemIdx(7)));
    assert_eq!(served.find("  the film part 12 "), Some(ItemIdx(12)));
    assert_eq!(served.find("nothing"), None);
    assert_eq!(served.similar(ItemIdx(3), 5).unwrap().len(), 5);
}

#[test]
fn what_cannot_be_is_refused() {
    let served = Served::open(&golden()).unwrap();
    let beyond = Interaction { item: ItemIdx(40), rating: 3.0, time: 0 };
    assert!(matches!(served.start(&[beyond]), Err(ServingError::NoSuchItem { .. })));
    for rating in [f32::NAN, f32::INFINITY, 0.0, 5.5] {
        let row = Interaction { item: ItemIdx(0), rating, time: 0 };
        assert!(matches!(served.start(&[row]), Err(ServingError::Rating { .. })));
    }
    let mut session = served.start(&[]).unwrap();
    assert!(session.observe(ItemIdx(u32::MAX), 3.0).is_err() && session.skip(ItemIdx(40)).is_err());
    let request = Request { k: 1, categories: vec!["Western".into()], ..Request::default() };
    assert!(matches!(served.recommend(&session, &request), Err(ServingError::NoSuchCategory(_))));
    assert!(served.similar(ItemIdx(40), 1).is_err());
    (0..40).for_each(|row| session.skip(ItemIdx(row)).unwrap());
    assert_eq!(served.recommend(&session, &Request { k: 3, ..Request::default() }).unwrap(), []);
}

fn copied(to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in golden().read_dir().unwrap().flatten() {
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn a_damaged_artefact_is_refused() {
    let names: Vec<_> = golden().read_dir().unwrap().flatten().map(|e| e.file_name()).collect();
    assert_eq!(names.len(), 5);
    for name in names {
        for cut in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let copy = folder.path().join("copy");
            copied(&copy);
            let file = copy.join(&name);
            let mut bytes = std::fs::read(&file).unwrap();
            let middle = bytes.len() / 2;
            if cut {
                bytes.truncate(middle);
            } else {
                bytes[middle] ^= 0x10;
            }
            std::fs::write(&file, bytes).unwrap();
            assert!(Served::open(&copy).is_err(), "{name:?}, cut: {cut}");
        }
    }
    let missing = Served::open(Path::new("nowhere"));
    assert!(matches!(missing, Err(ServingError::Artefact(ArtefactError::NotAnArtefact { .. }))));
}

#[test]
fn a_served_artefact_answers_on_whatever_happens_to_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy");
    copied(&copy);
    let served = Served::open(&copy).unwrap();
    let session = served.start(&history(3)).unwrap();
    let request = Request { k: 10, ..Request::default() };
    let before = served.recommend(&session, &request).unwrap();
    for entry in copy.read_dir().unwrap().flatten() {
        // As `cp` does it: the same file, shorter.
        std::fs::write(entry.path(), "short").unwrap();
    }
    assert_eq!(served.recommend(&session, &request).unwrap(), before);
    assert!(Served::open(&copy).is_err());
}

#[test]
#[cfg(unix)]
fn what_is_no_file_is_refused_at_once() {
    for name in ["manifest.json", "policy.safetensors", "more"] {
        for target in ["/dev/zero", "pipe", "nowhere"] {
            let folder = tempfile::tempdir().unwrap();
            let copy = folder.path().join("copy");
            copied(&copy);
            let place = copy.join(name);
            drop(std::fs::remove_file(&place));
            if target == "pipe" {
                assert!(std::process::Command::new("mkfifo").arg(&place).status().unwrap().success());
            } else {
                std::os::unix::fs::symlink(target, &place).unwrap();
            }
            assert!(matches!(Served::open(&copy), Err(ServingError::NoFile { .. })), "{name}: {target}");
        }
    }
}

#[test]
fn an_artefact_that_computes_something_else_fails_its_self_test() {
    let catalogue = catalogue();
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    exported(&policy(&catalogue, Selection::Sample, 1), &catalogue, &place("one")).unwrap();
    exported(&policy(&catalogue, Selection::Sample, 2), &catalogue, &place("other")).unwrap();
    let draft = artefact::Draft::new(artefact::Kind::Served, &place("mixed"), 0, ().into()).unwrap();
    for (from, name) in [
        ("one", "policy.safetensors"),
        ("one", "catalogue.json"),
        ("other", "serving.json"),
        ("one", "demonstrations.json"),
    ] {
        std::fs::copy(place(from).join(name), draft.file(name)).unwrap();
    }
    draft.seal().unwrap();
    assert!(matches!(Served::open(&place("mixed")), Err(ServingError::SelfTest { case: 0, .. })));
}
