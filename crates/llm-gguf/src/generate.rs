//! Writing texts, several in lock step.

mod answer;

use std::time::Instant;

use llm::{Completion, Generate, LanguageModel as _, LlmError};

use crate::GgufModel;
use crate::cache::Cache;
use crate::error::not_finite;
use crate::evaluate::Context;
use answer::Answer;

/// One request that is being answered.
struct Job<'a> {
    context: Context,
    answer: Answer<'a>,
    /// Tokens of the context that were evaluated.
    n_evaluated: usize,
    n_prompt: usize,
    n_reused: usize,
}

/// Answers a batch.
pub(crate) fn generate(model: &GgufModel, requests: &[Generate]) -> Vec<Result<Completion, LlmError>> {
    let start = Instant::now();
    let mut cache = model.cache();
    cache.begin();
    let mut jobs: Vec<Result<Job<'_>, LlmError>> =
        requests.iter().map(|request| begin(model, &mut cache, request)).collect();
    while step(model, &mut cache, &mut jobs) {}
    let seconds = start.elapsed().as_secs_f64() / requests.len().max(1) as f64;
    jobs.into_iter().map(|job| job.and_then(|job| finish(model, job, seconds))).collect()
}

fn begin<'a>(model: &GgufModel, cache: &mut Cache, request: &'a Generate) -> Result<Job<'a>, LlmError> {
    let mut answer = Answer::new(model, request)?;
    let tokens = model.tokens_of(&request.messages, answer.longest())?;
    let n_prompt = tokens.len();
    // A single choice needs no model.
    if answer.follow_forced(model) {
        return Ok(Job { context: Context::default(), answer, n_evaluated: 0, n_prompt, n_reused: n_prompt });
    }
    let (context, state, n_reused) = Context::of_prompt(&model.network, cache, tokens);
    answer.take(model, &state, 0);
    let n_evaluated = context.tokens.len();
    Ok(Job { context, answer, n_evaluated, n_prompt, n_reused })
}

/// One evaluation for all jobs that need one; `false` if none does.
fn step(model: &GgufModel, cache: &mut Cache, jobs: &mut [Result<Job<'_>, LlmError>]) -> bool {
    let mut open: Vec<&mut Job<'_>> =
        jobs.iter_mut().flatten().filter(|job| !job.answer.is_finished()).collect();
    for job in &mut open {
        let pending = job.answer.take_pending();
        job.context.push(cache, &pending);
    }
    if open.is_empty() {
        return false;
    }
    let spans: Vec<_> =
        open.iter().map(|job| job.context.span(job.n_evaluated, job.context.tokens.len())).collect();
    let mut n_rows = 0;
    let last_rows: Vec<usize> = spans
        .iter()
        .map(|span| {
            n_rows += span.tokens.len();
            n_rows - 1
        })
        .collect();
    let states = model.network.evaluate(&mut cache.key_values, &spans, &last_rows);
    for (i, job) in open.iter_mut().enumerate() {
        job.n_evaluated = job.context.tokens.len();
        job.answer.take(model, &states, i);
    }
    true
}

fn finish(model: &GgufModel, job: Job<'_>, seconds: f64) -> Result<Completion, LlmError> {
    let completion = job.answer.finish();
    let mut completion = completion.ok_or_else(|| not_finite(&model.capabilities().model))?;
    completion.usage.tokens_in = job.n_prompt as u64;
    completion.usage.tokens_reused = job.n_reused as u64;
    completion.usage.seconds = seconds;
    Ok(completion)
}
