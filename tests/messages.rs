//! Every message as its reader sees it: the cases of `tests/spec` rendered, one snapshot a file. And every code of a
//! diagnostic in the sources has a case.

#[path = "support/corpus.rs"]
#[allow(dead_code, reason = "each test uses another part of it")]
mod corpus;

use std::{collections::BTreeSet, fmt::Write as _, fs, path::Path};

#[test]
fn messages() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("snapshots/messages");
    settings.bind(|| {
        for file in corpus::read() {
            let mut text = String::new();
            for case in &file.cases {
                let rendered = case.run().rendered();
                if !rendered.is_empty() {
                    let _ = write!(text, "==== {}\n\n{rendered}", case.name);
                }
            }
            insta::assert_snapshot!(file.name.replace('/', "_"), text);
        }
    });
}

/// Codes that need more than a policy that is checked: it has to be compiled, to be huge, or hedgerow has to be wrong.
const WITHOUT_A_CASE: [&str; 12] = [
    "backend-cannot-express",
    "base-conflict",
    "base-differs",
    "base-unreadable",
    "no-interface",
    "no-target",
    "not-proven",
    "not-supported",
    "project-file",
    "same-interface",
    "template",
    "too-large",
];

#[test]
fn every_code_has_a_case() {
    let mut seen = BTreeSet::new();
    for case in corpus::read().iter().flat_map(|file| &file.cases) {
        seen.extend(case.run().diagnostics.iter().map(|found| found.code));
    }
    let mut missing = Vec::new();
    codes(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut |code| {
        if !seen.contains(code) && !WITHOUT_A_CASE.contains(&code) {
            missing.push(code.to_owned());
        }
    });
    assert!(missing.is_empty(), "no case of tests/spec gives {missing:?}");
}

/// Calls `each` with every literal that stands first in a `Diagnostic::error(...)` or `Diagnostic::warning(...)`.
fn codes(folder: &Path, each: &mut impl FnMut(&str)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            codes(&path, each);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for call in ["Diagnostic::error(", "Diagnostic::warning("] {
            for (_, after) in text.match_indices(call).map(|(at, call)| text.split_at(at + call.len())) {
                if let Some(code) = after.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next()) {
                    each(code);
                }
            }
        }
    }
}
