//! Takes the options of a section as `parse_options` of fw4.uc does: a value that is refused makes firewall4 skip the
//! section; an option that it does not know is left out, and the section stays.

use super::{
    state::Warnings,
    uci::{Section, Value},
};

/// A section whose options are being taken. Every option that firewall4 knows has to be asked for.
pub struct Options<'a> {
    section: &'a Section,
    warnings: &'a mut Warnings,
    known: Vec<&'static str>,
    failed: bool,
}

impl<'a> Options<'a> {
    pub const fn new(section: &'a Section, warnings: &'a mut Warnings) -> Self {
        Self { section, warnings, known: Vec::new(), failed: false }
    }

    fn fail(&mut self, why: &str) {
        if !self.failed {
            self.warnings.add(self.section, &format!("{why}, so firewall4 skips the section"));
        }
        self.failed = true;
    }

    fn single(&mut self, name: &'static str) -> Option<&'a str> {
        self.known.push(name);
        match self.section.get(name) {
            Some(Value::One(text)) => Some(text),
            Some(Value::Many(_)) => {
                self.fail(&format!("`{name}` must not be a list"));
                None
            }
            None => None,
        }
    }

    /// An option that is no list.
    pub fn one<T>(&mut self, name: &'static str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.single(name)?;
        let found = parse(text);
        if found.is_none() {
            self.fail(&format!("`{name}` has the value `{text}`, which is none"));
        }
        found
    }

    /// As [`Self::one`]; must be there.
    pub fn must<T>(&mut self, name: &'static str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        if self.section.get(name).is_none() {
            self.fail(&format!("`{name}` is missing"));
        }
        self.one(name, parse)
    }

    /// A list, or an option of several words.
    pub fn list<T>(&mut self, name: &'static str, parse: impl Fn(&str) -> Option<T>) -> Vec<T> {
        self.known.push(name);
        let words: Vec<&str> = match self.section.get(name) {
            Some(Value::One(text)) => {
                let trimmed = text.trim_matches([' ', '\t', '\r', '\n']);
                trimmed.split([' ', '\t']).filter(|word| !word.is_empty()).collect()
            }
            Some(Value::Many(all)) => all.iter().map(String::as_str).collect(),
            None => Vec::new(),
        };
        let mut found = Vec::new();
        for word in words {
            match parse(word) {
                Some(value) => found.push(value),
                None => self.fail(&format!("`{name}` has the value `{word}`, which is none")),
            }
        }
        found
    }

    /// An option that firewall4 checks and then leaves out.
    pub fn unsupported(&mut self, name: &'static str, parse: impl Fn(&str) -> Option<()>) {
        if self.one(name, parse).is_some() {
            self.warnings.add(self.section, &format!("`{name}` is not supported by firewall4, and left out"));
        }
    }

    /// Must this not be negated?
    pub fn not_negated(&mut self, name: &str, negated: bool) {
        if negated {
            self.fail(&format!("`{name}` must not be negated"));
        }
    }

    /// Was everything taken? Options that nobody asked for are reported.
    pub fn finish(self) -> bool {
        if self.failed {
            return false;
        }
        for setting in &self.section.settings {
            let name = setting.name.as_str();
            if name != "type" && !self.known.contains(&name) {
                let why =
                    format!("`{name}` is no option of firewall4: it is left out, and the rest of the section stays");
                self.warnings.add(self.section, &why);
            }
        }
        true
    }
}
