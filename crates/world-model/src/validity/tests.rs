//! Planted people are agreed with; worlds that know nothing of people fail by name.

use crate::testing::chosen;
use crate::{DeepFmConfig, EngagementConfig, EngagementFamily, Feedback, Validity, World, WorldConfig};

fn validity(taste: f32, judge: EngagementFamily, feedback: Feedback) -> Validity {
    let config = WorldConfig {
        feedback,
        world_share: 0.4,
        kept_share: Some(0.3),
        engagement: EngagementConfig { judge, ..EngagementConfig::default() },
        deepfm: DeepFmConfig { hidden: vec![8], n_members: 1, max_epochs: 2, ..DeepFmConfig::default() },
        ..WorldConfig::default()
    };
    let world = World::train(&chosen(400, 120, taste, 11), &config, 3).unwrap();
    world.validity().expect("a part of the log was kept").clone()
}

#[test]
fn a_judge_that_knows_taste_agrees_with_people() {
    let found = validity(12.0, EngagementFamily::Ease, Feedback::Engagement);
    assert!(found.is_valid, "{:?}", found.reasons);
    assert_eq!(found.rows.len(), 15);
    assert!(found.rows.iter().filter(|row| row.is_personal).count() >= 8);
    assert!(found.rows.is_sorted_by(|a, b| a.ndcg >= b.ndcg));
    let judges: Vec<&str> = found.judges.iter().map(|judge| judge.judge.as_str()).collect();
    assert_eq!(judges, ["ease", "item-knn", "without taste"]);
    for judge in &found.judges {
        for interval in [judge.all, judge.personal, judge.beyond_popularity] {
            assert!(interval.lo <= interval.mean && interval.mean <= interval.hi, "{judge:?}");
        }
    }
    let beyond = |at: usize| found.judges[at].beyond_popularity;
    assert!(beyond(0).lo > beyond(2).hi, "popularity knows less: {:?} {:?}", beyond(0), beyond(2));
}

#[test]
fn popularity_alone_and_choices_without_taste_are_impersonal() {
    for (taste, judge) in [(12.0, EngagementFamily::Popularity), (1.0, EngagementFamily::Ease)] {
        let found = validity(taste, judge, Feedback::Engagement);
        assert!(!found.is_valid);
        let reasons = found.reasons.join("; ");
        assert!(reasons.contains("impersonal"), "{judge:?}: {reasons}");
    }
}

#[test]
fn ratings_that_say_nothing_of_choices_fail() {
    // Ratings are drawn without regard to who chooses what.
    let found = validity(12.0, EngagementFamily::Ease, Feedback::Ratings);
    assert_eq!(found.judges[0].judge, "ratings");
    assert!(!found.is_valid, "{:?}", found.judges[0]);
}
