//! `home-assistant`

use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        attributes::{Arguments, Attributes},
        load::Space,
        network::{HomeAssistant, Install},
        resolve::Resolver,
    },
    syntax::{
        token::{Kind, Literal, Token},
        tree,
    },
};

const INSTALLS: [(&str, Install); 4] = [
    ("haos", Install::Haos),
    ("supervised", Install::Supervised),
    ("container", Install::Container),
    ("core", Install::Core),
];

impl Resolver<'_> {
    pub(in crate::model::resolve) fn home_assistant(
        &mut self,
        tree: &tree::Declaration,
        span: Span,
        space: Space,
        folder: &str,
    ) {
        let attributes = Attributes::new("home-assistant", &tree.body, self.errors);
        let host = self.host_named(&tree.name, space);
        let version = attributes.get("version").and_then(|mut arguments| match arguments.next() {
            Some(Token { kind: Kind::Literal(Literal::Version(version)), span }) => {
                arguments.end();
                let parts: Vec<Option<u32>> = version.split('.').map(|part| part.parse().ok()).collect();
                match parts.as_slice() {
                    [Some(year @ 2000..=2999), Some(month @ 1..=12)]
                    | [Some(year @ 2000..=2999), Some(month @ 1..=12), Some(_)] => Some((*year, *month)),
                    _ => {
                        self.report(
                            Diagnostic::error(
                                "attribute-value",
                                *span,
                                format!("`{version}` is no version of Home Assistant"),
                            )
                            .label("expected year and month")
                            .help("write it as 2026.11, or 2026.11.2"),
                        );
                        None
                    }
                }
            }
            _ => {
                attributes.get("version").unwrap_or(arguments).expected("a version such as 2026.11");
                None
            }
        });
        let login_attempts = attributes.get("login-attempts").and_then(|mut arguments| {
            let span = arguments.span();
            if arguments.word_is("off") {
                arguments.end();
                return Some((-1, span));
            }
            let (count, _) = arguments.number("a number of attempts from 1 to 1000, or `off`", 1..=1000)?;
            arguments.end();
            Some((i64::try_from(count).ok()?, span))
        });
        let install = attributes.choice("install", &INSTALLS);
        let cors_origins = attributes.get("cors-origins").map(|arguments| self.origins(arguments)).unwrap_or_default();
        let settings_file = attributes.get("settings").and_then(|mut arguments| {
            if !arguments.word_is("from") {
                arguments.expected("`from \"configuration.yaml\"`");
                return None;
            }
            let file = arguments.quoted()?;
            arguments.end();
            let path = self.inside_root(folder, &file)?;
            Some((path, file.span))
        });
        if let Some(id) = host
            && let Some(first) = self.network.home_assistants.iter().find(|other| other.host == id)
        {
            self.report(
                Diagnostic::error(
                    "duplicate-name",
                    tree.name.span,
                    format!("Home Assistant on `{}` is described twice", tree.name.text),
                )
                .label("described again here")
                .also(first.span, "described first here")
                .help("put both into one"),
            );
            return;
        }
        if let Some(host) = host {
            self.network.home_assistants.push(HomeAssistant {
                span,
                host,
                version,
                install,
                login_attempts,
                cors_origins,
                settings_file,
                settings: None,
            });
        }
    }

    /// Pages of others, as a browser names them: scheme, host and port, without a path.
    fn origins(&self, mut arguments: Arguments<'_>) -> Vec<(String, Span)> {
        let mut found = Vec::new();
        while let Some(origin) = arguments.quoted() {
            let host = origin.text.split_once("://").filter(|(scheme, _)| ["http", "https"].contains(scheme));
            let plain = |letter: char| letter.is_ascii_alphanumeric() || "-.:[]".contains(letter);
            if host.is_some_and(|(_, host)| !host.is_empty() && host.chars().all(plain)) {
                found.push((origin.text, origin.span));
            } else {
                self.report(
                    Diagnostic::error("attribute-value", origin.span, format!("`{}` is no origin", origin.text))
                        .label("expected scheme and host, without a path")
                        .help("write what a browser sends, as in \"https://cast.home-assistant.io\""),
                );
            }
            if !arguments.comma() {
                arguments.end();
                break;
            }
        }
        found
    }
}
