//! The packages for editors: their grammars know the words of the language, and Neovim is tried for real. Without nvim
//! that test is skipped, except in CI.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use hedgerow::syntax::{BUILT_IN, STATEMENTS};

/// The words between two pieces of a text that stand apart by `|` or `\|`.
fn words_between<'t>(text: &'t str, before: &str, after: &str) -> BTreeSet<&'t str> {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("no {before}")).1;
    let list = rest.split_once(after).unwrap_or_else(|| panic!("no {after}")).0;
    list.split('|').map(|word| word.trim_end_matches('\\')).collect()
}

#[test]
fn the_grammars_know_every_statement() {
    let known: BTreeSet<&str> = STATEMENTS.into_iter().collect();
    let vscode = fs::read_to_string("editors/vscode/hedge.tmLanguage.json").unwrap();
    let list = vscode.split_once(r#""statement": {"#).unwrap().1;
    assert_eq!(words_between(list, r"\\s*(", r")(?!"), known);
    let vim = fs::read_to_string("editors/neovim/syntax/hedge.vim").unwrap();
    let line = vim.lines().find(|line| line.starts_with("syntax match hedgeStatement")).unwrap();
    assert_eq!(words_between(line, r"\zs\%(", r"\)\>"), known);
}

#[test]
fn the_grammars_know_every_built_in_name() {
    for file in ["editors/vscode/hedge.tmLanguage.json", "editors/neovim/syntax/hedge.vim"] {
        let text = fs::read_to_string(file).unwrap();
        let line = text.lines().find(|line| line.contains("internet") && line.contains("role")).unwrap();
        for name in BUILT_IN {
            assert!(line.contains(name), "{file} does not know {name}");
        }
    }
}

#[test]
fn what_vscode_is_told_is_json() {
    for file in ["package.json", "language-configuration.json", "hedge.tmLanguage.json", "snippets.json"] {
        let text = fs::read_to_string(Path::new("editors/vscode").join(file)).unwrap();
        let _: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
    }
    let package: serde_json::Value =
        serde_json::from_str(&fs::read_to_string("editors/vscode/package.json").unwrap()).unwrap();
    assert_eq!(package["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn neovim_speaks_with_the_server() {
    let there = Command::new("nvim").arg("--version").output().is_ok_and(|output| output.status.success());
    if !there {
        assert!(std::env::var_os("CI").is_none(), "nvim is needed in CI: apt-get install neovim");
        eprintln!("skipped: there is no nvim");
        return;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("editors-neovim");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let policy = folder.join("main.hedge");
    fs::write(
        &policy,
        "use std.services
router edge { target nftables }
zone wan { role internet;  interface eth0;  address dhcp }
zone lan { role trusted;  interface eth1.10;  network 10.0.10.0/24 }
zone iot { role iot; interface eth1.30;  network 10.0.30.0/24 }
allow lan -> iott : tcp 22 # a slip
",
    )
    .unwrap();
    let here = env!("CARGO_MANIFEST_DIR");
    let program = env!("CARGO_BIN_EXE_hedgerow");
    let output = Command::new("nvim")
        .args(["--headless", "--clean", "-i", "NONE", "-n"])
        .args(["--cmd", &format!("let g:hedgerow_command = ['{program}', 'lsp']")])
        .args(["--cmd", &format!("set runtimepath^={here}/editors/neovim")])
        .args(["--cmd", "filetype plugin on", "--cmd", "syntax on"])
        .arg(&policy)
        .args(["-c", &format!("luafile {here}/tests/editors/session.lua")])
        .env("XDG_CACHE_HOME", folder.join("cache"))
        .env("XDG_STATE_HOME", folder.join("state"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).replace('\r', "");
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    insta::assert_snapshot!(said);
}
