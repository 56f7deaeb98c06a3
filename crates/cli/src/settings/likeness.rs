//! Which known name somebody most likely meant: a suggestion is made only where the two are alike.

/// The known name that is most like an unknown one, if at least two thirds of the longer of them agree.
pub(crate) fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |name: &str| strsim::damerau_levenshtein(&name.to_lowercase(), &unknown.to_lowercase());
    let (distance, name) = known.into_iter().map(|name| (distance(name), name)).min()?;
    let longest = name.chars().count().max(unknown.chars().count());
    (3 * distance <= longest).then_some(name)
}

/// What to say to whoever names something that is not there: what is meant, if anything is, and all that there is.
pub(crate) fn one_of(unknown: &str, known: &[&str]) -> String {
    let meant = nearest(unknown, known.iter().copied());
    let meant = meant.map(|name| format!("did you mean {name}? ")).unwrap_or_default();
    format!("{meant}one of {}", known.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEYS: [&str; 6] = ["context", "training_seeds", "demonstrations", "http", "seed", "n_env_steps"];

    #[test]
    fn typing_errors_are_understood_and_other_words_are_not() {
        for (typed, meant) in [
            ("training_seads", Some("training_seeds")),
            ("htp", Some("http")),
            ("Seed", Some("seed")),
            ("n_env_step", Some("n_env_steps")),
            ("foo", None),
            ("x", None),
            ("user", None),
        ] {
            assert_eq!(nearest(typed, KEYS), meant, "{typed}");
        }
        assert_eq!(nearest("seed", []), None);
    }

    proptest! {
        #[test]
        fn nothing_unlike_is_ever_suggested(typed in "[a-z_]{1,16}") {
            if let Some(name) = nearest(&typed, KEYS) {
                prop_assert!(strsim::normalized_damerau_levenshtein(&typed, name) > 0.66, "{typed}: {name}");
            }
        }

        #[test]
        fn one_wrong_letter_is_always_understood(key in 0..KEYS.len(), at in 0..4usize, letter in "[a-z]") {
            let mut typed: Vec<char> = KEYS[key].chars().collect();
            typed[at] = letter.chars().next().unwrap();
            prop_assert_eq!(nearest(&typed.iter().collect::<String>(), KEYS), Some(KEYS[key]));
        }
    }
}
