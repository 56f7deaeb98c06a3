//! Later layers win, and what the defaults do not know is refused with its place.

use super::*;
use serde::Deserialize;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Example {
    rate: f32,
    training: Training,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Training {
    episodes: u32,
    preset: String,
    note: Option<String>,
    hidden: Vec<u32>,
}

fn layers() -> Layers {
    let training = Training { episodes: 10, preset: "robust".into(), note: None, hidden: vec![4] };
    Layers::new(&Example { rate: 0.1, training })
}

fn report(failure: Failure) -> String {
    format!("{:?}", miette::Report::new(failure))
}

#[test]
fn later_layers_win() {
    let mut layers = layers();
    layers.text("a.toml", "rate = 1\n[training]\nepisodes = 20\nhidden = [8, 8]\n").unwrap();
    layers.set("training.episodes=30").unwrap();
    layers.set("training.preset=paper").unwrap();
    layers.set("training.note = a b").unwrap();
    let got: Example = layers.resolve().unwrap();
    let training =
        Training { episodes: 30, preset: "paper".into(), note: Some("a b".into()), hidden: vec![8, 8] };
    assert_eq!(got, Example { rate: 1.0, training });
    let mut again = self::layers();
    again.text("printed", &layers.to_toml()).unwrap();
    assert_eq!(again.resolve::<Example>().unwrap(), got, "what is printed can be fed back");
}

#[test]
fn printed_numbers_read_as_written() {
    assert!(layers().to_toml().contains("rate = 0.1\n"));
}

#[test]
fn unknown_keys_name_the_nearest_known_one_and_the_line() {
    let text = report(layers().text("a.toml", "rate = 1\n[training]\nepisods = 20\n").unwrap_err());
    assert!(text.contains("unknown key `training.episods`"), "{text}");
    assert!(text.contains("did you mean `episodes`?"), "{text}");
    assert!(text.contains("a.toml:3:1"), "{text}");
    let text = report(layers().set("zzz=1").unwrap_err());
    assert!(text.contains("known here: rate, training"), "{text}");
}

#[test]
fn values_of_another_kind_are_refused() {
    let text = report(layers().set("training.episodes=many").unwrap_err());
    assert!(text.contains("`training.episodes` is a whole number, got a string"), "{text}");
    assert!(layers().set("training.episodes=1.5").is_err());
    assert!(layers().set("training=3").is_err());
    assert!(layers().set("training.episodes").is_err());
    assert!(report(layers().text("a.toml", "rate = = 1").unwrap_err()).contains("cannot read the settings"));
    layers().set("training.note=3").unwrap();
}

#[test]
fn contradictions_surface_when_resolved() {
    let mut layers = layers();
    layers.set("training.note=3").unwrap();
    assert!(layers.resolve::<Example>().is_err());
}

#[test]
fn mistakes_of_plain_deserialisation_are_placed_too() {
    let text = "[training]\nepisods = 20\n";
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        #[serde(rename = "episodes")]
        _episodes: u32,
    }
    let told = |text: &str| {
        let error = toml::from_str::<std::collections::BTreeMap<String, Strict>>(text).unwrap_err();
        report(not_toml("run.toml", text, &error, "look at the example"))
    };
    let typo = told(text);
    assert!(typo.contains("did you mean `episodes`?") && typo.contains("run.toml:2:1"), "{typo}");
    for other in ["[training]\nfoo = 20\n", "[training]\n", "training = = 1"] {
        let said = told(other);
        assert!(!said.contains("did you mean") && said.contains("look at the example"), "{said}");
    }
}
