//! What terms say is heard where they say it.

use super::parts::Ground;
use super::*;
use environment::SessionSeed;
use learning::{Given, Hook, Hooks, Scores, Situation, Steps};

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// A discriminator that cannot tell anything apart, in either direction.
struct Constant(f32);

impl Stateful for Constant {}

impl Term for Constant {
    fn name(&self) -> &'static str {
        "constant"
    }

    fn hooks(&self) -> Hooks {
        Hooks::of(&[Hook::Reward])
    }

    fn reward(&self, _: &Steps, out: &mut [f32], _: &mut [f32]) -> Outcome<Given> {
        out.iter_mut().for_each(|out| *out += self.0);
        Ok(Given::Yes)
    }
}

#[test]
fn a_constant_learned_reward_teaches_nothing_whatever_its_sign() {
    let ground = Ground::new();
    let own = ground.own();
    let plain = ground.taught(&own, &[], Vec::new());
    assert_ne!(plain, ground.fresh().actor, "the environment's rewards teach something");
    for constant in [0.693, -0.693, 5.0] {
        assert_eq!(ground.taught(&own, &[], vec![Box::new(Constant(constant))]), plain);
    }
}

/// Cross-entropy of the shown items, as a loss over scores.
struct Imitation(f32);

impl Stateful for Imitation {}

impl Term for Imitation {
    fn name(&self) -> &'static str {
        "imitation"
    }

    fn hooks(&self) -> Hooks {
        Hooks::of(&[Hook::Loss])
    }

    fn loss(&self, steps: &Steps, scores: Scores<'_>, gradient: &mut [f32]) -> Outcome<f32> {
        let scale = self.0 / steps.len() as f32;
        let mut loss = 0.0;
        for (at, step) in scores.steps.clone().enumerate() {
            let (item, log_probs) = (steps.items[step].index(), scores.row(at));
            loss -= scale * log_probs[item];
            let row = &mut gradient[at * scores.n_items..(at + 1) * scores.n_items];
            row.iter_mut().zip(log_probs).for_each(|(g, log_p)| *g += scale * log_p.exp());
            row[item] -= scale;
        }
        Ok(loss)
    }
}

#[test]
fn a_loss_over_scores_pulls_as_the_built_in_imitation_does() {
    let mut ground = Ground::new();
    let demonstrated = ground.domain.demonstrations.clone();
    assert!(!demonstrated.is_empty());
    ground.config.switches.weights = false;
    ground.config.switches.actor_critic = false;
    ground.config.switches.hazard = false;
    ground.config.imitation.coefficient = 1.0;
    let sessions = ground.demonstrated();
    let built_in = ground.taught(&[], &sessions, Vec::new());
    let mut without = Ground::new();
    without.config = ground.config.clone();
    without.config.imitation.coefficient = 0.0;
    let by_term = without.taught(&[], &sessions, vec![Box::new(Imitation(1.0))]);
    let start = ground.fresh().actor;
    let moved = |actor: &Actor| -> Vec<f32> {
        actor
            .network
            .parameters
            .iter()
            .zip(&start.network.parameters)
            .map(|(now, before)| now - before)
            .collect()
    };
    // Adam divides by the size of a gradient, so that rounding counts where there is hardly any: directions are compared.
    let (a, b) = (moved(&built_in), moved(&by_term));
    let lengths = kernels::dot(&a, &a).sqrt() * kernels::dot(&b, &b).sqrt();
    assert!(lengths > 0.0 && kernels::dot(&a, &b) > 0.999 * lengths, "{}", kernels::dot(&a, &b) / lengths);
}

/// Wants one item much, and checks that what acted is what the loss sees.
struct Wish(ItemIdx);

impl Stateful for Wish {}

impl Term for Wish {
    fn name(&self) -> &'static str {
        "wish"
    }

    fn hooks(&self) -> Hooks {
        Hooks::of(&[Hook::Bias, Hook::Loss])
    }

    fn bias(&self, situation: Situation<'_>, out: &mut [f32]) -> Outcome<Given> {
        assert_eq!(situation.history.len(), 15);
        assert!(situation.shown.iter().all(|(_, reward)| (1.0..=5.0).contains(reward)));
        out[self.0.index()] += 1000.0;
        Ok(Given::Yes)
    }

    fn loss(&self, steps: &Steps, scores: Scores<'_>, _: &mut [f32]) -> Outcome<f32> {
        for (at, step) in scores.steps.clone().enumerate() {
            let (again, acted) = (scores.row(at)[steps.items[step].index()], steps.log_probs[step]);
            if (again - acted).abs() > 1e-3 {
                return Err(format!("{again} when scored again, {acted} when chosen").into());
            }
        }
        Ok(0.0)
    }
}

#[test]
fn a_bias_leads_sessions_of_training_and_losses_see_what_acted() {
    let ground = Ground::new();
    let terms = Terms::new(vec![Box::new(Wish(ItemIdx(17)))]);
    let learner = ground.fresh();
    let acting = Acting::of(&learner, &ground.items, &ground.config);
    let user = (0..12).find(|&user| ground.domain.histories[user].iter().all(|x| x.item.0 != 17)).unwrap();
    let who = (UserIdx(user as u32), ground.domain.histories[user].as_slice());
    let environment = &ground.domain.environment;
    let led = rollout(acting.biased(&terms), environment, who, &mut rng_for(7, &[]), SessionSeed::default())
        .unwrap();
    assert_eq!(led.steps[0].decision.item, ItemIdx(17));
    assert!(led.steps[0].decision.log_prob > -1e-3, "{}", led.steps[0].decision.log_prob);
    let free = rollout(acting, environment, who, &mut rng_for(7, &[]), SessionSeed::default()).unwrap();
    assert_ne!(free.steps[0].decision.item, ItemIdx(17));
    // The update changes the hazard before it asks for losses; the term above refuses other scores.
    ground.taught(&[led], &ground.demonstrated(), vec![Box::new(Wish(ItemIdx(17)))]);
}

/// Rewards that one of two steps is not sure of.
struct Doubted;

impl Stateful for Doubted {}

impl Term for Doubted {
    fn name(&self) -> &'static str {
        "doubted"
    }

    fn hooks(&self) -> Hooks {
        Hooks::of(&[Hook::Reward])
    }

    fn reward(&self, _: &Steps, out: &mut [f32], deviations: &mut [f32]) -> Outcome<Given> {
        out.iter_mut().for_each(|out| *out += 1.0);
        deviations.iter_mut().step_by(2).for_each(|deviation| *deviation = 0.5);
        Ok(Given::Yes)
    }
}

#[test]
fn a_doubted_reward_counts_less() {
    let mut ground = Ground::new();
    let taught = |ground: &Ground| ground.taught(&ground.own(), &[], vec![Box::new(Doubted)]);
    let cautious = taught(&ground);
    assert_ne!(cautious, ground.taught(&ground.own(), &[], Vec::new()));
    ground.config.learned_reward.pessimism = 0.0;
    assert_eq!(taught(&ground), ground.taught(&ground.own(), &[], Vec::new()), "all rewards are the same");
}
