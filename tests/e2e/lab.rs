//! Folders, programs and namespaces that are gone when the test is over.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread::sleep,
    time::{Duration, Instant},
};

use hedgerow::{
    compile::{self, Companions},
    diagnostic::Severity,
    target::Target,
    world::Memory,
};

/// How long a program may take to come up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A policy compiled: the ruleset, and what stands beside it.
pub fn compiled(path: &str, files: std::collections::BTreeMap<String, String>) -> Result<(String, Companions), String> {
    let text = files.get(path).ok_or("no policy")?.clone();
    let world = Memory { files, date: jiff::civil::date(2026, 11, 23) };
    let mut checked = compile::check(path, &text, &world);
    let wrong: Vec<&str> = checked
        .diagnostics
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .map(|found| found.message.as_str())
        .collect();
    if !wrong.is_empty() {
        return Err(format!("{path}: {}", wrong.join("; ")));
    }
    let output = compile::render(&mut checked, path, Target::Nftables, &[]).map_err(|errors| format!("{errors:?}"))?;
    let companions = compile::companions(&checked, &[]).map_err(|errors| format!("{errors:?}"))?;
    Ok((output.files.first().map(|file| file.text.clone()).unwrap_or_default(), companions))
}

/// A folder that goes with it.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        // Tests of one process may look at the same kind of file at once.
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("e2e-{name}-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap_or_default()
    }

    /// A certificate authority, and a certificate of it for a server or a client.
    pub fn certificates(&self) -> Result<(), String> {
        let at = |name: &str| self.0.join(name).to_str().unwrap().to_owned();
        run(
            "openssl",
            &[
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-days",
                "9",
                "-subj",
                "/CN=ca",
                "-keyout",
                &at("ca.key"),
                "-out",
                &at("ca.crt"),
            ],
        )?;
        for (name, subject, usage) in [
            ("server", "home.example.org", "serverAuth"),
            ("client", "anna", "clientAuth"),
            ("second", "bert", "clientAuth"),
        ] {
            let usage = format!("extendedKeyUsage={usage}");
            run(
                "openssl",
                &[
                    "req",
                    "-x509",
                    "-newkey",
                    "ec",
                    "-pkeyopt",
                    "ec_paramgen_curve:prime256v1",
                    "-nodes",
                    "-days",
                    "9",
                    "-CA",
                    &at("ca.crt"),
                    "-CAkey",
                    &at("ca.key"),
                    "-subj",
                    &format!("/CN={subject}"),
                    "-addext",
                    &format!("subjectAltName=DNS:{subject}"),
                    "-addext",
                    &usage,
                    "-addext",
                    "keyUsage=digitalSignature,keyAgreement",
                    "-addext",
                    "basicConstraints=critical,CA:FALSE",
                    "-keyout",
                    &at(&format!("{name}.key")),
                    "-out",
                    &at(&format!("{name}.crt")),
                ],
            )?;
        }
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs a program to its end; what it printed, or why it failed.
pub fn run(program: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(text) } else { Err(format!("{program} {}\n{text}", arguments.join(" "))) }
}

/// A program that runs in the background until it is dropped.
pub struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A network namespace with a name.
pub struct Space(pub String);

impl Space {
    pub fn new(name: &str) -> Result<Self, String> {
        let name = format!("hedgerow-{}-{name}", std::process::id());
        run("ip", &["netns", "add", &name])?;
        let space = Self(name);
        space.run("ip link set lo up")?;
        Ok(space)
    }

    /// Runs a line of words inside.
    pub fn run(&self, line: &str) -> Result<String, String> {
        let words: Vec<&str> = ["netns", "exec", &self.0].into_iter().chain(line.split_whitespace()).collect();
        run("ip", &words)
    }

    /// Starts a program inside and waits until its log holds a text.
    pub fn start(&self, line: &str, log: &Path, until: &str) -> Result<Running, String> {
        let file = fs::File::create(log).map_err(|error| error.to_string())?;
        let copy = file.try_clone().map_err(|error| error.to_string())?;
        let words: Vec<&str> = ["netns", "exec", &self.0].into_iter().chain(line.split_whitespace()).collect();
        let child = Command::new("ip")
            .args(words)
            .current_dir(log.parent().unwrap())
            .env("RES_OPTIONS", "attempts:1 timeout:1")
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(copy)
            .spawn();
        let mut running = Running(child.map_err(|error| format!("{line}: {error}"))?);
        let began = Instant::now();
        loop {
            let text = fs::read_to_string(log).unwrap_or_default();
            if text.contains(until) {
                return Ok(running);
            }
            if began.elapsed() > PATIENCE || running.0.try_wait().is_ok_and(|ended| ended.is_some()) {
                return Err(format!("{line} did not say `{until}`:\n{text}"));
            }
            sleep(Duration::from_millis(50));
        }
    }

    /// Waits until something listens on a TCP port.
    pub fn listens(&self, port: u16) -> Result<(), String> {
        let began = Instant::now();
        while !self.run("ss -ltn").is_ok_and(|open| open.contains(&format!(":{port} "))) {
            if began.elapsed() > PATIENCE {
                return Err(format!("nothing listens on {port}"));
            }
            sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// The status of a request, `000` without an answer within some seconds.
    pub fn status(&self, request: &str, patience: u32) -> String {
        let line = format!(
            "curl --silent --insecure --noproxy * --max-time {patience} --output /dev/null --write-out %{{http_code}} {request}"
        );
        self.run(&line).unwrap_or_else(|_| "000".to_owned())
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        let _ = run("ip", &["netns", "del", &self.0]);
    }
}
