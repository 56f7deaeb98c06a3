//! Rules in files and in configuration.

use crate::*;

/// A rule with no parameter at its default.
fn unusual(entry: &'static RuleEntry) -> ExitRule {
    let other = |parameter: &Parameter| match (parameter.kind, parameter.default) {
        (Kind::Count, default) => Setting::Whole(default.map_or(1, |value| value as i64 + 1)),
        (Kind::Number, default) => Setting::Number(default.unwrap_or(0.0) + 0.3),
        (Kind::Flag, default) => Setting::Flag(default == Some(0.0)),
    };
    let settings = entry.parameters.iter().map(|parameter| (parameter.name.to_owned(), other(parameter)));
    ExitRule::new(entry.name, &settings.collect()).unwrap()
}

#[test]
fn every_parameter_survives_its_file() {
    for entry in EXIT_RULES.iter().filter_map(|name| find_rule(name)) {
        let rule = unusual(entry);
        let text = serde_json::to_string(&rule).unwrap();
        assert_eq!(serde_json::from_str::<ExitRule>(&text).unwrap(), rule, "{text}");
        let form: serde_json::Value = serde_json::from_str(&text).unwrap();
        for parameter in entry.parameters {
            let path = format!("/{}", parameter.name.replace('.', "/"));
            assert!(form.pointer(&path).is_some(), "{text} has no {path}");
        }
        let mut settings = form.clone();
        settings.as_object_mut().unwrap().remove("name");
        let settings: RuleSettings = serde_json::from_value(settings).unwrap();
        assert_eq!(ExitRule::new(entry.name, &settings).unwrap(), rule, "what is written can be configured");
    }
}

#[test]
fn rules_stand_in_results_as_they_always_did() {
    let near = |name: &str, count: usize, threshold: &str, on_first_step: bool| {
        format!(
            "{{\"name\":\"{name}\",\"window\":{{\"length\":4,\"published_slices\":false}},\"count\":{count},\
             {threshold}\"low_reward\":{{\"below\":2.0,\"on_first_step\":{on_first_step}}}}}"
        )
    };
    let golden = [
        (ExitRule::none(), "{\"name\":\"none\"}".to_owned()),
        (ExitRule::category_window(), near("category-window", 2, "", true)),
        (
            ExitRule::similarity_window(0.100_487_92),
            near("similarity-window", 2, "\"threshold\":0.10048792,", true),
        ),
        (ExitRule::ilrec(15.0), near("ilrec", 1, "\"threshold\":15.0,", true)),
        (ExitRule::billp(50.0), near("billp", 1, "\"threshold\":50.0,", false)),
    ];
    for (rule, text) in golden {
        assert_eq!(serde_json::to_string(&rule).unwrap(), text);
        assert_eq!(serde_json::from_str::<ExitRule>(&text).unwrap(), rule);
    }
    let soft = ExitRule::category_window().with("softness", 0.5f32).unwrap();
    assert!(serde_json::to_string(&soft).unwrap().ends_with(",\"softness\":0.5}"));
}

#[test]
fn a_group_given_as_one_value_sets_its_first_member() {
    let settings: RuleSettings = serde_json::from_str("{\"window\": 5, \"low_reward\": 1.5}").unwrap();
    let rule = ExitRule::new("category-window", &settings).unwrap();
    assert_eq!(rule.parameters().count("window.length"), 5);
    let expected = LowReward { below: 1.5, on_first_step: true, patience: 1 };
    assert_eq!(rule.low_reward(), Some(expected));
    let word = |word: &str| RuleSettings::default().with("window", word);
    assert_eq!(ExitRule::new("category-window", &word("5")).unwrap(), rule.with("low_reward", 2).unwrap());
}

#[test]
fn what_is_no_parameter_or_out_of_its_range_is_refused_with_those_there_are() {
    let refused = |name: &str, value: Setting| {
        ExitRule::category_window().with(name, value).expect_err("it is refused").to_string()
    };
    assert_eq!(refused("threshold", 0.5.into()), "exit rule category-window has no parameter threshold");
    assert_eq!(refused("window", 0.into()), "window.length of exit rule category-window is 1 to 1000, not 0");
    for value in [Setting::Number(2.5), Setting::Text("five".into()), Setting::Flag(true)] {
        assert!(refused("window", value.clone()).ends_with(&format!("not {value}")));
    }
    assert!(refused("softness", f64::NAN.into()).contains("0 or more"));
    assert!(refused("softness", Setting::Number(1e300)).contains("0 or more"));
    assert!(refused("window.published_slices", 1.into()).contains("true or false"));
    assert!(refused("count", 5.into()).contains("at most window.length, which is 4"));
    match ExitRule::category_window().with("depth", 1) {
        Err(EnvironmentError::UnknownParameter { rule: "category-window", known, .. }) => {
            assert!(
                known.contains("count (1 to 1000000)") && known.contains("softness (0 or more)"),
                "{known}"
            );
        }
        other => panic!("{other:?}"),
    }
    let open = ExitRule::new("ilrec", &RuleSettings::default()).unwrap_err();
    assert_eq!(open, EnvironmentError::OpenParameter { rule: "ilrec", name: "threshold" });
    assert!(matches!(
        ExitRule::new("tired", &RuleSettings::default()),
        Err(EnvironmentError::UnknownRule(_))
    ));
    assert!(serde_json::from_str::<ExitRule>("{\"name\":\"none\",\"count\":1}").is_err());
}
