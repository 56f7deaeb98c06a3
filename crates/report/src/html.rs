//! Building HTML in which text from outside can never become markup.

use std::fmt::Write as _;

/// A piece of markup under construction. `raw` takes markup from this crate's own source only (a string that
/// lives as long as the program); everything else goes through `text`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Html {
    out: String,
}

impl Html {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Our own markup.
    pub(crate) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.out.push_str(markup);
        self
    }

    /// Text from anywhere, escaped for element content and for attribute values in double quotes.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        for character in text.chars() {
            match character {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                '\'' => self.out.push_str("&#39;"),
                // Control characters are not allowed in HTML at all.
                c if c.is_control() && c != '\n' && c != '\t' => self.out.push('\u{fffd}'),
                c => self.out.push(c),
            }
        }
        self
    }

    /// A number for an attribute, with three digits after the point.
    pub(crate) fn number(&mut self, value: f64) -> &mut Self {
        let value = if value.is_finite() { value } else { 0.0 };
        write!(self.out, "{value:.3}").expect("writing to a string cannot fail");
        self
    }

    /// Markup built elsewhere.
    pub(crate) fn push(&mut self, other: &Self) -> &mut Self {
        self.out.push_str(&other.out);
        self
    }

    /// `<tag>text</tag>`.
    pub(crate) fn element(&mut self, tag: &'static str, text: &str) -> &mut Self {
        self.raw("<").raw(tag).raw(">").text(text).raw("</").raw(tag).raw(">")
    }

    /// `<tag class="class">text</tag>`.
    pub(crate) fn classed(&mut self, tag: &'static str, class: &'static str, text: &str) -> &mut Self {
        self.raw("<").raw(tag).raw(" class=\"").raw(class).raw("\">").text(text);
        self.raw("</").raw(tag).raw(">")
    }

    pub(crate) fn into_string(self) -> String {
        self.out
    }
}
