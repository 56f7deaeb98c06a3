//! The chat template that the model file brings.

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
const NAME: &str = "chat";
/// Used by models that have the tokens of ChatML and no template.
const CHATML: &str = "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n\
                      {% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

/// Turns a chat into the text that the model was trained on.
#[derive(Debug)]
pub(crate) struct Template {
    environment: Environment<'static>,
    bos: String,
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
        on_deep_stack(|| Self::parse_here(source, bos)).map_err(GgufError::Threads)?
    }

    fn parse_here(source: &str, bos: &str) -> Result<Self, GgufError> {
        let mut environment = Environment::new();
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(64);
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.expect("the usual delimiters are valid"));
        environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.add_function("raise_exception", |what: String| -> Result<String, Error> {
            Err(Error::new(ErrorKind::InvalidOperation, what))
        });
        let parsed = environment.add_template_owned(NAME, source.to_owned());
        parsed.map_err(|error| GgufError::unsupported(format!("the chat template: {error}")))?;
        Ok(Self { environment, bos: bos.to_owned() })
    }

    /// The prompt; a last message of the assistant is left open, to be continued.
    pub(crate) fn render(&self, messages: &[Message]) -> Result<String, String> {
        let (turns, beginning) = match messages.split_last() {
            Some((last, turns)) if last.role == Speaker::Assistant => (turns, last.content.as_str()),
            _ => (messages, ""),
        };
        let turn =
            |message: &Message| context! { role => name(message.role), content => message.content.as_str() };
        let turns: Vec<Value> = turns.iter().map(turn).collect();
        let values =
            context! { messages => turns, add_generation_prompt => true, bos_token => self.bos.as_str() };
        let prompt = on_deep_stack(|| {
            let template = self.environment.get_template(NAME).map_err(|error| error.to_string())?;
            template.render(values).map_err(|error| format!("the chat template: {error}"))
        })??;
        Ok(prompt + beginning)
    }
}

/// Runs the work of a template in a thread whose stack holds whatever it nests.
fn on_deep_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, String> {
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().name("chat-template".into()).stack_size(STACK);
        let thread = builder.spawn_scoped(scope, work).map_err(|error| error.to_string())?;
        thread.join().map_err(|panic| std::panic::resume_unwind(panic))
    })
}

/// The word for a speaker that templates know.
fn name(speaker: Speaker) -> &'static str {
    match speaker {
        Speaker::System => "system",
        Speaker::User => "user",
        Speaker::Assistant => "assistant",
    }
}
