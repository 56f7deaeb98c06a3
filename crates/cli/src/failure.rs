//! What a user is told when a command cannot go on: the error first, where it is, and what to do about it.

use crate::settings::nearest;
use experiment::EXIT_RULES;
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
    fn new(blame: Blame, message: &str) -> Self {
        Self { blame, message: catalogue::visible(message).into_owned(), hint: None, place: None }
    }

    /// The user gave something that cannot be used.
    pub(crate) fn input(message: impl Into<String>) -> Self {
        Self::new(Blame::Input, &message.into())
    }

    /// Something that should have worked did not.
    pub(crate) fn machine(message: impl Into<String>) -> Self {
        Self::new(Blame::Machine, &message.into())
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(catalogue::visible(&hint.into()).into_owned());
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
        Self::of_artefact(&error)
    }
}

impl Failure {
    fn of_artefact(error: &artefact::ArtefactError) -> Self {
        use artefact::ArtefactError as E;
        let message = error.to_string();
        match error {
            E::Io { action, path, source } => {
                let failure = Self::machine(message);
                match io_hint(action, path, source.kind()) {
                    Some(hint) => failure.hint(hint),
                    None => failure,
                }
            }
            E::NotAnArtefact { expected, path } if !path.exists() => {
                Self::input(format!("no such directory: {}", path.display())).hint(how_to_make(expected))
            }
            E::NotAnArtefact { expected, .. } => Self::input(message).hint(how_to_make(expected)),
            E::WrongKind { expected, .. } => Self::input(message)
                .hint(format!("look at the order of the arguments; {}", how_to_make(expected))),
            E::WrongVersion { .. } => Self::input(message).hint("make it again with this version of ilrec"),
            E::Damaged { .. } => Self::input(message)
                .hint("a sealed directory was changed after it was written: make it again from its inputs"),
            E::Occupied { is_forceable: true, .. } => {
                Self::input(message).hint("write elsewhere, or replace it: --force")
            }
            E::Occupied { is_forceable: false, .. } => Self::input(message).hint("write elsewhere"),
            E::Busy { .. } => Self::machine(message).hint("write elsewhere, or wait until it has ended"),
        }
    }
}

/// What can be done where the system refuses.
fn io_hint(action: &str, path: &Path, kind: std::io::ErrorKind) -> Option<String> {
    use std::io::ErrorKind as K;
    let is_read = matches!(action, "open" | "read" | "map" | "list" | "look at");
    match kind {
        K::PermissionDenied if is_read => Some("check the permissions".to_owned()),
        K::PermissionDenied | K::ReadOnlyFilesystem => {
            let folder = path.parent().unwrap_or(path).display();
            Some(format!("write elsewhere, or check the permissions of the folder: {folder}"))
        }
        K::StorageFull | K::QuotaExceeded => Some("make room on the disk, or write elsewhere".to_owned()),
        K::NotADirectory | K::AlreadyExists => Some("a part of the path is a file".to_owned()),
        K::CrossesDevices | K::ResourceBusy => {
            Some("a mounted folder cannot be replaced as a whole: name a folder in it".to_owned())
        }
        _ => None,
    }
}

impl From<data::DataError> for Failure {
    fn from(error: data::DataError) -> Self {
        use data::Problem;
        let is_machine = match error.problem() {
            Problem::Artefact(error) => return Self::of_artefact(error),
            Problem::Io(source) => source.kind() != std::io::ErrorKind::NotFound,
            _ => false,
        };
        let failure =
            if is_machine { Self::machine(error.to_string()) } else { Self::input(error.to_string()) };
        failure.hint(error.hint())
    }
}

impl From<world_model::WorldError> for Failure {
    fn from(error: world_model::WorldError) -> Self {
        use world_model::WorldError as E;
        match error {
            E::Artefact(error) => error.into(),
            E::OtherInput { .. } => Self::input(error.to_string())
                .hint("a world serves only the dataset it was made from: give that one, or train a world on this one"),
            E::Damaged { .. } => Self::input(error.to_string())
                .hint("it was changed after it was written, or another version of ilrec wrote it: train it again"),
            E::TooLittleData { .. } => Self::input(error.to_string()).hint("`ilrec data describe` shows what the log has"),
            other => Self::input(other.to_string()),
        }
    }
}

impl From<demonstrations::DemonstrationError> for Failure {
    fn from(error: demonstrations::DemonstrationError) -> Self {
        use demonstrations::DemonstrationError as E;
        let message = error.to_string();
        match error {
            E::Artefact(error) => error.into(),
            E::Io { path, source } => Self::reading(&path, &source),
            E::Nothing(_) => Self::input(message)
                .hint("compare the titles and users of the source with those of the dataset; if a model wrote them, try --decode catalogue or --actor score"),
            E::OtherDataset { .. } => {
                Self::input(message).hint("import or collect them again with this dataset")
            }
            E::UnknownExpert(_) => Self::input(message)
                .hint("this version has `builtin:expert` and `builtin:expert?quality=Q` with Q from 0 to 1"),
            _ => Self::input(message),
        }
    }
}

impl From<learning::LearningError> for Failure {
    fn from(error: learning::LearningError) -> Self {
        use learning::LearningError as E;
        let message = error.to_string();
        match error {
            E::Observer(_) => Self::machine(message),
            E::Settings { why, algorithm } => Self::input(message).hint(crate::settings::advice(
                &why,
                &format!("`ilrec train --algo {algorithm} --print-config` shows them all"),
            )),
            E::NoDemonstrations { n_demonstrations: 0 } => Self::input(message)
                .hint("give --demos DEMOS, or learn without: --algo a2c, or --set switches.demonstrations=false"),
            E::NoDemonstrations { .. } => Self::input(message).hint(
                "demonstrations count only for training users of this world: give those that were made with it",
            ),
            E::NoUsers(_) => {
                Self::input(message).hint("the shares of users are settings of `ilrec world train`")
            }
            _ => Self::input(message),
        }
    }
}

impl From<serving::ServingError> for Failure {
    fn from(error: serving::ServingError) -> Self {
        use serving::ServingError as E;
        match error {
            E::Artefact(error) => error.into(),
            E::Version { .. } | E::Mismatch(_) | E::SelfTest { .. } => {
                Self::input(error.to_string()).hint("export it again with this version of ilrec")
            }
            other => Self::input(other.to_string()),
        }
    }
}

impl From<server::ServerError> for Failure {
    fn from(error: server::ServerError) -> Self {
        use server::ServerError as E;
        use server::store::StoreError;
        let message = error.to_string();
        match error {
            E::Policy(error) => error.into(),
            E::Keys { path, source } => Self::reading(&path, &source),
            E::KeyLine { .. } | E::NoKey { .. } | E::Share { .. } => Self::input(message),
            E::Tls { .. } => {
                Self::input(message).hint("both are PEM files, and the key is the certificate's")
            }
            E::Watch { .. } => {
                Self::input(message).hint("make it first, then put artefacts of `ilrec export` into it")
            }
            E::Listen { .. } => {
                Self::machine(message).hint("another port: --addr 127.0.0.1:0 takes any that is free")
            }
            E::AdminAddr { .. } => {
                Self::input(message).hint("--admin-addr 127.0.0.1:8081, or keys: --keys FILE")
            }
            E::Clock => Self::machine(message).hint("set the clock of this machine"),
            E::Attributes { .. } => Self::input(message)
                .hint("a CSV file with a header: ids first, then a column for each attribute"),
            E::Store(StoreError::Url { .. }) => {
                Self::input(message).hint("in a password %40 stands for @, %2F for /, %3A for :")
            }
            E::Store(StoreError::Evicts { .. }) => Self::input(message).hint(
                "set `maxmemory-policy noeviction` there, or accept that answers and withdrawn items may be lost: --accept-eviction",
            ),
            E::Store(StoreError::Version { .. } | StoreError::Layout { .. }) => {
                Self::input(message).hint("--store FILE is made where it is not there")
            }
            E::Store(StoreError::Taken { .. }) => {
                Self::input(message).hint("another file, or stop that server")
            }
            E::AccessLog { .. } | E::Store(_) | E::Start(_) => Self::machine(message),
        }
    }
}

impl From<environment::EnvironmentError> for Failure {
    fn from(error: environment::EnvironmentError) -> Self {
        use environment::EnvironmentError as E;
        let message = error.to_string();
        match error {
            E::UnknownParameter { rule, known, .. } | E::BadParameter { rule, known, .. } => {
                Self::input(message).hint(format!("parameters of {rule}: {known}"))
            }
            _ => Self::input(message),
        }
    }
}

impl From<evaluation::EvaluationError> for Failure {
    fn from(error: evaluation::EvaluationError) -> Self {
        let message = error.to_string();
        match error {
            evaluation::EvaluationError::NotInTables { got, known } => {
                let meant = nearest(&got, known.iter().map(String::as_str));
                let meant = meant.map(|meant| format!("did you mean {meant}? ")).unwrap_or_default();
                Self::input(message).hint(format!("{meant}there are {}", known.join(", ")))
            }
            _ => Self::input(message),
        }
    }
}

impl From<agents::AgentError> for Failure {
    fn from(error: agents::AgentError) -> Self {
        use agents::AgentError as E;
        let hint = error.hint();
        let failure = match error {
            E::Demonstrations(error) => error.into(),
            E::Model(error) => error.into(),
            E::Io { ref source, .. } if source.kind() != std::io::ErrorKind::NotFound => {
                Self::machine(error.to_string())
            }
            E::Mute { .. } | E::MostLost(_) => Self::machine(error.to_string()),
            other => Self::input(other.to_string()),
        };
        match hint {
            Some(hint) if failure.hint.is_none() => failure.hint(hint),
            _ => failure,
        }
    }
}

impl From<llm::LlmError> for Failure {
    fn from(error: llm::LlmError) -> Self {
        use llm::LlmError as E;
        let message = error.to_string();
        match error {
            E::Unavailable { hint, .. } => Self::machine(message).hint(hint),
            E::Unsupported { .. } => {
                Self::input(message).hint("another model, `--actor free` or `--decode free` may do")
            }
            E::NotRecorded { .. } => Self::input(message)
                .hint("a replay needs the data, world, prompts, settings and seed of the recording"),
            _ => Self::machine(message),
        }
    }
}

impl From<experiment::ExperimentError> for Failure {
    fn from(error: experiment::ExperimentError) -> Self {
        use experiment::ExperimentError as E;
        let message = error.to_string();
        match error {
            E::UnknownExitRule { name } => match nearest(&name, EXIT_RULES) {
                Some(meant) => Self::input(message).hint(format!("did you mean {meant}?")),
                None => Self::input(message),
            },
            E::NoThreshold { others, .. } => Self::input(message)
                .hint(format!("leave --threshold out, or choose one of {}", others.join(", "))),
            E::ThresholdTwice => Self::input(message).hint("leave one of them out"),
            E::NoCategories { .. } => Self::input(message)
                .hint("use `--exit-rule similarity-window`, or import the categories (--map genres=COLUMN)"),
            E::NoTestUsers { .. } => Self::input(message).hint(
                "a log of more users, or a larger share for them: `ilrec world train --set users.train=0.5`",
            ),
            E::UnknownControl { .. } => Self::input(message),
            E::Data(error) => error.into(),
            E::World(error) => error.into(),
            E::Environment(error) => error.into(),
            E::Evaluation(error) => error.into(),
        }
    }
}

impl From<pipeline::PipelineError> for Failure {
    fn from(error: pipeline::PipelineError) -> Self {
        use pipeline::PipelineError as E;
        let hint = error.hint();
        let failure = match error {
            E::Read { path, source } if hint.is_none() => Self::reading(&path, &source),
            E::Write { path, source } => Self::writing(&path, &source),
            E::Artefact(error) => error.into(),
            E::Data(error) => error.into(),
            E::World(error) => error.into(),
            E::Experiment(error) => error.into(),
            E::Demonstrations(error) => error.into(),
            E::Agents(error) => error.into(),
            E::Training(error) => error.into(),
            E::Evaluation(error) => error.into(),
            other => Self::input(other.to_string()),
        };
        match hint {
            Some(hint) if failure.hint.is_none() => failure.hint(hint),
            _ => failure,
        }
    }
}

fn how_to_make(kind: &str) -> String {
    let command = match kind {
        "dataset" => "ilrec data import FORMAT --input PATH --out DIR",
        "world" => "ilrec world train --data DATA --out DIR",
        "demos" => "ilrec demos import FORMAT --input PATH --data DATA --world WORLD --out DIR",
        "serving artefact" => "ilrec export --policy POLICY --out DIR",
        "policy" => "ilrec train --data DATA --world WORLD --demos DEMOS --out DIR",
        _ => "ilrec eval --policy POLICY --data DATA --world WORLD --out DIR",
    };
    format!("{} directory is made by `{command}`", artefact::with_article(kind))
}
