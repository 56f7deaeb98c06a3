//! What every rule of the registry keeps to.

use super::{Matrix, Uniform};
use crate::seed::Chance;
use crate::*;
use catalogue::{Catalogue, TextVectors};
use mdp::*;
use rand::RngExt as _;
use std::sync::Arc;

const N_USERS: u32 = 5;
const N_ITEMS: u32 = 60;
const N_SESSIONS: u64 = 200;
const HORIZON: usize = 12;
/// Soft in the units of distances and similarities from 0 to 1; for a count it is nearly hard.
const SOFTNESS: f32 = 0.1;

fn random_matrix(n_rows: u32, least: f32, most: f32, seed: u64) -> Arc<Matrix> {
    let rng = &mut rng_for(seed, &[]);
    let row = |rng: &mut Rng| (0..N_ITEMS).map(|_| rng.random_range(least..most)).collect();
    Arc::new(Matrix((0..n_rows).map(|_| row(rng)).collect()))
}

/// Items with everything that a rule can look at.
fn features() -> ItemFeatures {
    let words = ["moon", "river", "night", "king", "storm", "garden", "letter"];
    let title = |item: usize| [1, 3, 5].map(|step| words[item * step % words.len()]).join(" ");
    let rows = (0..N_ITEMS as usize).map(|item| (item.to_string(), title(item), vec![]));
    let texts = Arc::new(TextVectors::embed(&Catalogue::new(rows.collect()).0, 64));
    let categories = (0..N_ITEMS).map(|item| vec![(item % 3) as u16, 3 + (item % 4) as u16]).collect();
    let features =
        ItemFeatures { categories: Some(Arc::new(categories)), texts: Some(texts), distances: None };
    features.with_distances(random_matrix(N_ITEMS, 0.0, 1.0, 1))
}

/// A rule with its defaults; a calibrated threshold is moved away from the distance that it was taken from.
fn calibrated(entry: &'static RuleEntry) -> ExitRule {
    let rule = completed(entry, &RuleSettings::default(), 3);
    // Among so few items a limit that is drawn for real ones would hardly be met.
    let is_drawn =
        entry.parameters.iter().any(|parameter| parameter.name == "count" && parameter.drawn.is_some());
    match entry.has("threshold") {
        // In the units of these distances.
        true if entry.calibrate.is_none() => rule.with("threshold", 0.0511).unwrap(),
        true => rule.with("threshold", rule.parameters().number("threshold") * 1.001).unwrap(),
        false if is_drawn => rule.with("count", 1.5).unwrap(),
        false => rule,
    }
}

fn completed(entry: &'static RuleEntry, settings: &RuleSettings, seed: u64) -> ExitRule {
    let parameters = entry.parameters(settings).unwrap();
    ExitRule::of(entry, entry.completed(parameters, &features(), seed).unwrap()).unwrap()
}

/// The same with a limit that leaves nothing to chance.
fn hard(entry: &'static RuleEntry) -> ExitRule {
    let rule = calibrated(entry);
    if entry.has("softness") { rule.with("softness", 0).unwrap() } else { rule }
}

fn entries() -> impl Iterator<Item = &'static RuleEntry> {
    EXIT_RULES.iter().map(|name| find_rule(name).unwrap())
}

fn soft_rules() -> Vec<ExitRule> {
    let soft = entries().filter(|entry| entry.has("softness"));
    soft.map(|entry| calibrated(entry).with("softness", SOFTNESS).unwrap()).collect()
}

fn environment(rule: ExitRule) -> Environment {
    Environment::new(random_matrix(N_USERS, 1.9, 5.0, 2), features(), rule, HORIZON).unwrap()
}

/// What a session shows, whatever the rule; nothing twice.
fn items_of(session: u64) -> Vec<ItemIdx> {
    let start = rng_for(session, &[4]).random_range(0..N_ITEMS);
    (0..HORIZON as u32).map(|step| ItemIdx((start + step * 7) % N_ITEMS)).collect()
}

fn user_of(session: u64) -> UserIdx {
    UserIdx((session % u64::from(N_USERS)) as u32)
}

fn alone(environment: &Environment, session: u64, seed: u64) -> Vec<Outcome> {
    let mut playing =
        environment.start_seeded(user_of(session), SessionSeed { seed, stream: session }).unwrap();
    let mut outcomes = Vec::new();
    for item in items_of(session) {
        outcomes.push(playing.step(item).unwrap());
        if !playing.end().continues() {
            break;
        }
    }
    outcomes
}

fn all_alone(rule: ExitRule, seed: u64) -> Vec<Vec<Outcome>> {
    let environment = environment(rule);
    (0..N_SESSIONS).map(|session| alone(&environment, session, seed)).collect()
}

fn ends(sessions: &[Vec<Outcome>]) -> Vec<Vec<StepEnd>> {
    sessions.iter().map(|outcomes| outcomes.iter().map(|outcome| outcome.end).collect()).collect()
}

#[test]
fn entries_are_in_order() {
    for entry in entries() {
        let name = entry.name;
        assert!(!entry.about.is_empty() && !entry.source.is_empty(), "{name}");
        let open = entry.parameters.iter().filter(|it| it.default.is_none() && it.drawn.is_none()).count();
        assert_eq!(open, usize::from(entry.calibrate.is_some()), "{name}: what is open is calibrated");
        let rule = calibrated(entry);
        for (at, parameter) in entry.parameters.iter().enumerate() {
            assert!(entry.parameters[..at].iter().all(|other| other.name != parameter.name), "{name}");
            let (_, value) = rule.parameters().each().nth(at).unwrap();
            let setting = parameter.word(value.unwrap());
            assert_eq!(rule.with(parameter.name, setting.as_str()).unwrap(), rule, "{name}: {setting}");
        }
    }
    assert_eq!(EXIT_RULES.len(), RULES.len());
}

#[test]
fn what_is_drawn_follows_from_the_seed_alone_and_keeps_within_its_range() {
    for entry in entries() {
        let drawn: Vec<&Parameter> = entry.parameters.iter().filter(|it| it.drawn.is_some()).collect();
        let rule = |settings: &RuleSettings, seed| completed(entry, settings, seed);
        let usual = |seed| rule(&RuleSettings::default(), seed);
        assert_eq!(usual(1), usual(1), "{}", entry.name);
        assert_eq!(usual(1).label() == entry.name, drawn.is_empty(), "{}", usual(1).label());
        for parameter in drawn {
            let value_of = |rule: &ExitRule| {
                let mut each = rule.parameters().each();
                each.find(|(other, _)| other.name == parameter.name).and_then(|(_, value)| value).unwrap()
            };
            let Drawn { least, most } = parameter.drawn.unwrap();
            assert!(parameter.least <= least && most <= parameter.most && parameter.default.is_none());
            let values: Vec<f64> = (0..200).map(|seed| value_of(&usual(seed))).collect();
            let near = |end: f64| values.iter().any(|value| (value - end).abs() <= 0.1 * (most - least));
            assert!(near(least) && near(most), "{} {}: {values:?}", entry.name, parameter.name);
            assert!(values.iter().all(|value| (least as f32..=most as f32).contains(&(*value as f32))));
            let given = parameter.word(most);
            let with = rule(&RuleSettings::default().with(parameter.name, given.as_str()), 7);
            assert_eq!(with, usual(7).with(parameter.name, given.as_str()).unwrap(), "the others stay");
            assert!(with.label().contains(&format!("{}={given}", parameter.name)), "{}", with.label());
        }
    }
}

#[test]
fn a_model_made_ready_for_its_items_is_the_same_model() {
    for rule in entries().map(hard).chain(soft_rules()) {
        let ready = environment(rule.clone()).rule().clone();
        assert_eq!(hazards(&ready, &features()), hazards(&rule, &features()), "{}", rule.name());
    }
}

#[test]
fn hard_rules_leave_nothing_to_chance_and_soft_ones_follow_their_seed() {
    for entry in entries() {
        assert_eq!(all_alone(hard(entry), 1), all_alone(hard(entry), 2), "{}", entry.name);
    }
    for rule in soft_rules() {
        let sessions = all_alone(rule.clone(), 1);
        assert_eq!(sessions, all_alone(rule.clone(), 1), "{}", rule.name());
        assert_ne!(sessions, all_alone(rule.clone(), 2), "{}", rule.name());
    }
}

#[test]
fn sessions_side_by_side_are_those_alone() {
    for rule in entries().map(hard).chain(soft_rules()) {
        let expected = all_alone(rule.clone(), 5);
        let environment = environment(rule.clone());
        let mut together =
            VectorEnvironment::start(&environment, &[UserIdx(0); N_SESSIONS as usize]).unwrap();
        for session in 0..N_SESSIONS {
            let seed = SessionSeed { seed: 5, stream: session };
            together.restart_seeded(session as usize, user_of(session), seed).unwrap();
        }
        let mut found = vec![Vec::new(); expected.len()];
        for step in 0..HORIZON {
            let live: Vec<usize> =
                (0..found.len()).filter(|&session| together.end(session).continues()).collect();
            let items: Vec<ItemIdx> = live.iter().map(|&session| items_of(session as u64)[step]).collect();
            let outcomes = together.step_some(&live, &items).unwrap();
            live.iter().zip(outcomes).for_each(|(&session, outcome)| found[session].push(*outcome));
        }
        assert_eq!(found, expected, "{}", rule.name());
    }
}

#[test]
fn a_limit_that_is_hardly_soft_is_hard() {
    for soft in soft_rules() {
        let hard = ends(&all_alone(soft.with("softness", 0).unwrap(), 7));
        assert_eq!(ends(&all_alone(soft.with("softness", 1e-6f32).unwrap(), 7)), hard, "{}", soft.name());
        assert_ne!(ends(&all_alone(soft.clone(), 7)), hard, "{}", soft.name());
        let leave = |session: &Vec<StepEnd>| session.iter().any(|end| end.is_terminated());
        assert!(hard.iter().any(leave), "{}: it is about something", soft.name());
    }
}

/// How likely many items end many sessions.
fn hazards(rule: &ExitRule, features: &ItemFeatures) -> Vec<f32> {
    let after = |session: u64| {
        let shown = items_of(session);
        let hazard = |item| rule.by_content(ItemIdx(item), &shown, features).map_or(0.0, |it| it.probability);
        (0..N_ITEMS).map(hazard).collect::<Vec<_>>()
    };
    (0..20).flat_map(after).collect()
}

#[test]
fn hazards_move_with_their_parameters() {
    let features = features();
    for rule in soft_rules().into_iter().flat_map(|soft| [soft.with("softness", 0).unwrap(), soft]) {
        let usual = hazards(&rule, &features);
        assert!(usual.iter().all(|p| (0.0..=1.0).contains(p)), "{}", rule.name());
        let rises = |change: &str, other: &ExitRule| {
            let pairs = usual.iter().zip(hazards(other, &features)).collect::<Vec<_>>();
            assert!(pairs.iter().all(|(before, after)| **before <= *after), "{} {change}", rule.name());
            assert!(pairs.iter().any(|(before, after)| **before < *after), "{} {change}", rule.name());
        };
        let longer = rule.with("window", 8).unwrap();
        rises("a longer window", &longer);
        let count = rule.parameters().count("count");
        let harder = rule.with("count", count as f64 + 1.0).unwrap();
        assert!(hazards(&harder, &features).iter().zip(&usual).all(|(after, before)| after <= before));
        if rule.entry().has("threshold") {
            let lenient = if rule.entry().needs.contains(&Feature::Texts) { 0.8 } else { 1.25 };
            let threshold = rule.parameters().number("threshold") * lenient;
            rises("more is near", &rule.with("threshold", threshold).unwrap());
        }
    }
}

#[test]
fn draws_are_as_likely_as_said_and_common_to_all_policies() {
    let chance = Chance::Seeded(SessionSeed { seed: 3, stream: 1 });
    let draws = |p: f32| {
        let of = |user| (0..200).map(move |step| chance.happens(p, UserIdx(user), step));
        (0..50).flat_map(of).collect::<Vec<bool>>()
    };
    let (seldom, often) = (draws(0.2), draws(0.7));
    let share = |draws: &[bool]| draws.iter().filter(|&&happens| happens).count() as f32 / draws.len() as f32;
    assert!((share(&seldom) - 0.2).abs() < 0.02 && (share(&often) - 0.7).abs() < 0.02);
    assert!(seldom.iter().zip(&often).all(|(seldom, often)| !seldom || *often), "one number for both");
}

#[test]
fn chance_takes_nothing_from_the_policy() {
    let starts: Vec<Start<'_>> =
        (0..40).map(|stream| Start { user: user_of(stream), history: &[], stream }).collect();
    let choices = |rule| {
        let sessions = rollout(&environment(rule), &Uniform, &starts, 9).unwrap();
        let items = sessions.into_iter().map(|it| it.steps.into_iter().map(|step| step.item).collect());
        items.collect::<Vec<Vec<ItemIdx>>>()
    };
    let whole = choices(ExitRule::none());
    for rule in soft_rules() {
        let played = choices(rule.clone());
        assert!(played.iter().zip(&whole).all(|(part, whole)| whole.starts_with(part)), "{}", rule.name());
        assert_ne!(played, whole, "{}", rule.name());
    }
}

#[test]
fn planning_sessions_do_what_is_more_likely_than_not() {
    for rule in soft_rules() {
        let environment = environment(rule);
        let mut planning = environment.start_likeliest(UserIdx(0)).unwrap();
        while planning.end().continues() {
            let item = ItemIdx((planning.shown().len() as u32 * 11) % N_ITEMS);
            let features = environment.features();
            let leaving = environment.rule().by_content(item, planning.shown(), features);
            let expected = leaving.filter(|leaving| leaving.probability >= 0.5).map(|leaving| leaving.reason);
            assert_eq!(planning.would_end(item), expected);
            planning.step(item).unwrap();
        }
    }
}

#[test]
fn a_rule_without_what_it_looks_at_is_refused() {
    for entry in entries() {
        let rewards = random_matrix(N_USERS, 1.9, 5.0, 2);
        let bare = Environment::new(rewards, ItemFeatures::default(), calibrated(entry), HORIZON);
        assert_eq!(bare.is_ok(), entry.needs.is_empty(), "{}", entry.name);
        if let (Err(error), Some(needed)) = (bare, entry.needs.first()) {
            let said = error.to_string();
            assert!(said.contains(entry.name) && said.contains(needed.word()), "{said}");
        }
    }
}
