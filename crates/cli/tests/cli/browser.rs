//! The console in a real Chromium: what people see, click and type.

mod driver;

use super::serving::{Served, artefact, call};
use driver::Browser;
use serde_json::json;
use thirtyfour::Key;

const WIDE: (u64, u64) = (1280, 800);
const NARROW: (u64, u64) = (390, 844);
const PAGES: [(&str, &str); 6] = [
    ("demonstrations", "/console/demonstrations"),
    ("demonstration", "/console/demonstrations/0"),
    ("runs", "/console/runs"),
    ("coverage", "/console/coverage"),
    ("traffic", "/console/traffic"),
    ("api", "/docs"),
];

/// A browser and a server, or nothing where there is no browser.
fn both() -> Option<(Browser, Served, tempfile::TempDir)> {
    let browser = Browser::start()?;
    let dir = super::program::scratch();
    let runs = super::experiment::runs().display().to_string();
    let served = Served::with(dir.path(), &artefact().display().to_string(), &["--runs", &runs]);
    Some((browser, served, dir))
}

/// Nothing to complain about, and nothing that is wider than the window.
fn check_page(browser: &Browser, name: &str) {
    browser.shot(name);
    assert_eq!(browser.complaints(), Vec::<String>::new(), "{name}");
    let too_wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth";
    assert_eq!(browser.ask(too_wide), json!(false), "{name} is wider than its window");
}

const CARDS: &str = "document.querySelectorAll('#slate > li').length";
const READY: &str = "document.querySelector('#slate').ariaBusy !== 'true'";

#[test]
fn a_session_is_played_with_the_mouse() {
    let Some((mut browser, served, _dir)) = both() else { return };
    let at = |path: &str| format!("http://{}{path}", served.addr);
    browser.look(WIDE, "light");
    browser.open(&at("/"));
    check_page(&browser, "playground-empty");
    browser.write("#search", "7th film");
    browser.click("#found button");
    browser.until("document.querySelectorAll('#found button').length === 0");
    browser.click("#pasting summary");
    browser.write("#pasted", "i3\nThe 5th film\nThe film that never was");
    browser.click("#paste");
    browser.until("document.querySelector('#message').textContent.includes('never was')");
    assert_eq!(browser.text("#count"), "3");
    // The server says 404 to a title that it does not have, and Chromium notes every 404.
    assert!(
        matches!(browser.complaints().as_slice(), [one] if one.contains("never%20was") && one.contains("404"))
    );
    assert!(browser.text("#history").contains("The 7th film"));
    browser.click("#start");
    browser.until(&format!("{CARDS} === 6"));
    let first = browser.text("#slate > li:first-child");
    assert!(first.contains("Because") && first.contains("demonstration for another user"), "{first}");
    check_page(&browser, "playground-slate");
    let liked = browser.text("#slate > li:first-child h2");
    for (n, button) in (1..).zip(["like", "skip", "dislike"]) {
        browser.click(&format!("#slate > li:first-child button.{button}"));
        browser.until(&format!("document.querySelector('#n-steps').textContent === '{n}' && {READY}"));
        assert!(!browser.text("#slate").contains(&liked), "it is not shown again");
    }
    assert_eq!(browser.text("#reward"), "8");
    assert!(browser.text("#steps").contains(&liked));
    check_page(&browser, "playground-session");
    browser.click("#slate > li:first-child button.leave");
    browser.until("document.querySelector('#idle-title').textContent.includes('left after 4 steps')");
    assert_eq!(browser.ask(CARDS), json!(0));
    check_page(&browser, "playground-left");
    let told = call(&served.addr, "GET", "/console/traffic.json", "").unwrap()["answers"].clone();
    assert_eq!(told, json!({"like": 1, "neutral": 1, "dislike": 1, "leave": 1}));
}

#[test]
fn a_session_is_played_with_the_keyboard() {
    let Some((mut browser, served, _dir)) = both() else { return };
    browser.look(WIDE, "dark");
    browser.open(&format!("http://{}/", served.addr));
    browser.tab_to(".skip-link");
    browser.tab_to("#search");
    browser.press("7th film");
    browser.until("document.querySelector('#found button')");
    browser.tab_to("#found button");
    browser.press(Key::Enter);
    browser.until("document.activeElement.id === 'search'");
    assert_eq!(browser.text("#count"), "1");
    browser.tab_to("#start");
    browser.press(Key::Enter);
    browser.until(&format!("{CARDS} === 6"));
    for (n, keys) in (1..).zip(["1l", "2s", "3d"]) {
        browser.press(keys);
        browser.until(&format!("document.querySelector('#n-steps').textContent === '{n}' && {READY}"));
        browser.until("document.activeElement.matches('#slate > li')");
    }
    check_page(&browser, "playground-keyboard-dark");
    browser.press("x");
    browser.until("document.querySelector('#idle-title').textContent.includes('left after 4 steps')");
    assert_eq!(browser.ask("document.activeElement.id"), json!("start"));
}

#[test]
fn every_page_is_right_on_desks_and_phones_by_day_and_by_night() {
    let Some((mut browser, served, _dir)) = both() else { return };
    let started = call(&served.addr, "POST", "/v1/sessions", "{}").unwrap();
    for _ in 0..5 {
        let body = json!({"session": started["id"], "k": 8, "exploration": true}).to_string();
        call(&served.addr, "POST", "/v1/recommend", &body).unwrap();
    }
    for (size, width) in [(WIDE, "wide"), (NARROW, "phone")] {
        for scheme in ["light", "dark"] {
            browser.look(size, scheme);
            for (name, path) in PAGES {
                browser.open(&format!("http://{}{path}", served.addr));
                browser.until("document.readyState === 'complete' && document.querySelector('h1')");
                match name {
                    "traffic" => browser.until("document.querySelector('#log td')"),
                    "api" => browser.until("document.querySelectorAll('.path .answer').length > 8"),
                    _ => {}
                }
                check_page(&browser, &format!("{name}-{width}-{scheme}"));
            }
            browser.open(&format!("http://{}/?history=i1,i5&start", served.addr));
            browser.until(&format!("{CARDS} === 6"));
            check_page(&browser, &format!("playground-{width}-{scheme}"));
        }
    }
}

#[test]
fn runs_are_compared_as_they_are_chosen() {
    let Some((mut browser, served, _dir)) = both() else { return };
    browser.look(WIDE, "light");
    browser.open(&format!("http://{}/console/runs", served.addr));
    let tables = "[...document.querySelectorAll('.judgement')].map((table) => table.rows[0].cells.length)";
    browser.until("document.querySelectorAll('.curves .line').length > 2");
    let colours =
        "[...document.querySelectorAll('.curves .line')].map((line) => getComputedStyle(line).stroke)";
    let colours = browser.ask(colours);
    let distinct: std::collections::BTreeSet<_> =
        colours.as_array().unwrap().iter().map(serde_json::Value::to_string).collect();
    assert_eq!(distinct.len(), 4, "il-rec, a2c, planner and lookahead: a colour for each, whatever the seed");
    assert_eq!(browser.ask("document.querySelectorAll('.curves .name').length"), json!(4));
    browser.click("details summary");
    assert_eq!(
        browser.ask(tables),
        json!([3, 3, 2, 2]),
        "one rule of both runs, and one of the published alone"
    );
    assert!(browser.text("main").contains("small: il-rec, seed 1"));
    browser.click(".runs input[value=published]");
    browser.click(".runs button");
    browser.until("location.search === '?run=small'");
    assert_eq!(browser.ask(tables), json!([2, 2]));
    browser.click(".runs input[value=published]");
    browser.click(".runs input[value=small]");
    browser.click(".runs button");
    browser.until("location.search === '?run=published'");
    assert!(browser.ask("document.querySelector('.curves') === null").as_bool().unwrap());
    assert!(browser.text("main").contains("186.2"), "the published figure of il-rec");
    check_page(&browser, "runs-published");
}

#[test]
fn an_explanation_leads_to_its_demonstration() {
    let Some((mut browser, served, _dir)) = both() else { return };
    browser.look(NARROW, "light");
    browser.open(&format!("http://{}/?start", served.addr));
    browser.click("#slate > li a");
    browser.until("document.querySelector('.trace li:target')");
    assert!(browser.text("h1").len() > 1 && !browser.text(".trace li:target").is_empty());
    check_page(&browser, "demonstration-target");
}

#[test]
fn the_console_works_beneath_a_path() {
    let Some(mut browser) = Browser::start() else { return };
    let dir = super::program::scratch();
    let policy = artefact().display().to_string();
    let served = Served::with(dir.path(), &policy, &["--public-url", "https://shop.example/rec"]);
    browser.look(WIDE, "light");
    browser.open(&format!("http://{}/rec?start", served.addr));
    browser.until(&format!("{CARDS} === 6"));
    browser.click("#slate > li:first-child button.like");
    browser.until(&format!("document.querySelector('#n-steps').textContent === '1' && {READY}"));
    for page in PAGES.map(|(_, page)| page) {
        browser.open(&format!("http://{}/rec{page}", served.addr));
        let outside = "[...document.querySelectorAll('a[href], script[src], link[rel=stylesheet]')]\
            .filter((one) => !new URL(one.href || one.src).pathname.startsWith('/rec/')).length";
        assert_eq!(browser.ask(outside), json!(0), "{page}");
    }
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
