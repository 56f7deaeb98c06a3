//! Named f32 tensors where they lie: one safetensors file, in memory where it is small and mapped where it is large. Tables in
//! fewer bits become f32 when they are asked for.

use crate::bytes::Bytes;
use crate::precision::decoded;
use crate::regular::open_regular;
use crate::tensors::factors_of;
use crate::{Artefact, ArtefactError};
use safetensors::tensor::{Dtype, SafeTensors};
use std::collections::BTreeMap;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// Numbers that are either held or part of a mapped file; reading them is the same. A copy shares them.
#[derive(Clone)]
pub struct Floats(Source);

#[derive(Clone)]
enum Source {
    Held(Arc<Vec<f32>>),
    Mapped(Arc<Bytes>, Range<usize>),
}

impl Deref for Floats {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        match &self.0 {
            Source::Held(values) => values,
            Source::Mapped(map, bytes) => bytemuck::cast_slice(&map[bytes.clone()]),
        }
    }
}

impl From<Vec<f32>> for Floats {
    fn from(values: Vec<f32>) -> Self {
        Self(Source::Held(Arc::new(values)))
    }
}

impl std::fmt::Debug for Floats {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = if matches!(self.0, Source::Held(_)) { "held" } else { "mapped" };
        write!(f, "{} floats, {kind}", self.len())
    }
}

impl PartialEq for Floats {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

/// The tensors of a mapped file.
#[derive(Clone, Debug)]
pub struct MappedTensors {
    map: Arc<Bytes>,
    by_name: BTreeMap<String, (Vec<usize>, Dtype, Range<usize>)>,
}

impl MappedTensors {
    /// Reads one file of a sealed directory, or maps it where it is large. Its hash was checked when the directory was opened;
    /// whoever shortens a mapped file afterwards breaks the promise that sealed directories do not change, and ends the
    /// process.
    ///
    /// # Errors
    /// When the file is absent or not a safetensors file of aligned f32, f16 or bytes.
    pub fn open(artefact: &Artefact, name: &str) -> Result<Self, ArtefactError> {
        let path = artefact.file(name)?;
        let damaged = |what: String| ArtefactError::Damaged { what, path: path.clone() };
        let file = open_regular(&path)?;
        let map = Bytes::of(&file).map_err(ArtefactError::io("read", &path))?;
        // Whoever wrote into the file after the directory was opened is noticed here at last.
        let hash = artefact.manifest().files.get(name);
        if map.is_held() && hash.is_some_and(|hash| blake3::hash(&map).to_hex()[..] != **hash) {
            return Err(damaged("hash differs".into()));
        }
        let tensors = SafeTensors::deserialize(&map).map_err(|e| damaged(e.to_string()))?;
        let mut by_name = BTreeMap::new();
        for (name, view) in tensors.iter() {
            let floats: Result<&[f32], _> = bytemuck::try_cast_slice(view.data());
            let is_known = match view.dtype() {
                Dtype::F32 => floats.is_ok(),
                dtype => matches!(dtype, Dtype::F16 | Dtype::I8),
            };
            if !is_known {
                return Err(damaged(format!("tensor {name} is not aligned f32, f16 or int8")));
            }
            let start = view.data().as_ptr() as usize - map.as_ptr() as usize;
            let bytes = start..start + view.data().len();
            by_name.insert(name.to_owned(), (view.shape().to_vec(), view.dtype(), bytes));
        }
        Ok(Self { by_name, map: Arc::new(map) })
    }

    /// One tensor, if it is there and has the expected shape.
    pub fn get(&self, name: &str, shape: &[usize]) -> Option<Floats> {
        let (got, dtype, bytes) = self.by_name.get(name)?;
        if got != shape {
            return None;
        }
        if *dtype == Dtype::F32 {
            return Some(Floats(Source::Mapped(self.map.clone(), bytes.clone())));
        }
        let &[n_rows, width] = shape else { return None };
        let factors = if *dtype == Dtype::I8 { Some(self.get(&factors_of(name), &[n_rows])?) } else { None };
        let numbers = decoded(*dtype, self.map.get(bytes.clone())?, width, factors.as_deref().unwrap_or(&[]));
        numbers.map(Floats::from)
    }

    /// The shape of one tensor.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.by_name.get(name).map(|(shape, ..)| shape.as_slice())
    }
}
