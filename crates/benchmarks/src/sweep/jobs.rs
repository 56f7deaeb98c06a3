//! The jobs of a sweep.

use super::{Axis, Job, Series};
use crate::figure::BenchError;
use crate::robust_training::{Domain, Tastes};
use catalogue::Catalogue;
use environment::{Environment, ExitRule, ItemFeatures, VectorEnvironment};
use kernels::{HeadTable, Isa, Precision, ScoringTable};
use mdp::{ItemIdx, ItemSet, RewardSource, SessionContext, UserIdx, rng_for};
use nn::{BatchDropout, TrackerConfig, uniforms};
use policy::{Actor, ActorConfig, ActorRow, LargeActor, LossConfig, PolicyRow, StateInput};
use rand::RngExt as _;
use std::sync::Arc;
use world_model::{DeepFmConfig, DeepFmEnsemble, ItemCategories, ItemContent, Rating, RatingTable};

const ITEMS: [usize; 7] = [1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000];
const BATCHES: [usize; 5] = [8, 32, 128, 512, 2_048];
/// What stands still while something else grows.
const N_ITEMS: usize = 10_000;
const N_USERS: usize = 10_000;
const N_BATCH: usize = 256;
const WIDTH: usize = 64;

const STEP: &str = "training step, published network, batch 256";

pub(super) fn all() -> Vec<Series> {
    let n_threads = rayon::current_num_threads();
    let alone = |_: usize| 1;
    let series = |axis, job, sizes: &[usize], prepare| Series {
        axis,
        job,
        sizes: sizes.to_vec(),
        n_threads: alone,
        prepare,
    };
    let by_threads = |job, prepare| Series {
        axis: Axis::Threads,
        job,
        sizes: (0..).map(|power| 1 << power).take_while(|&n| n <= n_threads).collect(),
        n_threads: |n| n,
        prepare,
    };
    vec![
        series(Axis::Items, STEP, &ITEMS, |n| training_step(n, N_USERS, N_BATCH)),
        series(Axis::Items, "ten best by bytes, refined", &ITEMS, |n| ten_best(n, 1)),
        series(Axis::Items, "recommendation, default learner", &ITEMS[..6], recommendation),
        series(Axis::Items, "1,000 environment steps, category rule", &ITEMS, environment_steps),
        series(Axis::Users, STEP, &ITEMS, |n| training_step(N_ITEMS, n, N_BATCH)),
        series(Axis::Users, "1,000 rows of DeepFM training", &ITEMS, deepfm_rows),
        series(Axis::Batch, "training step, 10,000 items", &BATCHES, |n| training_step(N_ITEMS, N_USERS, n)),
        series(Axis::Batch, "ten best of 10,000 by bytes, refined", &BATCHES, |n| ten_best(N_ITEMS, n)),
        by_threads(STEP, |_| training_step(N_ITEMS, N_USERS, N_BATCH)),
        by_threads("256 times ten best of 10,000", |_| ten_best(N_ITEMS, N_BATCH)),
        by_threads("1,000 interactions of the default learner", |_| default_learner()),
    ]
}

/// One step of the large-batch actor, width 64, two layers over a window of four.
fn training_step(n_items: usize, n_users: usize, n_batch: usize) -> Result<Job, BenchError> {
    const WINDOW: usize = 4;
    const LIMIT: f32 = 15.0;
    let config = ActorConfig {
        n_users,
        n_items,
        tracker: TrackerConfig { width: WIDTH, window: WINDOW, n_layers: 2, dropout: 0.0 },
        logit_limit: LIMIT,
        learning_rate: 1e-3,
        row_norm_limit: f32::INFINITY,
        bias_limit: f32::INFINITY,
    };
    let mut rng = rng_for(0, &[1]);
    let mut actor = LargeActor::from_parts(Isa::detected(), config, Actor::new(config, &mut rng).to_parts());
    let loss = LossConfig { entropy: 0.01, imitation: 0.5, logit_limit: LIMIT };
    Ok(Box::new(move || {
        let item = |rng: &mut mdp::Rng| ItemIdx(rng.random_range(0..n_items as u32));
        let history: Vec<(ItemIdx, f32)> = (0..n_batch * WINDOW).map(|_| (item(&mut rng), 4.0)).collect();
        let rows: Vec<ActorRow<'_>> = history
            .chunks_exact(WINDOW)
            .enumerate()
            .map(|(row, steps)| ActorRow {
                state: StateInput { user_row: rng.random_range(0..n_users as u32), steps },
                loss: PolicyRow {
                    action: rng.random_range(0..n_items),
                    advantage: rng.random::<f32>() - 0.5,
                    demo_weight: row.is_multiple_of(4).then_some(1.0),
                },
            })
            .collect();
        actor.step(&rows, &loss, BatchDropout::Off);
        Ok(1.0)
    }))
}

/// The ten best for a batch of states.
fn ten_best(n_items: usize, n_batch: usize) -> Result<Job, BenchError> {
    let rng = &mut rng_for(0, &[2]);
    let (rows, bias) = (uniforms(n_items * WIDTH, 1.0, rng), uniforms(n_items, 1.0, rng));
    let states = uniforms(n_batch * WIDTH, 1.0, rng);
    let head = HeadTable { rows: &rows, bias: &bias };
    let table = ScoringTable::new(Isa::detected(), Precision::Byte, head, WIDTH);
    Ok(Box::new(move || {
        let head = HeadTable { rows: &rows, bias: &bias };
        std::hint::black_box(table.top_refined(head, &states, &vec![&[][..]; n_batch], (24, 10)));
        Ok(1.0)
    }))
}

/// A slate of one by the default learner's forward pass, feedback taken in.
fn recommendation(n_items: usize) -> Result<Job, BenchError> {
    const N_STEPS: usize = 5;
    let domain = Domain::new(n_items)?;
    let (policy, _) = domain.train(64)?;
    Ok(Box::new(move || {
        let rng = &mut rng_for(0, &[3]);
        let (user, history) = &domain.histories[0];
        let mut session = policy.start(SessionContext { user: *user, history });
        let mut shown = ItemSet::empty(n_items);
        for _ in 0..N_STEPS {
            let item = session.choose(&shown, rng).item;
            session.observe(item, 4.0);
            shown.insert(item);
        }
        Ok(N_STEPS as f64)
    }))
}

/// Sessions stepped together under the rule of recent categories.
fn environment_steps(n_items: usize) -> Result<Job, BenchError> {
    const N_SESSIONS: usize = 4_096;
    let row =
        |item: usize| (item.to_string(), format!("Item {item}"), vec![format!("category {}", item % 24)]);
    let features = ItemFeatures::of(&Catalogue::new((0..n_items).map(row).collect()).0, None);
    let tastes = Arc::new(Tastes { n_items });
    let users: Vec<UserIdx> =
        (0..N_SESSIONS).map(|session| UserIdx((session % tastes.n_users()) as u32)).collect();
    let environment = Environment::new(tastes, features, ExitRule::category_window(), 100)?;
    let mut rng = rng_for(0, &[4]);
    Ok(Box::new(move || {
        let mut sessions = VectorEnvironment::start(&environment, &users)?;
        let items: Vec<ItemIdx> =
            users.iter().map(|_| ItemIdx(rng.random_range(0..n_items as u32))).collect();
        for _ in 0..16 {
            let outcomes = sessions.step(&items)?.iter().enumerate();
            let ended: Vec<usize> = outcomes.filter(|(_, o)| !o.end.continues()).map(|(at, _)| at).collect();
            for session in ended {
                sessions.restart(session, users[session])?;
            }
        }
        Ok((16 * N_SESSIONS) as f64 / 1e3)
    }))
}

/// One pass of one member over a log of so many users.
fn deepfm_rows(n_users: usize) -> Result<Job, BenchError> {
    const N_ROWS: usize = 200_000;
    let rng = &mut rng_for(0, &[5]);
    let cell = |_| Rating {
        user: UserIdx(rng.random_range(0..n_users as u32)),
        item: ItemIdx(rng.random_range(0..N_ITEMS as u32)),
        value: rng.random_range(1..6) as f32,
    };
    let table = RatingTable { n_users, n_items: N_ITEMS, cells: (0..N_ROWS).map(cell).collect() };
    let rows = (0..N_ITEMS).map(|item| (item.to_string(), format!("Film {item}"), Vec::new())).collect();
    let content = ItemCategories::of(&Catalogue::new(rows).0, ItemContent::None);
    let config = DeepFmConfig { n_members: 1, max_epochs: 1, patience: 0, ..Default::default() };
    Ok(Box::new(move || {
        DeepFmEnsemble::fit(&table, &table.cells[..1000], &content, &config, 0)?;
        Ok(N_ROWS as f64 / 1e3)
    }))
}

fn default_learner() -> Result<Job, BenchError> {
    let domain = Domain::new(N_ITEMS)?;
    Ok(Box::new(move || Ok(domain.train(2_000)?.1 as f64 / 1e3)))
}
