//! A policy is called what it learned from.

use super::*;
use clap::Parser as _;

#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    arguments: Arguments,
}

/// The name of what this line trains.
fn name(line: &str) -> String {
    let needed = "train --data data --world world --out policy ";
    let arguments = Line::parse_from(format!("{needed}{line}").split_whitespace()).arguments;
    let chosen = arguments.chosen().unwrap();
    let layers = chosen.layers(&arguments.settings, &arguments.terms).unwrap();
    chosen.name(&layers)
}

#[test]
fn what_was_switched_off_is_in_the_name() {
    for (line, wanted) in [
        ("", "il-rec"),
        ("--set training.discount=0.5", "il-rec"),
        ("--set switches.demonstrations=true", "il-rec"),
        ("--set switches.demonstrations=false", "no-demonstrations"),
        ("--set switches.hazard=false --set switches.weights=false", "il-rec, no-hazard, no-weights"),
        ("--algo bc", "bc"),
        ("--algo a2c --set switches.demonstrations=true", "a2c"),
        ("--algo a2c --set switches.session_feedback=false", "a2c, no-session-feedback"),
        ("--algo planner", "planner"),
        ("--set training.first_weights=neutral", "neutral-first-weights"),
        ("--algo untrained", "untrained"),
        ("--algo a2c", "a2c"),
        ("--preset released", "released"),
        ("--preset released --algo a2c", "released, no-demonstrations"),
        ("--algo vectorised --set demonstrations.presence=none", "vectorised, no-demonstrations"),
        ("--term popularity --term entropy:coefficient=0.1", "il-rec, with entropy, with popularity"),
        ("--term entropy --set switches.hazard=false", "no-hazard, with entropy"),
    ] {
        assert_eq!(name(line), wanted, "{line}");
    }
}

#[test]
fn the_names_are_those_of_a_run() {
    let usual = algorithms::find("il-rec").unwrap().defaults();
    for switch in usual["switches"].as_object().unwrap().keys() {
        let name = name(&format!("--set switches.{switch}=false"));
        assert!(pipeline::Variant::of_ablation(&name).is_ok(), "{name}");
    }
}

#[test]
fn terms_have_settings_like_everything_else() {
    let layers = |line: &str| {
        let needed = "train --data data --world world --out policy ";
        let arguments = Line::parse_from(format!("{needed}{line}").split_whitespace()).arguments;
        arguments.chosen().unwrap().layers(&arguments.settings, &arguments.terms)
    };
    let settings = layers("--term entropy --set term.entropy.coefficient=0.25").unwrap();
    assert_eq!(settings.values()["term"]["entropy"]["coefficient"], 0.25);
    let settings = layers("--term entropy:by_advantage=true --set term.entropy.coefficient=0.25").unwrap();
    assert_eq!(settings.values()["term"]["entropy"]["by_advantage"], true);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), settings.to_toml()).unwrap();
    let again = layers(&format!("--config {}", file.path().display())).unwrap();
    assert_eq!(again.values(), settings.values(), "what is printed can be given again");
    assert!(format!("{:?}", layers("--term entropy:coeficient=1").unwrap_err()).contains("coeficient"));
    assert!(format!("{:?}", layers("--set term.entropy.coefficient=1").unwrap_err()).contains("term"));
}
