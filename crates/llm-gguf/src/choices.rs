//! The allowed answers as a tree of tokens.

use std::collections::{BTreeMap, HashMap};

/// The first node.
pub(crate) const ROOT: usize = 0;

#[derive(Debug, Default)]
struct Node {
    children: BTreeMap<u32, usize>,
    /// Choices that end here, ascending.
    complete: Vec<u32>,
    /// Choices at or below this node.
    n_choices: u32,
}

/// All choices; what one request excludes is counted beside it.
#[derive(Debug)]
pub(crate) struct ChoiceTree {
    nodes: Vec<Node>,
    paths: Vec<Vec<u32>>,
}

/// How many choices a request excludes at or below each node.
pub(crate) type Excluded = HashMap<usize, u32>;

impl ChoiceTree {
    /// From the tokens of each choice, in their order.
    pub(crate) fn new(paths: impl Iterator<Item = Vec<u32>>) -> Self {
        let mut tree = Self { nodes: vec![Node::default()], paths: paths.collect() };
        for (choice, path) in (0..).zip(std::mem::take(&mut tree.paths)) {
            let mut at = ROOT;
            tree.nodes[at].n_choices += 1;
            for &token in &path {
                let new = tree.nodes.len();
                let next = *tree.nodes[at].children.entry(token).or_insert(new);
                if next == new {
                    tree.nodes.push(Node::default());
                }
                at = next;
                tree.nodes[at].n_choices += 1;
            }
            tree.nodes[at].complete.push(choice);
            tree.paths.push(path);
        }
        tree
    }

    /// Tokens of the longest choice.
    pub(crate) fn longest(&self) -> usize {
        self.paths.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// Counts what a request excludes; indices beyond the choices and repeated ones are passed over.
    pub(crate) fn exclude(&self, excluded: &[u32]) -> Excluded {
        let mut sorted = excluded.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let mut counts = Excluded::new();
        for path in sorted.iter().filter_map(|&choice| self.paths.get(choice as usize)) {
            let mut at = ROOT;
            *counts.entry(at).or_default() += 1;
            for token in path {
                at = self.nodes[at].children[token];
                *counts.entry(at).or_default() += 1;
            }
        }
        counts
    }

    /// Whether anything is left at or below a node.
    pub(crate) fn is_open(&self, node: usize, excluded: &Excluded) -> bool {
        self.nodes[node].n_choices > excluded.get(&node).copied().unwrap_or(0)
    }

    /// Tokens that may follow a node, ascending, and where they lead.
    pub(crate) fn next(&self, node: usize, excluded: &Excluded) -> Vec<(u32, usize)> {
        let children = self.nodes[node].children.iter().map(|(&token, &child)| (token, child));
        children.filter(|&(_, child)| self.is_open(child, excluded)).collect()
    }

    /// The first choice that is complete at a node and not in `excluded` (ascending).
    pub(crate) fn complete(&self, node: usize, excluded: &[u32]) -> Option<u32> {
        self.nodes[node].complete.iter().copied().find(|choice| !excluded.contains(choice))
    }
}

#[cfg(test)]
mod tests;
