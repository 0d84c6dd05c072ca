//! A headless Chromium, driven by the DevTools protocol over its two pipes: no network port, no driver to install.
//!
//! Chromium reads commands from file descriptor 3 and writes answers to 4, each message ended by a zero byte. A shell opens both from named
//! pipes, so that no code here has to touch descriptors.

use simd_json::{OwnedValue, prelude::*};
use std::{
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(180);

/// A running browser with one page.
pub struct Browser {
    child: Child,
    directory: tempfile::TempDir,
    to: File,
    from: Receiver<OwnedValue>,
    session: String,
    last: u64,
    /// What the page complained about: exceptions, errors on the console, broken policies.
    pub complaints: Vec<String>,
}

/// The browser's program: `VANTAY_CHROMIUM`, or the first of its usual names that is installed.
fn program() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("VANTAY_CHROMIUM") {
        return Some(named.into());
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&folders).flat_map(|folder| names.map(|name| folder.join(name))).find(|path| path.is_file())
}

impl Browser {
    /// Starts one; without Chromium says that `test` is skipped.
    pub fn start(test: &str) -> Option<Browser> {
        let Some(program) = program() else {
            eprintln!("skipped: {test}: no chromium (Debian: apt install chromium)");
            return None;
        };
        let directory = tempfile::tempdir().expect("a folder");
        let pipe = |name: &str| directory.path().join(name);
        let made = Command::new("mkfifo").args([pipe("to"), pipe("from")]).status().expect("mkfifo starts");
        assert!(made.success(), "mkfifo");
        let child = Command::new("sh")
            .args(["-c", "p=$1; i=$2; o=$3; shift 3; exec \"$p\" \"$@\" 3<\"$i\" 4>\"$o\"", "sh"])
            .args([program.as_path(), &pipe("to"), &pipe("from")])
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", pipe("profile").display()))
            .arg("--lang=en")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell starts");
        // The shell opens its ends in this order, each waiting for the other side.
        let to = OpenOptions::new().write(true).open(pipe("to")).expect("the pipe to the browser");
        let from = File::open(pipe("from")).expect("the pipe from the browser");
        let (send, receive) = channel();
        std::thread::spawn(move || {
            let mut reader = BufReader::new(from);
            let mut message = Vec::new();
            while reader.read_until(0, &mut message).is_ok_and(|read| read > 0) {
                message.pop();
                let Ok(value) = simd_json::to_owned_value(&mut message) else { break };
                message.clear();
                if send.send(value).is_err() {
                    break;
                }
            }
        });
        let (session, complaints) = (String::new(), Vec::new());
        let mut browser = Browser { child, directory, to, from: receive, session, last: 0, complaints };
        let downloads = browser.downloads();
        fs::create_dir(&downloads).expect("a folder");
        let target = browser.call("Target.createTarget", "{\"url\":\"about:blank\"}");
        let target = text(&target["targetId"]);
        let attached = browser.call("Target.attachToTarget", &format!("{{\"targetId\":{target},\"flatten\":true}}"));
        browser.session = text(&attached["sessionId"]);
        let path = quoted(&downloads.to_string_lossy());
        browser.call("Browser.setDownloadBehavior", &format!("{{\"behavior\":\"allow\",\"downloadPath\":{path}}}"));
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            browser.call(domain, "{}");
        }
        browser.size(1200, 900);
        Some(browser)
    }

    fn downloads(&self) -> PathBuf {
        self.directory.path().join("downloads")
    }

    /// Sends a command and waits for its answer.
    pub fn call(&mut self, method: &str, parameters: &str) -> OwnedValue {
        self.ask(method, parameters).unwrap_or_else(|refused| panic!("{method}: {refused}"))
    }

    fn ask(&mut self, method: &str, parameters: &str) -> Result<OwnedValue, String> {
        self.last += 1;
        let session = match self.session.as_str() {
            _ if method.starts_with("Browser.") => String::new(),
            "" => String::new(),
            session => format!(",\"sessionId\":{session}"),
        };
        let command = format!("{{\"id\":{},\"method\":\"{method}\",\"params\":{parameters}{session}}}\0", self.last);
        self.to.write_all(command.as_bytes()).expect("the browser listens");
        loop {
            let message = self.receive(method);
            if message.get("id").and_then(|id| id.as_u64()) == Some(self.last) {
                return match message.get("error") {
                    Some(error) => Err(error.encode()),
                    None => Ok(message.get("result").cloned().unwrap_or_default()),
                };
            }
        }
    }

    /// The next message; complaints of the page are kept.
    fn receive(&mut self, waiting_for: &str) -> OwnedValue {
        let message = self.from.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no answer to {waiting_for}"));
        let is_complaint = match message.get("method").and_then(|method| method.as_str()) {
            Some("Runtime.exceptionThrown") => true,
            Some("Runtime.consoleAPICalled") => {
                ["error", "warning", "assert"].contains(&message["params"]["type"].as_str().unwrap_or(""))
            }
            Some("Log.entryAdded") => {
                ["error", "warning"].contains(&message["params"]["entry"]["level"].as_str().unwrap_or(""))
            }
            _ => false,
        };
        if is_complaint {
            self.complaints.push(message["params"].encode());
        }
        message
    }

    /// Opens a file anew, with what comes after `#`.
    pub fn open(&mut self, file: &Path, hash: &str) {
        // Another search part, or a new hash alone would load nothing.
        let search = format!("?{}", self.last);
        let address = quoted(&format!("file://{}{search}{hash}", file.display()));
        self.call("Page.navigate", &format!("{{\"url\":{address}}}"));
        self.wait(&format!("location.search === '{search}' && document.readyState === 'complete'"));
    }

    /// The value of an expression in the page: text as it is, anything else as JSON.
    pub fn eval(&mut self, expression: &str) -> String {
        self.evaluate(expression).unwrap_or_else(|error| panic!("{expression}: {error}"))
    }

    fn evaluate(&mut self, expression: &str) -> Result<String, String> {
        let expression = quoted(expression);
        let parameters = format!("{{\"expression\":{expression},\"returnByValue\":true,\"awaitPromise\":true}}");
        let said = self.ask("Runtime.evaluate", &parameters)?;
        if said.get("exceptionDetails").is_some() {
            return Err(said.encode());
        }
        let value = said.get("result").and_then(|result| result.get("value"));
        Ok(value
            .map_or_else(|| "undefined".into(), |value| value.as_str().map_or_else(|| value.encode(), str::to_owned)))
    }

    /// Waits until an expression is true. While a page is replaced by another there may be none to ask.
    pub fn wait(&mut self, expression: &str) {
        let start = Instant::now();
        while self.evaluate(expression).as_deref() != Ok("true") {
            assert!(start.elapsed() < PATIENCE, "never true: {expression}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Presses keys, one after another.
    pub fn press(&mut self, keys: &[&str]) {
        for key in keys {
            let text = if key.chars().count() == 1 { format!(",\"text\":{}", quoted(key)) } else { String::new() };
            for kind in ["keyDown", "keyUp"] {
                let text = if kind == "keyDown" { text.as_str() } else { "" };
                self.call("Input.dispatchKeyEvent", &format!("{{\"type\":\"{kind}\",\"key\":{}{text}}}", quoted(key)));
            }
        }
    }

    /// Waits for a saved file and takes it.
    pub fn saved(&mut self, name: &str) -> String {
        let path = self.downloads().join(name);
        let start = Instant::now();
        while !path.exists() {
            assert!(start.elapsed() < PATIENCE, "{name} was never saved");
            self.eval("0");
            std::thread::sleep(Duration::from_millis(20));
        }
        let text = fs::read_to_string(&path).expect("the file reads");
        fs::remove_file(&path).expect("the file goes");
        text
    }

    /// Makes the window this large.
    pub fn size(&mut self, width: u32, height: u32) {
        let metrics = format!("{{\"width\":{width},\"height\":{height},\"deviceScaleFactor\":1,\"mobile\":false}}");
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
    }

    /// Prefers dark pages, or light ones.
    pub fn dark(&mut self, is_dark: bool) {
        let value = if is_dark { "dark" } else { "light" };
        let media = format!("{{\"features\":[{{\"name\":\"prefers-color-scheme\",\"value\":\"{value}\"}}]}}");
        self.call("Emulation.setEmulatedMedia", &media);
    }

    /// The window as a WebP picture.
    pub fn picture(&mut self) -> Vec<u8> {
        use base64::Engine;
        let taken = self.call("Page.captureScreenshot", "{\"format\":\"webp\",\"quality\":82}");
        let data = taken["data"].as_str().expect("a picture");
        base64::engine::general_purpose::STANDARD.decode(data).expect("base64")
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let close = b"{\"id\":0,\"method\":\"Browser.close\",\"params\":{}}\0";
        let _ = self.to.write_all(close);
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(5) {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A string as JSON.
pub fn quoted(text: &str) -> String {
    simd_json::to_string(text).expect("text is JSON")
}

/// A value that is a string, as JSON.
fn text(value: &OwnedValue) -> String {
    quoted(value.as_str().expect("a string"))
}
