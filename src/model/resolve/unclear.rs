//! Names that mean nothing where they stand, or several things.

use super::Resolver;
use crate::{
    diagnostic::{Diagnostic, Span, akin},
    model::names::Unclear,
};

impl Resolver<'_> {
    /// Reports a name that means nothing here.
    pub(super) fn unclear(
        &self,
        name: &str,
        span: Span,
        sort: &str,
        why: Unclear,
        known: &[String],
        elsewhere: Option<String>,
    ) {
        let error = match why {
            Unclear::Ambiguous(full) => {
                Diagnostic::error("ambiguous-name", span, format!("`{name}` can mean several things"))
                    .label("which one?")
                    .help(if full.iter().any(|one| one == name) {
                        "use one of the files that bring it under a name of its own: `use \"...\" as NAME`".to_owned()
                    } else {
                        format!(
                            "write one of {}",
                            full.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
                        )
                    })
            }
            Unclear::Unknown => {
                let error = Diagnostic::error("unknown-name", span, format!("there is no {sort} called `{name}`"))
                    .label(format!("unknown {sort}"));
                let full = known.iter().find(|full| full.rsplit_once('.').is_some_and(|(_, last)| last == name));
                let akin = akin(name, known.iter().map(String::as_str));
                match (elsewhere.or_else(|| full.map(|full| format!("did you mean `{full}`?"))), akin.as_slice()) {
                    (Some(help), _) => error.help(help),
                    (None, []) if sort == "service" => {
                        error.help(format!("declare it: `service {name} = tcp PORT`; `hedgerow list services` shows those of the standard library"))
                    }
                    (None, []) if sort.contains("host") => {
                        error.help(format!("declare it: `host {name} {{ zone ...;  address ... }}`"))
                    }
                    (None, []) => error,
                    (None, [first, rest @ ..]) => {
                        let rest: String = rest.iter().map(|name| format!(" or `{name}`")).collect();
                        error.help(format!("did you mean `{first}`{rest}?"))
                    }
                }
            }
        };
        self.report(error);
    }
}
