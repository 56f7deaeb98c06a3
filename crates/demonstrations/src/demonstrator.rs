//! The loop in which somebody demonstrates in the train world.

mod session;
mod sum;

pub use session::{AnswerRecord, Finished, Playing, Shown};
pub use sum::{CollectReport, Collected, Sum};

use crate::{Demonstration, Scene};
use environment::{Environment, EnvironmentError, SessionSeed};
use mdp::UserIdx;

/// Somebody who demonstrates: a rule-based expert, a control, the agents of a language model. Sessions of a batch go step by
/// step together, so that what is asked for one step can be asked at once.
pub trait Demonstrator {
    /// What is kept of one session, beside what the train world knows.
    type Mind;
    /// What can go wrong.
    type Error: From<EnvironmentError>;

    /// The seed of the chance that users leave by, in the session with this number.
    fn seed(&self, number: usize) -> SessionSeed;

    /// Gets to know a user before a session with this number.
    fn meet(&self, number: usize, user: UserIdx) -> Self::Mind;

    /// Gets ready for the first step of a batch.
    ///
    /// # Errors
    /// When who demonstrates cannot go on.
    fn prepare(&mut self, _sessions: &mut [Playing<Self::Mind>]) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Chooses for every session of `active`, in that order; a session for which nothing comes is given up. Answers that
    /// cannot be shown are recorded in the session.
    ///
    /// # Errors
    /// When who demonstrates cannot go on.
    fn choose(
        &mut self,
        sessions: &mut [Playing<Self::Mind>],
        active: &[usize],
    ) -> Result<Vec<Option<Shown>>, Self::Error>;

    /// Takes in the last step of every session in `acted`.
    ///
    /// # Errors
    /// When who demonstrates cannot go on.
    fn observe(&mut self, sessions: &mut [Playing<Self::Mind>], acted: &[usize]) -> Result<(), Self::Error>;

    /// Draws conclusions once all sessions are over.
    ///
    /// # Errors
    /// When who demonstrates cannot go on.
    fn conclude(&mut self, _sessions: &mut [Playing<Self::Mind>]) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Adds what was kept of a session to what is demonstrated by it.
    fn tell(&self, mind: Self::Mind, demonstration: &mut Demonstration);
}

/// Is told after every step how the sessions of a batch stand.
pub type Told<'t, D> = dyn FnMut(&[Playing<<D as Demonstrator>::Mind>], &D) + 't;

/// The sessions `first..` of `users`, not begun.
///
/// # Errors
/// When the environment refuses a user.
pub fn begin<D: Demonstrator>(
    demonstrator: &D,
    scene: &Scene<'_>,
    environment: &Environment,
    first: usize,
    users: &[UserIdx],
) -> Result<Vec<Playing<D::Mind>>, EnvironmentError> {
    let begun = |(at, &user): (usize, &UserIdx)| {
        let mind = demonstrator.meet(first + at, user);
        let session = environment.start_seeded(user, demonstrator.seed(first + at))?;
        Ok(Playing::new(scene, session, first + at, mind))
    };
    users.iter().enumerate().map(begun).collect()
}

/// Plays sessions until all are over or have `horizon` steps. `watch` is told after every step. After an error the
/// sessions stand as far as they came.
///
/// # Errors
/// When the demonstrator cannot go on, or the environment refuses a step.
pub fn play<D: Demonstrator>(
    demonstrator: &mut D,
    scene: &Scene<'_>,
    sessions: &mut [Playing<D::Mind>],
    horizon: usize,
    watch: &mut Told<'_, D>,
) -> Result<(), D::Error> {
    demonstrator.prepare(sessions)?;
    loop {
        let active: Vec<usize> = (0..sessions.len()).filter(|&at| sessions[at].goes_on(horizon)).collect();
        if active.is_empty() {
            return demonstrator.conclude(sessions);
        }
        let choices = demonstrator.choose(sessions, &active)?;
        let mut acted = Vec::with_capacity(active.len());
        for (&at, choice) in active.iter().zip(choices) {
            match choice {
                Some(choice) => {
                    sessions[at].show(scene, choice)?;
                    acted.push(at);
                }
                None => sessions[at].is_given_up = true,
            }
        }
        demonstrator.observe(sessions, &acted)?;
        watch(sessions, demonstrator);
    }
}
