//! Which policies of a repository are made of some files: for hooks, which know what has changed and not what it is for.

#![expect(clippy::disallowed_methods, reason = "it looks for policies in folders")]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::disk::{self, Disk};
use crate::{diagnostic::Sources, model, world::Recorder};

/// The policies that are made of one of the files. A file that no policy uses is a policy itself.
pub fn policies(files: &[String], disk: &Disk) -> Result<Vec<String>, String> {
    let mut all = BTreeSet::new();
    walk(Path::new("."), &mut all)?;
    let mut made_of: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in &all {
        let (path, text) = disk::policy(path)?;
        let files = read_for(&path, &text, disk);
        made_of.insert(path, files);
    }
    let used: BTreeSet<&String> = made_of.values().flatten().collect();
    let changed: BTreeSet<String> = files.iter().map(|file| disk::tidy(file)).collect();
    let affected = |(path, parts): &(&String, &BTreeSet<String>)| {
        !used.contains(path) && (changed.contains(*path) || parts.iter().any(|part| changed.contains(part)))
    };
    Ok(made_of.iter().filter(affected).map(|(path, _)| path.clone()).collect())
}

/// The files that a policy is made of, itself among them; a policy that cannot be read is its own only part.
pub fn parts(path: &str, disk: &Disk) -> BTreeSet<String> {
    let Ok((path, text)) = disk::policy(path) else {
        let inside = Path::new(path).is_dir();
        return BTreeSet::from([if inside { format!("{path}/main.hedge") } else { path.to_owned() }]);
    };
    let mut parts = read_for(&path, &text, disk);
    parts.insert(path);
    parts
}

/// The files that are read for a policy. Its errors are told when it is checked.
fn read_for(path: &str, text: &str, disk: &Disk) -> BTreeSet<String> {
    let recorder = Recorder::new(disk);
    let _ = model::resolve(path, text, &mut Sources::default(), &recorder);
    recorder.into_read().into_keys().collect()
}

/// All policies below a folder, hidden folders and what programs build left out.
pub fn walk(folder: &Path, found: &mut BTreeSet<String>) -> Result<(), String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("cannot read `{}`: {error}", folder.display()))?;
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        if path.is_dir() {
            if !name.starts_with('.') && !["target", "node_modules"].contains(&name.as_str()) && !path.is_symlink() {
                walk(&path, found)?;
            }
        } else if path.extension().is_some_and(|end| end == "hedge") {
            found.insert(disk::tidy(&path.to_string_lossy()));
        }
    }
    Ok(())
}
