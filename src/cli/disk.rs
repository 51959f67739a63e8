//! The real files and the real clock.

#![expect(clippy::disallowed_methods, reason = "this is the door to files and clock")]

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{router::File, target::Target, world::World};

/// The world as it is.
#[derive(Debug)]
pub struct Disk {
    today: Date,
    targets: Vec<String>,
}

/// Files larger than this are no policies.
const TOO_LARGE: u64 = 64 << 20;

impl Disk {
    /// With a given date, or `SOURCE_DATE_EPOCH`, or today in UTC.
    pub fn new(today: Option<Date>) -> Self {
        let epoch = || {
            std::env::var("SOURCE_DATE_EPOCH")
                .ok()
                .and_then(|text| text.parse().ok())
                .and_then(|seconds| Timestamp::from_second(seconds).ok())
        };
        let today = today.unwrap_or_else(|| TimeZone::UTC.to_datetime(epoch().unwrap_or_else(Timestamp::now)).date());
        Self { today, targets: Vec::new() }
    }

    /// For these targets, whatever the policy's own are.
    pub fn compiled_for(self, targets: &[String]) -> Self {
        let known = targets.iter().filter(|name| Target::named(name).is_some());
        Self { targets: known.cloned().collect(), ..self }
    }
}

impl World for Disk {
    fn read(&self, path: &str, within: &str) -> Result<String, String> {
        stays(path, within)?;
        if !std::fs::metadata(path).map_err(|error| reason(&error))?.is_file() {
            return Err("it is no file".to_owned());
        }
        named(path)
    }

    fn list(&self, path: &str, within: &str) -> Result<Vec<String>, String> {
        stays(path, within)?;
        let mut found = Vec::new();
        // Folders that are links are passed over: they may lead in a circle, or out of the policy's folder.
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(format!("{path}/{folder}")).map_err(|error| reason(&error))? {
                let entry = entry.map_err(|error| reason(&error))?;
                let Some(name) = entry.file_name().to_str().map(|name| format!("{folder}{name}")) else { continue };
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    folders.push(format!("{name}/"));
                } else {
                    found.push(name);
                }
            }
        }
        found.sort();
        Ok(found)
    }

    fn today(&self) -> Date {
        self.today
    }

    fn targets(&self) -> Vec<String> {
        self.targets.clone()
    }
}

/// Whoever proposes a change to a policy may put links into it. Does a file or folder lie in a folder, wherever links lead?
fn stays(path: &str, within: &str) -> Result<(), String> {
    let whole =
        |path: &str| std::fs::canonicalize(if path.is_empty() { "." } else { path }).map_err(|error| reason(&error));
    if whole(path)?.starts_with(whole(within)?) {
        Ok(())
    } else {
        Err("a link leads out of the policy's folder".to_owned())
    }
}

/// The text of a file that the user named, which may be a pipe.
pub fn named(path: &str) -> Result<String, String> {
    let file = std::fs::File::open(path).map_err(|error| reason(&error))?;
    let mut bytes = Vec::new();
    file.take(TOO_LARGE + 1).read_to_end(&mut bytes).map_err(|error| reason(&error))?;
    if bytes.len() as u64 > TOO_LARGE {
        return Err(format!("it has more than {} MiB, which is too large", TOO_LARGE >> 20));
    }
    String::from_utf8(bytes).map_err(|_| "it is no UTF-8 text".to_owned())
}

/// Is it a link to a file elsewhere? Another name in the same folder or below it is none.
fn leads_away(path: &Path) -> bool {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let whole = |path: &Path| std::fs::canonicalize(path).ok();
    path.is_symlink()
        && path.is_file()
        && !path.starts_with("/dev")
        && whole(path).zip(whole(folder)).is_none_or(|(file, folder)| !file.starts_with(folder))
}

/// A policy as it was named: its path and text.
///
/// `-` is standard input; a folder stands for its `main.hedge`.
pub fn policy(path: &str) -> Result<(String, String), String> {
    if path == "-" {
        let mut text = String::new();
        std::io::stdin()
            .lock()
            .read_to_string(&mut text)
            .map_err(|error| format!("cannot read standard input: {}", reason(&error)))?;
        return Ok(("<stdin>".to_owned(), text));
    }
    let mut file = path.trim_end_matches('/').to_owned();
    if Path::new(path).is_dir() {
        file = if path == "." { "main.hedge".to_owned() } else { format!("{file}/main.hedge") };
    }
    let file = file.strip_prefix("./").unwrap_or(&file).to_owned();
    if leads_away(Path::new(&file)) {
        return Err(format!("cannot read `{file}`: it is a link to a file in another folder; name that file itself"));
    }
    let text = named(&file).map_err(|why| format!("cannot read `{file}`: {why}"))?;
    Ok((file, text))
}

/// A configuration: one file, or those of a folder that a target knows.
pub fn configuration(path: &str, target: Target) -> Result<Vec<File>, String> {
    let read = |path: &str, name: &str| {
        named(path)
            .map(|text| File { name: name.to_owned(), text })
            .map_err(|why| format!("cannot read `{path}`: {why}"))
    };
    if !Path::new(path).is_dir() {
        let name = path.rfind('/').map_or(path, |slash| &path[slash + 1..]);
        let mut files = vec![read(path, name)?];
        if target == Target::Nftables {
            included(path, &mut files);
        }
        return Ok(files);
    }
    let folder = path.trim_end_matches('/');
    let mut files = Vec::new();
    if target == Target::PortForward {
        for name in names(Path::new(folder)).iter().filter(|name| target.is_read(name)) {
            files.push(read(&format!("{folder}/{name}"), name)?);
        }
        return Ok(files);
    }
    for (index, name) in target.reads().iter().enumerate() {
        let inside = format!("{folder}/{name}");
        if index == 0 || Path::new(&inside).exists() {
            files.push(read(&inside, name)?);
        }
    }
    Ok(files)
}

/// Adds the files that a ruleset of nft includes, each under the path that the ruleset writes; a pattern such as
/// `/etc/nftables.d/*.nft` stands for all files that fit it, in the order of their names, as nft reads them. What cannot
/// be read is left to the reader, which knows the line.
fn included(path: &str, files: &mut Vec<File>) {
    let folder = path.rfind('/').map_or("", |slash| &path[..=slash]);
    let mut at = 0;
    while let Some(file) = files.get(at) {
        let written: Vec<String> = file
            .text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("include"))
            .filter_map(|rest| rest.trim().strip_prefix('"')?.split('"').next().map(str::to_owned))
            .collect();
        for name in written {
            if files.iter().any(|file| file.name == name) {
                continue;
            }
            let near = if name.starts_with('/') { name.clone() } else { format!("{folder}{name}") };
            if let Some(found) = fitting(&near) {
                files.extend(found.into_iter().map(|mut file| {
                    if file.name == near {
                        file.name.clone_from(&name);
                    }
                    file
                }));
            }
        }
        at += 1;
    }
}

/// A file; or all files whose last part fits a pattern with `*`, which hidden files do not, and a file by the name of the
/// pattern that includes them.
fn fitting(path: &str) -> Option<Vec<File>> {
    if !path.contains('*') {
        return named(path).ok().map(|text| vec![File { name: path.to_owned(), text }]);
    }
    let (folder, pattern) = path.rsplit_once('/')?;
    let (before, after) = pattern.split_once('*')?;
    if folder.contains('*') || after.contains('*') {
        return None;
    }
    let entries = std::fs::read_dir(folder).ok()?;
    let mut names: Vec<String> = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.retain(|name| {
        !name.starts_with('.')
            && name.len() >= before.len() + after.len()
            && name.starts_with(before)
            && name.ends_with(after)
    });
    names.sort();
    let paths: Vec<String> = names.iter().map(|name| format!("{folder}/{name}")).collect();
    let list = paths.iter().map(|path| format!("include \"{path}\"\n")).collect();
    let mut files = vec![File { name: path.to_owned(), text: list }];
    for path in paths {
        let text = named(&path).ok()?;
        files.push(File { name: path, text });
    }
    Some(files)
}

/// The text of a file, if it is there, is text, and is no link to another folder.
pub fn text(path: &Path) -> Option<String> {
    if leads_away(path) { None } else { path.to_str().and_then(|path| named(path).ok()) }
}

/// The names of all files below a folder, relative to it, sorted.
pub fn names(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inside) = folders.pop() {
        for entry in std::fs::read_dir(&inside).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(name) = path.strip_prefix(folder) {
                found.push(name.to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

/// A relative path without `.` and `x/..`.
pub fn tidy(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." | "" if !parts.is_empty() || part == "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The way from the root of the repository to the current folder, with a `/` at its end; empty outside of one.
pub fn below_repository() -> String {
    let Ok(here) = std::env::current_dir() else { return String::new() };
    let root = here.ancestors().find(|folder| folder.join(".git").exists());
    let below = root.and_then(|root| here.strip_prefix(root).ok());
    below
        .filter(|below| !below.as_os_str().is_empty())
        .map_or_else(String::new, |below| format!("{}/", below.display()))
}

/// Writes files into a folder: each under another name first, then all renamed, so that no reader sees half of one.
pub fn write_all(folder: &Path, files: &[(PathBuf, String)]) -> Result<(), String> {
    let mut ready = Vec::new();
    for (name, text) in files {
        let path = folder.join(name);
        let explain = |error: std::io::Error| format!("cannot write `{}`: {}", path.display(), reason(&error));
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(explain)?;
        }
        let fresh = path.with_extension(format!(
            "{}.new",
            path.extension().map_or_else(String::new, |end| end.to_string_lossy().into_owned())
        ));
        std::fs::write(&fresh, text).map_err(explain)?;
        ready.push((fresh, path));
    }
    for (fresh, path) in ready {
        std::fs::rename(&fresh, &path)
            .map_err(|error| format!("cannot write `{}`: {}", path.display(), reason(&error)))?;
    }
    Ok(())
}

/// Writes one file in the same way.
pub fn write(path: &Path, text: &str) -> Result<(), String> {
    write_all(Path::new(""), &[(path.to_owned(), text.to_owned())])
}

/// Why an operation failed, in lower case and without numbers.
fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        std::io::ErrorKind::InvalidData => "it is no UTF-8 text".to_owned(),
        _ => error.to_string().to_lowercase(),
    }
}
