//! Which instruction set a kernel runs on: found out at run time, or asked for.

use crate::lanes::{Lanes, Portable};

/// An instruction set that the catalogue-sized kernels are compiled for. All of them give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// Plain arrays: the oracle of the others.
    Portable,
    /// AVX2 with FMA and half-precision conversions.
    Avx2,
    /// AVX-512.
    Avx512,
    /// NEON.
    Neon,
}

impl Isa {
    /// The best that this machine has.
    pub fn detected() -> Self {
        [Self::Avx512, Self::Avx2, Self::Neon]
            .into_iter()
            .find(|isa| isa.is_available())
            .unwrap_or(Self::Portable)
    }

    /// Whether this machine has it.
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => {
                is_x86_feature_detected!("avx2")
                    && is_x86_feature_detected!("fma")
                    && is_x86_feature_detected!("f16c")
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => is_x86_feature_detected!("avx512f"),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => true,
            _ => false,
        }
    }

    /// Runs a kernel compiled for this instruction set.
    ///
    /// # Panics
    /// If the machine does not have it.
    #[inline]
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        assert!(self.is_available(), "{self:?} is not an instruction set of this machine");
        match self {
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "a function compiled for more than the baseline")]
            // SAFETY: the assertion has checked for exactly these features.
            Self::Avx512 => unsafe { avx512(kernel) },
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "a function compiled for more than the baseline")]
            // SAFETY: the assertion has checked for exactly these features.
            Self::Avx2 => unsafe { avx2(kernel) },
            #[cfg(target_arch = "aarch64")]
            Self::Neon => kernel.run::<crate::lanes::arm::Neon>(),
            _ => kernel.run::<Portable>(),
        }
    }
}

/// An algorithm over any [`Lanes`], with its arguments. `run` and all that it calls has to be `inline(always)`: only
/// what is inlined into the entry points below is compiled with their instructions.
pub(crate) trait Kernel {
    /// What it returns.
    type Output;
    /// The algorithm.
    fn run<L: Lanes>(self) -> Self::Output;
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<crate::lanes::x86::Avx512>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c")]
fn avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<crate::lanes::x86::Avx2>()
}
