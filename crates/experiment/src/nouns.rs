//! What the items of a dataset are called, where its log says so.

use agents::AgentSettings;
use data::Dataset;

/// The agents' settings, with the dataset's word for its items where none was set.
#[must_use]
pub fn with_nouns(settings: &AgentSettings, dataset: &Dataset) -> AgentSettings {
    let sources = dataset.report.sources.iter().map(|source| format!("{} {}", source.format, source.name));
    let is_unset = settings.noun == AgentSettings::default().noun;
    let said = nouns(&sources.collect::<Vec<_>>().join(" ")).filter(|_| is_unset);
    let mut settings = settings.clone();
    if let Some((noun, nouns)) = said {
        (settings.noun, settings.nouns) = (noun.to_owned(), nouns.to_owned());
    }
    settings
}

/// One item and several, as the formats and file names of a log suggest.
fn nouns(sources: &str) -> Option<(&'static str, &'static str)> {
    let sources = sources.to_lowercase();
    let known = [
        (&["movielens", "ml-", "movie", "netflix", "film"][..], ("movie", "movies")),
        (&["steam", "game"], ("game", "games")),
        (&["book", "goodread"], ("book", "books")),
        (&["jester", "joke"], ("joke", "jokes")),
        (&["lastfm", "last.fm", "music", "artist"], ("artist", "artists")),
        (&["song", "track"], ("song", "songs")),
    ];
    known
        .into_iter()
        .find(|(marks, _)| marks.iter().any(|mark| sources.contains(mark)))
        .map(|(_, nouns)| nouns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_a_log_say_what_its_items_are() {
        assert_eq!(nouns("csv Steam-plays.csv.gz"), Some(("game", "games")));
        assert_eq!(nouns("movielens ratings.csv"), Some(("movie", "movies")));
        assert_eq!(nouns("csv log.csv"), None);
    }
}
