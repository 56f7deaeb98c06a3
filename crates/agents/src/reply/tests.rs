//! The table of what is understood.

use super::Problem::*;
use super::*;
use proptest::prelude::*;

fn check<T: PartialEq + std::fmt::Debug>(
    read: impl Fn(&str) -> Understood<T>,
    table: &[(&str, Option<T>, &[Problem])],
) {
    for (answer, value, problems) in table {
        let got = read(answer);
        assert_eq!((&got.value, got.problems.as_slice()), (value, *problems), "{answer:?}");
    }
}

#[test]
fn titles() {
    let some = |text: &str| Some(text.to_owned());
    check(
        read_title,
        &[
            ("Heat (1995)", some("Heat (1995)"), &[]),
            ("  \n Heat (1995)\n", some("Heat (1995)"), &[]),
            ("\"Heat\"", some("Heat"), &[]),
            ("**Heat (1995)**", some("Heat (1995)"), &[]),
            ("1. Heat", some("Heat"), &[]),
            ("12 Angry Men (1957)", some("12 Angry Men (1957)"), &[]),
            ("2001: A Space Odyssey", some("2001: A Space Odyssey"), &[]),
            ("Title: Heat", some("Heat"), &[]),
            ("**Recommendation:** Heat", some("Heat"), &[]),
            ("Action 3: recommend[Heat]", some("Heat"), &[]),
            ("recommend[Life [Remastered]]", some("Life [Remastered]"), &[]),
            ("Life [Remastered]", some("Life [Remastered]"), &[]),
            ("{\"title\": \"Heat\"}", some("Heat"), &[]),
            ("```json\n{\"Title\": \"Heat\"}\n```", some("Heat"), &[]),
            ("{\"film\": \"Heat\"}", some("Heat"), &[OtherJson]),
            ("{\"title\": \"Heat", some("Heat"), &[BrokenJson]),
            ("Sure! {\"title\": \"Heat\"}", some("Heat"), &[MoreThanAsked]),
            ("I would recommend \"Heat\" because it is tense.", some("Heat"), &[MoreThanAsked]),
            ("Heat\nIt is a tense film.", some("Heat"), &[MoreThanAsked]),
            ("Let me see.\nAction: Heat", some("Heat"), &[MoreThanAsked]),
            ("<think>what about Up?</think>\nHeat", some("Heat"), &[]),
            ("I think so</think>Heat", some("Heat"), &[]),
            ("<think>what about", None, &[CutShort, Empty]),
            ("", None, &[Empty]),
            (" \n\t", None, &[Empty]),
            ("{}", some("{}"), &[OtherJson]),
            ("“Amélie”", some("Amélie"), &[]),
        ],
    );
}

#[test]
fn values() {
    check(
        read_value,
        &[
            ("3", Some(3.0), &[]),
            ("-4", Some(-4.0), &[]),
            ("- 3", Some(-3.0), &[]),
            ("+2", Some(2.0), &[]),
            ("−2", Some(-2.0), &[]),
            ("Value: 3", Some(3.0), &[]),
            ("3/5", Some(3.0), &[]),
            ("{\"value\": -1}", Some(-1.0), &[]),
            ("{\"value\": \"4\"}", Some(4.0), &[]),
            ("{\"value\": 4", Some(4.0), &[BrokenJson]),
            ("2.6", Some(3.0), &[NotWhole]),
            ("11", Some(5.0), &[OutOfRange]),
            ("-7.5", Some(-5.0), &[NotWhole, OutOfRange]),
            ("I would say that it is a 4.", Some(4.0), &[MoreThanAsked]),
            ("very good", None, &[NoNumber]),
            ("", None, &[Empty]),
            ("99999999999999999999999999999999999999999999", Some(5.0), &[OutOfRange]),
        ],
    );
}

#[test]
fn thoughts() {
    let both = |a: &str, b: &str| Some((a.to_owned(), Some(b.to_owned())));
    let one = |a: &str| Some((a.to_owned(), None));
    check(
        read_thought,
        &[
            ("Thought: likes crime.\nPlan: vary it.", both("likes crime.", "vary it."), &[]),
            ("{\"thought\": \"likes crime\", \"plan\": \"vary\"}", both("likes crime", "vary"), &[]),
            ("likes\n  crime", one("likes crime"), &[]),
            ("Plan: vary it.", one("vary it."), &[]),
            ("Thought 2: likes crime.\nAction 2: recommend[Heat]", one("likes crime."), &[MoreThanAsked]),
            ("{\"idea\": 3}", one("{\"idea\": 3}"), &[OtherJson]),
            ("", None, &[Empty]),
        ],
    );
}

#[test]
fn lessons_are_one_line_of_bounded_length() {
    let text = |answer: &str| read_reflection(answer).value;
    assert_eq!(text("Lesson: a\nb"), Some("a b".to_owned()));
    assert_eq!(text("{\"lesson\": \"a b\"}"), Some("a b".to_owned()));
    assert_eq!(text(&"é ".repeat(5000)).unwrap().chars().count(), LONGEST);
    assert_eq!(read_reflection("```").problems, []);
    assert_eq!(read_reflection("").problems, [Empty]);
}

/// Pieces that answers are made of, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("{\"title\": \""),
        Just("\"}"),
        Just("<think>"),
        Just("</think>"),
        Just("recommend["),
        Just("]"),
        Just("Title:"),
        Just("**"),
        Just("\"Ç"),
        Just("“"),
        Just("”"),
        Just("-"),
        Just("−7.5"),
        Just("\n"),
        Just("Plan:"),
        Just("é́"),
        Just("1. "),
        Just("```json"),
        Just("{"),
        Just("}"),
        Just("\u{0}"),
        Just("9e999"),
    ];
    proptest::collection::vec(prop_oneof![piece.prop_map(str::to_owned), "\\PC{0,6}"], 0..24)
        .prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_answer_is_read_without_panic_and_what_is_read_is_bounded(answer in pieces()) {
        let title = read_title(&answer);
        prop_assert!(title.value.is_some() || !title.problems.is_empty(), "nothing read, nothing said");
        prop_assert!(title.value.is_none_or(|t| !t.trim().is_empty() && t.chars().count() <= LONGEST_TITLE));
        let value = read_value(&answer);
        prop_assert!(value.value.is_some() || !value.problems.is_empty());
        prop_assert!(value.value.is_none_or(|v| (-5.0..=5.0).contains(&v) && v.fract() == 0.0));
        let thought = read_thought(&answer);
        prop_assert!(thought.value.is_none_or(|(t, _)| !t.contains('\n') && t.chars().count() <= LONGEST));
        let lesson = read_reflection(&answer);
        prop_assert!(lesson.value.is_none_or(|l| !l.contains('\n') && l.chars().count() <= LONGEST));
    }
}
