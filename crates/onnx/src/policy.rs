//! From a history and a session to scores: the order of `ranking::Tracker` and `ranking::Actor`.

use crate::belief::{Belief, belief};
use crate::content::Content;
use crate::graph::{Graph, Value, value};
use crate::hazard::{log_stay, perceptron};
use crate::items::Tables;
use crate::message::{Element, Entry, Model, OperatorSet, Side};
use prost::Message as _;
use ranking::{LOWEST_BEST, Ranker, SAFE_LOG_STAY};
use representation::{Feature, LONGEST_HISTORY, RECENT, StateFeature};

/// Version of the format, and of the operators: `ScatterND` adds, reductions take their axes as an input.
const IR_VERSION: i64 = 8;
const OPERATORS: i64 = 18;

/// The bytes of an ONNX file. `about` is kept in it as it is, by name.
pub fn model(ranker: &Ranker, about: &[(&str, &str)]) -> Vec<u8> {
    let mut graph = Graph::new("v");
    let scores = scores(&mut graph, ranker);
    graph.name(&scores, SCORES);
    let named = |side: &str| Side::Named(side.to_owned());
    let inputs = vec![
        value(HISTORY_ITEMS, Element::Integer, &[named("history")]),
        value(HISTORY_RATINGS, Element::Single, &[named("history")]),
        value(SHOWN_ITEMS, Element::Integer, &[named("steps")]),
        value(SHOWN_REWARDS, Element::Single, &[named("steps")]),
    ];
    let n_items = Side::Length(ranker.items.n_items() as i64);
    let outputs = vec![value(SCORES, Element::Single, &[n_items])];
    let entry = |&(key, value): &(&str, &str)| Entry { key: key.to_owned(), value: value.to_owned() };
    let model = Model {
        ir_version: IR_VERSION,
        producer_name: "ilrec".to_owned(),
        graph: Some(graph.finish("policy", inputs, outputs)),
        opset_import: vec![OperatorSet { domain: String::new(), version: OPERATORS }],
        metadata_props: about.iter().map(entry).collect(),
    };
    model.encode_to_vec()
}

const HISTORY_ITEMS: &str = "history_items";
const HISTORY_RATINGS: &str = "history_ratings";
const SHOWN_ITEMS: &str = "shown_items";
const SHOWN_REWARDS: &str = "shown_rewards";
const SCORES: &str = "scores";

/// What was rated, with how much above the user's mean.
struct Rated {
    items: Value,
    ratings: Value,
    above: Value,
}

fn scores(graph: &mut Graph, ranker: &Ranker) -> Value {
    let items = &*ranker.items;
    let (logged, all) = rated(graph, ranker);
    let Belief { mean, predicted, uncertainty } = belief(graph, &items.taste, &all.items, &all.ratings);
    let (tables, content) = (Tables::new(graph, items), Content::new(graph, items));
    let text_match = tables.text_match(graph, &logged.items, &logged.above);
    let content_match = content.liking(graph, &all.items, &all.above);
    let nearness = tables.nearness(graph, SHOWN_ITEMS, items.uses_text_nearness);
    let saturation = content.saturation(graph, SHOWN_ITEMS);
    let log_stay = match &ranker.hazard {
        None => graph.floats(&[items.n_items()], &vec![0.0; items.n_items()]),
        Some(hazard) => {
            let near = stacked(graph, &nearness);
            let dislike = stacked(graph, &[predicted.clone(), uncertainty.clone()]);
            log_stay(graph, hazard, &content, [&saturation, &near, &dislike])
        }
    };
    let window = graph.range(&saturation, RECENT as i64 - 1, RECENT as i64);
    let window = graph.squeeze(&window, 0);
    let window = content.to_items(graph, &window);
    let [nearest, ..] = nearness;
    let columns = Feature::ALL.map(|feature| match feature {
        Feature::PredictedReward => predicted.clone(),
        Feature::Uncertainty => uncertainty.clone(),
        Feature::LogStay => log_stay.clone(),
        Feature::ItemOffset | Feature::Popularity | Feature::Breadth | Feature::Crowding => {
            let column = items.fixed(feature).expect("an item table has these columns");
            graph.floats(&[column.len()], column)
        }
        Feature::ContentMatch => content_match.clone(),
        Feature::Distance => nearest.clone(),
        Feature::Saturation => window.clone(),
        Feature::TextMatch => text_match.clone(),
    });
    let columns = stacked(graph, &columns);

    let is_taken = is_taken(graph, items.n_items());
    let state = state(graph, &mean, &predicted, &log_stay, &is_taken);
    let weights = perceptron(graph, &ranker.actor.network, &state); // [features, 1]
    let weights = graph.op("Transpose", &[&weights]);
    let scores = graph.op("MatMul", &[&weights, &columns]);
    let scores = graph.squeeze(&scores, 0);
    let never = graph.float(f32::NEG_INFINITY);
    let zero = graph.float(0.0);
    let is_taken = graph.op("Greater", &[&is_taken, &zero]);
    graph.op("Where", &[&is_taken, &never, &scores])
}

/// What the log says, and what moves the belief: with learning in the session, its rewards too.
fn rated(graph: &mut Graph, ranker: &Ranker) -> (Rated, Rated) {
    let items = graph.tail(HISTORY_ITEMS, -(LONGEST_HISTORY as i64));
    let ratings = graph.tail(HISTORY_RATINGS, -(LONGEST_HISTORY as i64));
    let n = graph.length(&items);
    let at_least_one = graph.at_least(&n, 1.0);
    let sum = graph.reduce("ReduceSum", &ratings, 0);
    let mean = graph.op("Div", &[&sum, &at_least_one]);
    let above = graph.op("Sub", &[&ratings, &mean]);
    let logged = Rated { items, ratings, above };
    if !ranker.learns_in_session {
        let Rated { items, ratings, above } = &logged;
        let all = Rated { items: items.clone(), ratings: ratings.clone(), above: above.clone() };
        return (logged, all);
    }
    let (zero, usual) = (graph.float(0.0), graph.float(ranker.items.taste.mean));
    let is_known = graph.op("Greater", &[&n, &zero]);
    let mean = graph.op("Where", &[&is_known, &mean, &usual]);
    let above = graph.op("Sub", &[SHOWN_REWARDS, &mean]);
    let all = Rated {
        items: graph.concat(&[&logged.items, SHOWN_ITEMS], 0),
        ratings: graph.concat(&[&logged.ratings, SHOWN_REWARDS], 0),
        above: graph.concat(&[&logged.above, &above], 0),
    };
    (logged, all)
}

/// Vectors `[n]` as the rows of a matrix.
fn stacked(graph: &mut Graph, columns: &[Value]) -> Value {
    let rows: Vec<Value> = columns.iter().map(|column| graph.unsqueeze(column, 0)).collect();
    graph.concat(&rows.iter().map(String::as_str).collect::<Vec<_>>(), 0)
}

/// One for items of the history and the session, zero for the others, `[items]`.
fn is_taken(graph: &mut Graph, n_items: usize) -> Value {
    let zeros = graph.floats(&[n_items], &vec![0.0; n_items]);
    let taken = graph.concat(&[HISTORY_ITEMS, SHOWN_ITEMS], 0);
    let ones = graph.ones_like(&taken);
    let at = graph.unsqueeze(&taken, 1);
    graph.op("ScatterND", &[&zeros, &at, &ones])
}

/// The features of the state, `[features, 1]`.
fn state(graph: &mut Graph, mean: &str, predicted: &str, log_stay: &str, is_taken: &str) -> Value {
    let [zero, one, two, three, five, hundred] = [0.0, 1.0, 2.0, 3.0, 5.0, 100.0].map(|x| graph.float(x));
    let n_history = graph.length(HISTORY_ITEMS);
    let n_history = graph.op("Add", &[&n_history, &one]);
    let n_history = graph.op("Log", &[&n_history]);
    let known = graph.op("Div", &[&n_history, &five]);
    let constant = graph.range(mean, 0, 1);
    let constant = graph.squeeze(&constant, 0);
    let n_shown = graph.length(SHOWN_ITEMS);
    let (long, short) = (graph.op("Div", &[&n_shown, &hundred]), graph.op("Div", &[&n_shown, &five]));
    let short = graph.op("Min", &[&short, &one]);
    let centred = graph.op("Sub", &[SHOWN_REWARDS, &three]);
    let centred = graph.op("Div", &[&centred, &two]);
    // Sums over nothing are zero: before the first step there is neither a last reward nor an average.
    let last = graph.tail(&centred, -1);
    let last = graph.reduce("ReduceSum", &last, 0);
    let sum = graph.reduce("ReduceSum", &centred, 0);
    let at_least_one = graph.at_least(&n_shown, 1.0);
    let average = graph.op("Div", &[&sum, &at_least_one]);

    let is_free = graph.op("Sub", &[&one, is_taken]);
    let bound = graph.float(SAFE_LOG_STAY);
    let is_safe = graph.op("Greater", &[log_stay, &bound]);
    let is_safe = graph.as_float(&is_safe);
    let is_safe = graph.op("Mul", &[&is_safe, &is_free]);
    let (n_safe, n_free) = (graph.reduce("ReduceSum", &is_safe, 0), graph.reduce("ReduceSum", &is_free, 0));
    let n_free = graph.at_least(&n_free, 1.0);
    let safe = graph.op("Div", &[&n_safe, &n_free]);
    let lowest = graph.float(LOWEST_BEST);
    let is_safe = graph.op("Greater", &[&is_safe, &zero]);
    let best = graph.op("Where", &[&is_safe, predicted, &lowest]);
    let best = graph.reduce("ReduceMax", &best, 0);
    let best = graph.op("Max", &[&best, &lowest]);
    let all = StateFeature::ALL.map(|feature| match feature {
        StateFeature::HistoryLength => &known,
        StateFeature::RatingLevel => &constant,
        StateFeature::NShown => &long,
        StateFeature::Beginning => &short,
        StateFeature::LastReward => &last,
        StateFeature::MeanReward => &average,
        StateFeature::SafeShare => &safe,
        StateFeature::BestSafe => &best,
    });
    let all: Vec<Value> = all.iter().map(|one| graph.unsqueeze(one, 0)).collect();
    let column = graph.concat(&all.iter().map(String::as_str).collect::<Vec<_>>(), 0);
    graph.unsqueeze(&column, 1)
}
