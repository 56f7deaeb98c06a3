//! A real Chromium, driven over WebDriver, with every complaint of its console kept.

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use thirtyfour::prelude::*;
use thirtyfour::{LoggingPrefsLogLevel, TypingData};
use tokio::runtime::Runtime;

/// One browser with one page. It ends with the value.
pub(crate) struct Browser {
    driver: Child,
    runtime: Runtime,
    page: Option<WebDriver>,
    shots: PathBuf,
    size: (u64, u64),
    _profile: tempfile::TempDir,
}

const SWITCHES: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
];
/// After this long nothing more is expected to happen.
const PATIENCE: Duration = Duration::from_secs(30);

impl Browser {
    /// Starts Chromium; `None`, after saying so, where there is none and none is required.
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    pub(crate) fn start() -> Option<Self> {
        let started = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).spawn();
        let Ok(mut driver) = started else {
            assert!(std::env::var_os("ILREC_REQUIRE_CHROMIUM").is_none(), "there is no chromedriver");
            eprintln!("skipped: there is no chromedriver");
            return None;
        };
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = lines.find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        let profile = tempfile::tempdir().unwrap();
        let mut wanted = DesiredCapabilities::chrome();
        let own = format!("--user-data-dir={}", profile.path().display());
        for switch in SWITCHES.into_iter().chain([own.as_str()]) {
            wanted.add_arg(switch).unwrap();
        }
        wanted.set_logging_prefs("browser", LoggingPrefsLogLevel::All).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let at = format!("http://127.0.0.1:{}", port.expect("chromedriver says its port"));
        let page = runtime.block_on(WebDriver::new(at, wanted)).unwrap();
        let shots = std::env::var_os("ILREC_SCREENSHOTS")
            .map_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots"), PathBuf::from);
        std::fs::create_dir_all(&shots).unwrap();
        Some(Self { driver, runtime, page: Some(page), shots, size: (1280, 800), _profile: profile })
    }

    fn page(&self) -> &WebDriver {
        self.page.as_ref().expect("it is there until the end")
    }

    /// A width and height in CSS pixels, and `light` or `dark`.
    pub(crate) fn look(&mut self, size: (u64, u64), scheme: &str) {
        self.size = size;
        self.resize(size);
        let media = json!({"features": [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]});
        let emulation = self.page().cdp();
        self.runtime.block_on(emulation.send_raw("Emulation.setEmulatedMedia", media)).unwrap();
    }

    fn resize(&self, (width, height): (u64, u64)) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        let emulation = self.page().cdp();
        self.runtime.block_on(emulation.send_raw("Emulation.setDeviceMetricsOverride", size)).unwrap();
    }

    pub(crate) fn open(&self, url: &str) {
        self.runtime.block_on(self.page().goto(url)).unwrap();
    }

    /// What a script of ours in the page returns; it asks only, and never acts for the user.
    pub(crate) fn ask(&self, script: &str) -> Value {
        let script = format!("return {script}");
        let answer = self.runtime.block_on(self.page().execute(script, vec![])).unwrap();
        answer.json().clone()
    }

    /// Waits until the page answers with `true`.
    pub(crate) fn until(&self, script: &str) {
        let started = Instant::now();
        while self.ask(&format!("Boolean({script})")) != json!(true) {
            assert!(started.elapsed() < PATIENCE, "never true: {script}\n{}", self.text("body"));
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn find(&self, selector: &str) -> WebElement {
        self.until(&format!("document.querySelector({selector:?})"));
        self.runtime.block_on(self.page().find(By::Css(selector))).unwrap()
    }

    pub(crate) fn click(&self, selector: &str) {
        let element = self.find(selector);
        self.runtime.block_on(element.click()).unwrap();
    }

    pub(crate) fn write(&self, selector: &str, text: &str) {
        let element = self.find(selector);
        self.runtime.block_on(element.send_keys(text)).unwrap();
    }

    pub(crate) fn text(&self, selector: &str) -> String {
        let element = self.runtime.block_on(self.page().find(By::Css(selector))).unwrap();
        self.runtime.block_on(element.text()).unwrap()
    }

    /// Keys to whatever has the focus.
    pub(crate) fn press(&self, keys: impl Into<TypingData>) {
        let keys = self.page().action_chain().send_keys(keys);
        self.runtime.block_on(keys.perform()).unwrap();
    }

    /// Tab after Tab until an element has the focus, as people without a mouse go there. The focus can be seen.
    pub(crate) fn tab_to(&self, selector: &str) {
        const MOST: usize = 80;
        for _ in 0..MOST {
            self.press(Key::Tab);
            if self.ask(&format!("document.activeElement.matches({selector:?})")) == json!(true) {
                let style = self.ask("getComputedStyle(document.activeElement).outlineStyle");
                assert_ne!(style, json!("none"), "the focus at {selector} cannot be seen");
                return;
            }
        }
        panic!("{MOST} tabs do not lead to {selector}");
    }

    /// Keeps a picture of the page in its whole length.
    pub(crate) fn shot(&self, name: &str) {
        let length = self.ask("document.documentElement.scrollHeight").as_u64().expect("a length");
        self.resize((self.size.0, length.max(self.size.1)));
        let file = self.shots.join(format!("{name}.png"));
        self.runtime.block_on(self.page().screenshot(&file)).unwrap();
        self.resize(self.size);
    }

    /// What the console complained about since the last time, violations of the content policy included.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let lines = self.runtime.block_on(self.page().browser_log()).unwrap();
        lines.into_iter().map(|line| format!("{}: {}", line.level, line.message)).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(page) = self.page.take() {
            drop(self.runtime.block_on(page.quit()));
        }
        drop(self.driver.kill());
        drop(self.driver.wait());
    }
}
