//! Telling a log of positives, which says what was taken up, from a log of opinions.

/// From this share of ratings at the best one on, a log says nothing about dislikes.
pub const POSITIVE_ONLY: f64 = 0.99;

/// The share of ratings that equal the best of them, in 0..=1; 1 where there are none.
pub fn share_of_best(ratings: impl Iterator<Item = f32>) -> f64 {
    let (mut best, mut n_best, mut n) = (f32::NEG_INFINITY, 0usize, 0usize);
    for rating in ratings {
        n += 1;
        if rating > best {
            (best, n_best) = (rating, 0);
        }
        n_best += usize::from(rating == best);
    }
    if n == 0 { 1.0 } else { n_best as f64 / n as f64 }
}
