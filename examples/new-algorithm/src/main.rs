//! A learner and a term of one's own, against the public crates alone.
//!
//! `cargo run -p new-algorithm` trains the learner without and with the term, and il-rec with the term, on a small world.

mod bandit;
mod novelty;
mod world;

use algorithms::il_rec;
use learning::{Silent, Terms, Trained, train};
use world::World;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let world = World::new()?;
    let plain = train(bandit::run(&world.inputs(), Terms::default()), &world.inputs(), 0, None, &mut Silent)?;
    let novel = Terms::new(vec![Box::new(novelty::Novelty::new(1.0))]);
    let novel = train(bandit::run(&world.inputs(), novel), &world.inputs(), 0, None, &mut Silent)?;
    let mut config = il_rec::Config::default();
    config.switches.demonstrations = false;
    config.training.n_env_steps = 2_000;
    let inputs = world.inputs();
    let run = il_rec::start(&inputs, &config, 0, vec![Box::new(novelty::Novelty::new(1.0))])?;
    let il_rec = train(run, &inputs, 0, None, &mut Silent)?;
    let told = |name: &str, trained: &Trained| {
        let best = trained.progress.best_validation.unwrap_or(0.0);
        format!("{name:<18} return of validation users {best:5.1}\n")
    };
    let text = [told("bandit", &plain), told("bandit, novelty", &novel), told("il-rec, novelty", &il_rec)];
    std::io::Write::write_all(&mut std::io::stdout(), text.concat().as_bytes())?;
    Ok(())
}

#[cfg(test)]
mod tests;
