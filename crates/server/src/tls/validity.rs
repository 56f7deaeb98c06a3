//! From when to when a certificate holds: read from its bytes, since the TLS library does not tell a server.
//!
//! # Source
//! RFC 5280, section 4.1: `Certificate`, `TBSCertificate` and `Validity` in DER; years of two digits are 1950 to 2049.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A certificate's first and last second, since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Validity {
    from: i64,
    to: i64,
}

/// What is wrong with a certificate's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It ended so long ago.
    Expired(Duration),
    /// It begins so much later.
    Early(Duration),
}

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xA0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

impl Validity {
    /// Reads it; nothing where the bytes are no certificate.
    pub(super) fn of(certificate: &[u8]) -> Option<Self> {
        let (_, certificate, _) = part(certificate)?;
        let (_, mut rest, _) = part(certificate)?;
        if rest.first() == Some(&VERSION) {
            rest = part(rest)?.2;
        }
        // The serial number, the algorithm of the signature, and who issued it.
        for _ in 0..3 {
            rest = part(rest)?.2;
        }
        let (tag, validity, _) = part(rest)?;
        let (from_tag, from, rest) = part(validity)?;
        let (to_tag, to, _) = part(rest)?;
        (tag == SEQUENCE).then_some(())?;
        Some(Self { from: seconds(from_tag, from)?, to: seconds(to_tag, to)? })
    }

    /// Whether it does not hold at a time.
    pub(super) fn wrong_at(self, time: SystemTime) -> Option<Wrong> {
        let since = |seconds: i64| {
            let offset = Duration::from_secs(seconds.unsigned_abs());
            let at =
                if seconds < 0 { UNIX_EPOCH.checked_sub(offset) } else { UNIX_EPOCH.checked_add(offset) };
            at.and_then(|at| time.duration_since(at).ok())
        };
        let until = |seconds: i64| {
            let at = UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(seconds).ok()?))?;
            at.duration_since(time).ok().filter(|left| !left.is_zero())
        };
        match (since(self.to).filter(|gone| !gone.is_zero()), until(self.from)) {
            (Some(gone), _) => Some(Wrong::Expired(gone)),
            (None, Some(left)) => Some(Wrong::Early(left)),
            (None, None) => None,
        }
    }
}

/// The first value of some bytes: its tag, what is in it, and what follows.
fn part(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7F => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
            (digits.iter().fold(0, |length, &digit| length << 8 | usize::from(digit)), rest)
        }
        _ => return None,
    };
    let (inner, rest) = rest.split_at_checked(length)?;
    Some((tag, inner, rest))
}

/// `YYMMDDhhmmssZ` or `YYYYMMDDhhmmssZ`.
fn seconds(tag: u8, text: &[u8]) -> Option<i64> {
    let digits = text.strip_suffix(b"Z")?;
    digits.iter().all(u8::is_ascii_digit).then_some(())?;
    let number = |digits: &[u8]| digits.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    let (year, rest) = match tag {
        UTC_TIME if digits.len() == 12 => {
            let (year, rest) = digits.split_at_checked(2)?;
            let year = number(year);
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME if digits.len() == 14 => {
            let (year, rest) = digits.split_at_checked(4)?;
            (number(year), rest)
        }
        _ => return None,
    };
    let parts: Vec<i64> = rest.chunks(2).map(number).collect();
    let &[month, day, hour, minute, second] = parts.as_slice() else { return None };
    (1..=12).contains(&month).then_some(())?;
    Some(((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second)
}

/// Days since 1970 of the calendar that is in use.
fn days(year: i64, month: i64, day: i64) -> i64 {
    /// Of the months from March on, so that the day that some years have comes last.
    const BEFORE: [i64; 12] = [0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337];
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let before = usize::try_from(month).ok().and_then(|month| BEFORE.get(month)).copied().unwrap_or(0);
    365 * year + leaps + before + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn made(from: (i32, u8, u8), to: (i32, u8, u8)) -> Vec<u8> {
        let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(from.0, from.1, from.2);
        params.not_after = rcgen::date_time_ymd(to.0, to.1, to.2);
        let key = rcgen::KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    const DAY: i64 = 86_400;

    #[test]
    fn a_certificate_tells_when_it_holds() {
        let read = Validity::of(&made((1999, 12, 31), (2024, 2, 29))).unwrap();
        assert_eq!(read, Validity { from: 10_956 * DAY, to: 19_782 * DAY });
        let far = Validity::of(&made((2000, 3, 1), (2100, 3, 1))).unwrap();
        assert_eq!(far, Validity { from: 11_017 * DAY, to: 47_541 * DAY });
        let at = |days: i64| UNIX_EPOCH + Duration::from_secs((days * DAY) as u64);
        let day = |n: u64| Duration::from_secs(n * DAY as u64);
        assert_eq!(read.wrong_at(at(19_783)), Some(Wrong::Expired(day(1))));
        assert_eq!(read.wrong_at(at(10_000)), Some(Wrong::Early(day(956))));
        assert_eq!((read.wrong_at(at(10_956)), read.wrong_at(at(19_782))), (None, None));
        let before = UNIX_EPOCH - Duration::from_secs(5);
        assert!(matches!(read.wrong_at(before), Some(Wrong::Early(_))));
    }

    #[test]
    fn whoever_starts_a_server_hears_of_it() {
        use super::super::wrong;
        use rustls::pki_types::CertificateDer;
        let certificate = CertificateDer::from(made((2020, 1, 1), (2021, 1, 1)));
        let at = |days: i64| UNIX_EPOCH + Duration::from_secs((days * DAY) as u64);
        let said = |days: i64| wrong(&certificate, at(days));
        assert!(said(18_628 + 10).unwrap().contains("expired (10 days ago)"));
        assert!(said(18_262 - 3).unwrap().contains("holds in 3 days"));
        assert_eq!(said(18_500), None);
        assert_eq!(wrong(b"no certificate", at(1)), None);
    }

    proptest! {
        #[test]
        fn every_day_is_the_one_after_the_day_before(year in 1970i64..2400, month in 1i64..=12) {
            let length = days(year + month / 12, month % 12 + 1, 1) - days(year, month, 1);
            let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let expected = match month {
                2 => 28 + i64::from(is_leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            prop_assert_eq!(length, expected);
            prop_assert_eq!(days(1970, 1, 1), 0);
        }

        #[test]
        fn no_bytes_make_it_fail(bytes in prop::collection::vec(any::<u8>(), 0..80), cut in any::<prop::sample::Index>()) {
            let _ = Validity::of(&bytes);
            let mut real = made((2020, 1, 1), (2030, 1, 1));
            real.truncate(cut.index(real.len()));
            let _ = Validity::of(&real);
        }
    }
}
