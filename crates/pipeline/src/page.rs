//! The report of a run.

use crate::results::RuleResults;
use crate::stages::Place;
use crate::{DataSettings, PipelineError, RunConfig, TrainingRecord};
use artefact::{Artefact, Kind};
use demonstrations::Demos;
use environment::Parameter;
use experiment::{Domain, with_nouns};
use mdp::StepEnd;
use report::{
    Configuration, DemonstratedStep, DemonstrationView, Fact, FactTable, GroundingSummary, LearningCurve,
    ReportData, Results, html_page,
};

/// The page as HTML.
pub(crate) fn page(
    config: &RunConfig,
    place: &Place<'_>,
    domain: &Domain,
    rules: &[RuleResults],
) -> Result<String, PipelineError> {
    let main = &rules[0];
    let mut ablation: Vec<_> = Vec::new();
    if !main.ablations.is_empty() {
        let full = main.evaluations.iter().find(|e| e.row.policy == config.algorithms[0]);
        ablation.extend(full.map(|e| e.row.clone()));
        ablation.extend(main.ablations.iter().map(|a| a.evaluation.row.clone()));
    }
    let demos = demos_of(config, place, &config.environment.exit_rule)?;
    let data = ReportData {
        title: config.title.clone(),
        reading: config.reading.clone(),
        about: about(config, domain),
        subject: config.algorithms[0].clone(),
        results: rules.iter().map(results).collect(),
        ablation,
        learning: curves(config, place)?,
        grounding: demos.iter().map(grounding).collect(),
        demonstrations: demos.iter().filter_map(|d| view(d, domain)).collect(),
        facts: facts(domain, main),
        world_check: None,
        configurations: vec![Configuration {
            name: "run".into(),
            text: toml::to_string_pretty(config).unwrap_or_default(),
            hash: domain.dataset_hash.clone(),
        }],
    };
    Ok(html_page(&data))
}

/// What the domain is, and who is judged where.
pub(crate) fn about(config: &RunConfig, domain: &Domain) -> String {
    let (dataset, catalogue) = (&domain.dataset, &domain.dataset.catalogue);
    let (n_users, n_items, n_ratings) = (dataset.n_users(), dataset.n_items(), dataset.n_interactions());
    let titles: Vec<&str> = catalogue.items().iter().take(3).map(|item| item.title.as_str()).collect();
    let origin = match &config.data {
        DataSettings::Sample(_) => format!(
            "The domain is generated: {n_items} films that never were, {n_users} people with tastes of their own, \
             and the {n_ratings} ratings they left"
        ),
        DataSettings::Import(_) => {
            let sources = dataset.report.sources.iter().map(|source| source.name.as_str());
            let nouns = with_nouns(&agents::AgentSettings::default(), dataset).nouns;
            let sources = sources.collect::<Vec<_>>().join(", ");
            format!(
                "The domain is a log of {n_ratings} ratings of {n_items} {nouns} by {n_users} users ({sources})"
            )
        }
    };
    let categories = catalogue.categories();
    let kinds = match categories.len() {
        0 => "none has a category".to_owned(),
        1..=8 => format!("the categories are {}", categories.join(", ")),
        n => format!("there are {n} categories, such as {}", categories[..8].join(", ")),
    };
    let n_test = domain.world.split().test.len();
    format!(
        "{origin}. Among the items are {}; {kinds}.\n\nUsers are simulated. Policies train in a world fitted on the \
         earlier part of the ratings; they are judged in another one, of another kind, fitted on the later part. The \
         users who judge ({n_test} in all) were seen by nobody in training: of them a policy knows the earlier \
         part of their own log.",
        titles.join(", ")
    )
}

fn results(rule: &RuleResults) -> Results {
    Results {
        title: format!("exit rule {}", rule.rule.label()),
        evaluations: rule.evaluations.clone(),
        differences: rule.differences.clone(),
    }
}

fn demos_of(config: &RunConfig, place: &Place<'_>, rule: &str) -> Result<Vec<Demos>, PipelineError> {
    let open = |number| Ok(Demos::open(&place.out.join(rule).join(format!("demos-{number}")))?.0);
    (0..config.demonstrations.len()).map(open).collect()
}

fn curves(config: &RunConfig, place: &Place<'_>) -> Result<Vec<LearningCurve>, PipelineError> {
    let rule = place.out.join(&config.environment.exit_rule);
    let mut out = Vec::new();
    for name in &config.algorithms {
        for seed in &config.training_seeds {
            let folder = rule.join(format!("{name}-s{seed}"));
            let record: TrainingRecord = Artefact::open(Kind::Policy, &folder)?.read_json("training.json")?;
            if record.has_curve() {
                out.push(LearningCurve { name: format!("{name}, seed {seed}"), points: record.validation });
            }
        }
    }
    Ok(out)
}

fn grounding(demos: &Demos) -> GroundingSummary {
    let described = demonstrations::describe(demos);
    let counts = described.grounding;
    GroundingSummary {
        source: described.source,
        episodes: described.episodes,
        steps: described.steps,
        exact: counts.exact as usize,
        normalised: counts.normalised as usize,
        fuzzy: counts.fuzzy as usize,
        embedding: counts.embedding as usize,
        rejected: counts.rejected as usize,
    }
}

/// The demonstration with the highest return: the one worth reading first.
fn view(demos: &Demos, domain: &Domain) -> Option<DemonstrationView> {
    let best = demos.demonstrations.iter().max_by(|a, b| a.return_raw().total_cmp(&b.return_raw()))?;
    let catalogue = &domain.dataset.catalogue;
    let steps = best.steps.iter().map(|step| DemonstratedStep {
        title: step.title.clone(),
        categories: catalogue
            .item(step.step.item)
            .categories
            .iter()
            .map(|&c| catalogue.categories()[c as usize].clone())
            .collect(),
        thought: step.thought.clone().unwrap_or_default(),
        reward: step.step.reward,
        weight: None,
        end: match step.step.end {
            StepEnd::Continues => String::new(),
            StepEnd::Truncated => "the horizon".into(),
            StepEnd::Terminated(reason) => format!("{reason:?}"),
        },
    });
    Some(DemonstrationView {
        title: format!("{} (user {})", best.id, best.user_id),
        history: best.history_titles.clone(),
        steps: steps.collect(),
    })
}

fn facts(domain: &Domain, main: &RuleResults) -> Vec<FactTable> {
    let fact = |name: &str, value: String| Fact { name: name.into(), value };
    let split = domain.world.split();
    let mut fit = Vec::new();
    for row in &domain.world.fit().rows {
        fit.push(fact(&format!("RMSE of {}", row.model), format!("{:.4}", row.rmse)));
    }
    let verdict = if domain.world.fit().deepfm_is_best {
        "DeepFM has the least squared error on held-out ratings"
    } else {
        "DeepFM does not beat every baseline on held-out ratings"
    };
    fit.push(fact("verdict", verdict.into()));
    vec![
        FactTable {
            title: "The log".into(),
            facts: vec![
                fact("users", domain.dataset.n_users().to_string()),
                fact("items", domain.dataset.n_items().to_string()),
                fact("interactions", domain.dataset.n_interactions().to_string()),
                fact("hash", domain.dataset_hash.clone()),
                fact(
                    "train, validation, test users",
                    format!("{}, {}, {}", split.train.len(), split.validation.len(), split.test.len()),
                ),
            ],
        },
        FactTable { title: "The train world".into(), facts: fit },
        FactTable { title: format!("Exit rule {}", main.rule.name()), facts: leaving(main) },
        FactTable {
            title: "Shares reached".into(),
            facts: vec![
                fact("of the oracle", format!("{:.1} %", 100.0 * main.share_of_oracle)),
                fact("of judge-planner", format!("{:.1} %", 100.0 * main.share_of_judge_planner)),
            ],
        },
    ]
}

/// The parameters of a rule, those that differ in the train world for both.
fn leaving(RuleResults { rule, train_rule, .. }: &RuleResults) -> Vec<Fact> {
    let trained = train_rule.as_ref().unwrap_or(rule);
    let both = rule.parameters().each().zip(trained.parameters().each());
    let one = |((parameter, judged), (_, trained)): (Declared, Declared)| {
        let word = |value: f64| parameter.word(value);
        let value = match (judged?, trained?) {
            (judged, trained) if judged == trained => word(judged),
            (judged, trained) => format!("{} (train world {})", word(judged), word(trained)),
        };
        Some(Fact { name: parameter.name.into(), value })
    };
    both.filter_map(one).collect()
}

/// A parameter and its value.
type Declared = (&'static Parameter, Option<f64>);
