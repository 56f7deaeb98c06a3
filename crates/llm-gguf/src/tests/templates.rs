//! Chat templates of strangers: whatever they nest or repeat, there is a text or an error.

use super::message;
use crate::tokens::Template;
use llm::Speaker;

/// What becomes of a template, from a thread with as little stack as threads usually have.
fn render(source: &str) -> Result<String, String> {
    let template = Template::parse(source, "<s>").map_err(|error| error.to_string())?;
    template.render(&[message(Speaker::System, "Be brief."), message(Speaker::User, "hello")])
}

#[test]
fn values_nested_without_end_are_an_error_or_a_text() {
    let uses = [
        "",
        "{{ ns.x }}",
        "{{ ns.x|tojson }}",
        "{{ ns.x|string|length }}",
        "{{ ns.x == ns.y }}",
        "{{ ns.x < ns.y }}",
        "{{ [ns.x, ns.y]|unique|length }}",
        "{{ [ns.x, ns.y]|sort|length }}",
        "{{ {'a': ns.x} }}",
        "{{ ns.x in [ns.y] }}",
        "{% for a in ns.x recursive %}{{ loop(a) }}{% endfor %}",
    ];
    let steps = [
        "[ns.x]",
        "{'a': ns.x}",
        "[[[[[[[[[[ns.x]]]]]]]]]]",
        "ns.x|batch(1)|list",
        "[ns.x]|map('list')|list",
    ];
    for step in steps {
        for used in uses {
            for n in [60, 3_000, 90_000] {
                let source = format!(
                    "{{% set ns = namespace(x='a', y='a') %}}{{% for i in range({n}) %}}{{% set ns.x = {step} %}}{{% endfor %}}\
                     {{% for i in range({n}) %}}{{% set ns.y = [ns.y] %}}{{% endfor %}}{used}done"
                );
                if let Ok(text) = render(&source) {
                    assert!(text.ends_with("done"), "{step} {used}");
                }
            }
        }
    }
}

#[test]
fn values_that_hold_each_other_again_and_again_do_not_hold_anybody_up() {
    // Comparing two values that each hold themselves twice, sixty times over, takes longer than anybody can wait.
    let double = |name: &str| {
        format!("{{% for i in range(60) %}}{{% set ns.{name} = [ns.{name}, ns.{name}] %}}{{% endfor %}}")
    };
    let source = format!(
        "{{% set ns = namespace(x='a', y='a') %}}{}{}{{{{ ns.x == ns.y }}}}",
        double("x"),
        double("y")
    );
    let template = Template::parse(&source, "<s>").unwrap();
    let messages = [message(Speaker::User, "hello")];
    for _ in 0..2 {
        let _ = template.render_within(std::time::Duration::from_millis(200), &messages);
    }
}

#[test]
fn expressions_nested_without_end_are_an_error_or_a_text() {
    for n in [10, 1_000, 9_000, 30_000, 1_000_000] {
        for (open, middle, close) in [
            ("(", "1", ")"),
            ("[", "1", "]"),
            ("{'a':", "1", "}"),
            ("not ", "1", ""),
            ("-", "1", ""),
            ("", "a", ".b"),
            ("", "a", "[0]"),
            ("", "a", "|e"),
            ("", "1", "+1"),
            ("", "1", " and 1"),
            ("", "1", " if 1 else 1"),
            ("1 if 1 else ", "1", ""),
            ("a(", "1", ")"),
        ] {
            let source = format!("{{{{ {}{middle}{} }}}}", open.repeat(n), close.repeat(n));
            let _ = render(&source);
        }
        for (open, close) in
            [("{% if 1 %}", "{% endif %}"), ("{% for a in [1] %}", "{% endfor %}"), ("{% raw %}", "")]
        {
            let _ = render(&(open.repeat(n) + &close.repeat(n)));
        }
    }
}

#[test]
fn text_without_end_is_an_error() {
    for source in [
        "{% set ns = namespace(x='aaaaaaaa') %}{% for i in range(90000) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        "{% for i in range(90000) %}{% for j in range(90000) %}aaaaaaaaaaaaaaaa{% endfor %}{% endfor %}",
        "{{ 'a' * 100000000000 }}",
        "{{ [1] * 100000000000 }}",
        "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
    ] {
        assert!(render(source).is_err(), "{source}");
    }
}

#[test]
fn usual_templates_have_room() {
    let turn =
        "{% for m in messages %}{{ '<|' ~ m.role ~ '|>' ~ m.content.strip() ~ eos_token }}{% endfor %}";
    let template = Template::parse(turn, "<s>").unwrap();
    let long = "word ".repeat(30_000);
    let messages: Vec<_> = (0..60).map(|_| message(Speaker::User, &long[..2_000])).collect();
    assert!(template.render(&messages).is_ok());
    assert!(template.render(&[message(Speaker::User, &long)]).is_ok());
}
