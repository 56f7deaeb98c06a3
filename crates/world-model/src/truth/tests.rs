//! A drawn truth is fixed, whole, and distributed as the model says.

use super::*;

struct Constant(f32, f32);

impl MeanModel for Constant {
    fn n_users(&self) -> usize {
        200
    }
    fn n_items(&self) -> usize {
        300
    }
    fn predict(&self, _: UserIdx, _: ItemIdx) -> (f32, f32) {
        (self.0, self.1)
    }
}

#[test]
fn cells_rows_and_repeated_questions_agree() {
    let truth = DrawnTruth::new(Arc::new(Constant(3.2, 1.0)), 7);
    let other = DrawnTruth::new(Arc::new(Constant(3.2, 1.0)), 7);
    let mut row = vec![0.0; 300];
    truth.fill_row(UserIdx(5), &mut row);
    for pass in 0..2 {
        for item in (0..300).rev() {
            let cell = other.reward(UserIdx(5), ItemIdx(item));
            assert_eq!(cell, row[item as usize], "pass {pass}");
            assert!([1.0, 2.0, 3.0, 4.0, 5.0].contains(&cell));
        }
    }
    let reseeded = DrawnTruth::new(Arc::new(Constant(3.2, 1.0)), 8);
    assert!((0..300).any(|i| reseeded.reward(UserIdx(5), ItemIdx(i)) != row[i as usize]));
}

#[test]
fn draws_have_the_moments_of_a_normal() {
    let (mut sum, mut squares, mut neighbours, n) = (0.0f64, 0.0f64, 0.0f64, 40_000);
    for cell in 0..n {
        let at = |item: u32| f64::from(cell_normal(3, UserIdx(cell / 200), ItemIdx(item)));
        let z = at(cell % 200);
        sum += z;
        squares += z * z;
        neighbours += z * at(cell % 200 + 1);
    }
    let n = f64::from(n);
    assert!((sum / n).abs() < 0.02 && (squares / n - 1.0).abs() < 0.03, "{sum} {squares}");
    assert!((neighbours / n).abs() < 0.02, "neighbouring cells are independent");
}

#[test]
fn no_variance_means_the_rounded_mean() {
    for (mean, want) in [(3.4, 3.0), (9.0, 5.0), (-2.0, 1.0)] {
        let truth = DrawnTruth::new(Arc::new(Constant(mean, 0.0)), 1);
        assert_eq!(truth.reward(UserIdx(0), ItemIdx(0)), want);
    }
}
