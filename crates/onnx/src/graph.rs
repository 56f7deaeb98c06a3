//! Putting a graph together: every call adds a node and gives the name of what it computes.

use crate::message::{
    Attribute, Dimension, Element, GraphMessage, Node, Shape, Side, Tensor, TensorType, Type, ValueInfo,
};

/// A graph that is being written.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    prefix: &'static str,
    nodes: Vec<Node>,
    constants: Vec<Tensor>,
}

/// The name of a value of the graph.
pub(crate) type Value = String;

/// What a slice that goes to the end has as its end.
const TO_THE_END: i64 = i64::MAX;

impl Graph {
    /// A graph whose names start with `prefix`: graphs within graphs see the names of those around them.
    pub(crate) fn new(prefix: &'static str) -> Self {
        Self { prefix, ..Self::default() }
    }

    fn fresh(&self) -> Value {
        format!("{}{}", self.prefix, self.nodes.len() + self.constants.len())
    }

    /// An operator without attributes.
    pub(crate) fn op(&mut self, op_type: &str, inputs: &[&str]) -> Value {
        self.op_with(op_type, inputs, Vec::new())
    }

    /// An operator with one output.
    pub(crate) fn op_with(&mut self, op_type: &str, inputs: &[&str], attribute: Vec<Attribute>) -> Value {
        let [value] = self.ops_with(op_type, inputs, attribute);
        value
    }

    /// An operator with several outputs.
    pub(crate) fn ops_with<const N: usize>(
        &mut self,
        op_type: &str,
        inputs: &[&str],
        attribute: Vec<Attribute>,
    ) -> [Value; N] {
        let name = self.fresh();
        let output: [Value; N] = std::array::from_fn(|at| format!("{name}.{at}"));
        let input = inputs.iter().map(|&input| input.to_owned()).collect();
        self.nodes.push(Node { input, output: output.to_vec(), op_type: op_type.to_owned(), attribute });
        output
    }

    /// Numbers of a shape.
    pub(crate) fn floats(&mut self, shape: &[usize], data: &[f32]) -> Value {
        let bytes = data.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.constant(Element::Single, shape, bytes)
    }

    /// One number.
    pub(crate) fn float(&mut self, value: f32) -> Value {
        self.floats(&[], &[value])
    }

    /// Integers of a shape.
    pub(crate) fn ints(&mut self, shape: &[usize], data: &[i64]) -> Value {
        let bytes = data.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.constant(Element::Integer, shape, bytes)
    }

    fn constant(&mut self, element: Element, shape: &[usize], raw_data: Vec<u8>) -> Value {
        let tensor = Tensor { name: self.fresh(), ..tensor(element, shape, raw_data) };
        let name = tensor.name.clone();
        self.constants.push(tensor);
        name
    }

    /// The rows of `data` (or its columns, on axis 1) at `at`.
    pub(crate) fn gather(&mut self, data: &str, at: &str, axis: i64) -> Value {
        self.op_with("Gather", &[data, at], vec![Attribute::int("axis", axis)])
    }

    /// From `start` on along the first axis; a negative start counts from the end.
    pub(crate) fn tail(&mut self, data: &str, start: i64) -> Value {
        self.range(data, start, TO_THE_END)
    }

    /// From `start` to before `end` along the first axis.
    pub(crate) fn range(&mut self, data: &str, start: i64, end: i64) -> Value {
        let (start, end) = (self.ints(&[1], &[start]), self.ints(&[1], &[end]));
        self.op("Slice", &[data, &start, &end])
    }

    /// Side by side along an axis.
    pub(crate) fn concat(&mut self, parts: &[&str], axis: i64) -> Value {
        self.op_with("Concat", parts, vec![Attribute::int("axis", axis)])
    }

    /// A further side of length one.
    pub(crate) fn unsqueeze(&mut self, data: &str, axis: i64) -> Value {
        let axis = self.ints(&[1], &[axis]);
        self.op("Unsqueeze", &[data, &axis])
    }

    /// Without a side of length one.
    pub(crate) fn squeeze(&mut self, data: &str, axis: i64) -> Value {
        let axis = self.ints(&[1], &[axis]);
        self.op("Squeeze", &[data, &axis])
    }

    /// `ReduceSum` or another reduction along one axis, which is gone afterwards.
    pub(crate) fn reduce(&mut self, op_type: &str, data: &str, axis: i64) -> Value {
        let axis = self.ints(&[1], &[axis]);
        self.op_with(op_type, &[data, &axis], vec![Attribute::int("keepdims", 0)])
    }

    /// How long a vector is, as a number.
    pub(crate) fn length(&mut self, data: &str) -> Value {
        let length = self.op("Size", &[data]);
        self.as_float(&length)
    }

    /// As numbers.
    pub(crate) fn as_float(&mut self, data: &str) -> Value {
        self.op_with("Cast", &[data], vec![Attribute::int("to", Element::Single as i64)])
    }

    /// Ones in the shape of `like`.
    pub(crate) fn ones_like(&mut self, like: &str) -> Value {
        let shape = self.op("Shape", &[like]);
        let one = tensor(Element::Single, &[1], 1f32.to_le_bytes().to_vec());
        self.op_with("ConstantOfShape", &[&shape], vec![Attribute::tensor("value", one)])
    }

    /// At least `least`.
    pub(crate) fn at_least(&mut self, data: &str, least: f32) -> Value {
        let least = self.float(least);
        self.op("Max", &[data, &least])
    }

    /// Gives a value a name of its own.
    pub(crate) fn name(&mut self, value: &str, name: &str) {
        let (input, output) = (vec![value.to_owned()], vec![name.to_owned()]);
        self.nodes.push(Node { input, output, op_type: "Identity".to_owned(), attribute: Vec::new() });
    }

    /// The graph between these values.
    pub(crate) fn finish(self, name: &str, input: Vec<ValueInfo>, output: Vec<ValueInfo>) -> GraphMessage {
        let Self { nodes: node, constants: initializer, .. } = self;
        GraphMessage { node, name: name.to_owned(), initializer, input, output }
    }
}

fn tensor(element: Element, shape: &[usize], raw_data: Vec<u8>) -> Tensor {
    let dims = shape.iter().map(|&side| side as i64).collect();
    Tensor { dims, data_type: element as i32, name: String::new(), raw_data }
}

/// An input or output: sides are numbers or names.
pub(crate) fn value(name: &str, element: Element, sides: &[Side]) -> ValueInfo {
    let dim = sides.iter().map(|side| Dimension { side: Some(side.clone()) }).collect();
    let tensor_type = Some(TensorType { elem_type: element as i32, shape: Some(Shape { dim }) });
    ValueInfo { name: name.to_owned(), r#type: Some(Type { tensor_type }) }
}
