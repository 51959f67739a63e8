//! The canonical layout, and that no text whatsoever makes the lexer, the parser or the layout fail. Read the
//! snapshots as the author of a policy would.

#[path = "format/generate.rs"]
mod generate;

use std::{
    fs,
    path::{Path, PathBuf},
};

use generate::{Choices, policy, soup};
use hedgerow::{
    diagnostic::{Human, SourceId, Sources},
    syntax::{Parse, format, parse},
};
use proptest::prelude::*;

#[test]
fn a_policy_laid_out_by_hand_keeps_its_columns() {
    insta::assert_snapshot!(format(include_str!("format/home.hedge")).unwrap());
}

#[test]
fn an_ugly_policy_becomes_readable() {
    insta::assert_snapshot!(format(include_str!("format/ugly.hedge")).unwrap());
}

#[test]
fn the_byte_order_mark_and_carriage_returns_go() {
    assert_eq!(
        format("\u{feff}zone a\r\n\r\n# b \r\nzone c {\r\n vlan 1 }\r\n").unwrap(),
        "zone a\n\n# b\nzone c {\n    vlan 1\n}\n"
    );
}

#[test]
fn nothing_stays_nothing() {
    assert_eq!(format("").unwrap(), "");
    assert_eq!(format(" \n\n ; \n").unwrap(), "");
    assert_eq!(format("\n\n# only words\n\n\n").unwrap(), "# only words\n");
}

#[test]
fn a_text_with_errors_is_left_alone() {
    assert_eq!(format("zone { }"), None);
    assert_eq!(format("allow a -> b : \"open"), None);
}

#[test]
fn columns_never_make_a_line_too_wide() {
    let text = "allow a -> b : ssh { because \"this one line reaches the hundredth column by itself, as it was written, yes\" }\n\
                allow somebody-else -> b : ssh\n";
    assert_eq!(format(text).unwrap().lines().last(), Some("allow somebody-else -> b : ssh"));
    let text = "allow a -> b : ssh { because \"this line nearly reaches the hundredth column when by itself, ye\" }\n\
                allow somebody-else -> b : ssh\n";
    let out = format(text).unwrap();
    assert!(out.lines().all(|line| line.chars().count() <= 100), "{out}");
}

/// Every case of the language's tests, and every policy that comes with hedgerow.
#[test]
fn every_policy_there_is_keeps_its_meaning_and_its_comments() {
    let mut files = Vec::new();
    for folder in ["tests/spec", "policies", "examples", "tests/data", "docs"] {
        policies(Path::new(folder), &mut files);
    }
    let mut texts = 0;
    for file in &files {
        let text = fs::read_to_string(file).unwrap();
        let mut cases: Vec<String> = text.split("\n## case:").map(str::to_owned).collect();
        cases.push(text);
        for case in &cases {
            texts += 1;
            if let Err(why) = hold(case) {
                panic!("{}: {why}\n{case}", file.display());
            }
        }
    }
    assert!(files.len() > 40 && texts > 500, "{} files, {texts} texts", files.len());
}

fn policies(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            policies(&path, found);
        } else if path.extension().is_some_and(|end| end == "hedge") {
            found.push(path);
        }
    }
}

/// Everything that the layout promises about a text.
fn hold(text: &str) -> Result<(), TestCaseError> {
    let mut sources = Sources::default();
    let id = sources.add("policy.hedge", text);
    let before = parse(id, text);
    for error in &before.errors {
        let (start, end) = (error.primary.span.start as usize, error.primary.span.end as usize);
        prop_assert!(start <= end && text.get(start..end).is_some(), "{:?} lies outside the text", error);
        prop_assert!(!Human::new(&sources, false).render(error).is_empty());
    }
    let Some(once) = format(text) else {
        prop_assert!(!before.errors.is_empty(), "a text without errors is laid out");
        return Ok(());
    };
    let after = parse(id, &once);
    prop_assert!(after.errors.is_empty(), "{:?}\n{}", after.errors, once);
    prop_assert_eq!(without_spans(&before), without_spans(&after), "{}", once);
    prop_assert_eq!(comments(&before, text), comments(&after, &once));
    prop_assert_eq!(format(&once).unwrap_or_default(), once);
    Ok(())
}

fn without_spans(parse: &Parse) -> String {
    let tree = format!("{:?}", parse.file);
    let mut parts = tree.split("Span { source");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |kept, part| kept + part.split_once('}').map_or("", |(_, rest)| rest))
}

fn comments(parse: &Parse, text: &str) -> Vec<String> {
    parse.comments.iter().map(|span| text[span.start as usize..span.end as usize].trim_end().to_owned()).collect()
}

/// Deletes, doubles, swaps and overwrites bytes.
fn damaged(text: &str, changes: &[(u8, u32, u32)]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for &(change, here, there) in changes {
        if bytes.is_empty() {
            break;
        }
        let (here, there) = (here as usize % bytes.len(), there as usize % bytes.len());
        match change % 4 {
            0 => {
                bytes.remove(here);
            }
            1 => bytes.insert(here, bytes[here]),
            2 => bytes.swap(here, there),
            _ => bytes[here] = bytes[there],
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn made(by: fn(&mut Choices) -> String) -> impl Strategy<Value = String> {
    proptest::collection::vec(any::<u16>(), 0..600).prop_map(move |choices| by(&mut Choices::new(&choices)))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn valid_policies_keep_their_meaning(text in made(policy)) {
        prop_assert!(format(&text).is_some(), "{:?}\n{}", parse(SourceId::default(), &text).errors, text);
        hold(&text)?;
    }

    #[test]
    fn damaged_policies_fail_nothing(text in made(policy), changes in proptest::collection::vec(any::<(u8, u32, u32)>(), 1..12)) {
        hold(&damaged(&text, &changes))?;
    }

    #[test]
    fn words_in_any_order_fail_nothing(text in made(soup)) {
        hold(&text)?;
    }

    #[test]
    fn any_characters_fail_nothing(text in "\\PC*|[ -~\\n]*|.*") {
        hold(&text)?;
    }
}
