//! What the paths answer.

pub(crate) mod admin;
pub(crate) mod availability;
pub(crate) mod body;
pub(crate) mod experiment;
pub(crate) mod feedback;
pub(crate) mod health;
pub(crate) mod items;
pub(crate) mod openapi;
pub(crate) mod recommend;
pub(crate) mod sessions;
pub(crate) mod worth;
