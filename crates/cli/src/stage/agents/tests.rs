//! Addresses that nothing answers to are errors with advice; the run stands beside its result.

use super::*;

#[test]
fn addresses() {
    for (address, what) in
        [("openai:m", "no backend"), ("gguf:m.gguf", "no backend"), ("gpt", "unknown language model")]
    {
        let error = open_model(address, &Terms::default()).err().map(|e| e.to_string());
        assert!(error.as_ref().is_some_and(|e| e.contains(what) && e.contains(address)), "{error:?}");
    }
}

#[test]
fn the_run_stands_beside_its_result() {
    assert_eq!(run_folder(Path::new("a/demos")), Path::new("a/demos.run"));
    assert_eq!(run_folder(Path::new("demos")), Path::new("demos.run"));
}
