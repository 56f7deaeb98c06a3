//! Which parts an agent has: the published agents are switch settings of one.

use serde::{Deserialize, Serialize};

/// An agent by its published name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AgentKind {
    /// The actor alone.
    ActOnly,
    /// A thought before every action.
    React,
    /// And lessons of earlier sessions, drawn at random.
    Reflexion,
    /// And the most similar lessons, an actor memory and a critic; unknown titles are replaced by the nearest.
    Billp,
    /// The same parts; a title that is not in the catalogue is asked for again beside the nearest ones.
    #[default]
    IlRec,
}

/// How lessons of earlier sessions are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recall {
    /// They are not.
    Nothing,
    /// By the run's seed.
    Random,
    /// By how similar the history is to the one they were drawn from.
    Similar,
}

/// What becomes of a title that cannot be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownTitle {
    /// The actor is told and asked again, beside the nearest titles there are.
    AskAgain,
    /// The nearest title that can be shown takes its place.
    Nearest,
}

/// A part that can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The planner.
    Thought,
    /// The reflector and its lessons.
    Reflections,
    /// What the actor remembers of similar states.
    ActorMemory,
    /// The critic, and with it the actor memory, which lives on its advantages.
    Critic,
}

/// The parts of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modules {
    /// Whether the planner speaks before the actor.
    pub thought: bool,
    /// How lessons are found.
    pub recall: Recall,
    /// Whether the actor is reminded of what went well and badly in similar states.
    pub actor_memory: bool,
    /// Whether the critic judges every state.
    pub critic: bool,
    /// What becomes of a title that cannot be shown.
    pub unknown_title: UnknownTitle,
}

impl AgentKind {
    /// All kinds, in order of parts.
    pub const ALL: [Self; 5] = [Self::ActOnly, Self::React, Self::Reflexion, Self::Billp, Self::IlRec];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::ActOnly => "act-only",
            Self::React => "react",
            Self::Reflexion => "reflexion",
            Self::Billp => "billp",
            Self::IlRec => "il-rec",
        }
    }

    /// Its parts.
    pub fn modules(self) -> Modules {
        let full = matches!(self, Self::Billp | Self::IlRec);
        Modules {
            thought: self != Self::ActOnly,
            recall: match self {
                Self::ActOnly | Self::React => Recall::Nothing,
                Self::Reflexion => Recall::Random,
                Self::Billp | Self::IlRec => Recall::Similar,
            },
            actor_memory: full,
            critic: full,
            unknown_title: match self {
                Self::Billp => UnknownTitle::Nearest,
                _ => UnknownTitle::AskAgain,
            },
        }
    }
}

impl Modules {
    /// The same without some parts.
    pub fn without(mut self, parts: &[Part]) -> Self {
        for part in parts {
            match part {
                Part::Thought => self.thought = false,
                Part::Reflections => self.recall = Recall::Nothing,
                Part::ActorMemory => self.actor_memory = false,
                Part::Critic => (self.critic, self.actor_memory) = (false, false),
            }
        }
        self
    }
}
