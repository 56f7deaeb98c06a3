//! State-action pairs as text, and text as vectors without a language model.

use mdp::{ItemIdx, UserIdx};
use std::fmt::Write as _;

/// What a state-action text is made of.
#[derive(Clone, Copy, Debug)]
pub struct StateActionText<'a> {
    /// The dataset's name.
    pub dataset: &'a str,
    /// Whose session.
    pub user: UserIdx,
    /// Items and rewards of the whole session so far, oldest first.
    pub history: &'a [(ItemIdx, f32)],
    /// The item that is shown.
    pub item: ItemIdx,
    /// Its title, where the catalogue knows one.
    pub title: Option<&'a str>,
}

impl StateActionText<'_> {
    /// Appends the five lines to `out`.
    ///
    /// # Source
    /// Template `ilrec_state_action_v1` of the published code, `docs/spec/released-code.md#state-action-text`.
    pub fn render(&self, out: &mut String) {
        let written = self.write(out);
        written.expect("a string takes everything that is written to it");
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        write!(
            out,
            "template=ilrec_state_action_v1\ndataset={}\nuser_id={}\nhistory=",
            self.dataset, self.user.0
        )?;
        if self.history.is_empty() {
            out.push_str("<empty>");
        } else {
            for (index, (item, reward)) in self.history.iter().enumerate() {
                let opening = if index == 0 { "[" } else { "; " };
                write!(out, "{opening}item_id={} reward={reward:.6}", item.0)?;
            }
            out.push(']');
        }
        write!(out, "\ncandidate=item_id={} text={}", self.item.0, self.title.unwrap_or("<unknown>"))
    }
}

/// Turns a text into a vector. The published code uses the last hidden state of a language model of 7 billion
/// parameters here; anything that maps equal texts to equal vectors and alike texts to alike vectors can stand in.
pub trait TextEncoder: Send + Sync {
    /// The length of a vector.
    fn width(&self) -> usize;
    /// Writes the vector of `text` into `out: [width]`.
    fn encode(&self, text: &str, out: &mut [f32]);
}

/// Hashed character n-grams (lengths 3 to 5), each added with a pseudo-random sign to four coordinates, scaled to a
/// mean square of 1 per coordinate, which is the scale of a language model's hidden state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashedTextEncoder {
    width: usize,
}

impl HashedTextEncoder {
    /// An encoder to vectors of length `width`, at least 1.
    pub fn new(width: usize) -> Self {
        Self { width: width.max(1) }
    }
}

impl TextEncoder for HashedTextEncoder {
    fn width(&self) -> usize {
        self.width
    }

    fn encode(&self, text: &str, out: &mut [f32]) {
        assert_eq!(out.len(), self.width, "one vector");
        out.fill(0.0);
        for length in 3..=5 {
            for gram in text.as_bytes().windows(length) {
                self.add(hash(gram), out);
            }
        }
        let square: f64 = out.iter().map(|&x| f64::from(x * x)).sum();
        if square > 0.0 {
            let scale = (self.width as f64 / square).sqrt() as f32;
            out.iter_mut().for_each(|x| *x *= scale);
        }
    }
}

impl HashedTextEncoder {
    fn add(&self, gram: u64, out: &mut [f32]) {
        let mut state = gram;
        for _ in 0..4 {
            state = (state ^ (state >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
            state ^= state >> 29;
            let coordinate = ((u128::from(state >> 1) * self.width as u128) >> 63) as usize;
            out[coordinate] += if state & 1 == 0 { 1.0 } else { -1.0 };
        }
    }
}

/// FNV-1a of the bytes, case folded so that titles match however they are written.
fn hash(gram: &[u8]) -> u64 {
    gram.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
