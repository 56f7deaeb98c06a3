//! What a card says: of whom, and nothing twice.

use super::*;

fn precedent(is_same_item: bool, n_alike: usize) -> Precedent {
    Precedent { demonstration: 3, step: 1, is_same_item, n_alike }
}

#[test]
fn a_demonstration_is_another_users_and_speaks_only_of_what_is_alike() {
    let says = |same, alike| what_it_says(&precedent(same, alike), "Heat (1995)");
    let of = |text: &str| Some(format!("in a demonstration for another user, {text}"));
    assert_eq!(says(true, 0), of("it was chosen"));
    assert_eq!(says(true, 2), of("it was chosen in a similar situation"));
    assert_eq!(says(false, 2), of("Heat (1995), of the same categories, was chosen in a similar situation"));
    assert_eq!(says(false, 0), None);
}

#[test]
fn of_a_user_of_whom_nothing_is_known_no_taste_is_told() {
    let given: Vec<Contribution> = ["content_match", "popularity", "predicted_reward", "text_match"]
        .into_iter()
        .map(|feature| Contribution { feature, logits: 1.0 })
        .collect();
    assert_eq!(sentence(&given, false), "it is well known and it is expected to be liked by most");
    assert!(sentence(&given, true).starts_with("its categories are those that were liked, it is well known"));
    assert_eq!(sentence(&given[..1], false), "nothing stands out: it is a typical item");
}

#[test]
fn a_step_is_told_once() {
    let reason = |step| ReasonAnswer {
        text: String::new(),
        rests_on: "user",
        expected_rating: 3.0,
        leave_probability: None,
        contributions: Vec::new(),
        demonstration: Some(DemonstrationAnswer {
            text: Some("told".to_owned()),
            number: 0,
            id: String::new(),
            step,
            same_item: false,
            similar_steps: 1,
            title: String::new(),
            reward: 4.0,
            thought: None,
            plan: None,
            critic_value: None,
            advantage: None,
            weight: None,
            learned_value: None,
        }),
    };
    let mut told = BTreeSet::new();
    let texts: Vec<bool> = [1, 1, 2]
        .into_iter()
        .map(|step| told_once(reason(step), &mut told).demonstration.unwrap().text.is_some())
        .collect();
    assert_eq!(texts, [true, false, true]);
}
