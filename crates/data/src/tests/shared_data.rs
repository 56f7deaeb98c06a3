//! The real logs: counts equal to what their descriptions say.

use crate::*;
use ::shared_data::shared_data;
use std::path::{Path, PathBuf};

#[test]
fn movielens_latest_small() {
    let Some(path) = shared_data("movielens-latest-small") else { return };
    let (dataset, report) = import(&ImportOptions::new(Format::Movielens, &path)).unwrap();
    assert_eq!((dataset.n_users(), dataset.n_items(), dataset.n_interactions()), (610, 9742, 100_836));
    assert!(report.adds_up() && report.dropped.is_empty() && report.warnings.is_empty(), "{report:?}");
    assert_eq!(report.sources[0].scale, RatingScale::Linear { lo: 0.5, hi: 5.0, declared: false });
    let described = describe(&dataset);
    assert_eq!(described.time_span, Some([828_124_615, 1_537_799_250]));
    assert_eq!((described.catalogue_coverage * 9742.0).round(), 9724.0);
}

fn sizes(dataset: &Dataset) -> (usize, usize, usize) {
    (dataset.n_users(), dataset.n_items(), dataset.n_interactions())
}

fn with_items(format: Format, log: impl AsRef<Path>, items: PathBuf) -> ImportOptions {
    ImportOptions { items: Some(items), ..ImportOptions::new(format, log.as_ref()) }
}

#[test]
fn movielens_100k() {
    let Some(path) = shared_data("movielens-100k") else { return };
    let (dataset, report) = import(&ImportOptions::new(Format::Movielens, &path)).unwrap();
    assert_eq!(sizes(&dataset), (943, 1682, 100_000));
    assert!(report.dropped.is_empty(), "{report:?}");
    assert_eq!(report.sources[0].scale, RatingScale::Linear { lo: 1.0, hi: 5.0, declared: false });
    assert_eq!(dataset.catalogue.items()[0].title, "Toy Story (1995)");
    assert_eq!(describe(&dataset).catalogue_coverage, 1.0);
}

#[test]
fn movielens_1m_pairs_are_positive_only() {
    let Some(path) = shared_data("movielens-1m-pairs") else { return };
    let (dataset, report) = import(&ImportOptions::new(Format::Movielens, &path)).unwrap();
    assert_eq!(sizes(&dataset), (6040, 3883, 1_000_209));
    assert!(report.dropped.is_empty() && !dataset.has_clock(), "{report:?}");
    assert_eq!(report.sources[0].scale, RatingScale::PositiveOnly);
    assert_eq!((describe(&dataset).catalogue_coverage * 3883.0).round(), 3706.0);
}

#[test]
fn steam_200k_play_hours_and_purchases() {
    let Some(path) = shared_data("steam-200k") else { return };
    let games = path.join("games.csv.gz");
    let play = with_items(Format::Csv, path.join("play.csv.gz"), games.clone());
    let (dataset, report) = import(&play).unwrap();
    assert_eq!(sizes(&dataset), (11_350, 5155, 70_477));
    assert_eq!(report.sources[0].scale, RatingScale::CountQuantile);
    assert_eq!((describe(&dataset).catalogue_coverage * 5155.0).round(), 3600.0);
    let at_least_5 = dataset.histories().filter(|(_, history)| history.len() >= 5).count();
    assert_eq!(at_least_5, 2436);
    let (dataset, report) = import(&with_items(Format::Csv, path.join("purchase.csv.gz"), games)).unwrap();
    assert_eq!(sizes(&dataset), (12_393, 5155, 128_804));
    assert_eq!(report.sources[0].scale, RatingScale::PositiveOnly);
}

#[test]
fn steam_play_hours_on_the_items_of_billp_beside_the_revealed_rewards() {
    let (Some(kaggle), Some(billp)) = (shared_data("steam-200k"), shared_data("steam-billp")) else { return };
    let mut play = Source::new(Format::Csv, &kaggle.join("play.csv.gz"));
    play.user_prefix = "kaggle:".into();
    play.item_ids = Some(ItemIdMap {
        path: kaggle.join("games.csv.gz"),
        from: "game_id".into(),
        to: "billp_item_id".into(),
    });
    let mut rewards = Source::new(Format::Csv, &billp.join("observed_rewards.csv.gz"));
    rewards.scale = "1..5".parse().unwrap();
    rewards.select = vec!["scale=int".parse().unwrap(), "split=train".parse().unwrap()];
    let mut options = ImportOptions::of(vec![rewards, play]);
    options.items = Some(billp.join("items.csv.gz"));
    let (dataset, report) = import(&options).unwrap();
    assert!(report.adds_up(), "{report:?}");
    assert_eq!(dataset.n_items(), 6012);
    assert_eq!(report.rows_read, 4171 + 70_477);
    assert_eq!(report.n_dropped(DropReason::UnmappedItem), 70_477 - 40_537);
    assert_eq!(report.n_warned(Warning::RowOfUnlistedItem), 0);
    let kaggle_users = dataset.histories().filter(|(u, _)| dataset.users[u.index()].starts_with("kaggle:"));
    assert_eq!(kaggle_users.filter(|(_, history)| history.len() >= 5).count(), 1637);
    assert!(dataset.users.iter().any(|user| user == "8096"));
}

#[test]
fn steam_of_billp() {
    let Some(path) = shared_data("steam-billp") else { return };
    let (dataset, report) = import(&ImportOptions::new(Format::Billp, &path)).unwrap();
    assert!(report.adds_up() && dataset.has_clock(), "{report:?}");
    assert_eq!(dataset.n_items(), 6012);
    assert_eq!(report.sources.len(), 2);
    assert_eq!(report.sources[1].rows_read, 4171);
    assert_eq!(report.n_warned(Warning::EmptySequence), 1);
    assert!(dataset.catalogue.items().iter().all(|item| !item.categories.is_empty()));
    let history = dataset.interactions(dataset.user_index("88719").unwrap());
    let first: Vec<u32> = history.iter().take(5).map(|row| row.item.0).collect();
    assert_eq!(first, [1759, 2432, 3226, 5072, 2518]);
}

#[test]
fn amazon_book_of_billp() {
    let Some(path) = shared_data("amazon-book-billp") else { return };
    let (dataset, report) = import(&ImportOptions::new(Format::Billp, &path)).unwrap();
    assert!(report.adds_up() && dataset.has_clock(), "{report:?}");
    assert_eq!(dataset.n_items(), 13_864);
    assert_eq!(report.sources[0].rows_read, 95_949);
    assert_eq!(report.sources[1].rows_read, 827);
    assert_eq!(dataset.catalogue.items()[2].categories.len(), 2);
    let sequences =
        with_items(Format::Sequences, path.join("test_sequences.jsonl.gz"), path.join("items.csv.gz"));
    let (dataset, report) = import(&sequences).unwrap();
    assert_eq!((dataset.n_users(), report.rows_read), (862, 95_949));
    assert_eq!(dataset.clock(), Clock::Positions);
}

#[test]
fn amazon_games_sequences() {
    let Some(path) = shared_data("amazon-games-seq") else { return };
    let options = with_items(Format::Sequences, path.join("sequences.csv.gz"), path.join("items.csv.gz"));
    let (dataset, report) = import(&options).unwrap();
    assert!(report.adds_up());
    assert_eq!((dataset.n_users(), dataset.n_items(), report.rows_read), (50_546, 16_859, 440_264));
}

#[test]
fn jester_as_a_matrix_on_its_declared_scale() {
    let Some(path) = shared_data("jester-5k") else { return };
    let mut options = with_items(Format::Matrix, path.join("ratings.csv.gz"), path.join("jokes.csv.gz"));
    options.sources[0].scale = "-10..10".parse().unwrap();
    let (dataset, report) = import(&options).unwrap();
    assert_eq!(sizes(&dataset), (3996, 100, 290_059));
    assert!(report.dropped.is_empty() && !dataset.has_clock());
    assert_eq!(dataset.histories().filter(|(_, history)| history.len() == 100).count(), 1179);
}

#[test]
fn coat_in_both_parts_with_features_as_categories() {
    let Some(path) = shared_data("coat") else { return };
    for (part, n) in [("self_selected.csv.gz", 6960), ("random.csv.gz", 4640)] {
        let (dataset, report) =
            import(&with_items(Format::Csv, path.join(part), path.join("items.csv.gz"))).unwrap();
        assert_eq!(sizes(&dataset), (290, 300, n));
        assert_eq!(report.n_warned(Warning::ItemWithoutTitle), 300);
        assert_eq!(dataset.catalogue.items()[0].categories.len(), 4);
    }
    let both =
        ["self_selected.csv.gz", "random.csv.gz"].map(|part| Source::new(Format::Csv, &path.join(part)));
    let mut options = ImportOptions::of(both.to_vec());
    options.items = Some(path.join("items.csv.gz"));
    let (dataset, report) = import(&options).unwrap();
    assert_eq!(report.n_dropped(DropReason::Duplicate), 366);
    assert_eq!(dataset.n_interactions(), 6960 + 4640 - 366);
}

#[test]
fn lastfm_listens_and_tags() {
    let Some(path) = shared_data("lastfm-2k") else { return };
    let options = with_items(Format::Csv, path.join("user_artists.csv.gz"), path.join("artists.csv.gz"));
    let (dataset, report) = import(&options).unwrap();
    assert_eq!(sizes(&dataset), (1892, 17_632, 92_834));
    assert_eq!(report.sources[0].scale, RatingScale::CountQuantile);
    assert!(report.dropped.is_empty(), "{report:?}");
    let ratings = || dataset.histories().flat_map(|(_, rows)| rows).map(|row| f64::from(row.rating));
    assert!((ratings().sum::<f64>() / 92_834.0 - 3.0).abs() < 1e-3, "mid-ranks average to the middle");
}

#[test]
fn agents_of_agent4rec_as_users() {
    let Some(path) = shared_data("agent4rec-ml1m") else { return };
    let mut options = with_items(Format::Csv, path.join("responses.csv.gz"), path.join("items.csv.gz"));
    options.sources[0].columns = "rating=llm_rating".parse().unwrap();
    options.sources[0].scale = "1..5".parse().unwrap();
    let (dataset, report) = import(&options).unwrap();
    assert!(report.adds_up() && report.n_dropped(DropReason::WithoutRating) > 0, "{report:?}");
    assert_eq!((dataset.n_items(), report.rows_read), (3292, 10_380));
}
