//! Parameters of exit rules: declared once with their ranges, read from configuration, resolved to numbers.

use crate::window::{COUNT, LENGTH};
use crate::{EnvironmentError, RuleEntry, Setting};
use mdp::rng_for;
use rand::RngExt as _;

/// What kind of number a parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Count,
    /// Any number, kept in single precision.
    Number,
    /// True or false.
    Flag,
}

/// What a parameter is drawn from for each world where nobody gives a value: uniformly, whole numbers of a count, hundredths of
/// a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawn {
    /// The least value.
    pub least: f64,
    /// The greatest value.
    pub most: f64,
}

/// The purpose of these draws among those of a seed.
const DRAWING: u64 = 0x6472_6177;

impl Drawn {
    /// The value of a parameter under a seed; it depends on no other parameter.
    fn value(self, parameter: &Parameter, seed: u64) -> f64 {
        let path: Vec<u64> = [DRAWING].into_iter().chain(parameter.name.bytes().map(u64::from)).collect();
        let steps = if parameter.kind == Kind::Number { 100.0 } else { 1.0 };
        let (least, most) = ((self.least * steps).round() as i64, (self.most * steps).round() as i64);
        let value = rng_for(seed, &path).random_range(least..=most) as f64 / steps;
        if parameter.kind == Kind::Number { f64::from(value as f32) } else { value }
    }
}

/// A parameter that a rule declares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// Its name. A dot makes it a member of a group (`window.length`); a group that is given as one value sets its first
    /// member (`window = 5`).
    pub name: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// What kind of number it is.
    pub kind: Kind,
    /// The value where nobody gives one (a flag is 0 or 1); without one, it is drawn or calibrated in each world.
    pub default: Option<f64>,
    /// What it is drawn from, if it is.
    pub drawn: Option<Drawn>,
    /// The least value.
    pub least: f64,
    /// The greatest value.
    pub most: f64,
    /// Whether results leave it out at its default, as they do with a parameter that came after results were published.
    pub is_later: bool,
}

impl Parameter {
    /// The range in words.
    pub fn range(&self) -> String {
        match self.kind {
            Kind::Flag => "true or false".to_owned(),
            _ if self.most == f64::INFINITY => format!("{} or more", self.least),
            _ => format!("{} to {}", self.least, self.most),
        }
    }

    /// A value in words.
    pub fn word(&self, value: f64) -> String {
        match self.kind {
            Kind::Flag => (value != 0.0).to_string(),
            Kind::Count => value.to_string(),
            Kind::Number => (value as f32).to_string(),
        }
    }

    /// The setting as a value of this parameter, if it is one.
    fn value(&self, setting: &Setting) -> Option<f64> {
        let value = match (self.kind, setting) {
            (Kind::Flag, Setting::Flag(flag)) => return Some(f64::from(u8::from(*flag))),
            (Kind::Count | Kind::Number, Setting::Whole(whole)) => *whole as f64,
            (Kind::Count, Setting::Number(number)) if number.fract() == 0.0 => *number,
            (Kind::Number, Setting::Number(number)) => *number,
            _ => return None,
        };
        let value = if self.kind == Kind::Number { f64::from(value as f32) } else { value };
        (value.is_finite() && (self.least..=self.most).contains(&value)).then_some(value)
    }
}

/// A value for each parameter of a rule; one that is to be calibrated may still be open.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    declared: &'static [Parameter],
    values: Vec<Option<f64>>,
}

impl Parameters {
    /// The defaults of a rule.
    pub(crate) fn defaults(entry: &RuleEntry) -> Self {
        let values = entry.parameters.iter().map(|parameter| parameter.default).collect();
        Self { declared: entry.parameters, values }
    }

    /// Sets the parameter that `name` means: by its own name, or that of the group whose first member it is.
    ///
    /// # Errors
    /// When the rule has no such parameter, or the value is not in its range.
    pub(crate) fn set(
        &mut self,
        entry: &RuleEntry,
        name: &str,
        setting: &Setting,
    ) -> Result<(), EnvironmentError> {
        let is_first_of =
            |parameter: &Parameter| parameter.name.split_once('.').map(|(group, _)| group) == Some(name);
        let exact = self.declared.iter().position(|parameter| parameter.name == name);
        let Some(at) = exact.or_else(|| self.declared.iter().position(is_first_of)) else {
            let (rule, name) = (entry.name, name.to_owned());
            return Err(EnvironmentError::UnknownParameter { rule, name, known: entry.known_parameters() });
        };
        let parameter = &self.declared[at];
        let refused = || EnvironmentError::BadParameter {
            rule: entry.name,
            name: parameter.name,
            value: setting.to_string(),
            range: parameter.range(),
            known: entry.known_parameters(),
        };
        self.values[at] = Some(parameter.value(setting).ok_or_else(refused)?);
        Ok(())
    }

    /// Draws what is open and is to be drawn.
    pub(crate) fn draw(&mut self, seed: u64) {
        for (parameter, value) in self.declared.iter().zip(&mut self.values) {
            *value = value.or_else(|| Some(parameter.drawn?.value(parameter, seed)));
        }
    }

    /// Refuses a count that the window has no room for: nobody would ever leave.
    ///
    /// # Errors
    /// As said.
    pub(crate) fn check_count(&self, entry: &RuleEntry) -> Result<(), EnvironmentError> {
        let of = |name| self.each().find(|(parameter, _)| parameter.name == name);
        // A limit that is no number of items may be above the number of items.
        if of(COUNT.name).is_some_and(|(parameter, _)| parameter.kind != COUNT.kind) {
            return Ok(());
        }
        let given = |name| of(name).and_then(|(_, value)| value);
        match (given(COUNT.name), given(LENGTH.name)) {
            (Some(count), Some(length)) if count > length => Err(EnvironmentError::BadParameter {
                rule: entry.name,
                name: COUNT.name,
                value: count.to_string(),
                range: format!("at most {}, which is {length}", LENGTH.name),
                known: entry.known_parameters(),
            }),
            _ => Ok(()),
        }
    }

    /// The parameter that nobody has given a value yet.
    pub fn open(&self) -> Option<&'static Parameter> {
        self.each().find(|(_, value)| value.is_none()).map(|(parameter, _)| parameter)
    }

    /// Every parameter with its value, in the order of their declaration.
    pub fn each(&self) -> impl Iterator<Item = (&'static Parameter, Option<f64>)> {
        self.declared.iter().zip(self.values.iter().copied())
    }

    /// A number.
    ///
    /// # Panics
    /// If the rule does not declare it or it is open; so in the other two.
    pub fn number(&self, name: &str) -> f32 {
        self.value(name) as f32
    }

    /// A whole number.
    pub fn count(&self, name: &str) -> usize {
        self.value(name) as usize
    }

    /// True or false.
    pub fn flag(&self, name: &str) -> bool {
        self.value(name) != 0.0
    }

    fn value(&self, name: &str) -> f64 {
        let found = self.each().find(|(parameter, _)| parameter.name == name).and_then(|(_, value)| value);
        found.unwrap_or_else(|| panic!("`{name}` is declared and has a value"))
    }
}
