//! The ruleset as a document: what the template prints, in the order in which it prints it.

use serde::Serialize;

/// A table.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Document {
    pub sets: Vec<SetBlock>,
    pub limits: Vec<LimitBlock>,
    pub maps: Vec<SetBlock>,
    pub chains: Vec<ChainBlock>,
}

/// A set or a verdict map.
#[derive(Clone, Debug, Serialize)]
pub struct SetBlock {
    pub name: String,
    /// What it is for, as a comment above it.
    pub note: String,
    /// `ipv4_addr . ipv4_addr`
    pub kind: String,
    pub interval: bool,
    pub counter: bool,
    pub elements: Vec<Element>,
}

/// One element of a set or map.
#[derive(Clone, Debug, Serialize)]
pub struct Element {
    pub text: String,
    /// Where it comes from, within the kernel's limit and without quotes.
    pub comment: String,
}

/// A named rate limit.
#[derive(Clone, Debug, Serialize)]
pub struct LimitBlock {
    pub name: String,
    pub rate: String,
}

/// A chain.
#[derive(Clone, Debug, Serialize)]
pub struct ChainBlock {
    pub name: String,
    /// What it is for, as a comment above it.
    pub note: String,
    /// `type filter hook forward priority filter; policy drop;`, empty for a chain that is jumped to.
    pub hook: String,
    pub rules: Vec<RuleLine>,
}

/// One rule.
#[derive(Clone, Debug, Serialize)]
pub struct RuleLine {
    pub text: String,
    pub comment: String,
}

impl ChainBlock {
    /// A chain without rules yet.
    pub fn new(name: impl Into<String>, note: impl Into<String>, hook: impl Into<String>) -> Self {
        Self { name: name.into(), note: note.into(), hook: hook.into(), rules: Vec::new() }
    }

    /// Adds a rule without a comment.
    pub fn rule(&mut self, text: impl Into<String>) -> &mut Self {
        self.rules.push(RuleLine { text: text.into(), comment: String::new() });
        self
    }

    /// Adds a rule with a comment.
    pub fn noted(&mut self, text: impl Into<String>, comment: impl Into<String>) -> &mut Self {
        self.rules.push(RuleLine { text: text.into(), comment: super::words::comment(&comment.into()) });
        self
    }
}
