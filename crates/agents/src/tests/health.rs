//! A role that is never answered ends the run and says why; nothing is lost by it.

use super::*;
use crate::{AgentError, AgentKind, Journal};

/// Whatever a role can get instead of an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Nothing {
    Failed,
    Refused,
    Rejected,
    CutOff,
    Silent,
    Thinking,
    CutThinking,
}
use Nothing::*;

const ALL: [Nothing; 7] = [Failed, Refused, Rejected, CutOff, Silent, Thinking, CutThinking];
const ROLES: [(AgentRole, &str); 4] = [
    (AgentRole::Planner, "planner"),
    (AgentRole::Actor, "actor"),
    (AgentRole::Critic, "critic"),
    (AgentRole::Reflector, "reflector"),
];

/// Sensible, but one role gets nothing, always or the first times.
struct Deaf {
    sensible: Scripted,
    role: AgentRole,
    nothing: Nothing,
    n_times: usize,
    n_deaf: AtomicUsize,
}

impl Deaf {
    fn new(world: &World, role: AgentRole, nothing: Nothing, n_times: usize) -> Self {
        Self { sensible: sensible(world), role, nothing, n_times, n_deaf: AtomicUsize::new(0) }
    }

    fn n_asked(&self) -> usize {
        self.sensible.asked.lock().unwrap().len()
    }
}

fn instead(nothing: Nothing, request: &Generate) -> Result<Completion, LlmError> {
    let reason = "the server said: no".to_owned();
    let (text, stop) = match nothing {
        Failed => return Err(LlmError::Failed { reason }),
        Refused => return Err(LlmError::Refused { reason }),
        Rejected => return Err(LlmError::Rejected { reason, hint: "leave it out".to_owned() }),
        CutOff => return Err(LlmError::CutOff { tokens: request.sampling.max_tokens }),
        Silent => (" ", StopReason::Stop),
        Thinking => ("<think>hm</think>", StopReason::Stop),
        CutThinking => ("<think>hm, perhaps", StopReason::Length),
    };
    let usage = Usage { tokens_in: 9, tokens_out: 3, ..Usage::default() };
    Ok(Completion { text: text.to_owned(), stop, log_prob: None, choice: None, usage })
}

impl LanguageModel for Deaf {
    fn capabilities(&self) -> &Capabilities {
        self.sensible.capabilities()
    }

    fn generate(&self, requests: &[Generate]) -> Vec<Result<Completion, LlmError>> {
        let answer = |request: &Generate| {
            let is_deaf =
                request.agent == self.role && self.n_deaf.fetch_add(1, Ordering::SeqCst) < self.n_times;
            let answer = self.sensible.generate(std::slice::from_ref(request)).remove(0);
            if is_deaf { instead(self.nothing, request) } else { answer }
        };
        requests.iter().map(answer).collect()
    }
}

fn settings() -> AgentSettings {
    AgentSettings { n_episodes: 7, ..short(AgentKind::IlRec) }
}

#[test]
fn a_role_without_an_answer_ends_the_run_whatever_came_instead() {
    let world = world(3, ExitRule::none());
    let whole = run(&world, &sensible(&world), &settings(), None).unwrap();
    for (role, name) in ROLES {
        for nothing in ALL {
            let dir = tempfile::tempdir().unwrap();
            let journal = Journal::open(dir.path(), "a").unwrap();
            let model = Deaf::new(&world, role, nothing, usize::MAX);
            let error = run(&world, &model, &settings(), Some(&journal)).unwrap_err();
            let (said, hint) = (error.to_string(), error.hint().unwrap());
            assert!(said.contains(name), "{name}, {nothing:?}: {said}");
            match nothing {
                CutOff | CutThinking => {
                    assert!(said.contains("were cut off at"), "{said}");
                    assert!(
                        hint.contains(&format!("sampling.{name}_tokens")) && hint.contains("thinking"),
                        "{hint}"
                    );
                }
                Silent | Thinking => assert!(said.contains("nothing was said"), "{said}"),
                _ => assert!(said.contains("the server said: no"), "{said}"),
            }
            assert_eq!(nothing == Rejected, hint == "leave it out", "{hint}");
            assert!(!dir.path().join("batch-00000.json").exists(), "{name}, {nothing:?}");
            let again = run(&world, &sensible(&world), &settings(), Some(&journal)).unwrap();
            assert_eq!(again, whole, "{name}, {nothing:?}");
        }
    }
}

#[test]
fn few_calls_show_that_none_is_answered() {
    let world = world(3, ExitRule::none());
    let settings = AgentSettings { n_episodes: 100, batch: 100, ..short(AgentKind::ActOnly) };
    let model = Deaf::new(&world, AgentRole::Actor, CutOff, usize::MAX);
    let error = run(&world, &model, &settings, None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "all 10 answers of the actor were cut off at 40 tokens before a title came"
    );
    assert_eq!(model.n_asked(), 10);
}

#[test]
fn titles_that_are_cut_and_mean_nothing_count_as_cut_off() {
    struct Cut(Scripted);
    impl LanguageModel for Cut {
        fn capabilities(&self) -> &Capabilities {
            self.0.capabilities()
        }
        fn generate(&self, requests: &[Generate]) -> Vec<Result<Completion, LlmError>> {
            let cut = |answer: Result<Completion, LlmError>| {
                answer.map(|answer| Completion { stop: StopReason::Length, ..answer })
            };
            self.0.generate(requests).into_iter().map(cut).collect()
        }
    }
    let world = world(3, ExitRule::none());
    let settings = AgentSettings { n_episodes: 4, batch: 4, ..short(AgentKind::ActOnly) };
    let nonsense = Cut(scripted(|_| Ok("Let me think about what this person".to_owned())));
    let error = run(&world, &nonsense, &settings, None).unwrap_err();
    assert!(matches!(error, AgentError::CutOff { n: 12, n_cut: 12, .. }), "{error:?}");
    let titles = Cut(sensible(&world));
    assert!(run(&world, &titles, &settings, None).is_ok(), "a title that is whole may be cut behind its end");
}

#[test]
fn a_role_that_is_answered_now_and_then_does_not_end_the_run() {
    let world = world(3, ExitRule::none());
    for (role, name) in ROLES {
        for nothing in ALL {
            let model = Deaf::new(&world, role, nothing, 2);
            let made = run(&world, &model, &settings(), None).unwrap();
            let losses = made.losses(7);
            let is_failure = !matches!(nothing, Silent | Thinking | CutThinking);
            assert_eq!(losses.failed_calls, if is_failure { 2 } else { 0 }, "{name}, {nothing:?}");
            assert_eq!((losses.kept, losses.check().is_ok()), (7, true));
            assert_eq!(losses.goes_on(), is_failure);
        }
    }
}

#[test]
fn an_answer_that_is_none_seals_no_batch_unless_it_would_come_again() {
    let world = world(3, ExitRule::none());
    let sealed = |repeats: bool| {
        struct Repeating(Deaf, bool);
        impl LanguageModel for Repeating {
            fn capabilities(&self) -> &Capabilities {
                self.0.capabilities()
            }
            fn generate(&self, requests: &[Generate]) -> Vec<Result<Completion, LlmError>> {
                self.0.generate(requests)
            }
            fn repeats_itself(&self) -> bool {
                self.1
            }
        }
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path(), "a").unwrap();
        let model = Repeating(Deaf::new(&world, AgentRole::Planner, Silent, 1), repeats);
        run(&world, &model, &settings(), Some(&journal)).unwrap();
        dir.path().join("batch-00000.json").exists()
    };
    assert!(sealed(true));
    assert!(!sealed(false));
}

#[test]
fn most_sessions_lost_is_an_error_with_a_count() {
    let world = world(4, ExitRule::none());
    let titles = world.titles();
    // Only the first user's sessions get titles.
    let model = scripted(move |request| {
        let prompt = &request.messages[1].content;
        let is_first = prompt.contains("Anvil (liked: 4.5)");
        Ok(if is_first { first_new(&titles, prompt, &[]) } else { "Nothing that was ever made".to_owned() })
    });
    let settings = AgentSettings { n_episodes: 4, ..short(AgentKind::ActOnly) };
    let made = run(&world, &model, &settings, None).unwrap();
    let losses = made.losses(4);
    assert_eq!((losses.asked, losses.kept, losses.lost(), losses.empty), (4, 1, 3, 3));
    assert_eq!(losses.to_string(), "4 sessions asked for, 1 kept, 3 without an answer that could be shown");
    let error = losses.check().unwrap_err();
    assert!(
        error.to_string().starts_with("most sessions were lost: 4 sessions asked for, 1 kept"),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("--decode catalogue"));
    assert!(made.losses(2).check().is_ok());
}
