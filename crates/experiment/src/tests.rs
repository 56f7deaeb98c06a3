//! A small domain: its environments by name, its users, its demonstrations, and what judges in it.

mod coat;

use crate::*;
use ::demonstrations::{CollectOptions, Demonstration, DemonstrationError, Demos};
use ::environment::{Environment, ExitRule, Session};
use catalogue::Catalogue;
use data::split::UserShares;
use data::{Clock, Dataset};
use evaluation::{Evaluation, EvaluationError};
use mdp::{Interaction, ItemIdx, Policy, UserIdx};
use std::sync::Arc;
use world_model::{DeepFmConfig, FactorisationConfig, Side, World, WorldConfig, WorldError};

const N_USERS: u32 = 40;
const N_ITEMS: u32 = 30;
const SEED: u64 = 3;

/// A log in which everybody rated two thirds of the items; `n_categories` may be 0.
fn dataset(n_categories: u32, first_rating: u32) -> Dataset {
    dataset_of(n_categories, |user, item| (first_rating + user * 7 + item * 3) % 5, |_, item| item)
}

/// The same with ratings of 0 to 4 and an order of one's own, both of user and item.
fn dataset_of(
    n_categories: u32,
    rating: impl Fn(u32, u32) -> u32,
    time: impl Fn(u32, u32) -> u32,
) -> Dataset {
    let category = |item: u32| item.checked_rem(n_categories).map(|number| format!("c{number}"));
    let rows =
        (0..N_ITEMS).map(|i| (format!("i{i}"), format!("Item {i}"), category(i).into_iter().collect()));
    let history = |user: u32| {
        let items = (0..N_ITEMS).filter(move |item| !(user + item).is_multiple_of(3));
        let rated = |item| {
            let rating = 1.0 + rating(user, item) as f32;
            Interaction { item: ItemIdx(item), rating, time: time(user, item).into() }
        };
        let mut history: Vec<Interaction> = items.map(rated).collect();
        history.sort_by_key(|row| row.time);
        (format!("u{user}"), history)
    };
    let histories = (0..N_USERS).map(history).collect();
    Dataset::new(Catalogue::new(rows.collect()).0, histories, Clock::Positions).expect("the log is sound")
}

fn world(dataset: &Dataset, users: UserShares) -> World {
    let deepfm =
        DeepFmConfig { embedding_dim: 4, hidden: vec![8], n_members: 1, max_epochs: 3, ..Default::default() };
    let factorisation = FactorisationConfig { dim: 4, n_passes: 5, ..Default::default() };
    let config = WorldConfig { deepfm, factorisation, users, ..WorldConfig::of_ratings() };
    World::train(dataset, &config, SEED).expect("the log can be fitted")
}

fn domain_of(n_categories: u32, users: UserShares) -> Arc<Domain> {
    let dataset = dataset(n_categories, 0);
    let world = world(&dataset, users);
    Arc::new(Domain::new(dataset, world, "its hash".into()).expect("they belong together"))
}

fn domain() -> Arc<Domain> {
    domain_of(5, UserShares::default())
}

fn under(exit_rule: &str, threshold: Option<f32>) -> EnvironmentSettings {
    EnvironmentSettings { exit_rule: exit_rule.into(), horizon: 12, threshold, ..Default::default() }
}

fn train_environment(domain: &Domain) -> Environment {
    under("category-window", None).environment(&domain.world, Side::Train).expect("there are categories")
}

fn evaluator(domain: &Arc<Domain>, settings: &EvaluationSettings, seed: u64) -> Evaluator {
    let environments = under("category-window", None).train_and_judge(&domain.world);
    let environments = environments.expect("there are categories");
    Evaluator::new(Arc::clone(domain), environments, Side::Judge, settings, seed)
        .expect("there are test users")
}

fn collected(domain: &Domain, environment: &Environment) -> Demos {
    let expert = expert_without_model("builtin:expert?quality=0.5").expect("there is one of that name");
    let options = CollectOptions::new(6, environment.horizon());
    let users = &domain.world.split().train;
    collect_from_expert(&domain.scene(environment), users, expert.as_ref(), &options, SEED)
        .expect("it can act")
}

#[test]
fn a_rule_is_had_by_its_name_on_either_side() {
    let domain = domain();
    for name in EXIT_RULES {
        let settings = under(name, None);
        for side in [Side::Train, Side::Judge] {
            let environment = settings.environment(&domain.world, side).unwrap();
            assert_eq!(environment.rule().name(), name);
            assert_eq!(*environment.rule(), settings.rule(&domain.world, side).unwrap());
            assert_eq!((environment.horizon(), environment.n_items()), (12, domain.n_items()));
        }
    }
    let rewards = |environment: &Environment| {
        let mut row = vec![0.0; domain.n_items()];
        environment.rewards().fill_row(UserIdx(0), &mut row);
        row
    };
    let settings = under("none", None);
    let Environments { train, judge } = settings.train_and_judge(&domain.world).unwrap();
    assert_ne!(rewards(&train), rewards(&judge));
    let alone = settings.environment(&domain.world, Side::Judge).unwrap();
    assert_eq!(rewards(&alone), rewards(&judge));
}

#[test]
fn an_open_threshold_has_one_hazard_in_both_worlds_and_a_given_one_is_used_in_both() {
    // Each item has ratings in either part of the log, so that no two have one column.
    let ratings = |user: u32, item: u32| (user * user * 31 + item * item * 17 + user * item * 7) % 101 % 5;
    let world =
        world(&dataset_of(0, ratings, |user, item| (user * 13 + item * 7) % N_ITEMS), UserShares::default());
    let both = |settings: &EnvironmentSettings| settings.train_and_judge(&world).unwrap();
    for softness in [0.0, 0.001] {
        let rule = ::environment::RuleSettings::default().with("softness", softness);
        let environments = both(&EnvironmentSettings { rule, ..under("ilrec", None) });
        assert!(environments.other_train_rule().is_some(), "columns differ, and so do thresholds");
        for side in [Side::Train, Side::Judge] {
            let hazard = uniform_hazard(environments.of(side));
            assert!((hazard - 0.08).abs() < 0.01, "softness {softness}, {side:?}: {hazard}");
        }
        for (known, judged) in [(Side::Train, Side::Judge), (Side::Judge, Side::Train)] {
            assert_eq!(environments.planned_with(known, judged).rule(), environments.of(known).rule());
        }
    }
    for settings in [under("ilrec", Some(0.3)), under("similarity-window", None), under("none", None)] {
        assert_eq!(both(&settings).other_train_rule(), None, "{settings:?}");
    }
}

#[test]
fn what_is_drawn_is_the_same_in_both_worlds_and_in_tables() {
    for domain in [domain(), domain_of(0, UserShares::default())] {
        let drawn = || under("fatigue", None).train_and_judge(&domain.world).unwrap();
        assert_eq!(drawn().other_train_rule(), None, "nearness is a matter of the catalogue");
        let other = World::train(&domain.dataset, domain.world.config(), SEED + 1).unwrap();
        let other = under("fatigue", None).train_and_judge(&other).unwrap();
        assert_ne!(drawn().judge.rule(), other.judge.rule(), "another world, another rule");
        let label = drawn().judge.rule().label();
        let settings = EvaluationSettings::default();
        let judge = Evaluator::new(Arc::clone(&domain), drawn(), Side::Judge, &settings, 0).unwrap();
        assert_eq!(judge.evaluate_control(UNIFORM).unwrap().row.exit_rule, label);
        let given = EnvironmentSettings { rule: rule_settings("window", 4), ..under("fatigue", None) };
        let rule = given.rule(&domain.world, Side::Judge).unwrap();
        assert_eq!(rule, drawn().judge.rule().with("window", 4).unwrap(), "what is given is not drawn");
    }
}

/// How likely content ends a session at random items, the window being full.
fn uniform_hazard(environment: &Environment) -> f64 {
    use rand::RngExt as _;
    const N: usize = 20_000;
    let rng = &mut mdp::rng_for(7, &[]);
    let mut draw = || ItemIdx(rng.random_range(0..N_ITEMS));
    let mut one = |_| {
        let item = draw();
        let others = std::iter::repeat_with(&mut draw).filter(|&other| other != item);
        let shown: Vec<ItemIdx> = others.take(4).collect();
        let leaving = environment.rule().by_content(item, &shown, environment.features());
        leaving.map_or(0.0, |leaving| f64::from(leaving.probability))
    };
    (0..N).map(&mut one).sum::<f64>() / N as f64
}

#[test]
fn a_rule_that_is_not_there_is_refused_with_those_that_are() {
    let refused = under("categry-window", None).check().unwrap_err();
    assert!(matches!(&refused, ExperimentError::UnknownExitRule { name } if name == "categry-window"));
    assert!(EXIT_RULES.iter().all(|name| refused.to_string().contains(name)), "{refused}");
    assert_eq!(EnvironmentSettings::default().exit_rule, EXIT_RULES[0]);
    assert!(EnvironmentSettings::default().check().is_ok());
}

#[test]
fn a_threshold_is_for_rules_that_have_one() {
    let domain = domain();
    let rule = |name, threshold| under(name, threshold).rule(&domain.world, Side::Judge);
    assert_eq!(rule("ilrec", Some(2.5)).unwrap(), ExitRule::ilrec(2.5));
    assert_eq!(rule("similarity-window", Some(0.5)).unwrap(), ExitRule::similarity_window(0.5));
    assert_ne!(rule("ilrec", None).unwrap(), ExitRule::ilrec(2.5), "without one it is calibrated");
    for name in ["category-window", "none"] {
        match rule(name, Some(2.5)).unwrap_err() {
            ExperimentError::NoThreshold { rule, others } => {
                assert_eq!(
                    (rule, others),
                    (name, vec!["similarity-window", "ilrec", "billp", "coat", "coat-sliced"])
                );
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn parameters_come_from_the_settings_and_survive_them() {
    let domain = domain();
    let text = "{\"exit_rule\": \"similarity-window\", \"rule\": {\"count\": 4, \"softness\": 0.01}}";
    let settings: EnvironmentSettings = serde_json::from_str(text).unwrap();
    let again = serde_json::from_value(serde_json::to_value(&settings).unwrap()).unwrap();
    assert_eq!(settings, again);
    let rule = settings.rule(&domain.world, Side::Train).unwrap();
    assert_eq!((rule.parameters().count("count"), rule.parameters().number("softness")), (4, 0.01));
    let threshold = |rule: &ExitRule| rule.parameters().number("threshold");
    let usual = under("similarity-window", None).rule(&domain.world, Side::Train).unwrap();
    assert!(threshold(&rule) < threshold(&usual), "calibration knows that all four have to be alike");
    let plain = serde_json::to_value(EnvironmentSettings::default()).unwrap();
    assert!(plain.get("rule").is_none(), "settings without parameters are written as before");
    let wrong = EnvironmentSettings { rule: rule_settings("count", 5), ..under("ilrec", None) };
    let refused = wrong.check().unwrap_err().to_string();
    assert_eq!(refused, "count of exit rule ilrec is at most window.length, which is 4, not 5");
}

fn rule_settings(name: &str, value: i32) -> ::environment::RuleSettings {
    ::environment::RuleSettings::default().with(name, value)
}

#[test]
fn a_rule_of_categories_needs_some() {
    let domain = domain_of(0, UserShares::default());
    let refused = under("category-window", None).rule(&domain.world, Side::Train).unwrap_err();
    assert!(matches!(refused, ExperimentError::NoCategories { rule: "category-window" }), "{refused}");
    assert!(under("similarity-window", None).environment(&domain.world, Side::Judge).is_ok());
}

#[test]
fn users_bring_the_part_of_the_log_that_the_judge_has_not() {
    let domain = domain();
    let split = domain.world.split();
    let everybody: Vec<UserIdx> =
        [&split.train, &split.validation, &split.test].into_iter().flatten().copied().collect();
    assert_eq!(everybody.len(), N_USERS as usize);
    for (user, history) in domain.with_histories(&everybody) {
        let held_out = &domain.log.judge[user.index()];
        assert!(!history.is_empty() && !held_out.is_empty(), "{user:?} is in both parts");
        assert!(history.iter().all(|row| held_out.iter().all(|other| other.item != row.item)));
        assert_eq!(history.len() + held_out.len(), domain.dataset.interactions(user).len());
    }
}

#[test]
fn where_feedback_has_two_parts_rows_say_how_far_the_judge_is_to_be_believed() {
    let dataset = dataset(5, 0);
    let deepfm =
        DeepFmConfig { embedding_dim: 4, hidden: vec![8], n_members: 1, max_epochs: 3, ..Default::default() };
    let config = WorldConfig { deepfm, world_share: 0.4, ..WorldConfig::default() };
    let world = World::train(&dataset, &config, SEED).unwrap();
    let domain = Arc::new(Domain::new(dataset, world, "its hash".into()).unwrap());
    let test = &domain.world.split().test;
    for user in test {
        let [judge, kept] = [&domain.log.judge, &domain.log.kept].map(|part| &part[user.index()]);
        let held_out = domain.held_out(*user);
        assert_eq!(held_out, kept.iter().map(|row| row.item).collect::<Vec<_>>());
        assert!(judge.iter().all(|row| !held_out.contains(&row.item)), "no world has seen them");
    }
    let judge = evaluator(&domain, &EvaluationSettings::default(), 0);
    let row = judge.evaluate_control(UNIFORM).unwrap().row;
    assert!((row.metrics["ndcg@10"] - row.ndcg_at_10.unwrap()).abs() < 1e-12);
    assert!(row.metrics.contains_key("intralistdiversity@10"), "the items have categories");
    assert!(row.strata["tail"].contains_key("recall@10") && row.strata["most"].contains_key("novelty@10"));
    let validity = row.validity.unwrap();
    let stored = domain.world.validity().unwrap();
    assert_eq!((validity.agreement, validity.is_valid), (stored.judge().all, stored.is_valid));
    let others: Vec<&str> = row.other_judges.iter().map(|other| other.judge.as_str()).collect();
    assert_eq!(others, ["item-knn"]);
    assert!(row.other_judges[0].r_traj > 0.0);
    assert!(judge.evaluate_control("oracle").unwrap().row.other_judges.is_empty(), "it knows this judge");
    let train = under("none", None).train_and_judge(&domain.world).unwrap();
    let train = Evaluator::new(domain, train, Side::Train, &EvaluationSettings::default(), 0).unwrap();
    let row = train.evaluate_control(UNIFORM).unwrap().row;
    assert!(row.validity.is_none() && row.other_judges.is_empty(), "what judges is judged");
}

#[test]
fn a_world_of_another_log_is_refused() {
    let (one, other) = (dataset(5, 0), dataset(5, 1));
    let refused = Domain::new(other, world(&one, UserShares::default()), String::new()).unwrap_err();
    assert!(matches!(refused, ExperimentError::World(WorldError::OtherInput { what: "dataset", .. })));
}

#[test]
fn the_same_policy_has_the_same_numbers_and_another_seed_has_others() {
    let domain = domain();
    let settings = EvaluationSettings::default();
    let evaluate = |name: &str, seed| evaluator(&domain, &settings, seed).evaluate_control(name).unwrap();
    let uniform = evaluate(UNIFORM, 0);
    assert_eq!(uniform, evaluate("random", 0), "two names of one control");
    assert_ne!(uniform.row.r_traj, evaluate(UNIFORM, 1).row.r_traj);
    let judge = evaluator(&domain, &settings, 0);
    let policy = judge.control(UNIFORM).unwrap();
    let by_hand = judge.evaluate(UNIFORM, &[Contestant { training_seed: None, policy: policy.as_ref() }]);
    assert_eq!(by_hand.unwrap(), uniform, "a control is a policy like any other");
    for name in CONTROLS {
        let row = evaluate(name, 0).row;
        assert_eq!((row.policy.as_str(), row.world.as_str()), (name, "judge"));
        assert_eq!(row.users, domain.world.split().test.len());
    }
    let few = EvaluationSettings { n_users: 2, ..settings };
    assert_eq!(evaluator(&domain, &few, 0).evaluate_control(UNIFORM).unwrap().row.users, 2);
}

#[test]
fn who_cannot_be_judged_is_named() {
    let judge = evaluator(&domain(), &EvaluationSettings::default(), 0);
    let refused = judge.evaluate_control("popularty").unwrap_err();
    let refusal = |settings: &EvaluationSettings| {
        let (domain, settings_of_rule) = (domain(), under("none", None));
        let environments = settings_of_rule.train_and_judge(&domain.world).unwrap();
        Evaluator::new(domain, environments, Side::Judge, settings, 0).unwrap_err()
    };
    assert!(matches!(&refused, ExperimentError::UnknownControl { name } if name == "popularty"));
    let unknown = EvaluationSettings { metrics: vec!["ndgc@10".into()], ..EvaluationSettings::default() };
    assert!(matches!(
        refusal(&unknown),
        ExperimentError::Evaluation(EvaluationError::NotInTables { got, .. }) if got == "ndgc@10"
    ));
    let nobody = domain_of(5, UserShares { train: 0.75, validation: 0.25 });
    let environments = under("category-window", None).train_and_judge(&nobody.world).unwrap();
    let settings = EvaluationSettings::default();
    match Evaluator::new(nobody, environments, Side::Train, &settings, 0).unwrap_err() {
        ExperimentError::NoTestUsers { n_train, n_validation } => {
            assert_eq!((n_train, n_validation), (30, 10));
        }
        other => panic!("{other}"),
    }
}

#[test]
fn differences_are_of_users_in_common() {
    let domain = domain();
    let judge = evaluator(&domain, &EvaluationSettings::default(), 0);
    let demos = collected(&domain, &train_environment(&domain));
    let control = |name: &str| judge.evaluate_control(name).unwrap();
    let demonstrator = judge.evaluate_demonstrator(&[demos]).unwrap();
    let rows: Vec<Evaluation> = vec![control("greedy"), demonstrator, control("oracle")];
    let found = paired_differences(&rows, 0).unwrap();
    assert_eq!(found.len(), 1, "demonstrations are of training users");
    assert!(found[0].r_traj.mean < 0.0, "the oracle earns more: {found:?}");
    assert!(paired_differences(&rows, 3).unwrap().is_empty(), "nobody stands there");
}

#[test]
fn demonstrations_are_kept_with_the_log_they_are_of() {
    let (domain, dir) = (domain(), tempfile::tempdir().unwrap());
    let place = dir.path().join("demos");
    let demos = collected(&domain, &train_environment(&domain));
    let hash = domain.save_demonstrations(&demos, serde_json::json!({}), SEED, &place).unwrap();
    assert_eq!(domain.open_demonstrations(&place).unwrap(), (demos, hash));
    let other = dataset(5, 1);
    let other = Domain::new(other.clone(), world(&other, UserShares::default()), String::new()).unwrap();
    let refused = other.open_demonstrations(&place).unwrap_err();
    assert!(matches!(refused, DemonstrationError::OtherDataset { .. }), "{refused}");
    assert!(expert_without_model("builtin:nobody").is_err());
}

#[test]
fn several_sources_are_described_as_one() {
    let domain = domain();
    let demos = collected(&domain, &train_environment(&domain));
    let (one, two) =
        (describe_together(std::slice::from_ref(&demos)), describe_together(&[demos.clone(), demos]));
    assert_eq!((two.episodes, two.steps), (2 * one.episodes, 2 * one.steps));
    assert_eq!(two.source, format!("{0}, {0}", one.source));
}

#[test]
fn transforms_take_the_knowledge_away_and_say_where() {
    let domain = domain();
    let environment = train_environment(&domain);
    let (demos, scene) = (collected(&domain, &environment).demonstrations, domain.scene(&environment));
    let items = |demo: &Demonstration| demo.steps.iter().map(|step| step.step.item).collect::<Vec<_>>();
    let apply =
        |transform: Transform| transform.apply(&demos, &scene, domain.world.item_counts(), SEED).unwrap();
    let unchanged = apply(Transform::Unchanged);
    assert!(unchanged.iter().zip(&demos).all(|((demo, flags), from)| demo == from && flags.is_empty()));
    let shuffled = apply(Transform::ShuffledItems);
    assert!(shuffled.iter().all(|(_, flags)| flags.is_empty()));
    assert!(shuffled.iter().zip(&demos).all(|((demo, _), from)| items(demo)[0] != items(from)[0]));
    let permuted = apply(Transform::PermutedUsers);
    let of =
        |demo: &Demonstration| demos.iter().find(|from| demo.id.split('+').next() == Some(&from.id)).unwrap();
    assert!(permuted.len() >= demos.len() / 2 && permuted.iter().all(|(demo, _)| demo.user != of(demo).user));
    let own = |user: UserIdx| domain.log.world[user.index()].iter().map(|row| row.item).collect::<Vec<_>>();
    for (demo, _) in &permuted {
        assert!(items(demo).iter().all(|item| !own(demo.user).contains(item)), "it could not be shown");
        assert!(items(demo).iter().all(|item| items(of(demo)).contains(item)));
    }
    let counts = domain.world.item_counts();
    for (demo, _) in apply(Transform::PopularItems) {
        assert_eq!(demo.user, of(&demo).user);
        assert!(items(&demo).windows(2).all(|pair| counts[pair[0].index()] >= counts[pair[1].index()]));
    }
    for (share, is_corrupted) in [(0.0, false), (1.0, true)] {
        let corrupted = apply(Transform::CorruptedSteps { share });
        assert!(corrupted.iter().all(|(demo, flags)| flags.len() == demo.steps.len()));
        assert!(corrupted.iter().all(|(_, flags)| flags[0] == is_corrupted), "{share}");
    }
}

#[test]
fn weights_that_tell_corrupted_steps_apart_score_one() {
    let domain = domain();
    let demonstration = collected(&domain, &train_environment(&domain)).demonstrations.swap_remove(0);
    let marked = vec![(demonstration, vec![true, false, false, true])];
    let score = |weights: [f32; 4]| weight_auc(&marked, &[weights.to_vec()]);
    assert_eq!(score([0.1, 2.0, 1.0, 0.2]), Some(1.0));
    assert_eq!(score([2.0, 0.1, 0.2, 1.0]), Some(0.0));
    assert_eq!(score([1.0; 4]), Some(0.5));
    assert_eq!(weight_auc(&marked, &[Vec::new()]), None, "nothing was weighed");
}

#[test]
fn environments_sessions_and_evaluators_are_owned() {
    fn owned<T: Send + Sync + 'static>(value: T) -> T {
        value
    }
    let session = {
        let environment = train_environment(&domain());
        owned(environment.start(UserIdx(0)).unwrap())
    };
    let mut session: Session = session;
    assert!(session.step(ItemIdx(0)).is_ok(), "the session outlives whoever started it");
    let judge = owned(evaluator(&domain(), &EvaluationSettings::default(), 0));
    let policy: Box<dyn Policy> = owned(judge.control("oracle").unwrap());
    drop(judge);
    assert_eq!(policy.name(), "oracle");
}

#[test]
fn the_control_demonstrates_as_the_policy_of_its_name_acts() {
    let domain = domain();
    let environment = under("none", None).environment(&domain.world, Side::Train).unwrap();
    let expert = expert_without_model(RANDOM_FRESH_GENRE).unwrap();
    let users = &domain.world.split().train;
    let options = CollectOptions::new(12, environment.horizon());
    let scene = domain.scene(&environment);
    let demos = collect_from_expert(&scene, users, expert.as_ref(), &options, SEED).unwrap();
    assert_eq!(expert.name(), RANDOM_FRESH_GENRE);
    // Five categories in turn: whatever follows differs from the last four while one of the fifth kind is left.
    for demonstration in &demos.demonstrations {
        let kinds: Vec<u32> = demonstration.steps.iter().map(|step| step.step.item.0 % 5).collect();
        let recent = &kinds[..5];
        let distinct: std::collections::BTreeSet<&u32> = recent.iter().collect();
        let history = scene.history(demonstration.user);
        let is_left = |kind: u32| {
            (0..N_ITEMS).any(|item| item % 5 == kind && history.iter().all(|seen| seen.item.0 != item))
        };
        assert!((0..5).all(is_left), "every kind can be shown");
        assert_eq!(distinct.len(), recent.len(), "{kinds:?}");
        assert!(
            demonstration.steps.iter().all(|step| history.iter().all(|seen| seen.item != step.step.item))
        );
    }
    let others = collect_from_expert(&scene, users, expert.as_ref(), &options, SEED + 1).unwrap();
    assert_ne!(demos.demonstrations, others.demonstrations);
}
