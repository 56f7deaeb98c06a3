//! Table values, hand-made draws, `rliable` on the same scores, and how often identical policies are called different.

use super::distributions::{normal_cdf, normal_quantile, t_quantile, t_two_sided};
use super::*;
use crate::{BootstrapPlan, EvaluationError};

fn near(got: f64, want: f64, within: f64) {
    assert!((got - want).abs() <= within * want.abs().max(1.0), "got {got}, want {want}");
}

/// A draw whose users are called by number.
fn draw(number: u64, values: &[f64]) -> Draw {
    let values = values.iter().enumerate().map(|(user, &value)| (user.to_string(), value)).collect();
    Draw { world: number.to_string(), training_seed: number, values }
}

fn draws(values: &[&[f64]]) -> Vec<Draw> {
    (0..).zip(values).map(|(number, values)| draw(number, values)).collect()
}

/// A plan with hardly any resamples, for tests that do not look at BCa.
fn quick() -> BootstrapPlan {
    BootstrapPlan { n_resamples: 2, ..BootstrapPlan::default() }
}

/// By `scipy` 1.17.1 (`t.ppf`), at 1, 2, 3, 4, 9, 29 and 100 degrees of freedom.
#[test]
fn quantiles_of_t_are_those_of_the_tables() {
    let freedoms = [1, 2, 3, 4, 9, 29, 100];
    let table: [(f64, [f64; 7]); 4] = [
        (
            0.6,
            [
                0.324_919_696_232_906_34,
                0.288_675_134_594_812_8,
                0.276_670_662_332_689_8,
                0.270_722_294_707_597_6,
                0.260_955_336_473_911,
                0.255_683_634_571_256_04,
                0.254_022_182_458_227_66,
            ],
        ),
        (
            0.8,
            [
                1.376_381_920_471_173_8,
                1.060_660_171_779_821_4,
                0.978_472_312_363_304_2,
                0.940_964_577_235_181_6,
                0.883_403_859_685_534_6,
                0.854_191_985_881_857_5,
                0.845_230_424_491_016_3,
            ],
        ),
        (
            0.975,
            [
                12.706_204_736_174_694,
                4.302_652_729_749_462,
                3.182_446_305_283_707_8,
                2.776_445_105_197_793_4,
                2.262_157_162_798_205,
                2.045_229_642_132_703,
                1.983_971_518_523_551_8,
            ],
        ),
        (
            0.9995,
            [
                636.619_248_768_789_7,
                31.599_054_576_445_365,
                12.923_978_636_687_961,
                8.610_301_581_379_522,
                4.780_912_585_931_217,
                3.659_405_019_466_374_8,
                3.390_491_311_164_263,
            ],
        ),
    ];
    for (p, quantiles) in table {
        for (freedom, want) in freedoms.into_iter().zip(quantiles) {
            near(t_quantile(p, freedom), want, 1e-9);
            near(t_quantile(1.0 - p, freedom), -want, 1e-9);
        }
    }
    // Tails by `t.sf`.
    near(t_two_sided(0.5, 1), 0.704_832_764_699_133_5, 1e-14);
    near(t_two_sided(-2.0, 2), 0.183_503_419_072_273_97, 1e-14);
    near(t_two_sided(3.0, 9), 0.014_956_363_910_414_222, 1e-14);
    assert_eq!(t_two_sided(0.0, 4), 1.0);
}

#[test]
fn the_normal_is_that_of_the_tables() {
    let table = [
        (-3.0, 0.001_349_898_031_630_093_3),
        (-1.5, 0.066_807_201_268_858_07),
        (0.3, 0.617_911_422_188_952_6),
    ];
    for (x, p) in table {
        near(normal_cdf(x), p, 1e-15);
        near(normal_quantile(p), x, 1e-12);
    }
    near(normal_quantile(0.975), 1.959_963_984_540_054, 1e-13);
    assert_eq!((normal_cdf(-40.0), normal_cdf(40.0)), (0.0, 1.0));
    assert_eq!((normal_quantile(0.0), normal_quantile(1.0)), (f64::NEG_INFINITY, f64::INFINITY));
}

/// Means 1, 2 and 6: mean 3, deviation sqrt(7), standard error sqrt(7 / 3), t(0.975, 2) = 4.3027. A draw counts once,
/// however many users it has.
#[test]
fn the_interval_of_t_by_hand() {
    let found = mean_over_draws(&draws(&[&[0.0, 2.0], &[2.0], &[5.0, 6.0, 7.0]]), &quick()).unwrap();
    assert_eq!(found.means, [1.0, 2.0, 6.0]);
    near(found.deviation, 7f64.sqrt(), 1e-12);
    near(found.student_t.mean, 3.0, 1e-12);
    near(found.student_t.hi - 3.0, 4.302_652_729_749_462 * (7.0f64 / 3.0).sqrt(), 1e-9);
    near(3.0 - found.student_t.lo, found.student_t.hi - 3.0, 1e-12);
}

/// Ten draws of one user each, right-skewed. `scipy.stats.bootstrap` (1.17.1, BCa, 400,000 resamples) gives [1.160, 3.310];
/// the plain percentile interval, [1.03, 2.98], lies outside of what is allowed.
#[test]
fn bca_is_that_of_scipy() {
    let values = [1.2, 0.4, 2.2, 5.9, 1.1, 0.9, 3.1, 0.2, 1.4, 2.6].map(|value| [value]);
    let plan = BootstrapPlan { n_resamples: 40_000, ..BootstrapPlan::default() };
    let found = mean_over_draws(&draws(&values.each_ref().map(|value| &value[..])), &plan).unwrap();
    near(found.bca.lo, 1.16, 0.03);
    near(found.bca.hi, 3.31, 0.03);
}

/// Draws with the same mean leave BCa what users differ by; users who do not differ leave it nothing.
#[test]
fn bca_resamples_users_within_draws() {
    let plan = BootstrapPlan { n_resamples: 4000, ..BootstrapPlan::default() };
    let spread = mean_over_draws(&draws(&[&[0.0, 4.0], &[0.0, 4.0], &[0.0, 4.0]]), &plan).unwrap();
    assert_eq!(spread.student_t.lo, spread.student_t.hi);
    assert!(spread.bca.lo < 1.5 && spread.bca.hi > 2.5, "{spread:?}");
    let even = mean_over_draws(&draws(&[&[2.0, 2.0], &[2.0], &[2.0]]), &plan).unwrap();
    assert_eq!((even.bca.lo, even.bca.hi), (2.0, 2.0));
}

/// Of two draws with 0 and 2 half of all resamples have the mean itself, so nothing says that it is biased.
#[test]
fn bca_counts_ties_half() {
    let plan = BootstrapPlan { n_resamples: 4000, ..BootstrapPlan::default() };
    let found = mean_over_draws(&draws(&[&[0.0], &[2.0]]), &plan).unwrap();
    assert_eq!((found.bca.lo, found.bca.hi), (0.0, 2.0));
}

/// One draw far above thirty others and a level beyond reason: the correction has no end there, the interval has.
#[test]
fn bca_ends_at_the_resamples_where_its_correction_does_not() {
    let values: Vec<f64> =
        (0..31).map(|number| if number == 0 { 1000.0 } else { f64::from(number) }).collect();
    let single: Vec<&[f64]> = values.chunks(1).collect();
    let plan = BootstrapPlan { n_resamples: 500, level: 0.999_999_999_999, seed: 0 };
    let found = mean_over_draws(&draws(&single), &plan).unwrap();
    assert!(found.bca.lo < found.bca.mean && found.bca.hi > found.bca.mean, "{found:?}");
}

/// Differences of 1, 2 and 3 over the users that both have: t = 2 / (1 / sqrt(3)) with 2 degrees of freedom. Worlds that
/// lie a hundred apart do not matter.
#[test]
fn contrasts_pair_draws_and_users() {
    let a = draws(&[&[1.0, 3.0], &[102.0, 104.0], &[203.0, 203.0, 900.0]]);
    let mut b = draws(&[&[0.0, 2.0, -900.0], &[100.0, 102.0], &[200.0, 200.0]]);
    b.reverse();
    let found = contrast(("a", &a), ("b", &b), &quick()).unwrap();
    assert_eq!((&found.users[..], &found.difference.means[..]), (&[2, 2, 2][..], &[1.0, 2.0, 3.0][..]));
    near(found.p, 0.074_179_900_227_442_48, 1e-12);
    let back = contrast(("b", &b), ("a", &a), &quick()).unwrap();
    assert_eq!((back.difference.student_t.mean, back.p), (-2.0, found.p));
    assert_eq!(contrast(("a", &a), ("a", &a), &quick()).unwrap().p, 1.0);
    let above = draws(&[&[2.0, 4.0], &[103.0, 105.0], &[204.0, 204.0, 901.0]]);
    assert_eq!(contrast(("above", &above), ("a", &a), &quick()).unwrap().p, 0.0);
}

#[test]
fn an_interval_holds_zero_as_often_as_its_p_value_says() {
    for seed in 0..20 {
        let pair = IdenticalPolicies {
            n_draws: 4,
            n_users: 5,
            world: 9.0,
            training: 1.0,
            failure: 0.0,
            user: 3.0,
            noise: 1.0,
        };
        let [a, b] = pair.draws(seed);
        let found = contrast(("a", &a), ("b", &b), &quick()).unwrap();
        let interval = found.difference.student_t;
        assert_eq!(interval.lo <= 0.0 && interval.hi >= 0.0, found.p >= 0.05, "{found:?}");
    }
}

/// Four p values by hand, as in Holm's paper: sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1, then made to ascend.
#[test]
fn holm_by_hand() {
    let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
    for (got, want) in adjusted.into_iter().zip([0.03, 0.06, 0.06, 0.02]) {
        near(got, want, 1e-12);
    }
    assert_eq!(holm(&[0.7, 0.6]), [1.0, 1.0]);
    assert_eq!(holm(&[0.02]), [0.02]);
    assert_eq!(holm(&[]), [0.0; 0]);
}

/// By integrating the power of the t test with `scipy` 1.17.1; the noncentral t gives the same.
#[test]
fn detectable_differences_are_those_of_the_t_test() {
    let table = [
        (2, 11.549_888_435_882),
        (3, 3.264_043_549_7),
        (5, 1.681_996_965_96),
        (10, 0.996_001_371_455),
        (30, 0.529_235_615_11),
    ];
    for (n_draws, want) in table {
        near(minimum_detectable_difference(1.0, n_draws).unwrap(), want, 1e-6);
        near(minimum_detectable_difference(7.0, n_draws).unwrap(), 7.0 * want, 1e-6);
    }
    assert_eq!(minimum_detectable_difference(1.0, 1), None);
    assert_eq!(minimum_detectable_difference(0.0, 3), Some(0.0));
}

/// `rliable` 1.2.0 with `scipy` 1.17.1 on the same scores, three runs (draws) of five tasks (users).
#[test]
fn robust_summaries_are_those_of_rliable() {
    let x = draws(&[&[3.0, 1.0, 4.0, 1.5, 9.0], &[2.0, 6.0, 5.0, 3.0, 5.0], &[8.0, 9.0, 7.0, 9.0, 3.0]]);
    let y = draws(&[&[2.0, 7.0, 1.0, 8.0, 2.0], &[8.0, 1.0, 8.0, 2.0, 8.0], &[4.0, 5.0, 9.0, 0.0, 4.0]]);
    near(interquartile_mean(&x).unwrap(), 4.888_888_888_888_889, 1e-14);
    near(interquartile_mean(&y).unwrap(), 4.666_666_666_666_667, 1e-14);
    near(probability_of_improvement(&x, &y).unwrap(), 0.544_444_444_444_444_4, 1e-14);
    near(probability_of_improvement(&y, &x).unwrap(), 0.455_555_555_555_555_57, 1e-14);
    assert_eq!(probability_of_improvement(&x, &x), Some(0.5));
    assert_eq!(interquartile_mean(&draws(&[&[3.0, 1.0, 4.0], &[2.0, 6.0, 5.0]])), Some(3.5));
    // Eight values lose two at either end.
    let eight = draws(&[&[9.0, 0.0, 100.0, 2.0], &[3.0, 7.0, 0.0, 4.0]]);
    assert_eq!(interquartile_mean(&eight), Some(4.0));
}

/// Users of one draw or one policy alone: user 0 wins one of two pairs and ties the other, user 1 loses, user 2 has no pair.
#[test]
fn improvement_counts_users_that_both_have() {
    let (x, y) = (draws(&[&[2.0, 0.0, 5.0], &[1.0]]), draws(&[&[1.0, 3.0]]));
    assert_eq!(probability_of_improvement(&x, &y), Some(0.375));
    assert_eq!((probability_of_improvement(&x, &[]), interquartile_mean(&[])), (None, None));
}

#[test]
fn what_allows_no_interval_is_refused() {
    let refused = |draws: &[Draw]| mean_over_draws(draws, &quick()).unwrap_err().to_string();
    assert_eq!(mean_over_draws(&draws(&[&[1.0]]), &quick()), Err(EvaluationError::TooFewDraws { got: 1 }));
    let twice = [draw(3, &[1.0]), draw(3, &[2.0])];
    assert_eq!(refused(&twice), "the draw of world 3, training seed 3 is there twice");
    assert_eq!(refused(&draws(&[&[1.0], &[]])), "the draw of world 1, training seed 1 has no user");
    assert!(refused(&draws(&[&[1.0], &[f64::NAN]])).ends_with("has a value that is not a finite number"));
    let (two, three) = (draws(&[&[1.0], &[2.0]]), draws(&[&[1.0], &[2.0], &[3.0]]));
    for (a, b) in [(&two, &three), (&three, &two)] {
        let found = contrast(("a", a), ("b", b), &quick()).unwrap_err().to_string();
        assert_eq!(found, "`a` and `b` do not both have the draw of world 2, training seed 2");
    }
    let mut strangers = two.clone();
    strangers[1].values = [("x".to_owned(), 1.0)].into();
    let found = contrast(("a", &two), ("b", &strangers), &quick()).unwrap_err().to_string();
    assert_eq!(found, "the draw of world 1, training seed 1 has no user");
    assert!(mean_over_draws(&two, &BootstrapPlan { level: 1.0, ..quick() }).is_err());
}

/// The property that matters: what differs by chance alone is called different in about one comparison of twenty, with
/// few draws as with many, and however much trainings differ. 1,000 comparisons have a standard error of 0.7 points.
/// Trainings that fail now and then are not normal; they make it rarer.
#[test]
fn identical_policies_are_called_different_as_rarely_as_promised() {
    for n_draws in [3, 5, 10] {
        for (training, failure) in [(0.0, 0.0), (5.0, 0.0), (15.0, 0.0), (40.0, 0.0), (40.0, 0.1)] {
            let pair = IdenticalPolicies {
                n_draws,
                n_users: 30,
                world: 10.0,
                training,
                failure,
                user: 20.0,
                noise: 10.0,
            };
            let is_called = |seed: &u64| {
                let [a, b] = pair.draws(*seed);
                contrast(("a", &a), ("b", &b), &quick()).unwrap().p < 0.05
            };
            let n_called = (0..1000).filter(is_called).count();
            let fewest = if failure > 0.0 { 5 } else { 30 };
            assert!((fewest..=65).contains(&n_called), "{n_draws} draws, {training}, {failure}: {n_called}");
        }
    }
}
