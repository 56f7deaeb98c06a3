//! The single stages behind the commands: typed inputs to typed outputs, no command line in sight.

pub(crate) mod agents;
pub(crate) mod check;
pub(crate) mod data;
pub(crate) mod evaluate;
pub(crate) mod migrate;
pub(crate) mod model;
pub(crate) mod runs;
pub(crate) mod served;
pub(crate) mod serving_log;
pub(crate) mod train;
