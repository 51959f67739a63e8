//! A policy as it was at a revision of the repository: `git:REVISION:PATH`.

#![expect(clippy::disallowed_methods, reason = "this is a door to files")]

use std::{path::Path, process::Command};

use jiff::civil::Date;

use crate::world::World;

/// The files of one revision.
#[derive(Debug)]
pub struct Revision {
    name: String,
    path: String,
    today: Date,
}

impl Revision {
    /// From `REVISION:PATH`.
    pub fn new(text: &str, today: Date) -> Result<Self, String> {
        let (revision, path) =
            text.split_once(':').ok_or_else(|| format!("`git:{text}` is not of the form git:REVISION:PATH"))?;
        if revision.is_empty() || revision.starts_with('-') {
            return Err(format!("`{revision}` is no revision"));
        }
        Ok(Self {
            name: revision.to_owned(),
            path: if path.is_empty() { ".".to_owned() } else { path.to_owned() },
            today,
        })
    }

    /// The policy's path and text; a folder stands for its `main.hedge`.
    pub fn policy(&self) -> Result<(String, String), String> {
        let folder = if self.path == "." {
            "main.hedge".to_owned()
        } else {
            format!("{}/main.hedge", self.path.trim_end_matches('/'))
        };
        let file = self.path.trim_start_matches("./");
        let at = |path: &str, why: String| format!("cannot read `{path}` at {}: {why}", self.name);
        let found = if self.path == "." { Err(String::new()) } else { self.show(file) };
        match found {
            // `git show` lists the entries of a folder.
            Ok(text) if !text.starts_with("tree ") => Ok((file.to_owned(), text)),
            Err(why) if Path::new(file).extension().is_some_and(|end| end == "hedge") => Err(at(file, why)),
            _ => self.show(&folder).map(|text| (folder.clone(), text)).map_err(|why| at(&folder, why)),
        }
    }
}

impl World for Revision {
    /// Git follows no links: one has the path as its text.
    fn read(&self, path: &str, _: &str) -> Result<String, String> {
        self.show(path)
    }

    fn list(&self, path: &str, _: &str) -> Result<Vec<String>, String> {
        let output = Command::new("git")
            .args(["ls-tree", "-r", "-z", "--name-only", "--end-of-options", &self.name, &format!("{path}/")])
            .output()
            .map_err(|error| format!("git cannot be run: {error}"))?;
        let text = String::from_utf8(output.stdout).map_err(|_| "it holds a name that is no UTF-8 text".to_owned())?;
        let inside = format!("{path}/");
        let files = text.split('\0').filter_map(|file| file.strip_prefix(&inside));
        let mut files: Vec<String> = files.map(str::to_owned).collect();
        files.sort();
        if files.is_empty() { Err("there is no such folder".to_owned()) } else { Ok(files) }
    }

    fn today(&self) -> Date {
        self.today
    }
}

impl Revision {
    fn show(&self, path: &str) -> Result<String, String> {
        // `./` makes git look beside the current folder instead of in the root of the repository.
        let object = format!("{}:./{path}", self.name);
        let output = Command::new("git")
            .args(["show", "--end-of-options", &object])
            .output()
            .map_err(|error| format!("git cannot be run: {error}"))?;
        if !output.status.success() {
            let reason = String::from_utf8_lossy(&output.stderr);
            return Err(reason
                .lines()
                .next()
                .unwrap_or("git failed")
                .trim_start_matches("fatal: ")
                .trim_end_matches('.')
                .to_owned());
        }
        String::from_utf8(output.stdout).map_err(|_| "it is no UTF-8 text".to_owned())
    }
}
