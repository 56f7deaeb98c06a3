//! What templates can speak of.

use serde::Serialize;

/// Everything a template can speak of; what a call does not need is empty.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Situation<'a> {
    /// What one item is called.
    pub(crate) noun: &'a str,
    /// What several are called.
    pub(crate) nouns: &'a str,
    /// Whether the model keeps to a JSON schema.
    pub(crate) structured: bool,
    /// Lessons of earlier sessions.
    pub(crate) reminders: Vec<String>,
    /// The end of the logged history, oldest first.
    pub(crate) history: Vec<Seen>,
    /// The session so far, oldest first.
    pub(crate) steps: Vec<Shown>,
    /// How many steps the session has had, those that are not shown included.
    pub(crate) n_steps: usize,
    /// The sum of their rewards.
    pub(crate) total: String,
    /// The number of the step to come.
    pub(crate) number: usize,
    /// What the planner thought.
    pub(crate) thought: Option<String>,
    /// What it means to do.
    pub(crate) plan: Option<String>,
    /// Titles that went well in a similar state.
    pub(crate) encouraged: Vec<String>,
    /// Titles that went badly.
    pub(crate) discouraged: Vec<String>,
    /// What the actor asked for in vain.
    pub(crate) refused: Vec<Refusal>,
    /// The state as the critic sees it.
    pub(crate) titles: Vec<String>,
    /// What a similar state was worth.
    pub(crate) remembered_value: Option<String>,
    /// Why the session is over.
    pub(crate) ending: &'a str,
}

/// An item of the history.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Seen {
    pub(crate) title: String,
    pub(crate) liked: String,
}

/// A step of the session.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Shown {
    pub(crate) number: usize,
    pub(crate) title: String,
    pub(crate) liked: String,
    pub(crate) thought: Option<String>,
}

/// A title that could not be shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Refusal {
    pub(crate) title: String,
    pub(crate) why: &'static str,
    pub(crate) nearest: Vec<String>,
}

impl Situation<'_> {
    /// One with something (or nothing) everywhere: what a template is tried on.
    pub(crate) fn sample(is_full: bool) -> Self {
        let some = |text: &str| is_full.then(|| text.to_owned());
        let list = |text: &str| some(text).into_iter().collect::<Vec<_>>();
        let (title, liked) = ("A Title".to_owned(), "4".to_owned());
        let seen = Seen { title: title.clone(), liked: liked.clone() };
        let shown =
            Shown { number: 1, title: title.clone(), liked: liked.clone(), thought: some("a thought") };
        let refusal = Refusal { title, why: "it is not known here", nearest: list("Another Title") };
        Self {
            noun: "item",
            nouns: "items",
            structured: is_full,
            reminders: list("a lesson"),
            history: is_full.then_some(seen).into_iter().collect(),
            steps: is_full.then_some(shown).into_iter().collect(),
            n_steps: usize::from(is_full),
            total: liked,
            number: 1 + usize::from(is_full),
            thought: some("a thought"),
            plan: some("a plan"),
            encouraged: list("A Title"),
            discouraged: list("A Title"),
            refused: is_full.then_some(refusal).into_iter().collect(),
            titles: list("A Title"),
            remembered_value: some("2"),
            ending: "the user left",
        }
    }
}
