//! Keys and values of every token that was evaluated, as a tree: what two contexts begin with alike is kept once.

use std::collections::{BTreeSet, HashMap};

/// Keys and values of one layer: per head, `[nodes, head width]`.
#[derive(Debug)]
pub(crate) struct LayerKeys {
    pub(crate) keys: Vec<Vec<f32>>,
    pub(crate) values: Vec<Vec<f32>>,
}

/// Keys and values of all layers; a node of the tree is a row.
#[derive(Debug)]
pub(crate) struct KeyValues {
    pub(crate) layers: Vec<LayerKeys>,
    head_width: usize,
    n_rows: usize,
}

impl KeyValues {
    fn new(n_layers: usize, n_heads: usize, head_width: usize) -> Self {
        let heads = || vec![Vec::new(); n_heads];
        let layers = (0..n_layers).map(|_| LayerKeys { keys: heads(), values: heads() }).collect();
        Self { layers, head_width, n_rows: 0 }
    }

    fn grow(&mut self, n_rows: usize) {
        self.n_rows = n_rows;
        for layer in &mut self.layers {
            for head in layer.keys.iter_mut().chain(&mut layer.values) {
                head.resize(n_rows * self.head_width, 0.0);
            }
        }
    }
}

/// Rows that are added at once.
const STEP: usize = 256;
/// The parent of first tokens.
const ROOT: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Node {
    parent: u32,
    token: u32,
    depth: u32,
    n_children: u32,
    /// When it last lay on a path that was asked for; never before one of its children.
    used: u64,
}

/// The tree and its keys and values.
#[derive(Debug)]
pub(crate) struct Cache {
    pub(crate) key_values: KeyValues,
    nodes: Vec<Option<Node>>,
    children: HashMap<(u32, u32), u32>,
    free: BTreeSet<u32>,
    capacity: usize,
    now: u64,
}

impl Cache {
    /// An empty cache that forgets the longest unused contexts once it holds `capacity` tokens.
    pub(crate) fn new(n_layers: usize, n_heads: usize, head_width: usize, capacity: usize) -> Self {
        Self {
            key_values: KeyValues::new(n_layers, n_heads, head_width),
            nodes: Vec::new(),
            children: HashMap::new(),
            free: BTreeSet::new(),
            capacity,
            now: 0,
        }
    }

    /// Everything found or added from here on stays until the next call.
    pub(crate) fn begin(&mut self) {
        self.now += 1;
    }

    /// Appends the nodes of `tokens` to `path`, and returns how many were there already.
    pub(crate) fn extend(&mut self, path: &mut Vec<u32>, tokens: &[u32]) -> usize {
        let mut n_found = 0;
        for (i, &token) in tokens.iter().enumerate() {
            let parent = path.last().copied().unwrap_or(ROOT);
            let node = match self.children.get(&(parent, token)) {
                Some(&node) => {
                    n_found = i + 1;
                    node
                }
                None => self.add(parent, token, path.len()),
            };
            if let Some(node) = &mut self.nodes[node as usize] {
                node.used = self.now;
            }
            path.push(node);
        }
        n_found
    }

    /// Forgets these nodes, but none that somebody else's tokens hang below: they would be found again under whatever
    /// takes the node's place.
    pub(crate) fn forget(&mut self, nodes: &[u32]) {
        let mut nodes: Vec<u32> = nodes.to_vec();
        nodes.sort_unstable_by_key(|&node| std::cmp::Reverse(self.depth(node)));
        for node in nodes {
            self.remove(node);
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        let n = self.nodes.len() as u32;
        self.nodes.fill(None);
        self.children.clear();
        self.free.extend(0..n);
    }

    /// Tokens that are kept.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len() - self.free.len()
    }

    fn depth(&self, node: u32) -> u32 {
        self.nodes[node as usize].map_or(0, |node| node.depth)
    }

    fn add(&mut self, parent: u32, token: u32, depth: usize) -> u32 {
        if self.free.is_empty() {
            self.make_room();
        }
        let node = self.free.pop_first().expect("room was made");
        self.nodes[node as usize] =
            Some(Node { parent, token, depth: depth as u32, n_children: 0, used: self.now });
        self.children.insert((parent, token), node);
        if let Some(parent) = self.node_mut(parent) {
            parent.n_children += 1;
        }
        node
    }

    fn make_room(&mut self) {
        if self.nodes.len() >= self.capacity {
            self.evict();
        }
        if self.free.is_empty() {
            let n = self.nodes.len();
            self.nodes.resize(n + STEP, None);
            self.free.extend(n as u32..(n + STEP) as u32);
            self.key_values.grow(n + STEP);
        }
    }

    /// Removes the longest unused tokens, the deepest first, but nothing of the contexts in use.
    fn evict(&mut self) {
        let nodes = (0..).zip(&self.nodes).filter_map(|(id, node)| node.map(|node| (id, node)));
        let mut old: Vec<(u64, std::cmp::Reverse<u32>, u32)> = nodes
            .filter(|(_, node)| node.used < self.now)
            .map(|(id, node)| (node.used, std::cmp::Reverse(node.depth), id))
            .collect();
        old.sort_unstable();
        for (_, _, node) in old.into_iter().take(STEP) {
            self.remove(node);
        }
    }

    /// Removes a leaf; a node with children stays.
    fn remove(&mut self, id: u32) {
        let leaf = self.nodes[id as usize].take_if(|node| node.n_children == 0);
        let Some(leaf) = leaf else { return };
        self.children.remove(&(leaf.parent, leaf.token));
        self.free.insert(id);
        if let Some(parent) = self.node_mut(leaf.parent) {
            parent.n_children -= 1;
        }
    }

    /// A node that is there; the root is none.
    fn node_mut(&mut self, id: u32) -> Option<&mut Node> {
        self.nodes.get_mut(id as usize).and_then(Option::as_mut)
    }
}

#[cfg(test)]
mod tests;
