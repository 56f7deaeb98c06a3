//! The preset is the defaults, key by key, and a key that is not there is an error.

use crate::{AgentKind, AgentSettings};

const PRESET: &str = include_str!("../../../../presets/agents.toml");

#[test]
fn the_preset_says_what_the_defaults_are() {
    let read: AgentSettings = toml::from_str(PRESET).unwrap();
    assert_eq!(read, AgentSettings::default());
    let keys = toml::Table::try_from(AgentSettings::default()).unwrap();
    let said: toml::Table = toml::from_str(PRESET).unwrap();
    for (key, value) in keys {
        let inner = value.as_table().into_iter().flat_map(|table| table.keys());
        let section = said.get(&key).unwrap_or_else(|| panic!("{key} is not explained"));
        for name in inner {
            assert!(section.get(name).is_some(), "{key}.{name} is not explained");
        }
    }
}

#[test]
fn unknown_keys_are_errors() {
    for text in ["agnet = 'react'", "agent = 'reactor'", "[memory]\nreflectons = 1", "without = ['eyes']"] {
        assert!(toml::from_str::<AgentSettings>(text).is_err(), "{text}");
    }
}

#[test]
fn names_are_those_of_the_command_line() {
    for kind in AgentKind::ALL {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
    }
}
