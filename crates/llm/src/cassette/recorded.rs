//! A model that is asked only what the cassette cannot answer.

use std::sync::{Arc, Mutex, PoisonError};

use super::answer::{Answer, Vector, asked_by};
use super::batch::{Groups, groups, join, share};
use super::file::Cassette;
use super::key::Call;
use super::rows::Found;
use super::slate::{Singles, whole_of_singles};
use crate::seam::Told;
use crate::{
    AgentRole, AtMost, Capabilities, Completion, Continuation, Embedded, Generate, LanguageModel, LlmError,
    OnAnswer, Score, Usage,
};

/// A model beside a cassette: what is recorded is answered from there, the rest is asked and each answer recorded as
/// soon as it is there, before anybody sees it. Failures are not recorded. After a kill, the same run asks only what
/// was not answered yet.
///
/// An answer in which nothing is said is kept, but asked for again, unless the model would repeat itself.
///
/// Equal requests of one batch are asked once; for another draw, give another seed. A row that is not as it was
/// written counts as missing: it is asked again and replaced.
#[derive(Debug)]
pub struct Recorded<M> {
    inner: M,
    cassette: Arc<Cassette>,
}

/// Vectors that are asked for before they are recorded.
const TEXTS_AT_ONCE: usize = 1024;

impl<M: LanguageModel> Recorded<M> {
    /// Records what `inner` answers, and answers from the cassette.
    ///
    /// # Errors
    /// [`LlmError::Unavailable`] if the cassette cannot be written.
    pub fn new(inner: M, cassette: Arc<Cassette>) -> Result<Self, LlmError> {
        cassette.note_model(inner.capabilities())?;
        Ok(Self { inner, cassette })
    }

    /// The model behind the cassette.
    pub fn inner(&self) -> &M {
        &self.inner
    }

    fn model(&self) -> &str {
        &self.inner.capabilities().model
    }

    /// What the cassette has; a damaged row is as good as none, and so is an answer that is none.
    fn recall<A: Answer>(&self, call: &Call) -> Result<Option<A>, LlmError> {
        match self.cassette.find(self.model(), call)? {
            Found::Answer(row) => Ok(A::from_row(&row).filter(|answer| self.stays(answer))),
            Found::Nothing => Ok(None),
            Found::Damaged => {
                tracing::warn!(key = call.key_text(), "a row of the cassette is damaged and is asked again");
                Ok(None)
            }
        }
    }

    /// Whether an answer is final: something is said, or nothing would be said again.
    fn stays<A: Answer>(&self, answer: &A) -> bool {
        !answer.says_nothing() || self.inner.repeats_itself()
    }

    /// Records a success; returns what the cassette has now, which is an earlier answer if there was one.
    fn keep<A: Answer>(&self, call: &Call, answer: &A) -> Result<A, LlmError> {
        let unkept =
            || LlmError::Failed { reason: "the answer holds a number that is not finite".to_owned() };
        let Some(row) = answer.faithful_row() else {
            self.note_unkept(call, &answer.usage())?;
            return Err(unkept());
        };
        let mut replaced = None;
        let stays = |earlier: &str| A::from_row(earlier).is_none_or(|earlier| self.stays(&earlier));
        if let Found::Answer(earlier) = self.cassette.find(self.model(), call)?
            && !stays(&earlier)
        {
            replaced = A::from_row(&earlier);
        }
        let kept = self.cassette.keep(self.model(), call, &row, stays)?;
        if let Some(replaced) = replaced {
            self.note_unkept(call, &replaced.usage())?;
        }
        if kept != row {
            self.note_unkept(call, &answer.usage())?;
        }
        A::from_row(&kept).ok_or_else(|| self.cassette.damaged("a row"))
    }

    /// An answer that was paid for and has no row still counts.
    fn note_unkept(&self, call: &Call, usage: &Usage) -> Result<(), LlmError> {
        let most = AtMost { tokens_in: usage.tokens_in, tokens_out: usage.tokens_out };
        let agent = asked_by(&call.request).unwrap_or(AgentRole::Other);
        if most.tokens() > 0 {
            self.cassette.reserve(self.model(), agent, most)?;
        }
        Ok(())
    }

    /// Each continuation is recorded by itself. Slates that an earlier version recorded as a whole are found too.
    fn score_singly(&self, requests: &[Score]) -> Result<Vec<Result<Vec<Continuation>, LlmError>>, LlmError> {
        let wholes = Call::of_score(self.model(), requests)?;
        let wholes: Result<Vec<_>, _> = wholes.iter().map(|call| self.recall(call)).collect();
        let wholes: Vec<Option<Vec<Continuation>>> = wholes?;
        let open = wholes.iter().zip(requests).filter(|(whole, _)| whole.is_none());
        let Singles { calls, requests: singles } =
            Singles::of(self.model(), open.map(|(_, request)| request))?;
        let scored = self.answer(&calls, &|_, _| {}, |places, told| {
            let asked: Vec<Score> = places.iter().map(|&place| singles[place].clone()).collect();
            self.inner.score_each(&asked, &|_| Ok(()), told)
        });
        let mut scored = scored.into_iter();
        let answers = wholes.into_iter().zip(requests).map(|(whole, request)| match whole {
            Some(whole) => Ok(whole),
            None => whole_of_singles(scored.by_ref().take(request.continuations.len()).collect()),
        });
        Ok(answers.collect())
    }

    /// Answers from the cassette, then through `ask`, which is given the places to ask for and tells of each answer
    /// by its place among those.
    fn answer<A: Answer + Send>(
        &self,
        calls: &[Call],
        on_answer: Told<'_, A>,
        ask: impl FnOnce(&[usize], Told<'_, A>) -> Vec<Result<A, LlmError>>,
    ) -> Vec<Result<A, LlmError>> {
        let answers: Mutex<Vec<Option<Result<A, LlmError>>>> = Mutex::new(vec![None; calls.len()]);
        let is_open = |place: usize| answers.lock().unwrap_or_else(PoisonError::into_inner)[place].is_none();
        let give = |group: &[usize], answer: Result<A, LlmError>| {
            for &place in group {
                on_answer(place, &answer);
                answers.lock().unwrap_or_else(PoisonError::into_inner)[place] = Some(answer.clone());
            }
        };
        let mut open: Groups = Vec::new();
        for group in groups(calls) {
            match self.recall(&calls[group[0]]) {
                Ok(None) => open.push(group),
                Ok(Some(answer)) => give(&group, Ok(answer)),
                Err(error) => give(&group, Err(error)),
            }
        }
        let first_places: Vec<usize> = open.iter().map(|group| group[0]).collect();
        let settle = |index: usize, answer: &Result<A, LlmError>| {
            if let Some(group) = open.get(index).filter(|group| is_open(group[0])) {
                let kept = answer.as_ref().map_err(Clone::clone);
                give(group, kept.and_then(|answer| self.keep(&calls[group[0]], answer)));
            }
        };
        if !open.is_empty() {
            let answered = ask(&first_places, &settle);
            answered.iter().enumerate().for_each(|(index, answer)| settle(index, answer));
        }
        let unanswered = || Err(LlmError::Failed { reason: "the model gave no answer".to_owned() });
        let answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
        answers.into_iter().map(|answer| answer.unwrap_or_else(unanswered)).collect()
    }

    /// Vectors of texts the cassette does not have, many at a time; their cost is shared evenly.
    fn ask_vectors(&self, texts: &[String], told: Told<'_, Vector>) -> Vec<Result<Vector, LlmError>> {
        let mut vectors = Vec::with_capacity(texts.len());
        for batch in texts.chunks(TEXTS_AT_ONCE) {
            let start = vectors.len();
            let keep = |embedded: &Embedded| {
                let shares = share(embedded.clone()).map(Ok);
                shares.enumerate().for_each(|(at, vector)| told(start + at, &vector));
            };
            match self.inner.embed_kept(batch, &keep) {
                Ok(embedded) => vectors.extend(share(embedded).map(Ok)),
                Err(error) => vectors.extend(batch.iter().map(|_| Err(error.clone()))),
            }
        }
        vectors
    }
}

impl<M: LanguageModel> LanguageModel for Recorded<M> {
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    fn generate(&self, requests: &[Generate]) -> Vec<Result<Completion, LlmError>> {
        self.generate_each(requests, &|_, _| {})
    }

    fn generate_each(
        &self,
        requests: &[Generate],
        on_answer: OnAnswer<'_>,
    ) -> Vec<Result<Completion, LlmError>> {
        let calls = match Call::of_generate(self.model(), requests) {
            Ok(calls) => calls,
            Err(error) => return requests.iter().map(|_| Err(error.clone())).collect(),
        };
        self.answer(&calls, on_answer, |places, told| {
            let asked: Vec<Generate> = places.iter().map(|&place| requests[place].clone()).collect();
            self.inner.generate_each(&asked, told)
        })
    }

    fn score(&self, requests: &[Score]) -> Vec<Result<Vec<Continuation>, LlmError>> {
        if self.scores_prefix_per_continuation() && self.capabilities().scores {
            let failed = |error: LlmError| requests.iter().map(|_| Err(error.clone())).collect();
            return self.score_singly(requests).unwrap_or_else(failed);
        }
        let calls = match Call::of_score(self.model(), requests) {
            Ok(calls) => calls,
            Err(error) => return requests.iter().map(|_| Err(error.clone())).collect(),
        };
        self.answer(&calls, &|_, _| {}, |places, told| {
            let asked: Vec<Score> = places.iter().map(|&place| requests[place].clone()).collect();
            self.inner.score_each(&asked, &|_| Ok(()), told)
        })
    }

    fn repeats_itself(&self) -> bool {
        self.inner.repeats_itself()
    }

    fn scores_prefix_per_continuation(&self) -> bool {
        self.inner.scores_prefix_per_continuation()
    }

    fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, LlmError> {
        self.embed_counted(texts).map(|embedded| embedded.vectors)
    }

    fn embed_counted(&self, texts: &[String]) -> Result<Embedded, LlmError> {
        let calls = Call::of_texts(self.model(), texts);
        join(self.answer(&calls, &|_, _| {}, |places, told| {
            let asked: Vec<String> = places.iter().map(|&place| texts[place].clone()).collect();
            self.ask_vectors(&asked, told)
        }))
    }

    fn score_at_most(&self, request: &Score) -> AtMost {
        self.inner.score_at_most(request)
    }

    fn embed_at_most(&self, texts: &[String]) -> AtMost {
        self.inner.embed_at_most(texts)
    }

    fn at_most(&self, request: &Generate) -> AtMost {
        self.inner.at_most(request)
    }

    /// Recorded where it is not the usual estimate, so that a replay cuts texts at the same place.
    fn count_tokens(&self, text: &str) -> usize {
        let n_tokens = self.inner.count_tokens(text);
        if n_tokens != super::replay::estimate(text) {
            let call = Call::of_count(self.model(), text);
            let kept = match self.recall::<usize>(&call) {
                Ok(None) => self.keep(&call, &n_tokens).err(),
                Ok(Some(_)) => None,
                Err(error) => Some(error),
            };
            if let Some(error) = kept {
                tracing::warn!(%error, "a number of tokens was not recorded");
            }
        }
        n_tokens
    }
}
