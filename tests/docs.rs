//! The examples of the documentation are policies, or parts of policies, without syntax errors.

use hedgerow::{
    diagnostic::{Human, Sources},
    syntax::parse,
};

/// The `hedge` blocks of a page with the number of the line that each starts in. A block that is marked
/// `hedge,fragment` is no whole policy.
fn blocks(page: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut inside = false;
    for (number, line) in page.lines().enumerate() {
        match line.trim_start() {
            "```hedge" | "```hedge,fragment" => {
                inside = true;
                found.push((number + 2, String::new()));
            }
            "```" => inside = false,
            _ if inside => {
                if let Some((_, text)) = found.last_mut() {
                    text.push_str(line);
                    text.push('\n');
                }
            }
            _ => {}
        }
    }
    found
}

#[test]
fn every_example_is_free_of_syntax_errors() {
    let mut failures = String::new();
    let mut seen = 0;
    for entry in std::fs::read_dir("docs").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        for (line, text) in blocks(&std::fs::read_to_string(&path).unwrap()) {
            seen += 1;
            let mut sources = Sources::default();
            let id = sources.add(format!("{} (block at line {line})", path.display()), text.as_str());
            for error in &parse(id, &text).errors {
                failures.push_str(&Human::new(&sources, false).render(error));
                failures.push('\n');
            }
        }
    }
    assert!(seen > 20, "only {seen} examples were found");
    assert!(failures.is_empty(), "{failures}");
}
