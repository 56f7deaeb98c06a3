//! Planted people are agreed with; worlds that know nothing of people fail by name.

use crate::testing::chosen;
use crate::{
    DeepFmConfig, EngagementConfig, EngagementFamily, Feedback, Negatives, Validity, World, WorldConfig,
};
use data::{Clock, Dataset};
use mdp::{Interaction, ItemIdx, UserIdx};

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
    assert_eq!(found.rows.len(), 16);
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

/// The same log in its order, with other items from the tenth choice on where `changed` says so.
fn ordered(changed: bool) -> Dataset {
    let log = chosen(60, 120, 8.0, 11);
    let other = |history: &[Interaction], item: ItemIdx| {
        let mut others = (1..120).map(|step| ItemIdx((item.0 + step) % 120));
        others.find(|other| history.iter().all(|x| x.item != *other)).expect("few are chosen")
    };
    let histories = log.histories().map(|(user, history)| {
        let mut out: Vec<Interaction> = history.to_vec();
        for at in 11..out.len() {
            out[at].item = if changed { other(&out, out[at].item) } else { out[at].item };
        }
        (log.users[user.index()].clone(), out)
    });
    Dataset::new(log.catalogue.clone(), histories.collect(), Clock::Positions).expect("the log is sound")
}

#[test]
fn no_world_knows_what_is_kept() {
    for feedback in [Feedback::Ratings, Feedback::Engagement] {
        let config = WorldConfig {
            feedback,
            world_share: 0.4,
            kept_share: Some(0.3),
            negatives: Negatives::Always,
            deepfm: DeepFmConfig { hidden: vec![8], n_members: 1, max_epochs: 2, ..DeepFmConfig::default() },
            ..WorldConfig::default()
        };
        let worlds = [false, true].map(|changed| World::train(&ordered(changed), &config, 3).unwrap());
        let [one, other] = &worlds;
        assert_ne!(one.validity(), other.validity(), "other people");
        let sides = [(one.train_means(), other.train_means()), (one.judge_means(), other.judge_means())];
        for (one, other) in sides {
            for cell in 0..120 {
                let (user, item) = (UserIdx(cell / 2), ItemIdx(cell));
                assert_eq!(one.predict(user, item), other.predict(user, item), "{feedback:?}");
            }
        }
    }
}
