//! What ratings say about a user, and what that says about every item.

use crate::graph::{Graph, Value, value};
use crate::message::{Attribute, Element, GraphMessage, Side};
use representation::TasteModel;

/// The belief after ratings, and each item's prediction.
pub(crate) struct Belief {
    /// Mean, `[width]`.
    pub(crate) mean: Value,
    /// Predicted rating above the mean rating, `[items]`.
    pub(crate) predicted: Value,
    /// Standard deviation of the prediction, `[items]`.
    pub(crate) uncertainty: Value,
}

/// Takes `ratings` of `items` in, one after the other.
pub(crate) fn belief(graph: &mut Graph, taste: &TasteModel, items: &str, ratings: &str) -> Belief {
    let (width, n_items) = (taste.width(), taste.n_items());
    let columns = graph.floats(&[width, n_items], &taste.columns);
    let offsets = graph.floats(&[n_items], &taste.offsets);
    let prior = diagonal(&taste.prior);
    let prior = graph.floats(&[width, width], &prior);
    let nothing = graph.floats(&[width], &vec![0.0; width]);

    let rows = graph.gather(&columns, items, 1);
    let rows = graph.op("Transpose", &[&rows]); // [ratings, width]
    let known = graph.gather(&offsets, items, 0);
    let mean_rating = graph.float(taste.mean);
    let known = graph.op("Add", &[&known, &mean_rating]);
    let residuals = graph.op("Sub", &[ratings, &known]);
    // Runtimes refuse to scan over nothing, so a rating that says nothing comes first: all its features are zero.
    let (row, residual) = (graph.floats(&[1, width], &vec![0.0; width]), graph.floats(&[1], &[0.0]));
    let rows = graph.concat(&[&row, &rows], 0);
    let residuals = graph.concat(&[&residual, &residuals], 0);
    let step = vec![Attribute::graph("body", step(taste)), Attribute::int("num_scan_inputs", 2)];
    let [mean, covariance] = graph.ops_with("Scan", &[&nothing, &prior, &rows, &residuals], step);

    let predicted = graph.op("MatMul", &[&mean, &columns]);
    let predicted = graph.op("Add", &[&predicted, &offsets]);
    let spread = graph.op("MatMul", &[&covariance, &columns]);
    let spread = graph.op("Mul", &[&spread, &columns]);
    let variance = graph.reduce("ReduceSum", &spread, 0);
    let variance = graph.at_least(&variance, 0.0);
    let uncertainty = graph.op("Sqrt", &[&variance]);
    Belief { mean, predicted, uncertainty }
}

/// One rating: `representation::Belief::observe`.
fn step(taste: &TasteModel) -> GraphMessage {
    let width = || Side::Length(taste.width() as i64);
    let mut graph = Graph::new("step.");
    let (mean, covariance, row, residual) = ("step.mean", "step.covariance", "step.row", "step.residual");
    let column = graph.unsqueeze(row, 1);
    let direction = graph.op("MatMul", &[covariance, &column]); // [width, 1]
    let flat = graph.squeeze(&direction, 1);
    let noise = graph.float(taste.noise);
    let variance = graph.op("Mul", &[&flat, row]);
    let variance = graph.reduce("ReduceSum", &variance, 0);
    let variance = graph.op("Add", &[&variance, &noise]);
    let predicted = graph.op("Mul", &[mean, row]);
    let predicted = graph.reduce("ReduceSum", &predicted, 0);
    let gain = graph.op("Sub", &[residual, &predicted]);
    let gain = graph.op("Div", &[&gain, &variance]);
    let moved = graph.op("Mul", &[&flat, &gain]);
    let next_mean = graph.op("Add", &[mean, &moved]);
    let across = graph.op("Transpose", &[&direction]);
    let outer = graph.op("MatMul", &[&direction, &across]);
    let outer = graph.op("Div", &[&outer, &variance]);
    let next_covariance = graph.op("Sub", &[covariance, &outer]);
    let single = |name: &str, sides: &[Side]| value(name, Element::Single, sides);
    let inputs = vec![
        single(mean, &[width()]),
        single(covariance, &[width(), width()]),
        single(row, &[width()]),
        single(residual, &[]),
    ];
    let outputs = vec![single(&next_mean, &[width()]), single(&next_covariance, &[width(), width()])];
    graph.finish("step", inputs, outputs)
}

fn diagonal(values: &[f32]) -> Vec<f32> {
    let width = values.len();
    let mut matrix = vec![0.0; width * width];
    matrix.iter_mut().step_by(width + 1).zip(values).for_each(|(cell, value)| *cell = *value);
    matrix
}
