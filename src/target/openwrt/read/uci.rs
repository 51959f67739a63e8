//! Parses a file of `/etc/config` as libuci does (`file.c`): words in single, double or no quotes that may run on over
//! lines, comments, `;` between commands, `config`, `option` and `list`, sections with and without a name.

use crate::router::Unreadable;

/// A value of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `option`
    One(String),
    /// `list`
    Many(Vec<String>),
}

/// An option of a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub name: String,
    pub value: Value,
}

/// A section: `config rule 'name'` and what follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The file it stands in.
    pub file: String,
    /// Of its `config`, from 1.
    pub line: u32,
    pub kind: String,
    pub name: Option<String>,
    /// How many sections of its kind stand before it: the number in `@rule[3]`.
    pub index: usize,
    pub settings: Vec<Setting>,
}

impl Section {
    /// The value of an option.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.settings.iter().find(|setting| setting.name == name).map(|setting| &setting.value)
    }

    /// The value of an option that is no list.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Value::One(text) => Some(text),
            Value::Many(_) => None,
        }
    }

    /// The words of an option, or the entries of a list.
    pub fn words(&self, name: &str) -> Vec<&str> {
        match self.get(name) {
            Some(Value::One(text)) => text.split_whitespace().collect(),
            Some(Value::Many(all)) => all.iter().map(String::as_str).collect(),
            None => Vec::new(),
        }
    }

    /// How firewall4 calls it: its name, or `@rule[3]`.
    pub fn id(&self) -> String {
        self.name.clone().unwrap_or_else(|| format!("@{}[{}]", self.kind, self.index))
    }
}

/// The sections of a file, in its order.
pub fn parse(file: &str, text: &str) -> Result<Vec<Section>, Unreadable> {
    let mut parser = Parser { file, rest: text, line: 1, sections: Vec::new(), open: None };
    while !parser.rest.is_empty() {
        parser.command()?;
    }
    for at in 0..parser.sections.len() {
        let (before, from) = parser.sections.split_at_mut(at);
        if let Some(section) = from.first_mut() {
            section.index = before.iter().filter(|other| other.kind == section.kind).count();
        }
    }
    Ok(parser.sections)
}

struct Parser<'t> {
    file: &'t str,
    rest: &'t str,
    line: u32,
    sections: Vec<Section>,
    /// The section that options go to.
    open: Option<usize>,
}

impl Parser<'_> {
    fn refuse(&self, line: u32, why: &str) -> Unreadable {
        Unreadable::new(format!("{}:{line}: {why}", self.file))
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.rest = self.rest.get(letter.len_utf8()..).unwrap_or_default();
        self.line += u32::from(letter == '\n');
        Some(letter)
    }

    /// Passes over white space within the line.
    fn blanks(&mut self) {
        while self.peek().is_some_and(|letter| letter != '\n' && blank(letter)) {
            self.take();
        }
    }

    /// Is there nothing more on this line?
    fn at_end(&self) -> bool {
        matches!(self.peek(), None | Some('\n' | '#'))
    }

    fn skip_line(&mut self) {
        while self.take().is_some_and(|letter| letter != '\n') {}
    }

    /// One command, or an empty line.
    fn command(&mut self) -> Result<(), Unreadable> {
        self.blanks();
        if self.at_end() {
            self.skip_line();
            return Ok(());
        }
        let line = self.line;
        let end = self.rest.find([' ', '\t', '\n']).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        let known = match word.trim_end() {
            "package" | "p" => "package",
            "config" | "c" => "config",
            "option" | "o" => "option",
            "list" | "l" => "list",
            _ => return Err(self.refuse(line, &format!("expected `config`, `option` or `list`, found `{word}`"))),
        };
        let first = self.argument()?;
        let second = if known == "package" { String::new() } else { self.argument()? };
        if first.is_empty() {
            return Err(self.refuse(line, &format!("expected a name after `{known}`")));
        }
        self.blanks();
        if self.peek() == Some(';') {
            self.take();
        } else if self.at_end() {
            self.skip_line();
        } else {
            return Err(self.refuse(line, &format!("too many words after `{known}`")));
        }
        match known {
            "package" => Ok(()),
            "config" => self.config(line, first, second),
            _ => self.setting(line, first, second, known == "list"),
        }
    }

    fn config(&mut self, line: u32, kind: String, name: String) -> Result<(), Unreadable> {
        if !kind.bytes().all(|byte| (33..=126).contains(&byte)) {
            return Err(self.refuse(line, &format!("`{kind}` is no kind of section")));
        }
        if !identifier(&name) {
            return Err(self.refuse(line, &format!("`{name}` is no name: letters, digits and `_` are allowed")));
        }
        let name = (!name.is_empty()).then_some(name);
        let known = name.as_ref().and_then(|_| self.sections.iter().position(|section| section.name == name));
        if let Some(known) = known {
            if self.sections.get(known).is_some_and(|section| section.kind != kind) {
                return Err(self.refuse(line, "a section of this name and another kind stands before"));
            }
            self.open = Some(known);
            return Ok(());
        }
        self.open = Some(self.sections.len());
        let file = self.file.to_owned();
        self.sections.push(Section { file, line, kind, name, index: 0, settings: Vec::new() });
        Ok(())
    }

    fn setting(&mut self, line: u32, name: String, value: String, list: bool) -> Result<(), Unreadable> {
        if !identifier(&name) {
            return Err(self.refuse(line, &format!("`{name}` is no name: letters, digits and `_` are allowed")));
        }
        let Some(section) = self.open.and_then(|open| self.sections.get_mut(open)) else {
            return Err(self.refuse(line, "an option before the first `config`"));
        };
        let at = section.settings.iter().position(|setting| setting.name == name);
        if !list && value.is_empty() {
            // An empty option is none, and takes an earlier one away.
            if let Some(at) = at {
                section.settings.remove(at);
            }
            return Ok(());
        }
        let have = at.and_then(|at| section.settings.get_mut(at));
        match (have, list) {
            (Some(setting), true) => {
                let mut values = match std::mem::replace(&mut setting.value, Value::Many(Vec::new())) {
                    Value::One(first) => vec![first],
                    Value::Many(all) => all,
                };
                values.push(value);
                setting.value = Value::Many(values);
            }
            (Some(setting), false) => setting.value = Value::One(value),
            (None, true) => section.settings.push(Setting { name, value: Value::Many(vec![value]) }),
            (None, false) => section.settings.push(Setting { name, value: Value::One(value) }),
        }
        Ok(())
    }

    /// The next word; empty at the end of the command.
    fn argument(&mut self) -> Result<String, Unreadable> {
        self.blanks();
        let mut word = String::new();
        loop {
            match self.peek() {
                None | Some('\n' | '#' | ';') => return Ok(word),
                Some('\'') => self.quoted('\'', &mut word)?,
                Some('"') => self.quoted('"', &mut word)?,
                Some('\\') => self.escaped(&mut word),
                Some(letter) if blank(letter) => return Ok(word),
                Some(_) => word.extend(self.take()),
            }
        }
    }

    fn quoted(&mut self, quote: char, word: &mut String) -> Result<(), Unreadable> {
        let line = self.line;
        self.take();
        loop {
            match self.peek() {
                None => return Err(self.refuse(line, &format!("the quote {quote} is never closed"))),
                Some(letter) if letter == quote => {
                    self.take();
                    return Ok(());
                }
                Some('\\') if quote == '"' => self.escaped(word),
                Some(_) => word.extend(self.take()),
            }
        }
    }

    /// A backslash: the next letter is taken as it is; a line end is left out.
    fn escaped(&mut self, word: &mut String) {
        self.take();
        if self.rest.starts_with("\r\n") {
            self.take();
            self.take();
        } else {
            word.extend(self.take().filter(|letter| *letter != '\n'));
        }
    }
}

const fn blank(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
}

fn identifier(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
