//! Named f32 tensors in one safetensors file.

use crate::precision::encoded;
use crate::{Artefact, ArtefactError, Draft, Precision};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::BTreeMap;

/// Named row-major f32 tensors, and one text beside them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tensors {
    by_name: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
    note: String,
}

const NOTE: &str = "note";

impl Tensors {
    /// Adds a tensor.
    ///
    /// # Panics
    /// If the shape does not hold the data.
    pub fn insert(&mut self, name: &str, shape: &[usize], data: Vec<f32>) {
        assert_eq!(shape.iter().product::<usize>(), data.len(), "shape and data of {name}");
        self.by_name.insert(name.to_owned(), (shape.to_vec(), data));
    }

    /// Shape and data of one tensor.
    pub fn get(&self, name: &str) -> Option<(&[usize], &[f32])> {
        self.by_name.get(name).map(|(shape, data)| (shape.as_slice(), data.as_slice()))
    }

    /// Takes the data of one tensor out, if it has the expected shape.
    pub fn take(&mut self, name: &str, shape: &[usize]) -> Option<Vec<f32>> {
        if self.by_name.get(name).is_none_or(|(got, _)| got != shape) {
            return None;
        }
        self.by_name.remove(name).map(|(_, data)| data)
    }

    /// The text beside the tensors, such as the counters of a checkpoint as JSON; it is not part of the hash.
    pub fn note(&self) -> &str {
        &self.note
    }

    /// Replaces the text beside the tensors.
    pub fn set_note(&mut self, note: String) {
        self.note = note;
    }

    /// The names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// Hash over names, shapes and the exact bits of every value: equal hashes mean equal parameters.
    pub fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for (name, (shape, data)) in &self.by_name {
            hasher.update(name.as_bytes());
            for &side in shape {
                hasher.update(&(side as u64).to_le_bytes());
            }
            hasher.update(bytemuck::cast_slice(data));
        }
        hasher.finalize().to_hex()[..16].to_owned()
    }

    /// The safetensors bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let views = self.by_name.iter().map(|(name, (shape, data))| {
            let view = TensorView::new(Dtype::F32, shape.clone(), bytemuck::cast_slice(data));
            (name.as_str(), view.expect("shape was checked on insertion"))
        });
        let note = [(NOTE.to_owned(), self.note.clone())].into();
        safetensors::serialize(views, Some(note)).expect("plain f32 tensors serialise")
    }

    /// The safetensors bytes with the tables named in `packed` (of two sides) in fewer bits; only mapped tensors read
    /// them.
    pub fn to_bytes_with(&self, packed: &[&str], precision: Precision) -> Vec<u8> {
        let mut parts = Vec::new();
        for (name, (shape, data)) in &self.by_name {
            let is_packed = packed.contains(&name.as_str());
            let precision = if is_packed { precision } else { Precision::Single };
            let width = if is_packed { shape.last().copied().unwrap_or(1) } else { data.len() };
            let (dtype, bytes, factors) = encoded(data, width, precision);
            parts.push((name.clone(), dtype, shape.clone(), bytes));
            if !factors.is_empty() {
                let bytes = bytemuck::cast_slice(&factors).to_vec();
                parts.push((factors_of(name), Dtype::F32, vec![factors.len()], bytes));
            }
        }
        let views = parts.iter().map(|(name, dtype, shape, bytes)| {
            let view = TensorView::new(*dtype, shape.clone(), bytes);
            (name.as_str(), view.expect("shape was checked on insertion"))
        });
        let note = [(NOTE.to_owned(), self.note.clone())].into();
        safetensors::serialize(views, Some(note)).expect("plain tensors serialise")
    }

    /// Reads safetensors bytes; anything but f32 is refused.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let file = SafeTensors::deserialize(bytes).map_err(|e| e.to_string())?;
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| e.to_string())?;
        let note = header.metadata().as_ref().and_then(|texts| texts.get(NOTE)).cloned();
        let mut out = Self { note: note.unwrap_or_default(), ..Self::default() };
        for (name, view) in file.iter() {
            if view.dtype() != Dtype::F32 {
                return Err(format!("tensor {name} is {:?}, expected F32", view.dtype()));
            }
            let (chunks, _) = view.data().as_chunks::<4>();
            let data = chunks.iter().map(|c| f32::from_le_bytes(*c)).collect();
            out.by_name.insert(name.to_owned(), (view.shape().to_vec(), data));
        }
        Ok(out)
    }

    /// Writes into a directory being drafted.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn save(&self, draft: &Draft, name: &str) -> Result<(), ArtefactError> {
        draft.write(name, &self.to_bytes())
    }

    /// Reads from a sealed directory.
    ///
    /// # Errors
    /// When the file is absent or not a safetensors file of f32.
    pub fn load(artefact: &Artefact, name: &str) -> Result<Self, ArtefactError> {
        let bytes = artefact.read(name)?;
        Self::from_bytes(&bytes)
            .map_err(|what| ArtefactError::Damaged { what, path: artefact.path().join(name) })
    }
}

/// The name of the factors of a table of bytes.
pub(crate) fn factors_of(name: &str) -> String {
    format!("{name}.factors")
}
