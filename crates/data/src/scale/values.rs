//! What the values of a rating column look like, before anything is made of them.

/// The extremes of a column and its most frequent value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Values {
    pub(crate) n: usize,
    pub(crate) lo: f32,
    pub(crate) hi: f32,
    /// The next value above the least, and below the greatest; the extremes themselves where there is none.
    pub(crate) next_lo: f32,
    pub(crate) next_hi: f32,
    n_lo: usize,
    /// A value that more than half of the rows have, if there is one.
    pub(crate) usual: f32,
    pub(crate) n_usual: usize,
}

impl Values {
    /// Looks at every value; `None` where there is none.
    pub(crate) fn of(raw: &[f32]) -> Option<Self> {
        let &first = raw.first()?;
        let fold = |start: f32, pick: fn(f32, f32) -> f32| raw.iter().copied().fold(start, pick);
        let (lo, hi) = (fold(first, f32::min), fold(first, f32::max));
        let within = || raw.iter().copied().filter(|&x| x > lo && x < hi);
        let usual = majority(raw);
        Some(Self {
            n: raw.len(),
            lo,
            hi,
            next_lo: within().fold(hi, f32::min),
            next_hi: within().fold(lo, f32::max),
            n_lo: raw.iter().filter(|&&x| x == lo).count(),
            usual,
            n_usual: raw.iter().filter(|&&x| x == usual).count(),
        })
    }

    /// A value that lies apart from the others as those do that mean "not rated": a single negative one, a 99 above
    /// ratings up to 10, many zeros below ratings from 1.
    pub(crate) fn not_rated(&self) -> Option<f32> {
        let &Self { lo, hi, next_lo, next_hi, .. } = self;
        let is_nines = [99.0, 999.0, 9999.0].contains(&hi) && next_hi <= 10.0 && next_hi > lo;
        if is_nines {
            return Some(hi);
        }
        let is_single_negative = lo < 0.0 && lo.fract() == 0.0 && next_lo >= 0.0 && hi > 1.0;
        let are_zeros =
            lo == 0.0 && next_lo >= 1.0 && (4.0..=10.0).contains(&hi) && 10 * self.n_lo >= 3 * self.n;
        (is_single_negative || are_zeros).then_some(lo)
    }

    /// Whether (nearly) all values are the same: at most one in a hundred is another.
    pub(crate) fn are_alike(&self) -> bool {
        self.n > 1 && 100 * (self.n - self.n_usual) <= self.n
    }
}

/// The value that more than half of the rows have; any value if there is none (Boyer and Moore's vote).
fn majority(raw: &[f32]) -> f32 {
    let (mut leader, mut lead) = (f32::NAN, 0usize);
    for &value in raw {
        if lead == 0 {
            (leader, lead) = (value, 1);
        } else if value == leader {
            lead += 1;
        } else {
            lead -= 1;
        }
    }
    leader
}
