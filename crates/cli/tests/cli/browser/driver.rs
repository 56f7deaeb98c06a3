//! A real Chromium, driven over WebDriver, with every complaint of its console kept.

use serde_json::{Value, json};
use std::future::Future;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
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
        let mut lines =
            BufReader::new(driver.stdout.take().expect("it is piped")).lines().map_while(Result::ok);
        let port = lines.find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        let profile = tempfile::tempdir().expect("a directory for the profile");
        let mut wanted = DesiredCapabilities::chrome();
        let own = format!("--user-data-dir={}", profile.path().display());
        for switch in SWITCHES.into_iter().chain([own.as_str()]) {
            wanted.add_arg(switch).expect("a switch is a text");
        }
        wanted.set_logging_prefs("browser", LoggingPrefsLogLevel::All).expect("plain data");
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        let at = format!("http://127.0.0.1:{}", port.expect("chromedriver says its port"));
        let page = runtime.block_on(WebDriver::new(at, wanted)).expect("Chromium starts");
        let shots = std::env::var_os("ILREC_SCREENSHOTS")
            .map_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots"), PathBuf::from);
        std::fs::create_dir_all(&shots).expect("a directory for the pictures");
        Some(Self { driver, runtime, page: Some(page), shots, size: (1280, 800), _profile: profile })
    }

    /// What a command to the browser comes to.
    fn wait<T>(&self, command: impl Future<Output = WebDriverResult<T>>) -> T {
        self.runtime.block_on(command).expect("the browser does it")
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
        self.wait(emulation.send_raw("Emulation.setEmulatedMedia", media));
    }

    fn resize(&self, (width, height): (u64, u64)) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        let emulation = self.page().cdp();
        self.wait(emulation.send_raw("Emulation.setDeviceMetricsOverride", size));
    }

    pub(crate) fn open(&self, url: &str) {
        self.wait(self.page().goto(url));
    }

    /// What a script of ours in the page returns; it asks only, and never acts for the user.
    pub(crate) fn ask(&self, script: &str) -> Value {
        let script = format!("return {script}");
        let answer = self.wait(self.page().execute(script, vec![]));
        answer.json().clone()
    }

    /// Waits until a condition holds in the page, or in the page that takes its place meanwhile.
    pub(crate) fn until(&self, condition: &str) {
        const MOST_PAGES: usize = 3;
        let script = format!(
            "const tell = arguments[0]; \
             const look = () => ({condition}) ? tell(true) : setTimeout(look, 20); look();"
        );
        let look = || self.runtime.block_on(self.page().execute_async(script.as_str(), vec![]));
        let holds = (0..MOST_PAGES).any(|_| look().is_ok());
        assert!(holds, "never true: {condition}\n{}", self.text("body"));
    }

    fn find(&self, selector: &str) -> WebElement {
        self.until(&format!("document.querySelector({selector:?})"));
        self.wait(self.page().find(By::Css(selector)))
    }

    pub(crate) fn click(&self, selector: &str) {
        let element = self.find(selector);
        self.wait(element.click());
    }

    pub(crate) fn write(&self, selector: &str, text: &str) {
        let element = self.find(selector);
        self.wait(element.send_keys(text));
    }

    pub(crate) fn text(&self, selector: &str) -> String {
        let element = self.wait(self.page().find(By::Css(selector)));
        self.wait(element.text())
    }

    /// Keys to whatever has the focus.
    pub(crate) fn press(&self, keys: impl Into<TypingData>) {
        let keys = self.page().action_chain().send_keys(keys);
        self.wait(keys.perform());
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
        self.wait(self.page().screenshot(&file));
        self.resize(self.size);
    }

    /// What the console complained about since the last time, violations of the content policy included.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let lines = self.wait(self.page().browser_log());
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
