//! What is said of a fitted world is true of its numbers.

use super::*;

fn ranked(auc: f64, mean: f64) -> RankingRow {
    RankingRow { model: "deepfm".into(), auc, positives: mean, unseen: mean }
}

#[test]
fn without_held_out_positives_no_number_is_made_up() {
    let none = [ranked(-0.0, -0.0), ranked(0.0, 0.0)];
    assert_eq!(ranking_table(&none), "no held-out positives");
    assert_eq!(ranking_table(&[]), "no held-out positives");
    let some = ranking_table(&[ranked(0.81, 4.2)]);
    assert!(some.contains("0.8100") && some.contains("4.20"), "{some}");
    let report = RankingReport {
        share_at_best: 0.99,
        negative_target: 1.0,
        train_negatives: 1,
        judge_negatives: 1,
        train: none.to_vec(),
        deepfm_ranks_best: false,
        folded_in: Vec::new(),
        judge: vec![ranked(0.7, 3.0)],
    };
    let text = ranking_for_people(&report);
    assert!(text.contains("train world: nothing to compare on") && !text.contains("does not rank"), "{text}");
}

#[test]
fn a_world_that_is_not_the_best_model_comes_with_advice() {
    let row = |model: &str, rmse| FitRow { model: model.into(), rmse, mae: rmse };
    let rows = vec![row("global mean", 1.1), row("matrix factorisation", 0.90), row("deepfm", 0.91)];
    let mut fit = FitReport { rows, deepfm_is_best: false, ..FitReport::default() };
    let text = fit_verdict(&fit);
    assert!(text.starts_with("matrix factorisation is better than DeepFM"), "{text}");
    assert!(text.contains("--set deepfm.n_members") && text.contains("ilrec world check"), "{text}");
    fit.deepfm_is_best = true;
    assert_eq!(fit_verdict(&fit), "DeepFM is the best of them");
}
