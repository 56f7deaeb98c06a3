//! Where a term can act, as a set: what terms say they use, and algorithms say they call.

/// A place where a term can act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Hook {
    /// [`Term::learn`](crate::Term::learn).
    Learn,
    /// [`Term::reward`](crate::Term::reward).
    Reward,
    /// [`Term::utility`](crate::Term::utility).
    Utility,
    /// [`Term::weights`](crate::Term::weights).
    Weights,
    /// [`Term::loss`](crate::Term::loss).
    Loss,
    /// [`Term::bias`](crate::Term::bias).
    Bias,
    /// [`Term::columns`](crate::Term::columns).
    Columns,
}

impl Hook {
    /// All of them, in the order of a round.
    pub const ALL: [Self; 7] =
        [Self::Columns, Self::Bias, Self::Learn, Self::Utility, Self::Reward, Self::Weights, Self::Loss];

    /// Its name, which is its method's.
    pub fn word(self) -> &'static str {
        match self {
            Self::Learn => "learn",
            Self::Reward => "reward",
            Self::Utility => "utility",
            Self::Weights => "weights",
            Self::Loss => "loss",
            Self::Bias => "bias",
            Self::Columns => "columns",
        }
    }
}

/// A set of hooks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hooks(u8);

impl Hooks {
    /// No hook.
    pub const NONE: Self = Self::of(&[]);

    /// These hooks.
    pub const fn of(hooks: &[Hook]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < hooks.len() {
            bits |= 1 << hooks[at] as u8;
            at += 1;
        }
        Self(bits)
    }

    /// Whether this hook is among them.
    pub const fn has(self, hook: Hook) -> bool {
        self.0 & (1 << hook as u8) != 0
    }

    /// These hooks, and those of another set.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// These hooks where something is so, else none.
    #[must_use]
    pub const fn when(self, is_so: bool) -> Self {
        if is_so { self } else { Self::NONE }
    }

    /// The hooks, in the order of a round.
    pub fn iter(self) -> impl Iterator<Item = Hook> {
        Hook::ALL.into_iter().filter(move |hook| self.has(*hook))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_into_it() {
        let set = Hooks::of(&[Hook::Loss, Hook::Bias]);
        assert_eq!(set.iter().map(Hook::word).collect::<Vec<_>>(), ["bias", "loss"]);
        assert_eq!(Hooks::of(&Hook::ALL).iter().count(), Hook::ALL.len());
        assert_eq!(set.when(false), Hooks::NONE);
        assert_eq!(set.and(Hooks::of(&[Hook::Learn])).iter().count(), 3);
    }
}
