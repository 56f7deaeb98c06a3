//! The built-in texts say what they should, and a user's text is checked before anything is paid for.

use super::*;

fn text(name: &str, is_full: bool) -> String {
    let chat = Prompts::builtin().unwrap().chat(name, &Situation::sample(is_full)).unwrap();
    chat[1].content.clone()
}

#[test]
fn a_full_actor_prompt_has_everything_in_its_place() {
    let expected = "Lessons from sessions with other people:\n- a lesson\n\n\
        The person's latest items, oldest first:\n- A Title (liked: 4)\n\n\
        This session so far:\n(thought before 1: a thought)\n1. A Title (liked: 4)\n\
        Liked in total: 4 in 1 recommendations.\n\n\
        Your thought: a thought\nYour plan: a plan\n\
        In a situation like this one, these went well: A Title\n\
        In a situation like this one, these went badly: A Title\n\
        \"A Title\" cannot be recommended: it is not known here. The nearest that can: Another Title.\n\
        Which item do you recommend as number 2?\n\
        Answer as JSON with its title only: {\"title\": \"...\"}";
    assert_eq!(text("actor", true), expected);
}

#[test]
fn an_empty_actor_prompt_has_nothing_but_the_question() {
    let expected = "Nothing has been recommended in this session yet.\n\n\
        Which item do you recommend as number 1?\nAnswer with its title only.";
    assert_eq!(text("actor", false), expected);
}

#[test]
fn critic_and_reflector() {
    let critic = text("critic", true);
    assert!(critic.contains("- A Title\nA situation very much like this one turned out to be worth 2."));
    assert!(text("critic", false).starts_with("A person has not been shown any items yet."));
    assert!(text("reflector", false).contains("The session is over: the user left\n"));
}

#[track_caller]
fn refused(name: &str, source: &str, what: &str) {
    let error = Prompts::with(&[(name.to_owned(), source.to_owned())]).unwrap_err();
    assert!(error.to_string().contains(what), "{error}");
}

#[test]
fn texts_that_cannot_work_are_refused_at_once() {
    refused("oracle", "", "unknown; there are system, situation, planner");
    refused("actor", "a\n{% if %}", "line 2");
    refused("actor", "{{ mood }}", "prompt template actor");
    refused("critic", "{% include 'nowhere' %}", "nowhere");
    refused(
        "planner",
        "{% for a in range(9000) %}{% for b in range(9000) %}.{% endfor %}{% endfor %}",
        "planner",
    );
}

#[test]
fn a_folder_replaces_what_it_names() {
    let dir = tempfile::tempdir().unwrap();
    assert!(Prompts::read(dir.path()).is_err(), "a folder without templates is a mistake");
    std::fs::write(dir.path().join("actor.jinja"), "One {{ noun }}, please.\n").unwrap();
    std::fs::write(dir.path().join("notes.txt"), "ours").unwrap();
    let prompts = Prompts::read(dir.path()).unwrap();
    assert_eq!(prompts.chat("actor", &Situation::sample(true)).unwrap()[1].content, "One item, please.");
    assert_ne!(prompts.hash(), Prompts::builtin().unwrap().hash());
}
