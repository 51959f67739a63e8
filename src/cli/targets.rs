//! The targets that a command is to work for.

use crate::{compile::Checked, diagnostic::Diagnostic, target::Target};

/// What is said about a target that nobody knows.
pub fn unknown(name: &str) -> String {
    let known: Vec<&str> = Target::ALL.into_iter().map(Target::name).collect();
    let (last, others) = known.split_last().unwrap_or((&"", &[]));
    format!("the target `{name}` is not supported yet; there are {} and {last}", others.join(", "))
}

/// The targets to compile for, or what is wrong with them.
pub fn chosen(asked: &[String], checked: &Checked) -> Result<Vec<Target>, Box<Diagnostic>> {
    let router = &checked.network.router;
    let asked: Vec<(String, _)> = if asked.is_empty() {
        router.targets.clone()
    } else {
        asked.iter().map(|name| (name.clone(), router.span)).collect()
    };
    if asked.is_empty() {
        return Err(Box::new(
            Diagnostic::error("no-target", router.span, "there is nothing to compile for")
                .label("names no target")
                .help("add `target nftables` to the router, or give --target nftables"),
        ));
    }
    let mut targets = Vec::new();
    for (name, span) in asked {
        let target = Target::named(&name).ok_or_else(|| {
            Diagnostic::error("not-supported", span, unknown(&name)).label("cannot be compiled yet").help(
                "compile for another: --target nftables, --target openwrt, --target pfsense, or --target port-forward",
            )
        })?;
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    Ok(targets)
}
