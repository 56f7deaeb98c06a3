//! Playing a cassette back.

use std::path::Path;

use super::answer::{Answer, Vector};
use super::batch::join;
use super::file::Cassette;
use super::key::Call;
use super::rows::Found;
use super::slate::{Singles, whole_of_singles};
use crate::{Capabilities, Completion, Continuation, Embedded, Generate, LanguageModel, LlmError, Score};

/// A recorded model without the model: answers exactly what was recorded, usage and seconds included, and nothing
/// else. Never touches the network.
#[derive(Debug)]
pub struct Replay {
    cassette: Cassette,
    capabilities: Capabilities,
}

impl Replay {
    /// Plays back the calls of one model; without a name, of the only one in the cassette.
    ///
    /// # Errors
    /// [`LlmError::Unavailable`] if the file cannot be read, or does not say which model is meant.
    pub fn open(path: &Path, model: Option<&str>) -> Result<Self, LlmError> {
        Self::of(Cassette::open_to_read(path)?, model)
    }

    /// As [`Replay::open`], for a cassette that is open already.
    ///
    /// # Errors
    /// As [`Replay::open`].
    pub fn of(cassette: Cassette, model: Option<&str>) -> Result<Self, LlmError> {
        let models = cassette.models()?;
        let names: Vec<String> = models.iter().map(|known| known.model.clone()).collect();
        let mut meant = models.into_iter().filter(|known| model.is_none_or(|name| name == known.model));
        match (meant.next(), meant.next()) {
            (Some(capabilities), None) => Ok(Self { cassette, capabilities }),
            _ => Err(LlmError::Unavailable {
                reason: match model {
                    Some(name) => {
                        format!("the cassette has no calls of {name}: {}", cassette.path().display())
                    }
                    None => {
                        let n = names.len();
                        format!("the cassette has {n} models, not one: {}", cassette.path().display())
                    }
                },
                hint: match names.as_slice() {
                    [] => "record a run into it first".to_owned(),
                    names => format!("add ?model=NAME; it has {}", names.join(", ")),
                },
            }),
        }
    }

    fn model(&self) -> &str {
        &self.capabilities.model
    }

    fn recall<A: Answer>(&self, call: &Call) -> Result<A, LlmError> {
        match self.cassette.find(self.model(), call)? {
            Found::Answer(row) => A::from_row(&row).ok_or_else(|| self.damaged(call)),
            Found::Nothing => Err(LlmError::NotRecorded { key: call.key_text() }),
            Found::Damaged => Err(self.damaged(call)),
        }
    }

    fn damaged(&self, call: &Call) -> LlmError {
        self.cassette.damaged(&format!("row {}", call.key_text()))
    }

    /// A slate whose continuations were recorded each by itself.
    fn recall_singles(&self, request: &Score) -> Result<Vec<Continuation>, LlmError> {
        let calls = Singles::of(self.model(), [request])?.calls;
        whole_of_singles(calls.iter().map(|call| self.recall(call)).collect())
    }

    fn recall_all<A: Answer>(
        &self,
        n_requests: usize,
        calls: Result<Vec<Call>, LlmError>,
    ) -> Vec<Result<A, LlmError>> {
        match calls {
            Ok(calls) => calls.iter().map(|call| self.recall(call)).collect(),
            Err(error) => vec![Err(error); n_requests],
        }
    }
}

impl LanguageModel for Replay {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn generate(&self, requests: &[Generate]) -> Vec<Result<Completion, LlmError>> {
        self.recall_all(requests.len(), Call::of_generate(self.model(), requests))
    }

    fn score(&self, requests: &[Score]) -> Vec<Result<Vec<Continuation>, LlmError>> {
        let wholes = self.recall_all(requests.len(), Call::of_score(self.model(), requests));
        let answers = requests.iter().zip(wholes).map(|(request, whole)| match whole {
            Err(LlmError::NotRecorded { .. }) => self.recall_singles(request),
            whole => whole,
        });
        answers.collect()
    }

    fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, LlmError> {
        self.embed_counted(texts).map(|embedded| embedded.vectors)
    }

    fn embed_counted(&self, texts: &[String]) -> Result<Embedded, LlmError> {
        let calls = Call::of_texts(self.model(), texts);
        join(calls.iter().map(|call| self.recall::<Vector>(call)).collect())
    }

    fn repeats_itself(&self) -> bool {
        true
    }

    fn count_tokens(&self, text: &str) -> usize {
        let recorded = self.recall(&Call::of_count(self.model(), text));
        recorded.unwrap_or_else(|_| estimate(text))
    }
}

/// The number of tokens where no tokenizer is at hand, as in [`LanguageModel::count_tokens`].
pub(crate) fn estimate(text: &str) -> usize {
    text.len().div_ceil(4)
}
