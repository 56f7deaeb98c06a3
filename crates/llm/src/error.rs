//! What can go wrong when a language model is asked.

/// Why an answer did not come.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LlmError {
    /// The model cannot do what was asked of it, whatever the input.
    #[error("{model} cannot {what}")]
    Unsupported {
        /// The model's name.
        model: String,
        /// The capability, as a verb phrase.
        what: &'static str,
    },
    /// This one request failed for good: retrying it would not help, or was tried often enough.
    #[error("the request failed: {reason}")]
    Failed {
        /// What the backend said; never holds a key.
        reason: String,
    },
    /// As [`LlmError::Failed`], but the backend did not work on it: nothing can have been paid.
    #[error("the request failed: {reason}")]
    Refused {
        /// What the backend said; never holds a key.
        reason: String,
    },
    /// The backend will never answer this request as it is; nothing can have been paid, and asking again would not help.
    #[error("the request failed: {reason}")]
    Rejected {
        /// What the backend said; never holds a key.
        reason: String,
        /// What the user can do about it.
        hint: String,
    },
    /// The model used up its tokens before it said anything; there is no answer.
    #[error("the answer was cut off at {tokens} tokens before anything was said")]
    CutOff {
        /// The longest answer that was asked for.
        tokens: u32,
    },
    /// The request does not fit the model's context.
    #[error("the prompt has {tokens} tokens, the context holds {context}")]
    TooLong {
        /// Tokens of the prompt and of the answer that was asked for.
        tokens: usize,
        /// Tokens that fit.
        context: usize,
    },
    /// The budget does not allow this call; nothing was sent. The run stops cleanly and can go on later.
    #[error("the budget is used up: {what}")]
    Budget {
        /// Which limit, with both numbers.
        what: String,
    },
    /// The backend is not there or is not what it should be: no further call makes sense.
    #[error("{reason}")]
    Unavailable {
        /// What is wrong, with the address or path last.
        reason: String,
        /// What the user can do about it.
        hint: String,
    },
    /// A replayed cassette holds no answer to this request.
    #[error("the cassette has no answer to this request ({key})")]
    NotRecorded {
        /// Hash of the request.
        key: String,
    },
}

impl LlmError {
    /// Whether the call may have been paid for although there is no answer.
    pub(crate) fn may_have_cost(&self) -> bool {
        matches!(self, Self::Failed { .. } | Self::CutOff { .. })
    }

    /// The same failure of a call of which a part may have been paid for. What ends the run will do so at the next
    /// call, which finds it as this one did.
    pub(crate) fn perhaps_paid(self) -> Self {
        match self {
            Self::Refused { reason } | Self::Rejected { reason, .. } | Self::Unavailable { reason, .. } => {
                Self::Failed { reason }
            }
            other => other,
        }
    }

    /// What the user can do about it, where the error itself knows.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Unavailable { hint, .. } | Self::Rejected { hint, .. } => Some(hint),
            _ => None,
        }
    }

    /// Whether asking anything else of this model is pointless, so that a run stops instead of counting failures.
    pub fn ends_the_run(&self) -> bool {
        matches!(
            self,
            Self::Budget { .. }
                | Self::Unavailable { .. }
                | Self::NotRecorded { .. }
                | Self::Unsupported { .. }
        )
    }
}
