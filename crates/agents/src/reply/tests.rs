//! The table of what is understood.

use super::Problem::*;
use super::*;

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
