//! Values found by how near their keys' vectors are: exact search, no index.

use std::collections::HashMap;

/// Vectors with values.
#[derive(Clone, Debug)]
pub(crate) struct Table<T> {
    width: usize,
    vectors: Vec<f32>,
    values: Vec<T>,
    rows: HashMap<String, usize>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { width: 0, vectors: Vec::new(), values: Vec::new(), rows: HashMap::new() }
    }
}

impl<T> Table<T> {
    /// How many values.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// The value of a row.
    pub(crate) fn value(&self, row: usize) -> &T {
        &self.values[row]
    }

    /// Adds a value.
    pub(crate) fn push(&mut self, vector: &[f32], value: T) {
        self.width = vector.len();
        self.vectors.extend(scaled(vector));
        self.values.push(value);
    }

    /// The `count` nearest rows with their distances (1 minus the cosine), nearest first, the older of equals
    /// first.
    pub(crate) fn nearest(&self, vector: &[f32], count: usize) -> Vec<(usize, f32)> {
        if vector.len() != self.width || self.width == 0 {
            return Vec::new();
        }
        let query = scaled(vector);
        let rows = self.vectors.chunks_exact(self.width);
        let mut found: Vec<(usize, f32)> = rows.map(|row| 1.0 - dot(row, &query)).enumerate().collect();
        found.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        found.truncate(count);
        found
    }

    /// The nearest value below a distance.
    pub(crate) fn below(&self, vector: &[f32], distance: f32) -> Option<&T> {
        let (row, found) = *self.nearest(vector, 1).first()?;
        (found < distance).then(|| &self.values[row])
    }
}

impl<T: Default> Table<T> {
    /// The value of a key, added where it is new.
    pub(crate) fn entry(&mut self, key: &str, vector: &[f32]) -> &mut T {
        let row = match self.rows.get(key) {
            Some(&row) => row,
            None => {
                self.rows.insert(key.to_owned(), self.values.len());
                self.push(vector, T::default());
                self.values.len() - 1
            }
        };
        &mut self.values[row]
    }
}

fn scaled(vector: &[f32]) -> Vec<f32> {
    let length = dot(vector, vector).sqrt().max(1e-12);
    vector.iter().map(|x| x / length).collect()
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
