//! The probability of staying, and perceptrons over columns.

use crate::content::Content;
use crate::graph::{Graph, Value};
use nn::Mlp;
use ranking::{LARGEST_LOGIT, LOWEST_LOG_STAY, QuitHazard};

/// A perceptron with one hidden layer on `input: [inputs, n]`, giving `[outputs, n]`.
pub(crate) fn perceptron(graph: &mut Graph, mlp: &Mlp, input: &str) -> Value {
    let (n_inputs, n_hidden, n_outputs) = (mlp.sizes()[0], mlp.sizes()[1], mlp.sizes()[2]);
    let (first, second) = mlp.parameters.split_at((n_inputs + 1) * n_hidden);
    let hidden = layer(graph, first, (n_inputs, n_hidden), input);
    let hidden = graph.op("Relu", &[&hidden]);
    layer(graph, second, (n_hidden, n_outputs), &hidden)
}

fn layer(graph: &mut Graph, parameters: &[f32], (n_in, n_out): (usize, usize), input: &str) -> Value {
    let (weight, bias) = parameters.split_at(n_in * n_out);
    let turned: Vec<f32> = (0..n_out).flat_map(|o| (0..n_in).map(move |i| weight[i * n_out + o])).collect();
    let (weight, bias) = (graph.floats(&[n_out, n_in], &turned), graph.floats(&[n_out, 1], bias));
    let sum = graph.op("MatMul", &[&weight, input]);
    graph.op("Add", &[&sum, &bias])
}

/// The logarithm of the probability that a user stays at each item, `[items]`, from the saturation of groups
/// `[windows + 1, groups]`, nearness `[4, items]`, and predicted reward with its uncertainty `[2, items]`.
pub(crate) fn log_stay(
    graph: &mut Graph,
    hazard: &QuitHazard,
    content: &Content,
    [saturation, nearness, dislike]: [&str; 3],
) -> Value {
    let by_group = odds(graph, &hazard.saturation, saturation);
    let by_content = content.to_items(graph, &by_group);
    let by_nearness = odds(graph, &hazard.nearness, nearness);
    let by_dislike = odds(graph, &hazard.dislike, dislike);
    let product = graph.op("Mul", &[&by_content, &by_nearness]);
    let product = graph.op("Mul", &[&product, &by_dislike]);
    let log = graph.op("Log", &[&product]);
    let log_stay = graph.op("Neg", &[&log]);
    graph.at_least(&log_stay, LOWEST_LOG_STAY)
}

/// One plus the odds of leaving for a cause.
fn odds(graph: &mut Graph, cause: &Mlp, input: &str) -> Value {
    let logits = perceptron(graph, cause, input);
    let logits = graph.squeeze(&logits, 0);
    let most = graph.float(LARGEST_LOGIT);
    let logits = graph.op("Min", &[&logits, &most]);
    let odds = graph.op("Exp", &[&logits]);
    let one = graph.float(1.0);
    graph.op("Add", &[&odds, &one])
}
