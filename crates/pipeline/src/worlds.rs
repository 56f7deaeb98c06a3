//! Environments over the two worlds, by the name of an exit rule.

use crate::PipelineError;
use environment::{
    DEFAULT_SIMILARITY_HAZARD, Environment, ExitRule, ItemFeatures, PUBLISHED_DISTANCE_HAZARD,
    calibrated_distance, calibrated_similarity,
};
use world_model::{Side, World};

const TEXT_WIDTH: usize = 256;
const WINDOW: usize = 4;
const SIMILAR: usize = 2;

/// A rule by its name. Thresholds of distance and similarity are calibrated on the train world (the rule of both
/// worlds), so that nothing of the judge enters.
///
/// # Errors
/// When there is no rule of that name.
pub fn rule_by_name(name: &str, world: &World, seed: u64) -> Result<ExitRule, PipelineError> {
    let distance = || {
        calibrated_distance(world.distances(Side::Train).as_ref(), WINDOW, PUBLISHED_DISTANCE_HAZARD, seed)
    };
    match name {
        "category-window" => Ok(ExitRule::category_window()),
        "ilrec" => Ok(ExitRule::ilrec(distance())),
        "billp" => Ok(ExitRule::billp(distance())),
        "none" => Ok(ExitRule::None),
        "similarity-window" => {
            let features = ItemFeatures::of(world.catalogue(), Some(TEXT_WIDTH));
            let texts = features.texts.as_ref().expect("texts were asked for");
            let items = (texts.as_ref(), world.n_items());
            let threshold = calibrated_similarity(items, (WINDOW, SIMILAR), DEFAULT_SIMILARITY_HAZARD, seed);
            Ok(ExitRule::similarity_window(threshold))
        }
        _ => Err(PipelineError::Setting {
            setting: "environment.exit_rule",
            why: format!(
                "no rule is called {name}; there are category-window, similarity-window, ilrec, billp, none"
            ),
        }),
    }
}

/// The environment policies train in.
///
/// # Errors
/// When the world lacks what the rule looks at.
pub fn training_environment(
    world: &World,
    rule: ExitRule,
    horizon: usize,
) -> Result<Environment, PipelineError> {
    let features = features(world, &rule, Side::Train);
    Ok(Environment::new(world.train_truth(), features, rule, horizon)?)
}

/// The environment that judges.
///
/// # Errors
/// When the world lacks what the rule looks at.
pub(crate) fn judging_environment(
    world: &World,
    rule: ExitRule,
    horizon: usize,
) -> Result<Environment, PipelineError> {
    let features = features(world, &rule, Side::Judge);
    Ok(Environment::new(world.judge_truth(), features, rule, horizon)?)
}

fn features(world: &World, rule: &ExitRule, side: Side) -> ItemFeatures {
    let wants_text = matches!(rule, ExitRule::SimilarityWindow(_));
    let features = ItemFeatures::of(world.catalogue(), wants_text.then_some(TEXT_WIDTH));
    match rule {
        ExitRule::Ilrec(_) | ExitRule::Billp(_) => features.with_distances(world.distances(side)),
        _ => features,
    }
}
