//! How far worlds of a log agree with what its people chose, by base rate and by the shares of the log.
//!
//! ```text
//! cargo run --release -p world-model --example validity -- DATA [SEED [BASE_RATE [WORLD_SHARE [KEPT_SHARE [JUDGE]]]]]
//! ```
//!
//! `docs/experiments/engagement.md` has what it gave.

#![expect(clippy::print_stdout, reason = "an experiment tells what it found")]

use data::Dataset;
use std::error::Error;
use std::path::Path;
use world_model::{DeepFmConfig, EngagementConfig, EngagementFamily, Feedback, World, WorldConfig};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let path = arguments
        .first()
        .ok_or("usage: validity DATA [SEED [BASE_RATE [WORLD_SHARE [KEPT_SHARE [JUDGE]]]]]")?;
    let number = |at: usize, usual: f64| arguments.get(at).map_or(Ok(usual), |text| text.parse::<f64>());
    let judge = match arguments.get(5).map(String::as_str) {
        None | Some("ease") => EngagementFamily::Ease,
        Some("item-knn") => EngagementFamily::ItemKnn,
        Some("popularity") => EngagementFamily::Popularity,
        Some(other) => return Err(format!("no judge {other}").into()),
    };
    let base_rate = number(2, EngagementConfig::default().base_rate)?;
    let config = WorldConfig {
        feedback: Feedback::Engagement,
        world_share: number(3, 1.0 / 3.0)?,
        kept_share: Some(number(4, 1.0 / 3.0)?),
        engagement: EngagementConfig { base_rate, judge, ..EngagementConfig::default() },
        // Ratings are not what is asked about here.
        deepfm: DeepFmConfig { n_members: 1, max_epochs: 8, ..DeepFmConfig::default() },
        ..WorldConfig::default()
    };
    let (dataset, _) = Dataset::open(Path::new(path))?;
    let started = std::time::Instant::now();
    let world = World::train(&dataset, &config, number(1, 0.0)? as u64)?;
    println!("{path}, base rate {base_rate}, {:.0} s", started.elapsed().as_secs_f64());
    for found in &world.fit().engagement {
        println!(
            "  {:10} AUC {:.3} (score {:.3}), largest gap {:.3}, choices {:.3}, random {:.4}",
            found.family.name(),
            found.auc,
            found.score_auc,
            found.largest_gap,
            found.choices_taken,
            found.random_taken
        );
        let Some(beside) = &found.beside_ease else { continue };
        let (error, luck) = found.calibration_error();
        println!(
            "      beside EASE (l2 {}): AUC {:.3} and {:.3} ± {:.3}, nDCG@10 {:.3} and {:.3} ± {:.3} ({} users), odds off by \
             {:.1} % ({:.1} % by luck); short of it: {:?}",
            beside.l2,
            beside.auc.ours,
            beside.auc.ease,
            beside.auc.error,
            beside.ndcg.ours,
            beside.ndcg.ease,
            beside.ndcg.error,
            beside.n_users,
            100.0 * error,
            100.0 * luck,
            found.shortfalls()
        );
    }
    let Some(validity) = world.validity() else { return Ok(()) };
    for judge in &validity.judges {
        let told = |x: evaluation::Interval| format!("{:.2} [{:.2}, {:.2}]", x.mean, x.lo, x.hi);
        let (all, personal, over) = (told(judge.all), told(judge.personal), told(judge.over_popularity));
        println!(
            "  {:16} all {all}, personal {personal}, beyond popularity {:.2}, over it {over}",
            judge.judge, judge.beyond_popularity.mean
        );
    }
    for row in &validity.rows {
        println!("      {:24} nDCG@10 {:.3}  judged {:.3}", row.policy, row.ndcg, row.judged);
    }
    println!("  {} {}", if validity.is_valid { "valid:" } else { "NOT VALID:" }, validity.reasons.join("; "));
    Ok(())
}
