//! `values.parquet`: what every user was worth to every training of every row, so that intervals can be computed again.

use crate::PipelineError;
use crate::results::RuleResults;
use evaluation::{Evaluation, RankedUser};
use mdp::UserIdx;
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use std::path::Path;
use std::sync::Arc;

/// The file's name, beside `results.json`.
pub(crate) const FILE: &str = "values.parquet";

/// Rewards and steps are means over evaluation seeds. Metrics are null for who has no held-out items, `training_seed` is for what
/// is not trained.
const COLUMNS: &str = "message values {
    required binary exit_rule (STRING); required binary policy (STRING); required binary user (STRING);
    required int64 seed (INTEGER(64,false)); optional int64 training_seed (INTEGER(64,false));
    required double r_traj; required double len; optional double ndcg@10; optional double hit@10;
    optional double cold_ndcg@10; optional double cold_hit@10; }";

/// One user under one training of one row.
struct Value<'a> {
    exit_rule: &'a str,
    policy: &'a str,
    user: &'a str,
    training_seed: Option<u64>,
    mean: evaluation::UserMean,
    ranked: Option<&'a RankedUser>,
    cold: Option<&'a RankedUser>,
}

/// Writes the values of all tables of a run, ablations last; `users` are the log's ids, `seed` is the run's.
pub(crate) fn write(
    rules: &[RuleResults],
    users: &[String],
    seed: u64,
    folder: &Path,
) -> Result<(), PipelineError> {
    let mut values = Vec::new();
    for rule in rules {
        let ablations = rule.ablations.iter().map(|ablation| &ablation.evaluation);
        for evaluation in rule.evaluations.iter().chain(ablations) {
            values.extend(values_of(evaluation, &rule.exit_rule, users));
        }
    }
    let path = folder.join(FILE);
    let bytes = encoded(&values, seed)
        .map_err(|error| PipelineError::Write { path: path.clone(), source: std::io::Error::other(error) })?;
    Ok(artefact::replace_file(&path, &bytes)?)
}

fn values_of<'a>(evaluation: &'a Evaluation, exit_rule: &'a str, users: &'a [String]) -> Vec<Value<'a>> {
    let table = &evaluation.table;
    let find = |lists: &'a [Vec<RankedUser>], training: usize, user: UserIdx| {
        lists.get(training).and_then(|list| list.iter().find(|ranked| ranked.user == user))
    };
    let of = |training: usize, at: usize| Value {
        exit_rule,
        policy: &evaluation.row.policy,
        user: &users[table.users[at].index()],
        training_seed: table.seeds[training].training_seed,
        mean: table.seeds[training].means[at],
        ranked: find(&evaluation.rankings, training, table.users[at]),
        cold: find(&evaluation.cold_rankings, training, table.users[at]),
    };
    let all = |training| (0..table.users.len()).map(move |at| (training, at));
    (0..table.seeds.len()).flat_map(all).map(|(training, at)| of(training, at)).collect()
}

fn encoded(values: &[Value<'_>], seed: u64) -> parquet::errors::Result<Vec<u8>> {
    let schema = Arc::new(parse_message_type(COLUMNS)?);
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by("ilrec".into())
        .build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    let text = |of: fn(&Value<'_>) -> ByteArray| values.iter().map(of).collect::<Vec<_>>();
    column::<ByteArrayType>(&mut group, &text(|value| value.exit_rule.into()))?;
    column::<ByteArrayType>(&mut group, &text(|value| value.policy.into()))?;
    column::<ByteArrayType>(&mut group, &text(|value| value.user.into()))?;
    column::<Int64Type>(&mut group, &vec![seed.cast_signed(); values.len()])?;
    optional::<Int64Type>(&mut group, values.iter().map(|value| value.training_seed.map(u64::cast_signed)))?;
    let number = |of: fn(&Value<'_>) -> f64| values.iter().map(of).collect::<Vec<_>>();
    column::<DoubleType>(&mut group, &number(|value| value.mean.r_traj))?;
    column::<DoubleType>(&mut group, &number(|value| value.mean.len))?;
    optional::<DoubleType>(&mut group, values.iter().map(|value| value.ranked.map(|user| user.ndcg)))?;
    optional::<DoubleType>(&mut group, values.iter().map(|value| value.ranked.map(|user| user.hit)))?;
    optional::<DoubleType>(&mut group, values.iter().map(|value| value.cold.map(|user| user.ndcg)))?;
    optional::<DoubleType>(&mut group, values.iter().map(|value| value.cold.map(|user| user.hit)))?;
    group.close()?;
    writer.into_inner()
}

type Group<'a> = SerializedRowGroupWriter<'a, Vec<u8>>;

fn column<T: DataType>(group: &mut Group<'_>, values: &[T::T]) -> parquet::errors::Result<()> {
    let mut column = group.next_column()?.expect("one call per column of the schema");
    column.typed::<T>().write_batch(values, None, None)?;
    column.close()
}

fn optional<T: DataType>(
    group: &mut Group<'_>,
    values: impl Iterator<Item = Option<T::T>>,
) -> parquet::errors::Result<()> {
    let values: Vec<Option<T::T>> = values.collect();
    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let present: Vec<T::T> = values.into_iter().flatten().collect();
    let mut column = group.next_column()?.expect("one call per column of the schema");
    column.typed::<T>().write_batch(&present, Some(&levels), None)?;
    column.close()
}
