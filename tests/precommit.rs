//! The hooks in the real pre-commit (from `PyPI`): a leak stops the commit and says why, a clean change passes. Without
//! pre-commit the test is skipped, except in CI.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const HOME: &str = "\
use std.services

router edge { target nftables }

zone wan { role internet;  interface eth0;  address dhcp }
zone lan { role trusted;  interface eth1.10;  network 10.0.10.0/24 }
zone iot { role iot;  interface eth1.30;  network 10.0.30.0/24 }

allow lan -> internet, iot

never iot -> lan
";

/// The hooks as a repository would take them, but with the program of this build instead of one built anew.
fn configuration() -> String {
    let program = env!("CARGO_BIN_EXE_hedgerow");
    let hooks = fs::read_to_string(".pre-commit-hooks.yaml").unwrap();
    let hooks =
        hooks.replace("language: rust", "language: system").replace("entry: hedgerow ", &format!("entry: {program} "));
    assert_eq!(hooks.matches(program).count(), 3);
    let hooks: String =
        hooks.lines().filter(|line| !line.starts_with('#')).map(|line| format!("      {line}\n")).collect();
    format!("repos:\n  - repo: local\n    hooks:\n{hooks}")
}

struct Repository(PathBuf);

impl Drop for Repository {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Repository {
    fn new() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("precommit-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn run(&self, program: &str, words: &[&str]) -> Output {
        Command::new(program)
            .args(words)
            .current_dir(&self.0)
            .env("PRE_COMMIT_HOME", self.0.join(".cache"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("SOURCE_DATE_EPOCH", "1795392000")
            .output()
            .unwrap()
    }

    fn git(&self, words: &[&str]) -> Output {
        let names = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"];
        self.run("git", &[&names, words].concat())
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
    }

    /// Commits everything; gives what was said if it was refused.
    fn commit(&self) -> Result<(), String> {
        assert!(self.git(&["add", "-A"]).status.success());
        let done = self.git(&["commit", "-q", "-m", "a change"]);
        let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
        if done.status.success() { Ok(()) } else { Err(said) }
    }

    fn compile(&self) {
        let done = self.run(env!("CARGO_BIN_EXE_hedgerow"), &["compile", "--force"]);
        assert!(done.status.success() || done.status.code() == Some(1), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

#[test]
fn a_leak_stops_the_commit() {
    if Command::new("pre-commit").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "pre-commit is needed: pip install pre-commit");
        eprintln!("skipped: there is no pre-commit");
        return;
    }
    let repository = Repository::new();
    repository.git(&["init", "-q"]);
    repository.write(".gitignore", ".cache/\ncertificate.json\n");
    repository.write(".pre-commit-config.yaml", &configuration());
    repository.write("main.hedge", HOME);
    repository.compile();
    let installed = repository.run("pre-commit", &["install"]);
    assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
    repository.commit().unwrap_or_else(|said| panic!("a clean policy is refused:\n{said}"));

    // A leak.
    repository.write("main.hedge", &HOME.replace("allow lan", "allow iot -> lan : https\nallow lan"));
    repository.compile();
    let said = repository.commit().expect_err("a leak passes");
    assert!(said.contains("error[never-failed]: what must never pass does pass"), "{said}");
    assert!(said.contains("packet: 10.0.30.2:1024 (iot) -> 10.0.10.2:443 (lan) tcp"), "{said}");

    // A layout that is not the canonical one is mended, and has to be added again.
    repository.write("main.hedge", &HOME.replace("allow lan ->", "allow    lan   ->"));
    repository.compile();
    let said = repository.commit().expect_err("a bad layout passes");
    assert!(said.contains("files were modified by this hook"), "{said}");
    assert_eq!(fs::read_to_string(repository.0.join("main.hedge")).unwrap(), HOME);

    // A change of the policy without what it compiles to.
    let other = HOME.replace("internet, iot", "internet");
    repository.write("main.hedge", &other);
    let said = repository.commit().expect_err("stale configurations pass");
    assert!(said.contains("out/nftables/hedgerow.nft is not what the policy says now"), "{said}");
    repository.compile();
    repository.commit().unwrap_or_else(|said| panic!("a clean change is refused:\n{said}"));
}
