//! Lines: the colour is the policy's, the style the seed's.

const STYLES: [&str; 4] = ["s0", "s1", "s2", "s3"];

/// The class of the k-th seed's line: drawn through, dashed, dotted, both by turns.
pub fn line_style(seed_at: usize) -> &'static str {
    STYLES[seed_at % STYLES.len()]
}

/// The policy and the seed of a training run called `POLICY, seed N`; a name without a policy is that of `subject`.
pub fn policy_and_seed<'a>(name: &'a str, subject: &'a str) -> (&'a str, &'a str) {
    if let Some(seed) = name.strip_prefix("seed ") {
        return (subject, seed);
    }
    name.rsplit_once(", seed ").unwrap_or((name, ""))
}
