//! A piece of the user's own configuration that stands in the way of a policy: where it is in their file, and what becomes
//! of the merged one without it.

use std::ops::Range;

use super::File;

/// A rule or setting of the user's own, in a configuration that hedgerow's was merged into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// Which of the user's files it stands in.
    pub file: usize,
    /// What of it is underlined.
    pub place: Range<usize>,
    /// It, in a few words: ``your rule `while on holiday` (tracker 1700000000)``.
    pub what: String,
    /// What to do about it.
    pub help: String,
    /// Which of the merged files it stands in, where, and what takes its place there if the help is followed.
    pub removal: (usize, Range<usize>, String),
}

/// The files without some obstacles. Lines keep their numbers.
#[must_use]
pub fn without(files: &[File], obstacles: &[&Obstacle]) -> Vec<File> {
    let mut files = files.to_vec();
    let mut removals: Vec<_> = obstacles.iter().map(|obstacle| &obstacle.removal).collect();
    removals.sort_by_key(|(file, place, _)| (*file, place.start));
    removals.dedup();
    // From behind, so that the places before stay where they are.
    for (file, place, text) in removals.into_iter().rev() {
        if let Some(file) = files.get_mut(*file)
            && file.text.get(place.clone()).is_some()
        {
            file.text.replace_range(place.clone(), text);
        }
    }
    files
}

/// As many lines as a text has, and nothing in them.
#[must_use]
pub fn blank(text: &str) -> String {
    text.chars().filter(|letter| *letter == '\n').collect()
}
