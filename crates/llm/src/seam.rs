//! The seam: the one trait behind which all language models stand.

use crate::{AtMost, Capabilities, Completion, Continuation, Embedded, Generate, LlmError, Score, Usage};

/// Told about each answer as soon as it is there: its place in the batch, and what came.
pub type OnAnswer<'a> = Told<'a, Completion>;

/// The same for texts that were scored.
pub type OnScored<'a> = Told<'a, Vec<Continuation>>;

/// Asked right before a request is sent, by its place in the batch, from any thread.
pub type BeforeSending<'a> = &'a (dyn Fn(usize) -> Result<(), LlmError> + Sync);

/// Told about each answer of some kind.
pub(crate) type Told<'a, A> = &'a (dyn Fn(usize, &Result<A, LlmError>) + Sync);

/// A language model. Calls are batches; answers stand in the order of the requests, each with its own failure.
pub trait LanguageModel: Send + Sync {
    /// What it can do.
    fn capabilities(&self) -> &Capabilities;

    /// Writes a text for each request.
    fn generate(&self, requests: &[Generate]) -> Vec<Result<Completion, LlmError>>;

    /// As [`LanguageModel::generate`], but tells about each answer at once, from any thread, so that it can be kept
    /// before the slowest of the batch is there. A model that answers a batch as a whole need not write this.
    fn generate_each(
        &self,
        requests: &[Generate],
        on_answer: OnAnswer<'_>,
    ) -> Vec<Result<Completion, LlmError>> {
        let answers = self.generate(requests);
        answers.iter().enumerate().for_each(|(place, answer)| on_answer(place, answer));
        answers
    }

    /// As [`LanguageModel::generate_each`], but asks `before` right before a request is sent. Where it refuses, its
    /// error is the answer and nothing is sent. A model that answers a batch as a whole sends it as a whole.
    fn generate_each_after(
        &self,
        requests: &[Generate],
        before: BeforeSending<'_>,
        on_answer: OnAnswer<'_>,
    ) -> Vec<Result<Completion, LlmError>> {
        ask_admitted(requests, before, on_answer, |admitted, told| self.generate_each(admitted, told))
    }

    /// Log-probabilities of each request's continuations after its prefix.
    fn score(&self, requests: &[Score]) -> Vec<Result<Vec<Continuation>, LlmError>> {
        requests.iter().map(|_| Err(self.cannot("say how likely a text is"))).collect()
    }

    /// As [`LanguageModel::score`], heard as in [`LanguageModel::generate_each_after`].
    fn score_each(
        &self,
        requests: &[Score],
        before: BeforeSending<'_>,
        on_scored: OnScored<'_>,
    ) -> Vec<Result<Vec<Continuation>, LlmError>> {
        ask_admitted(requests, before, on_scored, |admitted, told| {
            let answers = self.score(admitted);
            answers.iter().enumerate().for_each(|(place, answer)| told(place, answer));
            answers
        })
    }

    /// Whether the prefix of a [`Score`] is evaluated, and paid for, once with each continuation instead of once in
    /// all. Then each continuation is a call of its own.
    fn scores_prefix_per_continuation(&self) -> bool {
        false
    }

    /// One vector of unit length per text.
    ///
    /// # Errors
    /// As a whole: a batch of vectors is useful only when complete.
    fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, LlmError> {
        let _ = texts;
        Err(self.cannot("turn text into vectors"))
    }

    /// As [`LanguageModel::embed`], with what it cost; counted by [`LanguageModel::count_tokens`] where the backend
    /// does not say.
    ///
    /// # Errors
    /// As [`LanguageModel::embed`].
    fn embed_counted(&self, texts: &[String]) -> Result<Embedded, LlmError> {
        let vectors = self.embed(texts)?;
        let tokens_in = texts.iter().map(|text| self.count_tokens(text) as u64).sum();
        Ok(Embedded { vectors, usage: Usage { tokens_in, ..Usage::default() } })
    }

    /// As [`LanguageModel::embed_counted`]; `keep` is given the vectors before their cost counts as settled.
    ///
    /// # Errors
    /// As [`LanguageModel::embed`].
    fn embed_kept(&self, texts: &[String], keep: &(dyn Fn(&Embedded) + Sync)) -> Result<Embedded, LlmError> {
        let embedded = self.embed_counted(texts)?;
        keep(&embedded);
        Ok(embedded)
    }

    /// Whether an answer in which nothing is said would be the same if it were asked for again, as of a model in process.
    /// Then it counts as an answer; that of a server does not, and is asked for again.
    fn repeats_itself(&self) -> bool {
        false
    }

    /// What this request can cost at the very most; a budget reserves it before the request is sent. Without a
    /// tokenizer: no token is shorter than a byte.
    fn at_most(&self, request: &Generate) -> AtMost {
        AtMost::of_generate(request)
    }

    /// The same for texts to be scored.
    fn score_at_most(&self, request: &Score) -> AtMost {
        AtMost::of_score(request)
    }

    /// The same for texts to be turned into vectors.
    fn embed_at_most(&self, texts: &[String]) -> AtMost {
        AtMost::of_texts(texts)
    }

    /// Number of tokens of a text: exact where a tokenizer is at hand, else one per four bytes, rounded up.
    fn count_tokens(&self, text: &str) -> usize {
        text.len().div_ceil(4)
    }

    /// The error for what this model cannot do.
    fn cannot(&self, what: &'static str) -> LlmError {
        LlmError::Unsupported { model: self.capabilities().model.clone(), what }
    }
}

/// Asks for what `before` admits, as one batch.
fn ask_admitted<R: Clone, A: Sync>(
    requests: &[R],
    before: BeforeSending<'_>,
    tell: Told<'_, A>,
    ask: impl FnOnce(&[R], Told<'_, A>) -> Vec<Result<A, LlmError>>,
) -> Vec<Result<A, LlmError>> {
    let refusals: Vec<Option<LlmError>> = (0..requests.len()).map(|place| before(place).err()).collect();
    if refusals.iter().all(Option::is_none) {
        return ask(requests, tell);
    }
    let places: Vec<usize> = (0..requests.len()).filter(|place| refusals[*place].is_none()).collect();
    let admitted: Vec<R> = places.iter().map(|place| requests[*place].clone()).collect();
    let told = |index: usize, answer: &_| {
        if let Some(&place) = places.get(index) {
            tell(place, answer);
        }
    };
    let mut answered = if admitted.is_empty() { Vec::new() } else { ask(&admitted, &told) }.into_iter();
    let mut answers = Vec::with_capacity(requests.len());
    for (place, refusal) in refusals.into_iter().enumerate() {
        match refusal {
            None => answers.extend(answered.next()),
            Some(error) => {
                let refused = Err(error);
                tell(place, &refused);
                answers.push(refused);
            }
        }
    }
    answers
}
