//! The model as the rest of the program sees it.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use llm::{
    AtMost, Capabilities, Choices, Completion, Continuation, Generate, LanguageModel, LlmError, Message,
    OnAnswer, Score,
};

use crate::GgufError;
use crate::cache::Cache;
use crate::choices::ChoiceTree;
use crate::file::GgufFile;
use crate::network::{Config, Network};
use crate::tokens::{Reading, Template, Tokenizer};

/// Requests that are decoded in lock step.
pub(crate) const BATCH: usize = 8;
/// Choice trees that are kept: one catalogue, and one that comes after it.
const KEPT_TREES: usize = 2;

/// How a model is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Longest context in tokens, prompt and answer together; the model's own limit if that is smaller.
    pub context: usize,
    /// Tokens whose keys and values are kept for later requests; at least one context.
    pub cached_tokens: usize,
    /// Threads of the computation; results do not depend on it.
    pub n_threads: usize,
}

impl Default for Options {
    fn default() -> Self {
        let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self { context: 4096, cached_tokens: 8192, n_threads }
    }
}

/// A GGUF model in memory. Calls from several threads wait for each other: each uses all threads of the model.
#[derive(Debug)]
pub struct GgufModel {
    pub(crate) tokenizer: Tokenizer,
    pub(crate) network: Network,
    pub(crate) context: usize,
    capabilities: Capabilities,
    template: Template,
    cache: Mutex<Cache>,
    trees: Mutex<Vec<(Arc<Choices>, Arc<ChoiceTree>)>>,
    threads: rayon::ThreadPool,
}

/// Opens a model file: llama, qwen2, qwen3 and gemma3 architectures, with vocabularies of bytes or of scored pieces.
///
/// # Errors
/// If the file cannot be read, is damaged or of a kind that is not supported; [`GgufError::hint`] says what to do.
pub fn open(path: &Path, options: &Options) -> Result<GgufModel, GgufError> {
    let threads = rayon::ThreadPoolBuilder::new().num_threads(options.n_threads.max(1)).build();
    let threads = threads.map_err(|error| GgufError::Threads(error.to_string()))?;
    threads.install(|| GgufFile::open(path).and_then(|file| read(file, path, options))).map(|model| {
        let (tokenizer, network, template, capabilities, context) = model;
        let config = &network.config;
        let capacity = options.cached_tokens.max(context);
        let cache = Cache::new(config.n_layers, config.n_kv_heads, config.head_width, capacity);
        let (cache, trees) = (Mutex::new(cache), Mutex::default());
        GgufModel { tokenizer, network, context, capabilities, template, cache, trees, threads }
    })
}

type Parts = (Tokenizer, Network, Template, Capabilities, usize);

fn read(file: GgufFile, path: &Path, options: &Options) -> Result<Parts, GgufError> {
    let config = Config::read(&file)?;
    let tokenizer = Tokenizer::read(&file)?;
    let speaks_chatml = tokenizer.named("<|im_start|>").is_some();
    let template = Template::read(&file, tokenizer.bos_name(), speaks_chatml)?;
    let context = options.context.clamp(1, config.context);
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let capabilities = Capabilities {
        model: format!("gguf:{stem}@{}", file.fingerprint()),
        context: Some(context),
        generates: true,
        scores: true,
        embeds: false,
        obeys_schema: false,
        obeys_choices: true,
        batch: BATCH,
    };
    config.check_memory(context, options.cached_tokens.max(context))?;
    let network = Network::read(file, config, tokenizer.len(), context)?;
    Ok((tokenizer, network, template, capabilities, context))
}

impl GgufModel {
    /// The tokens of a text that is no prompt: nothing is added, and names of control tokens are text.
    pub fn tokenize(&self, text: &str) -> Vec<u32> {
        self.tokenizer.encode(text, Reading::Plain)
    }

    /// The text that the file's chat template makes of a chat; a last message of the assistant stays open.
    ///
    /// # Errors
    /// If the template refuses the chat.
    pub fn prompt(&self, messages: &[Message]) -> Result<String, LlmError> {
        self.marked_prompt(messages).map(|prompt| Tokenizer::unmark(&prompt))
    }

    /// The prompt, with the names of control tokens in messages marked as text: titles and answers are not trusted.
    fn marked_prompt(&self, messages: &[Message]) -> Result<String, LlmError> {
        let marked = |message: &Message| Message {
            role: message.role,
            content: self.tokenizer.mark(&message.content),
        };
        let messages: Vec<Message> = messages.iter().map(marked).collect();
        self.template.render(&messages).map_err(|reason| LlmError::Failed { reason })
    }

    /// The tokens of a prompt: names of control tokens mean these tokens.
    pub fn tokenize_prompt(&self, prompt: &str) -> Vec<u32> {
        self.tokenizer.encode_prompt(prompt)
    }

    /// Tokens whose keys and values are kept at the moment.
    pub fn n_cached_tokens(&self) -> usize {
        self.cache().len()
    }

    /// The tokens of a chat with room for `n_answer` more.
    pub(crate) fn tokens_of(&self, messages: &[Message], n_answer: usize) -> Result<Vec<u32>, LlmError> {
        let tokens = self.tokenizer.encode_prompt(&self.marked_prompt(messages)?);
        if tokens.is_empty() {
            return Err(LlmError::Failed { reason: "the prompt is empty".to_owned() });
        }
        let needed = tokens.len().saturating_add(n_answer);
        if needed > self.context {
            return Err(LlmError::TooLong { tokens: needed, context: self.context });
        }
        Ok(tokens)
    }

    /// The cache. A panic elsewhere cannot leave it half written in a way that matters: it is emptied.
    pub(crate) fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(|poisoned| {
            let mut cache = PoisonError::into_inner(poisoned);
            cache.clear();
            self.cache.clear_poison();
            cache
        })
    }

    /// The tree of these choices, made once for all requests that share them.
    pub(crate) fn tree_of(&self, choices: &Arc<Choices>) -> Arc<ChoiceTree> {
        let mut trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, tree)) =
            trees.iter().find(|(known, _)| Arc::ptr_eq(known, choices) || known == choices)
        {
            return Arc::clone(tree);
        }
        let tokens = choices.texts.iter().map(|text| self.tokenize(text));
        let tree = Arc::new(ChoiceTree::new(tokens));
        if trees.len() == KEPT_TREES {
            trees.remove(0);
        }
        trees.push((Arc::clone(choices), Arc::clone(&tree)));
        tree
    }
}

impl LanguageModel for GgufModel {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn generate(&self, requests: &[Generate]) -> Vec<Result<Completion, LlmError>> {
        self.generate_each(requests, &|_, _| {})
    }

    fn generate_each(
        &self,
        requests: &[Generate],
        on_answer: OnAnswer<'_>,
    ) -> Vec<Result<Completion, LlmError>> {
        let mut answers = Vec::with_capacity(requests.len());
        for batch in requests.chunks(BATCH) {
            let first = answers.len();
            answers.extend(self.threads.install(|| crate::generate::generate(self, batch)));
            (first..answers.len()).for_each(|place| on_answer(place, &answers[place]));
        }
        answers
    }

    /// Exact for the prompt; a prompt that does not fit is not evaluated and costs nothing.
    fn at_most(&self, request: &Generate) -> AtMost {
        let longest = request.choices.as_ref().map_or(0, |choices| self.tree_of(choices).longest());
        let tokens_out = u64::from(request.sampling.max_tokens).max(longest as u64);
        self.tokens_of(&request.messages, 0).map_or_else(
            |_| AtMost::default(),
            |prompt| AtMost { tokens_in: prompt.len() as u64, tokens_out },
        )
    }

    fn score_at_most(&self, request: &Score) -> AtMost {
        let tokens_out = request.continuations.iter().map(|text| self.tokenize(text).len() as u64).sum();
        self.tokens_of(&request.messages, 0).map_or_else(
            |_| AtMost::default(),
            |prompt| AtMost { tokens_in: prompt.len() as u64, tokens_out },
        )
    }

    fn score(&self, requests: &[Score]) -> Vec<Result<Vec<Continuation>, LlmError>> {
        self.threads.install(|| requests.iter().map(|request| crate::score::score(self, request)).collect())
    }

    fn repeats_itself(&self) -> bool {
        true
    }

    fn count_tokens(&self, text: &str) -> usize {
        self.tokenize(text).len()
    }
}
