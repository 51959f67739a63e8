//! The scripts of the GitHub action and the job for GitLab, run in a repository as they run there.

#[path = "support/session.rs"]
#[macro_use]
mod session;

use std::{env, fs, path::Path, process::Command};

use session::{Folder, HOME};

fn script(name: &str) -> String {
    format!("{}/pipelines/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Runs a script with `hedgerow` on the path; status, standard output, standard error.
fn run(folder: &Folder, command: &[&str], environment: &[(&str, &str)]) -> (i32, String, String) {
    let program = Path::new(env!("CARGO_BIN_EXE_hedgerow")).parent().unwrap().to_str().unwrap().to_owned();
    let output = Command::new("bash")
        .args(command)
        .current_dir(&folder.0)
        .env("PATH", format!("{program}:{}", env::var("PATH").unwrap()))
        .env_remove("GITLAB_CI")
        .envs(environment.iter().copied())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn repository(name: &str) -> Folder {
    let folder = Folder::new(name).file("my network/home.hedge", HOME);
    folder.git(&["init", "-q"]);
    folder.git(&["add", "."]);
    folder.git(&["commit", "-qm", "first"]);
    folder
}

const POLICY: (&str, &str) = ("HEDGEROW_POLICY", "my network/home.hedge");
const LEAKY: &str = "allow guest -> nas : ssh\n";

#[test]
fn a_clean_policy_passes_and_a_leak_fails() {
    let folder = repository("check");
    let check = |more: &[(&str, &str)]| run(&folder, &[&script("check.sh")], &[&[POLICY], more].concat());
    let (status, log, _) = check(&[]);
    assert_eq!((status, log.as_str()), (0, ""));
    fs::write(folder.0.join("my network/home.hedge"), format!("{HOME}{LEAKY}")).unwrap();
    let (status, log, _) = check(&[("HEDGEROW_REPORTS", "re ports")]);
    assert_eq!(status, 1);
    assert!(log.starts_with("::error file=my network/home.hedge,line="), "{log}");
    let sarif: serde_json::Value = serde_json::from_str(&folder.read("re ports/hedgerow.sarif")).unwrap();
    assert_eq!(sarif.pointer("/runs/0/results/0/ruleId").unwrap(), "never-failed");
    fs::write(folder.0.join("my network/home.hedge"), "zone {").unwrap();
    assert_eq!(check(&[]).0, 2);
}

#[test]
fn compiled_files_have_to_be_up_to_date() {
    let folder = repository("compiled");
    let check = || run(&folder, &[&script("check.sh")], &[POLICY, ("HEDGEROW_COMPILED", "true")]).0;
    assert_eq!(check(), 1, "nothing is there yet");
    Command::new(env!("CARGO_BIN_EXE_hedgerow")).args(["compile", POLICY.1]).current_dir(&folder.0).output().unwrap();
    assert_eq!(check(), 0);
    fs::write(folder.0.join("my network/out/nftables/hedgerow.nft"), "").unwrap();
    assert_eq!(check(), 1);
}

#[test]
fn warnings_fail_where_they_are_denied() {
    let folder = repository("deny");
    fs::write(folder.0.join("my network/home.hedge"), format!("{HOME}never role.dmz -> lan\n")).unwrap();
    let check = |deny: &str| run(&folder, &[&script("check.sh")], &[POLICY, ("HEDGEROW_DENY", deny)]).0;
    assert_eq!((check(""), check("warning")), (0, 1));
}

#[test]
fn a_pull_request_says_what_it_opens() {
    let folder = repository("difference");
    let tell = || run(&folder, &[&script("difference.sh")], &[POLICY, ("HEDGEROW_BASE", "HEAD")]);
    let (status, text, _) = tell();
    assert_eq!((status, text.as_str()), (0, "**hedgerow**: the policy means the same as before.\n"));
    fs::write(folder.0.join("my network/home.hedge"), format!("{HOME}{LEAKY}")).unwrap();
    let (status, text, _) = tell();
    assert_eq!(status, 0);
    assert!(text.contains("| **opens** | guest | nas | tcp 22 | my network/home.hedge:"), "{text}");
    fs::write(folder.0.join("my network/home.hedge"), "zone {").unwrap();
    let (status, text, _) = tell();
    assert_eq!(status, 0);
    assert!(
        text.starts_with("**hedgerow**: what this change opens and closes cannot be told.\n\n```text\nerror["),
        "{text}"
    );
    let new = run(&folder, &[&script("difference.sh")], &[("HEDGEROW_POLICY", "new.hedge"), ("HEDGEROW_BASE", "HEAD")]);
    assert!(new.1.contains("cannot be told"), "{new:?}");
}

/// The lines of the block scalars below `script:` of the job, as the runner gives them to one shell.
fn gitlab_script() -> String {
    let text = fs::read_to_string(script("gitlab.yml")).unwrap();
    let lines =
        text.lines().skip_while(|line| *line != "  script:").skip(1).take_while(|line| line.starts_with("    "));
    let commands = lines.filter(|line| *line != "    - |").map(|line| line.trim_start_matches("    - ").trim());
    commands.map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_job_for_gitlab_writes_its_reports() {
    let folder = repository("gitlab");
    fs::write(folder.0.join("my network/home.hedge"), format!("{HOME}{LEAKY}")).unwrap();
    let environment =
        [POLICY, ("HEDGEROW_DENY", ""), ("HEDGEROW_COMPILED", "false"), ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "HEAD")];
    let (status, log, _) = run(&folder, &["-e", "-c", &gitlab_script()], &environment);
    assert_eq!(status, 1);
    assert!(log.contains("opens      guest -> nas  tcp 22"), "{log}");
    let issues: serde_json::Value = serde_json::from_str(&folder.read("gl-code-quality-report.json")).unwrap();
    let issue = &issues[0];
    assert_eq!((issue["check_name"].as_str(), issue["severity"].as_str()), (Some("never-failed"), Some("critical")));
    assert_eq!(issue["location"]["path"], "my network/home.hedge");
    assert!(roxmltree::Document::parse(&folder.read("junit.xml")).is_ok());
    fs::write(folder.0.join("my network/home.hedge"), HOME).unwrap();
    assert_eq!(run(&folder, &["-e", "-c", &gitlab_script()], &environment).0, 0);
    assert_eq!(folder.read("gl-code-quality-report.json"), "[]\n");
}

#[test]
fn the_action_names_scripts_and_inputs_that_are_there() {
    let action = fs::read_to_string("action.yml").unwrap();
    let scripts: Vec<&str> = action
        .match_indices("$GITHUB_ACTION_PATH/")
        .map(|(at, found)| action[at + found.len()..].split('"').next().unwrap())
        .collect();
    assert_eq!(scripts, ["pipelines/check.sh", "pipelines/difference.sh"]);
    assert!(scripts.iter().all(|name| Path::new(name).exists()));
    let inputs = action.split_once("inputs:\n").unwrap().1.split_once("\noutputs:").unwrap().0;
    let declared: Vec<&str> = inputs
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':').filter(|name| !name.starts_with(' ')))
        .collect();
    for (at, found) in action.match_indices("inputs.") {
        let name: String = action[at + found.len()..].chars().take_while(char::is_ascii_alphanumeric).collect();
        assert!(declared.contains(&name.as_str()), "{name} is no input");
    }
    assert_eq!(declared, ["policy", "deny", "compiled", "sarif", "comment", "token"]);
}

#[test]
fn the_scripts_are_scripts() {
    let mut seen = 0;
    for folder in [".ci", "pipelines"] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            if text.starts_with("#!/usr/bin/env bash") {
                let read = std::process::Command::new("bash").arg("-n").arg(&path).output().unwrap();
                assert!(read.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&read.stderr));
                seen += 1;
            }
        }
    }
    assert!(seen >= 2, "only {seen} scripts");
}
