//! What the agents keep of one session in progress.

use crate::prompts::{Refusal, Seen};
use crate::reply::one_line;
use demonstrations::{Candidate, Explanation, Grounded, Playing, Scene, Shown};
use mdp::{ItemIdx, UserIdx};

/// The longest title that is put into a prompt, in characters: jokes are their own titles.
const LONGEST_TITLE: usize = 300;

/// One user's session, with everything the agents know of it.
pub(crate) type AgentSession = Playing<Mind>;

/// What was chosen for the step to come.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) item: ItemIdx,
    pub(crate) text: String,
    pub(crate) grounded: Grounded,
    pub(crate) log_prob: Option<f64>,
    pub(crate) lift: Option<f64>,
    /// Everything that was scored, where the choice was made by likelihood.
    pub(crate) slate: Vec<Candidate>,
}

/// The step to come, part by part.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) thought: Option<String>,
    pub(crate) plan: Option<String>,
    pub(crate) encouraged: Vec<String>,
    pub(crate) discouraged: Vec<String>,
    pub(crate) refused: Vec<Refusal>,
    pub(crate) choice: Option<Choice>,
}

/// What the agents know of a session, beside what the train world does.
#[derive(Debug)]
pub(crate) struct Mind {
    /// The end of the logged history as prompts show it.
    pub(crate) history: Vec<Seen>,
    /// All titles that describe the state, oldest first: history, then session.
    pub(crate) titles: Vec<String>,
    pub(crate) reminders: Vec<String>,
    pub(crate) draft: Draft,
    /// The critic's value of the present state; 0 before it was first asked.
    pub(crate) value: f32,
    /// What memories knew the state by from which the last choice was made.
    pub(crate) key_before: String,
    pub(crate) lesson: Option<String>,
}

impl Mind {
    /// Of a session that has not begun.
    pub(crate) fn new(scene: &Scene<'_>, user: UserIdx, n_history: usize) -> Self {
        let history = scene.history(user);
        let shown = &history[history.len().saturating_sub(n_history)..];
        let title = |item: ItemIdx| title_of(scene, item);
        Self {
            history: shown
                .iter()
                .map(|seen| Seen { title: title(seen.item), liked: plain(seen.rating) })
                .collect(),
            titles: history.iter().map(|seen| title(seen.item)).collect(),
            reminders: Vec::new(),
            draft: Draft::default(),
            value: 0.0,
            key_before: String::new(),
            lesson: None,
        }
    }

    /// The last titles as a text: what memories know the state by.
    pub(crate) fn state_key(&self, n_titles: usize) -> String {
        self.last_titles(n_titles).join("; ")
    }

    /// The last titles, oldest first.
    pub(crate) fn last_titles(&self, n_titles: usize) -> &[String] {
        &self.titles[self.titles.len().saturating_sub(n_titles)..]
    }

    /// The history as a text: what lessons are found by.
    pub(crate) fn history_key(&self) -> String {
        self.history.iter().map(|seen| seen.title.as_str()).collect::<Vec<_>>().join("; ")
    }

    /// The drafted step, if something was chosen. The draft is used up.
    pub(crate) fn take_draft(&mut self) -> Option<Shown> {
        let choice = self.draft.choice.take()?;
        let draft = std::mem::take(&mut self.draft);
        let explanation = Explanation {
            plan: draft.plan,
            encouraged: draft.encouraged,
            discouraged: draft.discouraged,
            refused: draft.refused.into_iter().map(|refusal| refusal.title).collect(),
            log_prob: choice.log_prob,
            lift: choice.lift,
            slate: choice.slate,
            ..Explanation::default()
        };
        Some(Shown {
            item: choice.item,
            text: choice.text,
            grounded: choice.grounded,
            thought: draft.thought,
            explanation: (explanation != Explanation::default()).then(|| Box::new(explanation)),
        })
    }
}

/// A title on one line, of bounded length.
pub(crate) fn title_of(scene: &Scene<'_>, item: ItemIdx) -> String {
    one_line(&scene.catalogue.item(item).title, LONGEST_TITLE)
}

/// A number as people write it: `4`, `4.5`, `3.25`.
pub(crate) fn plain(number: f32) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
