//! The form of rules in files: their name, then every parameter, those of a group together.

use super::ExitRule;
use crate::{Kind, Parameter, RuleSettings};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

impl Serialize for ExitRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let is_said =
            |(parameter, value): &(&Parameter, f64)| !parameter.is_later || parameter.default != Some(*value);
        let values = self.parameters.each().filter_map(|(parameter, value)| Some((parameter, value?)));
        let values: Vec<(&Parameter, f64)> = values.filter(is_said).collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", self.name())?;
        for members in values.chunk_by(|a, b| group(a.0).is_some() && group(a.0) == group(b.0)) {
            match group(members[0].0) {
                Some(group) => map.serialize_entry(group, &Group(members))?,
                None => map.serialize_entry(members[0].0.name, &Value(members[0]))?,
            }
        }
        map.end()
    }
}

fn group(parameter: &Parameter) -> Option<&'static str> {
    parameter.name.split_once('.').map(|(group, _)| group)
}

/// Members of one group.
struct Group<'a>(&'a [(&'a Parameter, f64)]);

impl Serialize for Group<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let member = |value: &(&Parameter, f64)| {
            value.0.name.split_once('.').map_or(value.0.name, |(_, member)| member)
        };
        serializer.collect_map(self.0.iter().map(|value| (member(value), Value(*value))))
    }
}

struct Value<'a>((&'a Parameter, f64));

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (parameter, value) = self.0;
        match parameter.kind {
            Kind::Count => serializer.serialize_u64(value as u64),
            Kind::Number => serializer.serialize_f32(value as f32),
            Kind::Flag => serializer.serialize_bool(value != 0.0),
        }
    }
}

impl<'de> Deserialize<'de> for ExitRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        struct Form {
            name: String,
            #[serde(flatten)]
            settings: RuleSettings,
        }
        let form = Form::deserialize(deserializer)?;
        Self::new(&form.name, &form.settings).map_err(D::Error::custom)
    }
}
