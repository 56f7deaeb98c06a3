//! The command line: arguments in, artefacts and tables out.

fn main() {}
