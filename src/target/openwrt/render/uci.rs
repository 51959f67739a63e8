//! UCI as data: what the templates print, as a file of `/etc/config` and as commands for `uci batch`.

use minijinja::{Environment, UndefinedBehavior, Value, context, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;

use super::words;

const PACKAGE: &str = include_str!("../../../../targets/openwrt/package.j2");
const BATCH: &str = include_str!("../../../../targets/openwrt/batch.j2");
const NFT: &str = include_str!("../../../../targets/openwrt/include.nft.j2");

/// One file of `/etc/config`.
#[derive(Clone, Debug, Serialize)]
pub struct Package {
    /// `firewall`
    pub name: &'static str,
    pub sections: Vec<Section>,
}

/// A section. Every one of hedgerow's has a name, so that it can be told from those of the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Section {
    pub kind: String,
    pub name: String,
    /// A comment above it; empty for none.
    pub note: String,
    /// Key and quoted value, in the order in which they are written.
    options: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Entry {
    list: bool,
    key: &'static str,
    value: String,
}

impl Section {
    pub fn new(kind: impl Into<String>, name: impl Into<String>) -> Self {
        Self { kind: kind.into(), name: name.into(), note: String::new(), options: Vec::new() }
    }

    pub fn note(mut self, note: impl AsRef<str>) -> Self {
        self.note = words::clean(note.as_ref());
        self
    }

    /// Adds an option.
    pub fn set(mut self, key: &'static str, value: impl AsRef<str>) -> Self {
        self.options.push(Entry { list: false, key, value: words::quoted(value.as_ref()) });
        self
    }

    /// Adds an option if there is a value for it.
    pub fn maybe(self, key: &'static str, value: Option<impl AsRef<str>>) -> Self {
        match value {
            Some(value) => self.set(key, value),
            None => self,
        }
    }

    /// Adds the elements of a list.
    pub fn list(mut self, key: &'static str, values: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let quoted = values.into_iter().map(|value| words::quoted(value.as_ref()));
        self.options.extend(quoted.map(|value| Entry { list: true, key, value }));
        self
    }
}

/// A file for nft that firewall4 includes.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Include {
    /// What it is for, above everything.
    pub note: String,
    /// Rules of the chain into which it is included.
    pub rules: Vec<Statement>,
    /// Chains of its own.
    pub chains: Vec<Chain>,
}

/// A chain of an included file.
#[derive(Clone, Debug, Serialize)]
pub struct Chain {
    pub name: &'static str,
    pub note: &'static str,
    pub hook: &'static str,
    pub rules: Vec<Statement>,
}

/// A rule in the words of nft.
#[derive(Clone, Debug, Serialize)]
pub struct Statement {
    pub text: String,
    pub comment: String,
}

impl Statement {
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), comment: String::new() }
    }

    pub fn noted(text: impl Into<String>, comment: impl AsRef<str>) -> Self {
        Self { text: text.into(), comment: words::comment(comment.as_ref()) }
    }
}

/// Prints everything.
pub struct Printer {
    environment: Environment<'static>,
    policy: String,
    router: String,
}

impl Printer {
    /// # Errors
    /// If a template is wrong.
    pub fn new(policy: &str, router: &str) -> Result<Self, minijinja::Error> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        environment.set_syntax(
            SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?,
        );
        environment.add_template("package", PACKAGE)?;
        environment.add_template("batch", BATCH)?;
        environment.add_template("include", NFT)?;
        Ok(Self { environment, policy: words::clean(policy), router: words::clean(router) })
    }

    /// A file of `/etc/config`.
    pub fn package(&self, package: &Package) -> Result<String, minijinja::Error> {
        self.environment.get_template("package")?.render(context! {
            package => Value::from(Serde(package)),
            policy => self.policy.as_str(),
            router => self.router.as_str(),
            version => env!("CARGO_PKG_VERSION"),
        })
    }

    /// Commands for `uci batch`. `removed` are the sections that they take out first, each as `firewall.@rule[3]`, those
    /// with higher numbers first.
    pub fn batch(&self, packages: &[Package], removed: &[String]) -> Result<String, minijinja::Error> {
        self.environment.get_template("batch")?.render(context! {
            packages => Value::from(Serde(packages)),
            removed => removed.to_vec(),
        })
    }

    /// A file that firewall4 includes.
    pub fn include(&self, include: &Include) -> Result<String, minijinja::Error> {
        self.environment.get_template("include")?.render(context! {
            include => Value::from(Serde(include)),
            policy => self.policy.as_str(),
            router => self.router.as_str(),
            version => env!("CARGO_PKG_VERSION"),
        })
    }
}
