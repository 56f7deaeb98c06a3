//! What a user is told when a command cannot go on: the error first, where it is, and what to do about it.

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode, SourceSpan};
use std::ops::Range;
use std::path::Path;
use std::process::ExitCode;

/// Who has to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blame {
    /// The arguments, the settings or the input files are wrong: exit code 2.
    Input,
    /// The machine or the program failed: exit code 1.
    Machine,
}

/// An error with its place and a hint, printed by miette.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    blame: Blame,
    message: String,
    hint: Option<String>,
    place: Option<Box<Place>>,
}

/// A part of a text the user wrote.
#[derive(Debug)]
struct Place {
    text: NamedSource<String>,
    span: SourceSpan,
}

impl Diagnostic for Failure {
    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.hint.as_ref().map(|hint| Box::new(hint) as Box<dyn std::fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.place.as_ref().map(|place| &place.text as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let place = self.place.as_ref()?;
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(Some("here".to_owned()), place.span))))
    }
}

impl Failure {
    fn new(blame: Blame, message: String) -> Self {
        Self { blame, message, hint: None, place: None }
    }

    /// The user gave something that cannot be used.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(Blame::Input, message.into())
    }

    /// Something that should have worked did not.
    pub(crate) fn machine(message: impl Into<String>) -> Self {
        Self::new(Blame::Machine, message.into())
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Shows the place in a text the user wrote.
    pub(crate) fn at(mut self, name: &str, text: &str, span: Range<usize>) -> Self {
        let text = NamedSource::new(name, text.to_owned());
        self.place = Some(Box::new(Place { text, span: span.into() }));
        self
    }

    /// The exit code of the process.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self.blame {
            Blame::Input => ExitCode::from(2),
            Blame::Machine => ExitCode::from(1),
        }
    }

    /// A file that cannot be read: absent or unreadable files are the user's to mend.
    pub(crate) fn reading(path: &Path, error: &std::io::Error) -> Self {
        let failure = Self::input(format!("cannot read: {error}: {}", path.display()));
        match error.kind() {
            std::io::ErrorKind::NotFound => {
                failure.hint("check the path; it is relative to where the command runs")
            }
            _ => failure,
        }
    }

    /// A file that cannot be written.
    pub(crate) fn writing(path: &Path, error: &std::io::Error) -> Self {
        Self::machine(format!("cannot write: {error}: {}", path.display()))
    }
}

impl From<artefact::ArtefactError> for Failure {
    fn from(error: artefact::ArtefactError) -> Self {
        use artefact::ArtefactError as E;
        let message = error.to_string();
        match error {
            E::Io { .. } => Self::machine(message),
            E::NotAnArtefact { expected, .. } => Self::input(message).hint(how_to_make(expected)),
            E::WrongKind { expected, .. } => Self::input(message)
                .hint(format!("look at the order of the arguments; {}", how_to_make(expected))),
            E::WrongVersion { .. } => Self::input(message).hint("make it again with this version of ilrec"),
            E::Damaged { .. } => Self::input(message)
                .hint("a sealed directory was changed after it was written: make it again from its inputs"),
        }
    }
}

fn how_to_make(kind: &str) -> String {
    let command = match kind {
        "dataset" => "ilrec data import FORMAT --input PATH --out DIR",
        "world" => "ilrec world train --data DATA --out DIR",
        "demos" => "ilrec demos import FORMAT --input PATH --data DATA --world WORLD --out DIR",
        "policy" => "ilrec train --data DATA --world WORLD --demos DEMOS --out DIR",
        _ => "ilrec eval --policy POLICY --data DATA --world WORLD --out DIR",
    };
    format!("a {kind} directory is made by `{command}`")
}
