//! The parts of the learner, one by one.

use super::super::decision::{ActionSource, Situated, decide};
use super::super::hazard::{HazardLearner, loss_and_gradients};
use super::super::knowledge::Knowledge;
use super::super::rollout::steps_of;
use super::*;
use environment::SessionSeed;
use learning::{Batch, Steps};
use mdp::ItemSet;
use ranking::{Tracker, View};
use representation::{Belief, Feature, HazardExample, fit_taste};

fn items(domain: &Domain) -> ItemTable {
    let histories: Vec<&[Interaction]> = domain.histories.iter().map(Vec::as_slice).collect();
    let categories: Vec<Vec<u16>> = domain.catalogue.items().iter().map(|i| i.categories.clone()).collect();
    let taste = fit_taste(&histories, &categories, &small_config().taste, &mut rng_for(0, &[]));
    ItemTable::new(&domain.catalogue, taste)
}

#[test]
fn the_preset_is_checked_and_strict() {
    Config::default().check().unwrap();
    let unknown = PRESET.replace("n_factors", "n_facters");
    assert!(toml::from_str::<Config>(&unknown).unwrap_err().to_string().contains("n_facters"));
    let mut config = Config::default();
    config.training.discount = 1.5;
    assert_eq!(config.check().unwrap_err().to_string(), "training.discount is 1.5, expected 0 to 0.9999");
    config = Config::default();
    config.imitation.sessions_per_iteration = 0;
    assert!(config.check().unwrap_err().to_string().starts_with("imitation.sessions_per_iteration is 0"));
    config = Config::default();
    config.imitation.beta = 0.0;
    assert!(config.check().unwrap_err().to_string().starts_with("settings of il-rec: imitation: beta"));
}

#[test]
fn a_belief_is_the_ridge_solution_and_predictions_follow_it() {
    let domain = domain();
    let items = items(&domain);
    let (first, rest) = domain.histories[3].split_at(5);
    let mut moved = Tracker::new(&items, first, true);
    rest.iter().for_each(|x| moved.observe(x.item, x.rating));
    let direct = Tracker::new(&items, &domain.histories[3], true);
    let view = |tracker: &Tracker<&ItemTable>| {
        let mut view = View::default();
        tracker.view(None, &ItemSet::empty(N_ITEMS as usize), &mut view);
        [Feature::PredictedReward, Feature::Uncertainty].map(|feature| view.column(feature).to_vec()).concat()
    };
    for (a, b) in view(&moved).iter().zip(&view(&direct)) {
        assert!((a - b).abs() < 1e-3, "prediction or uncertainty {a} against {b}");
    }
    let mut belief = Belief::prior(&items.taste);
    let before: f32 = belief.covariance.iter().step_by(items.taste.width() + 1).sum();
    belief.observe(&items.taste, ItemIdx(0), 5.0);
    let after: f32 = belief.covariance.iter().step_by(items.taste.width() + 1).sum();
    assert!(after < before && belief.mean[0] > 0.0, "a rating narrows the belief and a 5 raises it");
}

#[test]
fn histories_predict_liked_categories() {
    let domain = domain();
    let items = items(&domain);
    let tracker = Tracker::new(&items, &domain.histories[0], true);
    let mut view = View::default();
    tracker.view(None, &ItemSet::empty(N_ITEMS as usize), &mut view);
    let mean = |category: u32| -> f32 {
        let of = |i: u32| view.column(Feature::PredictedReward)[i as usize];
        (0..N_ITEMS).filter(|i| i % N_CATEGORIES == category).map(of).sum::<f32>() / 10.0
    };
    assert!(mean(0) > mean(4) && mean(4) > mean(2), "{} {} {}", mean(0), mean(4), mean(2));
}

fn example(saturation: f32, left: bool) -> HazardExample {
    HazardExample { saturation: [saturation; 8], nearness: [1.0; 4], dislike: [0.3, 0.5], left }
}

#[test]
fn hazard_gradients() {
    let hazard = QuitHazard::new(&mut rng_for(2, &[]));
    let examples = [example(0.5, false), example(2.0, true), example(1.0, true)];
    let examples: Vec<&HazardExample> = examples.iter().collect();
    let (_, gradients) = loss_and_gradients(&hazard, &examples);
    for cause in 0..3 {
        for at in (0..gradients[cause].len()).step_by(7) {
            let loss = |by: f32| {
                let mut moved = hazard.clone();
                [&mut moved.saturation, &mut moved.nearness, &mut moved.dislike][cause].parameters[at] += by;
                loss_and_gradients(&moved, &examples).0
            };
            let numeric = (loss(2e-3) - loss(-2e-3)) / 4e-3;
            let got = gradients[cause][at];
            assert!(
                (numeric - got).abs() < 1e-2 * (1.0 + numeric.abs()),
                "{cause}/{at}: {got} against {numeric}"
            );
        }
    }
}

#[test]
fn the_hazard_finds_a_threshold() {
    let rng = &mut rng_for(3, &[]);
    let mut hazard = QuitHazard::new(rng);
    let mut learner = HazardLearner::new(&hazard, 300, 0.01);
    for i in 0..400 {
        let count = (i % 4) as f32;
        learner.remember(example(count, count >= 2.0));
    }
    let first = learner.learn(&mut hazard, 1, 64, rng).unwrap();
    learner.learn(&mut hazard, 600, 64, rng);
    let last = learner.learn(&mut hazard, 1, 64, rng).unwrap();
    let p = hazard.probabilities(&[&example(1.0, false), &example(2.0, false)]);
    assert!(last < first && p[0] < 0.1 && p[1] > 0.9, "loss {first} -> {last}, {p:?}");
}

#[test]
fn the_catalogue_pass_agrees_with_the_examples() {
    let domain = domain();
    let items = items(&domain);
    let hazard = QuitHazard::new(&mut rng_for(4, &[]));
    let mut tracker = Tracker::new(&items, &domain.histories[1], true);
    for item in [3, 9, 15, 4] {
        tracker.observe(ItemIdx(item), 4.0);
    }
    let mut view = View::default();
    tracker.view(Some(&hazard), &ItemSet::empty(N_ITEMS as usize), &mut view);
    for item in 0..N_ITEMS {
        let example = tracker.hazard_example(&view, ItemIdx(item), false);
        let stays = 1.0 - hazard.probabilities(&[&example])[0];
        let column = view.column(Feature::LogStay)[item as usize].exp();
        assert!((stays - column).abs() < 1e-4, "item {item}: {column} against {stays}");
    }
}

#[test]
fn scores_are_gradients_and_masks_hold() {
    let domain = domain();
    let items = items(&domain);
    let rng = &mut rng_for(5, &[]);
    let (actor, hazard) = (Actor::new(rng), QuitHazard::new(rng));
    let tracker = Tracker::new(&items, &domain.histories[2], true);
    let mut shown = ItemSet::empty(N_ITEMS as usize);
    (0..50).for_each(|i| {
        shown.insert(ItemIdx(i));
    });
    let (mut view, mut scratch) = (View::default(), Vec::new());
    tracker.view(Some(&hazard), &shown, &mut view);
    let source = || ActionSource::Demonstration(ItemIdx(55));
    let n_parameters = actor.network.parameters.len();
    let leaning: Vec<f32> = (0..N_ITEMS).map(|item| (item % 7) as f32 / 3.0).collect();
    for bias in [None, Some(leaning.as_slice())] {
        let situated = Situated { view: &view, unavailable: &shown, bias };
        let decision = decide(&actor, situated, source(), &mut scratch);
        for k in 0..decision.chosen.len() {
            // The last parameters are the output's biases: adding to one adds to one feature weight.
            let at = n_parameters - decision.chosen.len() + k;
            let mut moved = |by: f32| {
                let mut actor = actor.clone();
                actor.network.parameters[at] += by;
                let d = decide(&actor, situated, source(), &mut scratch);
                (d.log_prob, d.entropy)
            };
            let (up, down) = (moved(1e-2), moved(-1e-2));
            let (score, entropy) = ((up.0 - down.0) / 2e-2, (up.1 - down.1) / 2e-2);
            assert!((score - (decision.chosen[k] - decision.expected[k])).abs() < 1e-2, "score {k}");
            assert!((entropy - decision.entropy_gradient[k]).abs() < 1e-2, "entropy {k}");
        }
    }
    for selection in [Selection::Sample, Selection::Greedy] {
        for _ in 0..50 {
            let item = actor.choose(&view, &shown, selection, rng, &mut scratch).0;
            assert!(!shown.contains(item), "{item:?} was shown before");
        }
    }
}

/// What a run acts with, and what it has to go by.
pub(super) struct Ground {
    pub(super) domain: Domain,
    pub(super) items: ItemTable,
    pub(super) config: Config,
    progress: Progress,
}

impl Ground {
    pub(super) fn new() -> Self {
        let domain = domain();
        Self { items: items(&domain), domain, config: small_config(), progress: Progress::default() }
    }

    pub(super) fn fresh(&self) -> Learner {
        Learner::new(&self.config, &mut rng_for(6, &[]))
    }

    pub(super) fn own(&self) -> Vec<LearnerSession<'_>> {
        let learner = self.fresh();
        let one = |user: u32| {
            let history = self.domain.histories[user as usize].as_slice();
            let acting = Acting::of(&learner, &self.items, &self.config);
            let who = (UserIdx(user), history);
            let rng = &mut rng_for(7, &[user.into()]);
            rollout(acting, &self.domain.environment, who, rng, SessionSeed::default()).unwrap()
        };
        (0..12).map(one).collect()
    }

    pub(super) fn demonstrated(&self) -> Vec<LearnerSession<'_>> {
        let learner = self.fresh();
        let acting = Acting::of(&learner, &self.items, &self.config);
        let rng = &mut rng_for(0, &[2]);
        let mut one = |(place, demo): (usize, &Demonstrated)| {
            let history = self.domain.histories[demo.session.user.index()].as_slice();
            replay_demonstration(acting, (place as u32, &demo.session), history, rng)
        };
        self.domain.demonstrations.iter().enumerate().map(&mut one).collect()
    }

    /// The actor after one update.
    pub(super) fn taught(
        &self,
        own: &[LearnerSession<'_>],
        demonstrated: &[LearnerSession<'_>],
        terms: Vec<Box<dyn Term>>,
    ) -> Actor {
        let mut learner = self.fresh();
        let sessions = Sessions { own, demonstrated, n_new: 0 };
        let Self { config, progress, items, .. } = self;
        let context = Context { config, progress, items, demonstrated_return: 1.0 };
        learner.update(sessions, &mut Terms::new(terms), context, &mut rng_for(8, &[])).unwrap();
        learner.actor
    }
}

#[test]
fn a_demonstration_keeps_its_place() {
    let ground = Ground::new();
    let sessions = ground.demonstrated();
    let steps = steps_of(&sessions, Vec::new());
    assert_eq!(steps.sessions.len(), ground.domain.demonstrations.len());
    for (place, (range, demo)) in steps.sessions.iter().zip(&ground.domain.demonstrations).enumerate() {
        for (t, row) in range.clone().enumerate() {
            let at = steps.demonstrated[row].unwrap();
            assert_eq!((at.demonstration as usize, at.step as usize), (place, t));
            assert_eq!(steps.items[row], demo.session.steps[t].item);
        }
    }
    assert!(steps_of(&ground.own(), Vec::new()).demonstrated.iter().all(Option::is_none));
}

#[test]
fn random_items_at_the_experts_states_teach_the_discriminator() {
    let ground = Ground::new();
    let demonstrated = ground.demonstrated();
    assert!(demonstrated.iter().flat_map(|s| &s.steps).all(|step| step.negative.is_some()));
    let mut rng = rng_for(0, &[3]);
    let mut knowledge = Knowledge::new(&small_config(), &mut rng).unwrap();
    let batch = Batch { own: &Steps::default(), demonstrated: &steps_of(&demonstrated, Vec::new()) };
    let loss = |_| knowledge.learn(batch, &mut rng).unwrap().get("loss").unwrap();
    let losses: Vec<f64> = (0..20).map(loss).collect();
    assert!(losses[19] < 0.8 * losses[0], "{losses:?}");
}
