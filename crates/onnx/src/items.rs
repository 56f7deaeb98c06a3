//! Columns over the catalogue that compare items with items: texts, and nearness to what was just shown.

use crate::graph::{Graph, Value};
use crate::message::Attribute;
use representation::{FAR, ItemTable, N_NEARNESS, RECENT};

/// The item tables that several parts read.
pub(crate) struct Tables {
    texts: Value,
    behavior: Value,
    squares: Value,
    n_items: usize,
}

impl Tables {
    pub(crate) fn new(graph: &mut Graph, items: &ItemTable) -> Self {
        let n_items = items.n_items();
        let width = items.behavior.len() / n_items.max(1);
        Self {
            texts: graph.floats(&[n_items, items.text_width], &items.texts),
            behavior: graph.floats(&[width, n_items], &items.behavior),
            squares: graph.floats(&[n_items], &items.behavior_squares),
            n_items,
        }
    }

    /// How alike each item's text is to those that were rated above the mean, `[items]`.
    pub(crate) fn text_match(&self, graph: &mut Graph, items: &str, above: &str) -> Value {
        let rows = graph.gather(&self.texts, items, 0);
        let above = graph.unsqueeze(above, 1);
        let liked = graph.op("Mul", &[&rows, &above]);
        let liked = graph.reduce("ReduceSum", &liked, 0);
        let length = graph.reduce("ReduceL2", &liked, 0);
        let length = graph.at_least(&length, 1e-6);
        let alike = graph.op("MatMul", &[&self.texts, &liked]);
        graph.op("Div", &[&alike, &length])
    }

    /// Smallest and second smallest distance, largest and second largest text similarity, each `[items]`, to the last
    /// items shown.
    pub(crate) fn nearness(
        &self,
        graph: &mut Graph,
        shown: &str,
        uses_text_nearness: bool,
    ) -> [Value; N_NEARNESS] {
        let last = graph.tail(shown, -(RECENT as i64));
        let columns = graph.gather(&self.behavior, &last, 1);
        let rows = graph.op("Transpose", &[&columns]); // [last, width]
        let dots = graph.op("MatMul", &[&rows, &self.behavior]);
        let two = graph.float(2.0);
        let dots = graph.op("Mul", &[&dots, &two]);
        let own = graph.gather(&self.squares, &last, 0);
        let own = graph.unsqueeze(&own, 1);
        let squares = graph.op("Add", &[&own, &self.squares]);
        let squares = graph.op("Sub", &[&squares, &dots]);
        let squares = graph.at_least(&squares, 0.0);
        let distances = graph.op("Sqrt", &[&squares]);
        let [nearest, second] = self.two_best(graph, &distances, FAR, 0);
        let [most_alike, second_alike] = if uses_text_nearness {
            let rows = graph.gather(&self.texts, &last, 0);
            let rows = graph.op("Transpose", &[&rows]);
            let alike = graph.op("MatMul", &[&self.texts, &rows]); // [items, last]
            let alike = graph.op("Transpose", &[&alike]);
            self.two_best(graph, &alike, 0.0, 1)
        } else {
            let zeros = graph.floats(&[self.n_items], &vec![0.0; self.n_items]);
            [zeros.clone(), zeros]
        };
        [nearest, second, most_alike, second_alike]
    }

    /// The two largest or smallest of every column of `[rows, items]`, and of two rows of `start` beside them.
    fn two_best(&self, graph: &mut Graph, rows: &str, start: f32, largest: i64) -> [Value; 2] {
        let start = graph.floats(&[2, self.n_items], &vec![start; 2 * self.n_items]);
        let all = graph.concat(&[&start, rows], 0);
        let two = graph.ints(&[1], &[2]);
        let attributes = vec![Attribute::int("axis", 0), Attribute::int("largest", largest)];
        let [best, _] = graph.ops_with("TopK", &[&all, &two], attributes);
        [0, 1].map(|row| {
            let row = graph.range(&best, row, row + 1);
            graph.squeeze(&row, 0)
        })
    }
}
