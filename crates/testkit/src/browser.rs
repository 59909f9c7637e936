//! Headless Chromium for tests of pages.

mod console;
mod devtools;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::folder::Folder;
use crate::installed;
use crate::patience::within;
use crate::process::Process;
use console::Console;
use devtools::Devtools;

/// How long chromedriver may take to start.
const PATIENCE: Duration = Duration::from_secs(30);

/// No sandbox: Chromium refuses one to root and in most containers, and the pages are our own.
/// The rest keeps it from speaking to anybody but the test's server.
const FLAGS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
    // As on a telephone: a page of 400 pixels has 400 for its content.
    "--hide-scrollbars",
];

/// A Chromium with a new profile and one window of 1,280 × 800 points. It is gone, with all its processes and
/// files, when this is dropped or the test process dies.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    // Dropped in this order: the driver, then whatever it started.
    driver: Process,
    folder: Folder,
}

/// Chromium's numbers for what a site may do.
#[derive(Clone, Copy, Debug)]
enum Scripts {
    Run = 1,
    Blocked = 2,
}

impl Browser {
    /// A new browser that runs scripts, as nearly everybody's does.
    ///
    /// # Panics
    ///
    /// When Chromium or its driver is not installed or does not start.
    pub async fn start() -> Self {
        Self::start_with(Scripts::Run).await
    }

    /// A new browser that runs none of the pages' scripts.
    ///
    /// # Panics
    ///
    /// As [`Browser::start`].
    pub async fn start_without_javascript() -> Self {
        Self::start_with(Scripts::Blocked).await
    }

    /// The `WebDriver` client: `goto`, `find`, `execute` and so on.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The folder that it works in.
    #[must_use]
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// The process id of its driver.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.driver.id().as_raw_nonzero().get().unsigned_abs()
    }

    /// Gives the page so many CSS pixels. Not the window's size, which Chromium keeps above 500.
    ///
    /// # Panics
    ///
    /// When the browser has gone.
    pub async fn resize(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Prefers `"dark"` or `"light"` (the media feature `prefers-color-scheme`) from now on.
    ///
    /// # Panics
    ///
    /// When the browser has gone.
    pub async fn prefer_color_scheme(&self, scheme: &str) {
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": [feature] })).await;
    }

    /// What was written to the console since it was last asked: scripts' errors, files that did not load, and what a
    /// Content-Security-Policy kept from happening; with everything else that a script writes there.
    ///
    /// # Panics
    ///
    /// When the browser has gone.
    pub async fn console(&self) -> Vec<String> {
        let answer = self.client.issue_cmd(Console).await;
        console::lines(&answer.unwrap_or_else(|error| panic!("the console can't be read: {error}")))
    }

    /// Writes what the window shows as a PNG.
    ///
    /// # Panics
    ///
    /// When the browser has gone or the file can't be written.
    pub async fn screenshot(&self, path: impl AsRef<Path>) {
        self.capture(path.as_ref(), false).await;
    }

    /// Writes the page from its top to its bottom as a PNG.
    ///
    /// # Panics
    ///
    /// When the browser has gone or the file can't be written.
    pub async fn screenshot_of_whole_page(&self, path: impl AsRef<Path>) {
        self.capture(path.as_ref(), true).await;
    }

    async fn start_with(scripts: Scripts) -> Self {
        // A browser that is asked to end may take seconds over it, and has nothing to put in order.
        let folder = Folder::for_server(None, Signal::KILL);
        let driver = Process::spawn(&mut driver_command(&folder), folder.path());
        let port = listening_port(&driver);
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(&folder, scripts))
            .connect(&format!("http://127.0.0.1:{port}"))
            .await;
        let client = client.unwrap_or_else(|error| panic!("Chromium does not start: {error}"));
        let browser = Self { client, driver, folder };
        browser.resize(1280, 800).await;
        browser
    }

    async fn capture(&self, path: &Path, whole_page: bool) {
        let wanted = json!({ "format": "png", "captureBeyondViewport": whole_page });
        let answer = self.devtools("Page.captureScreenshot", wanted).await;
        let image = BASE64_STANDARD.decode(answer["data"].as_str().unwrap_or_default());
        let image = image.expect("Chromium sends images in base64");
        fs::write(path, image).unwrap_or_else(|error| panic!("{} can't be written: {error}", path.display()));
    }

    async fn devtools(&self, command: &'static str, parameters: Value) -> Value {
        let answer = self.client.issue_cmd(Devtools { command, parameters }).await;
        answer.unwrap_or_else(|error| panic!("{command} failed: {error}"))
    }
}

/// Everything that the driver and Chromium write goes to the folder.
fn driver_command(folder: &Folder) -> Command {
    let mut command = Command::new(installed::program("chromedriver", "chromium-driver"));
    command.arg("--port=0").env_clear().env("HOME", folder.path()).env("TMPDIR", folder.path());
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

fn chromium() -> PathBuf {
    installed::program_of_many_names(&["chromium", "chromium-browser", "google-chrome"], "chromium")
}

/// The driver chooses a free port and prints it.
fn listening_port(driver: &Process) -> u16 {
    let port = within(PATIENCE, || port_in(&driver.stdout()));
    port.unwrap_or_else(|| panic!("chromedriver does not get ready:\n{}", driver.output()))
}

fn port_in(output: &str) -> Option<u16> {
    let (_, rest) = output.split_once("started successfully on port ")?;
    rest.split_once('.')?.0.parse().ok()
}

fn capabilities(folder: &Folder, scripts: Scripts) -> Capabilities {
    let profile = format!("--user-data-dir={}", folder.path().join("profile").display());
    let flags: Vec<&str> = FLAGS.into_iter().chain([profile.as_str()]).collect();
    let preferences = json!({
        "profile.managed_default_content_settings.javascript": scripts as u8,
        // The page of a new tab waits up to 5 s for a search engine.
        "session.restore_on_startup": 4,
        "session.startup_urls": ["about:blank"],
    });
    let options = json!({ "binary": chromium(), "args": flags, "prefs": preferences });
    let logging = json!({ "browser": "ALL" });
    Capabilities::from_iter([
        ("goog:chromeOptions".to_owned(), options),
        ("goog:loggingPrefs".to_owned(), logging),
    ])
}

#[cfg(test)]
mod tests {
    use super::port_in;

    #[test]
    fn the_port_is_read_when_its_line_is_whole() {
        assert_eq!(port_in("ChromeDriver was started successfully on port 123"), None);
        assert_eq!(port_in("ChromeDriver was started successfully on port 12345.\n"), Some(12345));
    }
}
