//! `home-assistant`

use crate::{
    diagnostic::{Diagnostic, Span},
    model::{attributes::Attributes, load::Space, network::HomeAssistant, resolve::Resolver},
    syntax::{
        token::{Kind, Literal, Token},
        tree,
    },
};

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
            let (count, _) = arguments.number("a number of attempts from 1 to 1000", 1..=1000)?;
            arguments.end();
            i64::try_from(count).ok()
        });
        let settings = attributes.get("settings").and_then(|mut arguments| {
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
            self.network.home_assistants.push(HomeAssistant { span, host, version, login_attempts, settings });
        }
    }
}
