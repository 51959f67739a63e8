//! A ruleset in several files, put together line by line, each with its place.

use super::{ReadError, translated::Translation};
use crate::router::{File, Line};

/// How deep files may include each other; nft stops at 16.
const DEPTH: usize = 16;

/// The first file with all that it includes. The others go by the path that the including file writes.
///
/// # Errors
/// If an included file is not among them, or they include each other without end.
pub fn flatten(files: &[File]) -> Result<Translation, ReadError> {
    let mut translation = Translation::default();
    if let Some(first) = files.first() {
        add(first, files, 0, &mut translation)?;
    }
    Ok(translation)
}

fn add(file: &File, files: &[File], depth: usize, to: &mut Translation) -> Result<(), ReadError> {
    for (number, line) in (1..).zip(file.text.lines()) {
        let Some(path) = path(line) else {
            to.push(line, Line { file: file.name.clone(), line: number, text: String::new() });
            continue;
        };
        let inner = files.iter().find(|file| file.name == path);
        let missing = || ReadError::Include { line: number, path: path.to_owned() };
        let inner = inner.filter(|_| depth < DEPTH).ok_or_else(missing)?;
        add(inner, files, depth + 1, to)?;
    }
    Ok(())
}

/// The path of a line that includes a file.
fn path(line: &str) -> Option<&str> {
    let rest = line.trim().strip_prefix("include")?.trim_start().strip_prefix('"')?;
    let (path, behind) = rest.split_once('"')?;
    behind.trim_start().trim_start_matches(';').trim().is_empty().then_some(path)
}
