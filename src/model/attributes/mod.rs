//! Typed access to the attributes of a statement: each known, at most once, with the arguments that its key asks for.

mod arguments;
mod known;
mod literal;

use std::cell::RefCell;

pub use arguments::Arguments;
pub use known::{Known, Value, attributes_of};
pub use literal::{dns_name, network};

use crate::{
    diagnostic::{Diagnostic, nearest},
    syntax::tree::{Body, Name},
};

/// Where the model's errors go.
pub type Errors = RefCell<Vec<Diagnostic>>;

/// The attributes of one statement.
pub struct Attributes<'a> {
    body: &'a Body,
    errors: &'a Errors,
    /// Keys that misspelt ones are near to.
    meant: Vec<String>,
}

impl<'a> Attributes<'a> {
    /// Reports attributes that a statement has not ([`attributes_of`]), and repeated ones that it has once.
    pub fn new(statement: &str, body: &'a Body, errors: &'a Errors) -> Self {
        let mut meant = Vec::new();
        if body.attributes.is_empty() {
            return Self { body, errors, meant };
        }
        let list = attributes_of(statement);
        let known: Vec<&str> = list.iter().map(|known| known.key).collect();
        let repeatable = |key: &str| list.iter().any(|known| known.key == key && known.repeatable);
        for (index, attribute) in body.attributes.iter().enumerate() {
            let key = attribute.key.text.as_str();
            if !known.contains(&key) {
                let error = Diagnostic::error(
                    "unknown-attribute",
                    attribute.key.span,
                    format!("`{statement}` has no attribute `{key}`"),
                )
                .label("unknown attribute");
                let statements = ["allow", "deny", "expose", "exposed", "waive"];
                let help = match nearest(key, known.iter().copied()) {
                    _ if statement == "check" && statements.contains(&key) => {
                        format!(
                            "a check holds `never`, `always` and `only`; `{key}` is a statement of its own, outside of it"
                        )
                    }
                    Some(near) => {
                        meant.push(near.to_owned());
                        format!("did you mean `{near}`?")
                    }
                    None if known.is_empty() => format!("`{statement}` takes no attributes"),
                    None => format!("it has {}", known.join(", ")),
                };
                errors.borrow_mut().push(error.help(help));
            } else if !repeatable(key)
                && let Some(first) = body.attributes.iter().take(index).find(|other| other.key.text == key)
            {
                errors.borrow_mut().push(
                    Diagnostic::error("repeated-attribute", attribute.key.span, format!("`{key}` is given twice"))
                        .label("given again here")
                        .also(first.key.span, "given first here")
                        .help("put all of its values into one, or remove one of the two"),
                );
            }
        }
        Self { body, errors, meant }
    }

    /// Is there no attribute of a key, not even a misspelt one, of which has been told?
    pub fn lacks(&self, key: &str) -> bool {
        self.get(key).is_none() && !self.meant.iter().any(|meant| meant == key)
    }

    /// Attributes whose keys have been checked already.
    pub fn checked(body: &'a Body, errors: &'a Errors) -> Self {
        Self { body, errors, meant: Vec::new() }
    }

    /// The attribute of a key.
    pub fn get(&self, key: &str) -> Option<Arguments<'a>> {
        self.all(key).next()
    }

    /// All attributes of a key.
    pub fn all(&self, key: &str) -> impl Iterator<Item = Arguments<'a>> + use<'a> {
        let key = key.to_owned();
        let errors = self.errors;
        self.body
            .attributes
            .iter()
            .filter(move |attribute| attribute.key.text == key)
            .map(move |attribute| Arguments::new(attribute, errors))
    }

    /// Is a key without arguments given?
    pub fn flag(&self, key: &str) -> bool {
        self.get(key).is_some_and(|arguments| {
            arguments.end();
            true
        })
    }

    /// A key whose value is `on` or `off`.
    pub fn switch(&self, key: &str) -> Option<bool> {
        self.choice(key, &[("on", true), ("off", false)])
    }

    /// A key whose value is one of some words.
    pub fn choice<T: Copy>(&self, key: &str, choices: &[(&'static str, T)]) -> Option<T> {
        let mut arguments = self.get(key)?;
        let found = arguments.choice(choices)?;
        arguments.end();
        Some(found)
    }

    /// A key whose value is a text in quotes or a word.
    pub fn text(&self, key: &str) -> Option<Name> {
        let mut arguments = self.get(key)?;
        let found = arguments.text()?;
        arguments.end();
        Some(found)
    }

    /// A key whose value is a text in quotes.
    pub fn quoted(&self, key: &str) -> Option<Name> {
        let mut arguments = self.get(key)?;
        let found = arguments.quoted()?;
        arguments.end();
        Some(found)
    }
}
