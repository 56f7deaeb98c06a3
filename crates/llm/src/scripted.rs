//! A model for tests: a function answers.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::{
    Capabilities, Completion, Continuation, Embedded, Generate, LanguageModel, LlmError, Score, StopReason,
    Usage,
};

type Writes = dyn Fn(&Generate) -> Result<Completion, LlmError> + Send + Sync;
type Scores = dyn Fn(&Score) -> Result<Vec<Continuation>, LlmError> + Send + Sync;
type Embeds = dyn Fn(&str) -> Vec<f32> + Send + Sync;

/// A model whose answers come from functions. It is for tests of whatever talks to a model; nothing that a user
/// starts uses it.
///
/// ```
/// use llm::{LanguageModel, Scripted};
/// let model = Scripted::new("parrot", |request| request.messages[0].content.clone());
/// assert_eq!(model.capabilities().model, "parrot");
/// ```
pub struct Scripted {
    capabilities: Capabilities,
    writes: Box<Writes>,
    scores: Option<Box<Scores>>,
    embeds: Option<Box<Embeds>>,
    n_asked: AtomicU64,
}

impl Scripted {
    /// Answers every request with the text that the function gives; a token is a word.
    pub fn new(name: &str, text: impl Fn(&Generate) -> String + Send + Sync + 'static) -> Self {
        Self::fallible(name, move |request| Ok(completion(request, text(request))))
    }

    /// As [`Scripted::new`], with all of the answer, or a failure, from the function.
    pub fn fallible(
        name: &str,
        answer: impl Fn(&Generate) -> Result<Completion, LlmError> + Send + Sync + 'static,
    ) -> Self {
        let capabilities = Capabilities {
            model: name.to_owned(),
            context: None,
            generates: true,
            scores: false,
            embeds: false,
            obeys_schema: false,
            obeys_choices: false,
            batch: 16,
        };
        let writes = Box::new(answer);
        Self { capabilities, writes, scores: None, embeds: None, n_asked: AtomicU64::new(0) }
    }

    /// Also scores continuations.
    #[must_use]
    pub fn scoring(
        mut self,
        scores: impl Fn(&Score) -> Result<Vec<Continuation>, LlmError> + Send + Sync + 'static,
    ) -> Self {
        self.capabilities.scores = true;
        self.scores = Some(Box::new(scores));
        self
    }

    /// Also turns texts into vectors.
    #[must_use]
    pub fn embedding(mut self, embeds: impl Fn(&str) -> Vec<f32> + Send + Sync + 'static) -> Self {
        self.capabilities.embeds = true;
        self.embeds = Some(Box::new(embeds));
        self
    }

    /// Sets capability flags; what they promise is up to the functions.
    #[must_use]
    pub fn with_capabilities(mut self, change: impl FnOnce(&mut Capabilities)) -> Self {
        change(&mut self.capabilities);
        self
    }

    /// How many requests and texts were asked so far.
    pub fn n_asked(&self) -> u64 {
        self.n_asked.load(Ordering::Relaxed)
    }

    fn count(&self, n: usize) {
        self.n_asked.fetch_add(n as u64, Ordering::Relaxed);
    }
}

/// An answer in which a word is a token.
fn completion(request: &Generate, text: String) -> Completion {
    let words = |text: &str| text.split_whitespace().count() as u64;
    let tokens_in = request.messages.iter().map(|message| words(&message.content)).sum();
    let usage = Usage { tokens_in, tokens_out: words(&text), ..Usage::default() };
    Completion { text, stop: StopReason::Stop, log_prob: None, choice: None, usage }
}

impl std::fmt::Debug for Scripted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scripted").field("capabilities", &self.capabilities).finish_non_exhaustive()
    }
}

impl LanguageModel for Scripted {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn generate(&self, requests: &[Generate]) -> Vec<Result<Completion, LlmError>> {
        self.count(requests.len());
        requests.iter().map(|request| (self.writes)(request)).collect()
    }

    fn score(&self, requests: &[Score]) -> Vec<Result<Vec<Continuation>, LlmError>> {
        self.count(requests.len());
        let score = |request| match &self.scores {
            Some(scores) => scores(request),
            None => Err(self.cannot("say how likely a text is")),
        };
        requests.iter().map(score).collect()
    }

    fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, LlmError> {
        self.embed_counted(texts).map(|embedded| embedded.vectors)
    }

    fn embed_counted(&self, texts: &[String]) -> Result<Embedded, LlmError> {
        let embeds = self.embeds.as_ref().ok_or_else(|| self.cannot("turn text into vectors"))?;
        self.count(texts.len());
        let tokens_in = texts.iter().map(|text| text.split_whitespace().count() as u64).sum();
        let vectors = texts.iter().map(|text| embeds(text)).collect();
        Ok(Embedded { vectors, usage: Usage { tokens_in, ..Usage::default() } })
    }
}
