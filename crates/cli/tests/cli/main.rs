//! The real command line on small inputs.

mod answers;
mod browser;
mod chain;
mod damage;
mod endpoint;
mod experiment;
mod init;
mod migrate;
mod mistakes;
mod model;
mod ownership;
mod program;
mod returns;
#[path = "../../../llm/src/http/tests/server.rs"]
#[expect(dead_code, reason = "how a server misbehaves is tested where the client is")]
mod server;
mod serving;
