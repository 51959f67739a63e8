//! A folder with a policy, and sessions in it as a person would have them.

#![allow(dead_code, unused_macros, reason = "each test uses a part of it")]

use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A small household without findings.
pub const HOME: &str = "\
use std.services

router edge { target nftables }

zone wan   { role internet;  interface eth0;  address 203.0.113.20 }
zone lan   { role trusted;  interface eth1.10;  network 10.0.10.0/24 }
zone iot   { role iot;  interface eth1.30;  network 10.0.30.0/24 }
zone guest { role guest;  interface eth1.40;  network 10.0.40.0/24;  isolated }

host ha  { zone lan;  address 10.0.10.10 }
host nas { zone lan;  address 10.0.10.5 }

allow lan, guest -> internet
allow lan        -> iot
allow iot        -> ha : mqtt
allow private    -> router : dns, dhcp

expose ha : https { port 8443 }

exposed { tcp 8443 -> ha : https }
never  guest -> private
always iot -> ha : mqtt
";

/// A folder that is gone when the test is over.
pub struct Folder(pub PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!(
            "session-{}-{name}-{}",
            env!("CARGO_CRATE_NAME"),
            std::process::id()
        ));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// With [`HOME`] as its `main.hedge`.
    pub fn home(name: &str) -> Self {
        Self::new(name).file("main.hedge", HOME)
    }

    pub fn file(self, name: &str, text: &str) -> Self {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.join(name).exists()
    }

    pub fn run(&self, words: &str) -> String {
        self.run_with(words, "", &[])
    }

    /// The session as a terminal would show it: command, standard output, standard error, exit status.
    pub fn run_with(&self, words: &str, input: &str, environment: &[(&str, &str)]) -> String {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hedgerow"))
            .args(words.split_whitespace())
            .current_dir(&self.0)
            .env_remove("NO_COLOR")
            .env_remove("SOURCE_DATE_EPOCH")
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let mut text = format!("$ hedgerow {words}\n");
        for (name, bytes) in [("stdout", output.stdout), ("stderr", output.stderr)] {
            if !bytes.is_empty() {
                let shown = String::from_utf8(bytes).unwrap().replace('\u{1b}', "<ESC>");
                let _ = write!(text, "-- {name}\n{shown}");
            }
        }
        let _ = writeln!(text, "-- exit {}", output.status.code().unwrap());
        text
    }

    pub fn git(&self, words: &[&str]) {
        let done = Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"])
            .args(words)
            .current_dir(&self.0)
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

/// A session, without what differs from run to run.
macro_rules! session {
    ($($text:expr),+ $(,)?) => {
        insta::with_settings!({ filters => vec![(r"in \d+ ms", "in N ms"), (r"(?m)^\d+ checks(, \d+ not applicable \([^)]*\))?", "N checks"), (r"line \d+:", "line N:")] }, {
            insta::assert_snapshot!([$($text),+].join("\n"));
        });
    };
}
