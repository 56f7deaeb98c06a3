//! A tiny model made here, and the real one where somebody has it.

mod folder;
mod real;
mod tiny;
