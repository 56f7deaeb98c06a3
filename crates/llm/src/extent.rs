//! How much a request can cost at most, without a tokenizer.

use crate::{Generate, Message, Score, Usage};

/// Tokens a chat template may put around one message.
const TOKENS_AROUND_MESSAGE: u64 = 16;

/// Tokens a chat template may put around a whole chat (some add standing instructions of their own).
const TOKENS_AROUND_CHAT: u64 = 64;

/// An upper bound on the tokens of one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AtMost {
    /// Tokens of the prompt.
    pub tokens_in: u64,
    /// Tokens of the answer.
    pub tokens_out: u64,
}

/// Vectors and what they cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedded {
    /// One per text.
    ///
    /// # Shapes
    /// `[texts, width]`
    pub vectors: Vec<Vec<f32>>,
    /// For all of them together.
    pub usage: Usage,
}

impl AtMost {
    /// A token per byte and what a template may add; the answer is as long as it may be.
    pub fn of_generate(request: &Generate) -> Self {
        let tokens_out = u64::from(request.sampling.max_tokens);
        Self { tokens_in: of_chat(&request.messages), tokens_out }
    }

    /// The same for texts to be scored, each perhaps with a prefix of its own.
    pub fn of_score(request: &Score) -> Self {
        let n_continuations = request.continuations.len().max(1) as u64;
        let tokens_out = request.continuations.iter().map(|text| text.len() as u64 + 1).sum();
        Self { tokens_in: of_chat(&request.messages).saturating_mul(n_continuations), tokens_out }
    }

    /// The same for texts to be turned into vectors.
    pub fn of_texts(texts: &[String]) -> Self {
        let tokens_in = texts.iter().map(|text| text.len() as u64 + TOKENS_AROUND_MESSAGE).sum();
        Self { tokens_in, tokens_out: 0 }
    }

    /// The cost of a request that may be paid this many times.
    #[must_use]
    pub fn times(self, n: u64) -> Self {
        let times = |tokens: u64| tokens.saturating_mul(n);
        Self { tokens_in: times(self.tokens_in), tokens_out: times(self.tokens_out) }
    }

    /// All tokens.
    pub fn tokens(self) -> u64 {
        self.tokens_in.saturating_add(self.tokens_out)
    }
}

fn of_chat(messages: &[Message]) -> u64 {
    let messages = messages.iter().map(|message| message.content.len() as u64 + TOKENS_AROUND_MESSAGE);
    messages.sum::<u64>() + TOKENS_AROUND_CHAT
}
