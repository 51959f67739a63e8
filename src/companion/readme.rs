//! What lies in the folder, and what no file can do, for whoever opens it a week later.

use minijinja::{Error, context};

use super::{Companions, Printer};
use crate::router::File;

pub fn write(printer: &Printer, found: &mut Companions) -> Result<(), Error> {
    if found.files.is_empty() && found.by_hand.is_empty() {
        return Ok(());
    }
    let files: Vec<(String, String)> = found.files.iter().map(|file| (file.name.clone(), what(file))).collect();
    let has = |end: &str| found.files.iter().any(|file| file.name.ends_with(end));
    let several = has("Caddyfile") && has("traefik.yaml");
    let text = printer.print("README.md", context! { files, several, by_hand => found.by_hand.clone() })?;
    found.file("README.md".to_owned(), text);
    Ok(())
}

/// The first sentences of a file, as far as they end in the comment's first line.
fn what(file: &File) -> String {
    let first = file.text.lines().find(|line| !line.starts_with("#!")).unwrap_or_default();
    let text = first.trim_start_matches(['#', '/', ' ']);
    if text.len() == first.len() {
        // JSON and lists have no comments.
        return "belongs to the file beside it".to_owned();
    }
    let end = text.rfind(". ").map(|end| end + 1).filter(|_| !text.ends_with(['.', '`']));
    let told = end.and_then(|end| text.get(..end)).unwrap_or(text).trim_end_matches(['.', ':', ',']);
    // A table has columns.
    told.replace('|', "\\|")
}
