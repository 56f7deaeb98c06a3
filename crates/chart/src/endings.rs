//! Which colour a way to end a session has.

/// The ways in the words of tables, with their classes; who gave up is red, who stayed to the end is calm.
const ENDINGS: [(&str, &str); 7] = [
    ("low reward", "e0"),
    ("category", "e1"),
    ("too similar", "e2"),
    ("too near", "e3"),
    ("repeat", "e4"),
    ("horizon", "e5"),
    ("record ends", "e6"),
];

/// The class of a way to end, by its words; a way that is not known looks like a record that ends.
pub fn ending(words: &str) -> &'static str {
    ENDINGS.iter().find(|(known, _)| *known == words).map_or("e6", |(_, class)| class)
}
