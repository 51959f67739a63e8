//! The only door to files and clock. The library asks a [`World`]; the command line gives it the real one.

use std::{cell::RefCell, collections::BTreeMap};

use jiff::civil::Date;

/// What the compiler may ask of its surroundings.
pub trait World {
    /// The text of a file that lies in a folder or below it. Paths are relative to the folder in which the program runs,
    /// with `/` between their parts; the empty one is that folder.
    ///
    /// # Errors
    /// A sentence for the user when there is no such file, when a link leads out of the folder, or when it is no UTF-8
    /// text.
    fn read(&self, path: &str, within: &str) -> Result<String, String>;

    /// The files of a folder and of all folders below it, by their paths from there, sorted. It lies in `within`, too.
    ///
    /// # Errors
    /// A sentence for the user when there is no such folder, or when a link leads out of `within`.
    fn list(&self, path: &str, within: &str) -> Result<Vec<String>, String>;

    /// The date that `until` and other dates are held against.
    fn today(&self) -> Date;

    /// What is compiled for, by name, where it is said beside the policy (`--target`); empty where the policy's own
    /// targets count.
    fn targets(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Files in memory and a fixed date: for tests, editors and standard input.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    pub files: BTreeMap<String, String>,
    pub date: Date,
}

impl World for Memory {
    fn read(&self, path: &str, _: &str) -> Result<String, String> {
        self.files.get(path).cloned().ok_or_else(|| "there is no such file".to_owned())
    }

    fn list(&self, path: &str, _: &str) -> Result<Vec<String>, String> {
        let inside = format!("{path}/");
        let files: Vec<String> =
            self.files.keys().filter_map(|file| file.strip_prefix(&inside)).map(str::to_owned).collect();
        if files.is_empty() { Err("there is no such folder".to_owned()) } else { Ok(files) }
    }

    fn today(&self) -> Date {
        self.date
    }
}

/// A world that remembers what was read from it.
pub struct Recorder<'w> {
    world: &'w dyn World,
    read: RefCell<BTreeMap<String, String>>,
}

impl<'w> Recorder<'w> {
    /// Passes every question on to another world.
    #[must_use]
    pub fn new(world: &'w dyn World) -> Self {
        Self { world, read: RefCell::default() }
    }

    /// The texts that were read, by their paths.
    #[must_use]
    pub fn into_read(self) -> BTreeMap<String, String> {
        self.read.into_inner()
    }
}

impl World for Recorder<'_> {
    fn read(&self, path: &str, within: &str) -> Result<String, String> {
        let text = self.world.read(path, within)?;
        self.read.borrow_mut().insert(path.to_owned(), text.clone());
        Ok(text)
    }

    fn list(&self, path: &str, within: &str) -> Result<Vec<String>, String> {
        self.world.list(path, within)
    }

    fn today(&self) -> Date {
        self.world.today()
    }

    fn targets(&self) -> Vec<String> {
        self.world.targets()
    }
}
