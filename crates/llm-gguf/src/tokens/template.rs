//! The chat template that the model file brings.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use llm::{Message, Speaker};
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, ErrorKind, Value, context};

use crate::GgufError;
use crate::file::GgufFile;

/// What one rendering may cost, in steps and in bytes by 64: templates are programs of the file's author. Those of known
/// models take some thousand.
const FUEL: u64 = 100_000;
/// The longest template in bytes; those of known models have some ten thousand.
const LONGEST: usize = 64 << 10;
/// Values and expressions can be nested as deep as fuel and length allow, and are taken apart level by level: this much
/// stack holds them.
const STACK: usize = 256 << 20;
/// How long one rendering may take; those of known models take milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);
const NEVER_ENDS: &str = "it takes too long";
const NAME: &str = "chat";
/// Used by models that have the tokens of ChatML and no template.
const CHATML: &str = "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n\
                      {% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

/// Turns a chat into the text that the model was trained on.
#[derive(Debug)]
pub(crate) struct Template {
    environment: Arc<Environment<'static>>,
    bos: String,
    /// Whether a rendering did not end; no other is begun.
    is_stuck: AtomicBool,
}

impl Template {
    /// The file's template, or ChatML if the vocabulary speaks it.
    pub(crate) fn read(file: &GgufFile, bos: &str, speaks_chatml: bool) -> Result<Self, GgufError> {
        let source = file.text("tokenizer.chat_template").or(speaks_chatml.then_some(CHATML));
        let source = source.ok_or_else(|| GgufError::unsupported("models without a chat template"))?;
        Self::parse(source, bos)
    }

    pub(crate) fn parse(source: &str, bos: &str) -> Result<Self, GgufError> {
        if source.len() > LONGEST {
            let n = source.len();
            return Err(GgufError::unsupported(format!("a chat template of {n} bytes, more than {LONGEST}")));
        }
        let source = source.to_owned();
        let parsed = bounded(PATIENCE, || environment(source));
        let parsed = parsed.map_err(|what| GgufError::unsupported(format!("the chat template: {what}")))?;
        let environment =
            parsed.map_err(|error| GgufError::unsupported(format!("the chat template: {error}")))?;
        Ok(Self { environment: Arc::new(environment), bos: bos.to_owned(), is_stuck: AtomicBool::new(false) })
    }

    /// The prompt; a last message of the assistant is left open, to be continued.
    pub(crate) fn render(&self, messages: &[Message]) -> Result<String, String> {
        self.render_within(PATIENCE, messages)
    }

    /// The same, given up after so long.
    pub(crate) fn render_within(&self, patience: Duration, messages: &[Message]) -> Result<String, String> {
        if self.is_stuck.load(Ordering::Acquire) {
            return Err(format!("the chat template: {NEVER_ENDS}"));
        }
        let (turns, beginning) = match messages.split_last() {
            Some((last, turns)) if last.role == Speaker::Assistant => (turns, last.content.as_str()),
            _ => (messages, ""),
        };
        let turn =
            |message: &Message| context! { role => name(message.role), content => message.content.as_str() };
        let turns: Vec<Value> = turns.iter().map(turn).collect();
        let values =
            context! { messages => turns, add_generation_prompt => true, bos_token => self.bos.as_str() };
        let environment = Arc::clone(&self.environment);
        let render = move || environment.get_template(NAME)?.render(values);
        let prompt = bounded(patience, render).inspect_err(|what| {
            self.is_stuck.store(*what == NEVER_ENDS, Ordering::Release);
        });
        let prompt = prompt.map_err(|what| format!("the chat template: {what}"))?;
        prompt.map(|prompt| prompt + beginning).map_err(|error| format!("the chat template: {error}"))
    }
}

/// A template that can be rendered again and again.
fn environment(source: String) -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(64);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("the usual delimiters are valid"));
    environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    environment.add_function("raise_exception", |what: String| -> Result<String, Error> {
        Err(Error::new(ErrorKind::InvalidOperation, what))
    });
    environment.add_template_owned(NAME, source)?;
    Ok(environment)
}

/// Runs the work of a template in a thread whose stack holds whatever it nests, up to so long. Fuel counts steps, but a
/// step can compare or look through values that hold each other again and again. A thread that does not end is left to
/// itself.
fn bounded<T: Send + 'static>(
    patience: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, &'static str> {
    let (done, awaited) = channel();
    let run = move || {
        // Nobody waits any more where this fails.
        let _ = done.send(work());
    };
    let thread = std::thread::Builder::new().name("chat-template".into()).stack_size(STACK).spawn(run);
    let thread = thread.map_err(|_| "no thread can be started for it")?;
    match awaited.recv_timeout(patience) {
        Ok(result) => Ok(result),
        Err(RecvTimeoutError::Timeout) => Err(NEVER_ENDS),
        Err(RecvTimeoutError::Disconnected) => {
            // A panic has been said already.
            let _ = thread.join();
            Err("it cannot be rendered")
        }
    }
}

/// The word for a speaker that templates know.
fn name(speaker: Speaker) -> &'static str {
    match speaker {
        Speaker::System => "system",
        Speaker::User => "user",
        Speaker::Assistant => "assistant",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_end_is_given_up() {
        let endless = || -> u8 {
            loop {
                std::thread::park();
            }
        };
        assert_eq!(bounded(Duration::from_millis(20), endless), Err(NEVER_ENDS));
        assert_eq!(bounded(Duration::from_secs(600), || 7), Ok(7));
    }
}
