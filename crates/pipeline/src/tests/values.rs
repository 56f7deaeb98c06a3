//! `values.parquet` has what intervals are made of.

use super::*;

/// Policy, training seed, user.
type ValueOf = (String, Option<u64>, String);
/// The sum of rewards and nDCG@10.
type Worth = (f64, Option<f64>);

/// What a file of values says.
fn values(folder: &Path) -> std::collections::BTreeMap<ValueOf, Worth> {
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::record::Field;
    let file = std::fs::File::open(folder.join("values.parquet")).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let text = |field: &Field| match field {
        Field::Str(text) => text.clone(),
        other => panic!("{other} is no text"),
    };
    let number = |field: &Field| match field {
        Field::Double(value) => Some(*value),
        _ => None,
    };
    let row = |row: parquet::record::Row| {
        let fields: std::collections::BTreeMap<&String, &Field> = row.get_column_iter().collect();
        let of = |name: &str| fields[&name.to_owned()];
        let seed = match of("training_seed") {
            Field::ULong(seed) => Some(*seed),
            _ => None,
        };
        let key = (text(of("policy")), seed, text(of("user")));
        (key, (number(of("r_traj")).unwrap(), number(of("ndcg@10"))))
    };
    reader.get_row_iter(None).unwrap().map(|found| row(found.unwrap())).collect()
}

#[test]
fn intervals_are_recomputed_from_values() {
    let dir = tempfile::tempdir().unwrap();
    let mut config: RunConfig = toml::from_str(WITH_AGENTS).unwrap();
    config.demonstrations = vec![DemonstrationSource::Builtin { quality: 1.0, n_episodes: 2 }];
    config.algorithms = vec!["il-rec".to_owned()];
    config.training_seeds = vec![7, 1];
    let out = dir.path().join("run");
    let results = run(&config, dir.path(), &out, &mut Silent).unwrap();
    let (values, rule) = (values(&out), &results.rules[0]);
    let n_values: usize =
        rule.evaluations.iter().map(|one| one.table.users.len() * one.table.seeds.len()).sum();
    assert_eq!(values.len(), n_values, "every row of the table");
    let users = data::Dataset::open(&out.join("data")).unwrap().0.users;
    assert!(values.keys().all(|(_, _, user)| users.contains(user)), "ids of the log");
    let row = &rule.evaluations.iter().find(|one| one.row.policy == "il-rec").unwrap().row;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let half = |values: &[f64], t: f64| {
        let squares = values.iter().map(|value| (value - mean(values)).powi(2)).sum::<f64>();
        t * (squares / (values.len() - 1) as f64 / values.len() as f64).sqrt()
    };
    let check = |of: fn(&Worth) -> Option<f64>, want: evaluation::Interval| {
        let column = |seed: u64| -> Vec<f64> {
            let ours = values.iter().filter(|((policy, of, _), _)| policy == "il-rec" && *of == Some(seed));
            ours.filter_map(|(_, value)| of(value)).collect()
        };
        let trainings = [column(1), column(7)];
        let users: Vec<f64> =
            trainings[0].iter().zip(&trainings[1]).map(|(a, b)| f64::midpoint(*a, *b)).collect();
        let t_of_users = evaluation::statistics::t_quantile(0.975, users.len() - 1);
        let of_trainings = half(&trainings.each_ref().map(|users| mean(users)), 12.706_204_736_174_694);
        let half = half(&users, t_of_users).hypot(of_trainings);
        for (found, want) in
            [(mean(&users), want.mean), (mean(&users) - half, want.lo), (mean(&users) + half, want.hi)]
        {
            assert!((found - want).abs() < 1e-12 * want.abs().max(1.0), "{found} {want}");
        }
        (users.len(), of_trainings)
    };
    let (n_users, of_trainings) = check(|value| Some(value.0), row.r_traj);
    assert!(n_users == row.users && of_trainings > 0.0);
    let ranking = row.ranking.unwrap();
    assert_eq!(check(|value| value.1, ranking.ndcg).0, ranking.users);
}
