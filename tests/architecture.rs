//! ARCHITECTURE.md, held against the sources: who may use whom, who may touch the machine, and how long a file may be.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// What the code of a folder (or file) may name of the rest of the crate. `diagnostic` and `world` are everybody's.
const MAY_USE: [(&str, &[&str]); 20] = [
    ("diagnostic", &[]),
    ("world", &[]),
    ("packet", &[]),
    ("router", &["packet"]),
    ("syntax", &[]),
    ("model", &["packet", "syntax"]),
    ("policy", &["packet", "router", "model"]),
    ("reach", &["packet", "router", "model", "policy"]),
    ("check", &["packet", "router", "model", "policy", "reach"]),
    ("plan", &["packet", "router", "model", "policy"]),
    ("target", &["packet", "router", "model", "policy", "plan"]),
    ("verify", &["packet", "router", "model", "policy", "target"]),
    ("companion", &["packet", "router", "model", "policy"]),
    ("report", &["reach"]),
    ("compile", &["packet", "router", "model", "policy", "check", "plan", "target", "verify", "companion"]),
    ("certificate", &["router", "compile"]),
    ("init", &[]),
    ("lsp", &["packet", "syntax", "model", "policy", "reach", "check", "target", "compile"]),
    (
        "cli",
        &[
            "certificate",
            "init",
            "syntax",
            "packet",
            "router",
            "model",
            "policy",
            "reach",
            "check",
            "target",
            "verify",
            "report",
            "compile",
            "lsp",
        ],
    ),
    ("lib", &[]),
];

/// Lines of a file in `src`.
const LONGEST: usize = 420;

/// A source file without its comments and strings.
struct File {
    path: String,
    lines: usize,
    code: String,
}

impl File {
    /// The folder in `src` that it belongs to: a stage of the pipeline.
    fn stage(&self) -> &str {
        let inner = self.path.strip_prefix("src/").unwrap();
        inner.split('/').next().unwrap().trim_end_matches(".rs")
    }

    /// Does it name nothing of the targets but the reader of nftables?
    fn reads_nftables(&self) -> bool {
        self.code.matches("target::").count() == self.code.matches("target::nftables::read").count()
    }

    /// What it names of the crate, as `stage` or `stage::Name`.
    fn names(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for (at, _) in self.code.match_indices("crate::") {
            tree(&self.code[at + "crate::".len()..], "", 2, &mut found);
        }
        found
    }
}

/// Collects the paths of a `use` tree (or a plain path) down to a depth; gives what stands behind it.
fn tree<'t>(text: &'t str, prefix: &str, depth: usize, found: &mut BTreeSet<String>) -> &'t str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = rest.trim_start();
            if let Some(behind) = rest.strip_prefix('}') {
                return behind;
            }
            if let Some(behind) = rest.strip_prefix(',') {
                rest = behind;
                continue;
            }
            let behind = tree(rest, prefix, depth, found);
            assert!(behind.len() < rest.len(), "cannot read `{}`", rest.lines().next().unwrap_or_default());
            rest = behind;
        }
    }
    let end = text.find(|letter: char| letter != '_' && letter != '*' && !letter.is_alphanumeric());
    let (word, rest) = text.split_at(end.unwrap_or(text.len()));
    if word == "self" {
        return rest;
    }
    let path = if prefix.is_empty() { word.to_owned() } else { format!("{prefix}::{word}") };
    found.insert(path.clone());
    match rest.strip_prefix("::") {
        Some(inner) if depth > 1 || inner.trim_start().starts_with('{') => {
            let mut deeper = BTreeSet::new();
            let rest = tree(inner, &path, depth.saturating_sub(1), &mut deeper);
            if depth > 1 {
                found.extend(deeper);
            }
            rest
        }
        Some(inner) => tree(inner, &path, 0, &mut BTreeSet::new()),
        None => rest.strip_prefix(" as ").map_or(rest, |alias| alias.trim_start_matches(char::is_alphanumeric)),
    }
}

/// Takes comments and the insides of strings out of a source.
fn code(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
            continue;
        }
        let length = letter.len_utf8();
        if letter == '"' {
            let mut escaped = false;
            let end = rest[1..].find(|inner: char| {
                let ends = inner == '"' && !escaped;
                escaped = inner == '\\' && !escaped;
                ends
            });
            out.push_str("\"\"");
            rest = &rest[end.map_or(rest.len(), |end| end + 2)..];
        } else if rest.starts_with("'\"'") || rest.starts_with("'\\\"'") {
            rest = &rest[rest[1..].find('\'').map_or(1, |end| end + 2)..];
        } else {
            out.push(letter);
            rest = &rest[length..];
        }
    }
    out
}

fn sources() -> Vec<File> {
    let mut folders = vec![PathBuf::from("src")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let path = path.to_str().unwrap().replace('\\', "/");
                files.push(File { path, lines: text.lines().count(), code: code(&text) });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(files.len() > 50, "only {} files were found", files.len());
    files
}

fn check(failures: &[String]) {
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

#[test]
fn imports_point_one_way() {
    let mut failures = Vec::new();
    for file in sources() {
        let stage = file.stage();
        if stage == "main" {
            continue;
        }
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == stage) else {
            failures.push(format!("{}: ARCHITECTURE.md and this test do not know the folder `{stage}`", file.path));
            continue;
        };
        let names = file.names();
        for used in names.iter().filter(|name| !name.contains("::")) {
            if used == stage || ["diagnostic", "world"].contains(&used.as_str()) || allowed.contains(&used.as_str()) {
                continue;
            }
            failures.push(format!("{}: `{stage}` must not use `crate::{used}`", file.path));
        }
    }
    check(&failures);
}

#[test]
fn no_relative_path_leaves_its_folder() {
    let mut failures = Vec::new();
    for file in sources() {
        // The modules above a file within its stage; `super` may go up as often.
        let depth = file.path.split('/').count() - usize::from(file.path.ends_with("/mod.rs")) - 2;
        let nested = 1 + usize::from(file.code.contains("mod tests {"));
        if file.code.contains(&"super::".repeat(depth + nested)) {
            failures.push(format!("{}: `super` leaves `{}`; write `crate::`", file.path, file.stage()));
        }
    }
    check(&failures);
}

#[test]
fn a_reader_knows_the_router_and_nothing_else() {
    let mut failures = Vec::new();
    for file in sources().iter().filter(|file| file.path.starts_with("src/target/")) {
        let read = file.path.contains("/read/") || file.path.ends_with("/read.rs");
        let render = file.path.contains("/render/") || file.path.ends_with("/render.rs");
        for name in file.names() {
            let first = name.split("::").next().unwrap();
            // firewall4 writes nftables rules: its reader may ask that of nftables, and no renderer.
            let reader = ["target", "target::nftables"].contains(&name.as_str()) && file.reads_nftables();
            if read && !["packet", "router"].contains(&first) && !reader {
                failures.push(format!("{}: a reader must not use `crate::{name}`", file.path));
            }
            if render && first == "target" {
                failures.push(format!("{}: a renderer must not use `crate::{name}`", file.path));
            }
        }
        let other = if read { "render::" } else { "read::" };
        if (read || render) && file.code.contains(&format!("super::{other}")) {
            failures.push(format!("{}: the reader and the renderer know nothing of each other", file.path));
        }
    }
    check(&failures);
}

#[test]
fn files_clock_and_environment_are_the_command_lines() {
    let doors =
        ["std::fs", "std::env", "std::process", "std::net::Tcp", "SystemTime", "Instant::now", "Timestamp::now"];
    let mut failures = Vec::new();
    for file in sources().iter().filter(|file| file.stage() != "cli") {
        for door in doors {
            if file.code.contains(door) {
                failures.push(format!("{}: `{door}` is for src/cli alone: ask the `World`", file.path));
            }
        }
    }
    check(&failures);
}

#[test]
fn nothing_in_the_library_panics_on_purpose() {
    let mut failures = Vec::new();
    for file in sources() {
        let code = file.code.split("#[cfg(test)]").next().unwrap();
        for word in [".unwrap()", ".expect(\"", "panic!", "todo!", "unimplemented!", "unreachable!"] {
            for (number, _) in code.lines().enumerate().filter(|(_, line)| line.contains(word)) {
                failures.push(format!("{}: line {} or below holds `{word}`", file.path, number + 1));
            }
        }
    }
    check(&failures);
}

#[test]
fn files_are_short() {
    let mut failures = Vec::new();
    for file in sources() {
        if file.lines > LONGEST {
            failures.push(format!("{}: {} lines, and {LONGEST} are allowed: part it", file.path, file.lines));
        }
    }
    check(&failures);
}

#[test]
fn the_page_names_every_folder() {
    let page = fs::read_to_string("ARCHITECTURE.md").unwrap();
    let mut failures = Vec::new();
    for (stage, _) in MAY_USE.iter().filter(|(stage, _)| *stage != "lib") {
        let (folder, file) = (format!("src/{stage}"), format!("src/{stage}.rs"));
        let exists = Path::new(&folder).is_dir() || Path::new(&file).is_file();
        if !exists {
            failures.push(format!("tests/architecture.rs speaks of `{stage}`, which does not exist"));
        }
        if !page.contains(&format!("`{folder}/")) && !page.contains(&format!("`{file}`")) {
            failures.push(format!("ARCHITECTURE.md does not speak of `{folder}`"));
        }
    }
    for target in fs::read_dir("targets").unwrap() {
        let name = target.unwrap().file_name().into_string().unwrap();
        if !Path::new("src/target").join(name.replace('-', "_")).exists() {
            failures.push(format!("targets/{name} has no module in src/target"));
        }
        if !Path::new("targets").join(&name).join("target.toml").exists() {
            failures.push(format!("targets/{name} has no target.toml"));
        }
    }
    check(&failures);
}
