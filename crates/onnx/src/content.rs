//! Columns that depend on an item's categories alone, computed once a group.

use crate::graph::{Graph, Value};
use crate::message::Attribute;
use representation::{CONTENT_SHRINKAGE, ItemTable, WINDOWS};

/// Which categories every group has: a list a group, filled up with a row that no category has.
pub(crate) struct Content {
    lists: Value,
    sizes: Vec<usize>,
    group_of: Value,
    n_categories: usize,
    longest: usize,
}

impl Content {
    pub(crate) fn new(graph: &mut Graph, items: &ItemTable) -> Self {
        let n_categories = items.n_categories;
        let sizes: Vec<usize> = items.groups.iter().map(Vec::len).collect();
        let longest = sizes.iter().copied().max().unwrap_or(0).max(1);
        let filled = |group: &Vec<u16>| {
            let categories = group.iter().map(|&category| i64::from(category));
            categories.chain(std::iter::repeat(n_categories as i64)).take(longest).collect::<Vec<_>>()
        };
        let lists: Vec<i64> = items.groups.iter().flat_map(filled).collect();
        let group_of: Vec<i64> = items.group_of.iter().map(|&group| i64::from(group)).collect();
        Self {
            lists: graph.ints(&[sizes.len(), longest], &lists),
            group_of: graph.ints(&[group_of.len()], &group_of),
            sizes,
            n_categories,
            longest,
        }
    }

    /// A column over items from one over groups.
    pub(crate) fn to_items(&self, graph: &mut Graph, by_group: &str) -> Value {
        graph.gather(by_group, &self.group_of, 0)
    }

    /// Sums over the categories of items: `values: [n, k]` to `[categories + 1, k]`, the last row zero.
    fn by_category(&self, graph: &mut Graph, items: &str, (values, k): (&str, usize)) -> Value {
        let groups = graph.gather(&self.group_of, items, 0);
        let lists = graph.gather(&self.lists, &groups, 0);
        let flat = graph.ints(&[2], &[-1, 1]);
        let at = graph.op("Reshape", &[&lists, &flat]);
        let values = graph.unsqueeze(values, 1);
        let repeats = graph.ints(&[3], &[1, self.longest as i64, 1]);
        let values = graph.op("Tile", &[&values, &repeats]);
        let rows = graph.ints(&[2], &[-1, k as i64]);
        let values = graph.op("Reshape", &[&values, &rows]);
        let zeros = graph.floats(&[self.n_categories + 1, k], &vec![0.0; (self.n_categories + 1) * k]);
        let add = vec![Attribute::word("reduction", "add")];
        let sums = graph.op_with("ScatterND", &[&zeros, &at, &values], add);
        let sums = graph.range(&sums, 0, self.n_categories as i64);
        let zero = graph.floats(&[1, k], &vec![0.0; k]);
        graph.concat(&[&sums, &zero], 0)
    }

    /// How much an item's categories are those of items rated above the mean, `[items]`.
    pub(crate) fn liking(&self, graph: &mut Graph, items: &str, above: &str) -> Value {
        let (above, ones) = (graph.unsqueeze(above, 1), graph.ones_like(above));
        let ones = graph.unsqueeze(&ones, 1);
        let values = graph.concat(&[&above, &ones], 1);
        let sums = self.by_category(graph, items, (&values, 2)); // [categories + 1, 2]
        let columns = graph.op("Transpose", &[&sums]);
        let [above, counts] = [0, 1].map(|row| {
            let row = graph.range(&columns, row, row + 1);
            graph.squeeze(&row, 0)
        });
        let shrinkage = graph.float(CONTENT_SHRINKAGE);
        let counts = graph.op("Add", &[&counts, &shrinkage]);
        let liking = graph.op("Div", &[&above, &counts]);
        let liking = graph.gather(&liking, &self.lists, 0); // [groups, longest]
        let sum = graph.reduce("ReduceSum", &liking, 1);
        let sizes: Vec<f32> = self.sizes.iter().map(|&size| size.max(1) as f32).collect();
        let sizes = graph.floats(&[sizes.len()], &sizes);
        let mean = graph.op("Div", &[&sum, &sizes]);
        self.to_items(graph, &mean)
    }

    /// How often the most frequent of a group's categories was among the last items, for each window, with the
    /// number of categories in thirds below: `[windows + 1, groups]`.
    pub(crate) fn saturation(&self, graph: &mut Graph, shown: &str) -> Value {
        let longest = WINDOWS[WINDOWS.len() - 1] as i64;
        let last = graph.tail(shown, -longest);
        let ones = graph.ones_like(&last);
        // Age 0 is the latest: the running sum from the end counts 1, 2, 3, ...
        let axis = graph.ints(&[], &[0]);
        let ages = graph.op_with("CumSum", &[&ones, &axis], vec![Attribute::int("reverse", 1)]);
        let ages = graph.unsqueeze(&ages, 1);
        let windows = WINDOWS.map(|window| window as f32);
        let windows = graph.floats(&[1, windows.len()], &windows);
        let is_within = graph.op("LessOrEqual", &[&ages, &windows]);
        let is_within = graph.as_float(&is_within); // [last, windows]
        let counts = self.by_category(graph, &last, (&is_within, WINDOWS.len()));
        let of_group = graph.gather(&counts, &self.lists, 0); // [groups, longest, windows]
        let most = graph.reduce("ReduceMax", &of_group, 1);
        let most = graph.op("Transpose", &[&most]);
        let thirds: Vec<f32> = self.sizes.iter().map(|&size| size as f32 / 3.0).collect();
        let thirds = graph.floats(&[1, thirds.len()], &thirds);
        graph.concat(&[&most, &thirds], 0)
    }
}
