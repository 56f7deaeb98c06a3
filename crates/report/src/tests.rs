//! The page is complete, safe and self-contained; the tables align.

mod sample;

use crate::figures::{tick_label, ticks};
use crate::*;
use evaluation::{Difference, EvalRow, Interval, JudgeValidity, OtherJudge};
use sample::sample;

#[test]
fn every_section_is_there_when_it_has_data_and_not_otherwise() {
    let full = html_page(&sample());
    let empty = html_page(&ReportData { title: "Nothing yet".to_owned(), ..ReportData::default() });
    for heading in [
        "Test users in the judge world, exit rule category-window",
        "What each ingredient is worth",
        "Learning",
        "Demonstrations",
        "Demonstrations to read",
        "Is this world worth training in?",
        "Data and worlds",
        "Settings and hashes",
    ] {
        let markup = format!("<h2>{heading}</h2>");
        assert!(full.contains(&markup) && !empty.contains(&markup), "{heading}");
    }
    assert!(empty.contains("<h1>Nothing yet</h1>") && !empty.contains("<section>"));
}

#[test]
fn the_page_explains_its_domain_its_policies_its_rules_and_its_measures() {
    let page = html_page(&ReportData { about: "A log of films.\n\nTwo worlds.".into(), ..sample() });
    for part in
        ["<p>A log of films.</p><p>Two worlds.</p>", "nDCG@10, hit@10", "every rating counts as it is"]
    {
        assert!(page.contains(part), "{part}");
    }
    let explained = |name: &str| page.contains(&format!("<dt>{name}</dt>"));
    for row in rows().iter().map(|row| &row.policy).chain([&"without hazard".to_owned()]) {
        assert!(explained(row) || explained(&format!("{row} *")), "{row}");
    }
    assert!(explained("category-window") && explained("ilrec"));
    assert!(page.contains("a policy of this run"), "what is not ours is not guessed at");
}

#[test]
fn every_policy_has_its_own_colour_and_the_same_in_every_picture() {
    let page = html_page(&sample());
    let classes = chart::colours(rows().iter().map(|row| row.policy.as_str()).collect::<Vec<_>>());
    for (row, class) in rows().iter().zip(&classes) {
        assert!(page.contains(&format!("<figure class=\"panel {class}")), "{}", row.policy);
        assert!(page.contains(&format!("<rect class=\"fill {class}")), "{}", row.policy);
    }
    let learning = page.split("<h2>Learning</h2>").nth(1).expect("there are curves");
    for style in ["p0 s0 subject", "p0 s1 subject", "p0 s2 subject"] {
        assert!(
            learning.contains(&format!("<path class=\"line {style}\"")),
            "one colour, a style for each seed"
        );
    }
    assert_eq!(
        learning.matches("class=\"end-label subject\"").count(),
        1,
        "one name for the lines of a policy"
    );
    assert!(page.contains("<rect class=\"fill e0\""), "low reward is the same as in the console");
}

#[test]
fn what_is_long_is_folded() {
    let mut data = sample();
    let step = data.demonstrations[0].steps[0].clone();
    data.demonstrations[0].steps = vec![step; 90];
    data.demonstrations[0].history = (0..40).map(|k| format!("Title {k}")).collect();
    let page = html_page(&data);
    assert!(page.contains("<summary>84 further steps</summary><ol class=\"steps\" start=\"7\">"));
    assert!(
        page.contains("Latest of the history: Title 28 ·")
            && page.contains("<summary>all 40 of the history</summary>")
    );
    assert!(!html_page(&sample()).contains("further steps"));
}

#[test]
fn captions_name_rule_scoring_seeds_and_method() {
    let page = html_page(&sample());
    let caption = "world judge · exit rule ilrec · scoring raw · 90 users · training seeds 0, 1, 2 · \
                   2 evaluation seeds · 95 % intervals: Student's t over training seeds and users";
    assert!(page.contains(&caption.replace('\'', "&#39;")), "caption");
    assert!(!page.contains("one training"));
    let mut once = rows();
    once[6].training_seeds = vec![0];
    assert!(
        plain(&text_table(&once, "il-rec", &ndcg())).contains("one training; says nothing about another")
    );
    assert!(page.contains("<strong>il-rec</strong> reaches "));
}

#[test]
fn captions_say_how_far_the_judge_is_to_be_believed() {
    let mut rows = rows();
    assert!(
        plain(&text_table(&rows, "il-rec", &ndcg()))
            .contains("whether the judge agrees with people was not measured")
    );
    let agreement = Interval { mean: 0.42, lo: 0.1, hi: 0.7 };
    let last = rows.len() as f64;
    for (at, row) in rows.iter_mut().enumerate() {
        row.validity = Some(JudgeValidity { agreement, over_popularity: agreement, is_valid: false });
        row.r_traj.mean = at as f64;
        let other = |judge: &str, r_traj| OtherJudge { judge: judge.into(), r_traj };
        row.other_judges = vec![other("alike", 2.0 * at as f64), other("against", last - at as f64)];
    }
    let text = plain(&text_table(&rows, "il-rec", &ndcg()));
    let told = "NOT VALID: the judge's order of policies and people's correlate by 0.42 [0.10, 0.70]";
    assert!(text.contains(told), "{text}");
    assert!(text.contains("order of rows under other judges: against -1.00, alike 1.00"), "{text}");
    rows.iter_mut().for_each(|row| row.validity.as_mut().expect("set above").is_valid = true);
    assert!(!plain(&text_table(&rows, "il-rec", &ndcg())).contains("NOT VALID"));
}

/// In one line.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn tags_are_balanced() {
    let page = html_page(&sample());
    for tag in [
        "section",
        "table",
        "tr",
        "td",
        "th",
        "div",
        "span",
        "svg",
        "details",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "p",
        "title",
        "figure",
        "figcaption",
        "b",
    ] {
        let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
    // Every picture has words.
    let pictures = page.matches("role=\"img\"").count();
    assert_eq!(page.matches("<title>").count(), pictures + 1);
    assert!(!page.contains("NaN") && !page.contains("inf"));
}

#[test]
fn nothing_is_loaded_and_nothing_runs() {
    let page = html_page(&sample());
    for forbidden in
        ["http:", "https:", "src=", "url(", "@import", "<script", "<link", "<iframe", "onload", "javascript:"]
    {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
}

#[test]
fn text_from_the_data_stays_text() {
    let evil = "<script>alert(\"x\")</script>' onmouseover='a&b";
    let mut text = serde_json::to_string(&sample()).expect("plain data");
    let escaped = serde_json::to_string(evil).expect("a string");
    // Every string a user's data can reach: titles, names, thoughts, settings.
    for place in [
        "Glass Orchard",
        "Drama",
        "builtin expert (no language model)",
        "run.toml",
        "seed 1",
        "held-out RMSE",
        "User 42, expert",
        "category-window",
        "IL-Rec on the sample domain",
        "Seven Winters",
        "popularity",
    ] {
        text = text.replace(&format!("\"{place}\""), &escaped);
    }
    let page = html_page(&serde_json::from_str(&text).expect("still a report"));
    assert!(!page.contains("<script") && !page.contains("' onmouseover"));
    assert!(page.contains("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&#39; onmouseover=&#39;a&amp;b"));
}

#[test]
fn report_data_survives_json_and_forgives_missing_sections() {
    let data = sample();
    let text = serde_json::to_string(&data).expect("plain data");
    assert_eq!(serde_json::from_str::<ReportData>(&text).expect("reads back").title, data.title);
    assert_eq!(serde_json::from_str::<ReportData>("{\"title\":\"t\"}").expect("optional").results, []);
}

fn rows() -> Vec<EvalRow> {
    sample().results[0].evaluations.iter().map(|evaluation| evaluation.row.clone()).collect()
}

#[test]
fn the_terminal_table_aligns_and_marks() {
    let text = text_table(&rows(), "il-rec", &ndcg());
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("  policy") && lines[0].contains("  ndcg@10"), "{text}");
    assert!(lines.iter().any(|line| line.starts_with("> il-rec ")), "{text}");
    assert!(lines.iter().any(|line| line.starts_with("  oracle *")), "{text}");
    assert!(lines[10].starts_with("  * privileged: told the exit rule or the truth"), "{text}");
    assert!(lines[11].contains("exit rule category-window · scoring raw · 90 users"), "{text}");
    let brackets: std::collections::BTreeSet<_> = lines[1..10].iter().map(|line| line.find('[')).collect();
    assert_eq!(brackets.len(), 1, "{text}");
}

#[test]
fn tables_show_the_metrics_that_are_asked_for() {
    let text = text_table(&rows(), "il-rec", &["averagepopularity@10".to_owned(), "mrr@10".to_owned()]);
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].contains("averagepopularity@10") && !text.contains("ndcg@10") && !text.contains("mrr@10"),
        "{text}"
    );
    let of = |policy: &str| lines.iter().find(|line| line[2..].starts_with(policy)).expect("a row");
    assert!(of("popularity ").contains(" 2.800  ") && of("demos ").contains("  -  "), "{text}");
    let page = html_page(&sample());
    assert!(page.contains(">averagepopularity@10</th>") && page.contains("<td>2.800</td>"));
    assert!(page.contains("averagepopularity@10: how many users have the items"));
}

#[test]
fn tables_of_different_settings_are_kept_apart() {
    let mut all = rows();
    all.extend(sample().results[1].evaluations.iter().map(|evaluation| evaluation.row.clone()));
    let text = text_table(&all, "il-rec", &ndcg());
    assert_eq!(text.matches("  policy").count(), 2);
    assert!(text.contains("exit rule ilrec · ") && !text.contains("category-window and ilrec"));
}

#[test]
fn differences_say_what_they_show() {
    let text = text_differences(&sample().results[0].differences);
    let verdict = |against: &str| {
        let line = text.lines().find(|line| line.contains(&format!("il-rec - {against} "))).expect("a line");
        line.rsplit("  ").next().expect("words").to_owned()
    };
    assert_eq!((verdict("random"), verdict("oracle")), ("above".to_owned(), "below".to_owned()));
    let sample = sample();
    let of_one =
        sample.results[0].differences.iter().map(|found| Difference { one_training: true, ..found.clone() });
    let text = text_differences(&of_one.collect::<Vec<_>>());
    assert!(text.contains("  above, of these trainings\n") && text.contains("  below, of these trainings\n"));
    assert_eq!(text_differences(&[]), "");
}

#[test]
fn ticks_are_round_and_cover_the_data() {
    for top in [0.0001, 0.7, 1.0, 5.0, 18.3, 99.0, 100.0, 497.0, 900_000.0] {
        let marks = ticks(top);
        assert!(marks.len() >= 2 && marks.len() <= 7, "{top}: {marks:?}");
        assert!(marks[0] == 0.0 && marks[marks.len() - 1] >= top * 0.999, "{top}: {marks:?}");
    }
    assert_eq!(ticks(100.0), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
    assert_eq!(ticks(f64::NAN), [0.0, 1.0]);
    assert_eq!(
        (tick_label(250_000.0), tick_label(2.5), tick_label(0.0)),
        ("250 k".to_owned(), "2.5".to_owned(), "0".to_owned())
    );
}

fn ndcg() -> [String; 1] {
    ["ndcg@10".to_owned()]
}
