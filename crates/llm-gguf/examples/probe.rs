//! Probe.
use std::path::Path;
use llm::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let m = llm_gguf::open(Path::new(&a[1]), &llm_gguf::Options::default()).unwrap_or_else(|e| panic!("{e}"));
    let g = |s: &str| { let r = Generate { agent: AgentRole::Other, messages: vec![Message{role:Speaker::System,content:"You recommend films.".into()},Message{role:Speaker::User,content:s.into()}], sampling: Sampling{temperature:0.0,top_p:1.0,max_tokens:32,seed:0,stop:vec![]}, schema: None, choices: None, excluded: vec![] };
      println!("{:?}", m.tokenize_prompt(&m.prompt(&r.messages).unwrap()));
      let c = m.generate(&[r]).swap_remove(0).unwrap(); println!("{c:?} {:?}", m.tokenize(&c.text)); };
    g("I liked Heat, Alien and Fargo. Name one more film.");
    g("I liked Heat, Alien and Fargo. Name one more.");
}
