//! Storage types as types, for loops that are compiled for each.

use super::quantisation::Quantisation;

/// What is known of a storage type when its loop is compiled.
pub(super) trait Packing {
    const TYPE: Quantisation;
}

macro_rules! packings {
    ($($name:ident),*) => {
        $(pub(super) struct $name;
        impl Packing for $name {
            const TYPE: Quantisation = Quantisation::$name;
        })*
    };
}

packings!(Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4K, Q5K, Q6K);

/// `$run::<P>($argument…)` for the type that a quantisation is. Floats have none, because they are packed as [`Q8_0`]: for
/// them the function around it returns false.
macro_rules! by_type {
    ($quantisation:expr, $run:ident($($argument:expr),*)) => {{
        use super::packing::{Q4_0, Q4_1, Q4K, Q5_0, Q5_1, Q5K, Q6K, Q8_0};
        match $quantisation {
            Quantisation::Q4_0 => $run::<Q4_0>($($argument),*),
            Quantisation::Q4_1 => $run::<Q4_1>($($argument),*),
            Quantisation::Q5_0 => $run::<Q5_0>($($argument),*),
            Quantisation::Q5_1 => $run::<Q5_1>($($argument),*),
            Quantisation::Q8_0 => $run::<Q8_0>($($argument),*),
            Quantisation::Q4K => $run::<Q4K>($($argument),*),
            Quantisation::Q5K => $run::<Q5K>($($argument),*),
            Quantisation::Q6K => $run::<Q6K>($($argument),*),
            Quantisation::F32 | Quantisation::F16 | Quantisation::Bf16 => return false,
        }
    }};
}

pub(super) use by_type;
