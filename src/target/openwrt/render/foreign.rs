//! Which section of the user's own decides, and where it stands in their files.

use super::base::{Found, sections};
use crate::router::{File, Line, Obstacle, blank};

/// The section of the user's around a line of the merged configuration.
#[must_use]
pub fn obstacle(base: &[File], merged: &[File], line: &Line) -> Option<Obstacle> {
    let (index, file) = (0..).zip(merged).find(|(_, file)| file.name == line.file)?;
    let number = usize::try_from(line.line).ok().filter(|number| *number > 0)?;
    let section = sections(&file.text).into_iter().rfind(|section| section.line <= number)?;
    if section.is_own() {
        return None;
    }
    let inside = file.text.get(section.span.clone())?;
    let (at, theirs) = (0..).zip(base).find(|(_, theirs)| theirs.name == file.name)?;
    // What makes room for hedgerow's is gone from the merged file, so that sections are known by what they say.
    let same =
        |known: &&Found| (&known.kind, &known.name, &known.options) == (&section.kind, &section.name, &section.options);
    let whole = sections(&file.text);
    let before = whole.iter().filter(|known| known.line < section.line).filter(same).count();
    let known = sections(&theirs.text);
    let known = known.iter().filter(same).nth(before)?;
    Some(Obstacle {
        file: at,
        place: underlined(theirs, known)?,
        what: format!("your {}", line.text),
        help: "take it out or write `option enabled '0'` into it, or say in the policy what it does".to_owned(),
        removal: (index, section.span.clone(), blank(inside)),
    })
}

/// The line of a section that names it, or its first one.
fn underlined(file: &File, section: &Found) -> Option<std::ops::Range<usize>> {
    let mut at = section.span.start;
    let mut head = None;
    for line in file.text.get(section.span.clone())?.split_inclusive('\n') {
        let words = line.trim();
        let start = at + (line.len() - line.trim_start().len());
        at += line.len();
        if words.starts_with("option name") {
            return Some(start..start + words.len());
        }
        if head.is_none() && words.starts_with("config") {
            head = Some(start..start + words.len());
        }
    }
    head
}
