//! A pointer to a model is a model, so that wrappers can hold an owned, a boxed, a shared or a borrowed one.

use crate::{
    AtMost, BeforeSending, Capabilities, Completion, Continuation, Embedded, Generate, LanguageModel,
    LlmError, OnAnswer, OnScored, Score,
};

macro_rules! forwards {
    ($($pointer:ty),*) => {$(
        impl<M: LanguageModel + ?Sized> LanguageModel for $pointer {
            fn capabilities(&self) -> &Capabilities {
                (**self).capabilities()
            }

            fn generate(&self, requests: &[Generate]) -> Vec<Result<Completion, LlmError>> {
                (**self).generate(requests)
            }

            fn generate_each(
                &self,
                requests: &[Generate],
                on_answer: OnAnswer<'_>,
            ) -> Vec<Result<Completion, LlmError>> {
                (**self).generate_each(requests, on_answer)
            }

            fn generate_each_after(
                &self,
                requests: &[Generate],
                before: BeforeSending<'_>,
                on_answer: OnAnswer<'_>,
            ) -> Vec<Result<Completion, LlmError>> {
                (**self).generate_each_after(requests, before, on_answer)
            }

            fn score_each(
                &self,
                requests: &[Score],
                before: BeforeSending<'_>,
                on_scored: OnScored<'_>,
            ) -> Vec<Result<Vec<Continuation>, LlmError>> {
                (**self).score_each(requests, before, on_scored)
            }

            fn scores_prefix_per_continuation(&self) -> bool {
                (**self).scores_prefix_per_continuation()
            }

            fn repeats_itself(&self) -> bool {
                (**self).repeats_itself()
            }

            fn embed_kept(
                &self,
                texts: &[String],
                keep: &(dyn Fn(&Embedded) + Sync),
            ) -> Result<Embedded, LlmError> {
                (**self).embed_kept(texts, keep)
            }

            fn score(&self, requests: &[Score]) -> Vec<Result<Vec<Continuation>, LlmError>> {
                (**self).score(requests)
            }

            fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, LlmError> {
                (**self).embed(texts)
            }

            fn embed_counted(&self, texts: &[String]) -> Result<Embedded, LlmError> {
                (**self).embed_counted(texts)
            }

            fn at_most(&self, request: &Generate) -> AtMost {
                (**self).at_most(request)
            }

            fn score_at_most(&self, request: &Score) -> AtMost {
                (**self).score_at_most(request)
            }

            fn embed_at_most(&self, texts: &[String]) -> AtMost {
                (**self).embed_at_most(texts)
            }

            fn count_tokens(&self, text: &str) -> usize {
                (**self).count_tokens(text)
            }
        }
    )*};
}

forwards!(Box<M>, std::sync::Arc<M>, &M);
