//! How sessions ended, as parts of a whole.

use crate::caption::{exit_words, percent};
use crate::html::Html;
use chart::ending;
use evaluation::ExitStatistics;

/// One stacked bar for each policy; ends nobody had are left out of the key.
pub(crate) fn stacks(accounts: &[(String, &ExitStatistics)]) -> Html {
    let mut out = Html::new();
    out.raw("<ul class=\"legend\">");
    for name in used_ends(accounts) {
        out.raw("<li><span class=\"swatch ")
            .raw(ending(exit_words(name)))
            .raw("\"></span>")
            .text(exit_words(name));
        out.raw("</li>");
    }
    out.raw("</ul><div class=\"bars stacks\">");
    for (label, account) in accounts {
        out.raw("<div class=\"bar-row\"><span class=\"bar-label\">").text(label).raw("</span>");
        out.push(&stack(label, account)).raw("</div>");
    }
    out.raw("</div>");
    out
}

fn used_ends(accounts: &[(String, &ExitStatistics)]) -> Vec<&'static str> {
    let is_used = |index: usize| accounts.iter().any(|(_, account)| account.counts.named()[index].1 > 0);
    let Some((_, first)) = accounts.first() else { return Vec::new() };
    let names = first.counts.named();
    (0..names.len()).filter(|&index| is_used(index)).map(|index| names[index].0).collect()
}

fn stack(label: &str, account: &ExitStatistics) -> Html {
    let total = account.n_sessions.max(1) as f64;
    let mut out = Html::new();
    out.raw("<svg class=\"bar\" role=\"img\" viewBox=\"0 0 1000 20\" preserveAspectRatio=\"none\"><title>");
    let shares = account.counts.named().map(|(name, count)| (name, count as f64 / total));
    let words: Vec<String> = shares
        .iter()
        .filter(|(_, share)| *share > 0.0)
        .map(|(name, share)| format!("{} {}", exit_words(name), percent(*share)))
        .collect();
    out.text(&format!("{label}: {}", words.join(", "))).raw("</title>");
    let mut from = 0.0;
    for (name, share) in shares.into_iter().filter(|(_, share)| *share > 0.0) {
        out.raw("<rect class=\"fill ")
            .raw(ending(exit_words(name)))
            .raw("\" y=\"2\" height=\"16\" x=\"")
            .number(from * 1000.0);
        out.raw("\" width=\"").number(share * 1000.0).raw("\"/>");
        from += share;
    }
    out.raw("</svg>");
    out
}
